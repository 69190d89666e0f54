//! Ed25519 keys and signatures (RFC 8032) of people, machines, co-signers and gateways.
//!
//! Verification is strict: small-order keys and non-canonical signatures are refused, so that a signature means one
//! key and one text.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::Digest;

/// A public key that is a valid curve point. Written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// A signature, 64 bytes. Written as 128 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

/// A secret key. Wiped when dropped, and never printed.
pub struct SecretKey(SigningKey);

/// What is wrong with a key or a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 32 bytes of hex, or not a point of the curve.
    #[error("an Ed25519 public key is 64 lower-case hex digits of a curve point")]
    BadKey,
    /// Not 64 bytes of hex.
    #[error("an Ed25519 signature is 128 lower-case hex digits")]
    BadSignature,
    /// The signature is not this key's over this text.
    #[error("the signature does not verify")]
    DoesNotVerify,
}

impl PublicKey {
    /// A key from its 32 bytes; refuses what is no curve point and points of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::BadKey)?;
        if key.is_weak() {
            return Err(KeyError::BadKey);
        }
        Ok(Self(bytes))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks a signature over `text`.
    pub fn verify(&self, text: &[u8], signature: &Signature) -> Result<(), KeyError> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| KeyError::BadKey)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(text, &signature).map_err(|_| KeyError::DoesNotVerify)
    }

    /// Checks a signature over a digest's 32 bytes.
    pub fn verify_digest(&self, digest: &Digest, signature: &Signature) -> Result<(), KeyError> {
        self.verify(digest.as_bytes(), signature)
    }
}

impl Signature {
    /// Wraps 64 bytes.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl SecretKey {
    /// The key with this seed (RFC 8032's 32-byte private key). The caller brings the randomness and wipes its copy.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, to be sealed. The caller wipes it.
    pub fn to_seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `text`. Deterministic: no randomness is needed.
    pub fn sign(&self, text: &[u8]) -> Signature {
        Signature(self.0.sign(text).to_bytes())
    }

    /// Signs a digest's 32 bytes.
    pub fn sign_digest(&self, digest: &Digest) -> Signature {
        self.sign(digest.as_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

macro_rules! hex_text {
    ($name:ident, $length:literal, |$bytes:ident| $make:expr, $error:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = KeyError;
            fn from_str(text: &str) -> Result<Self, KeyError> {
                let mut $bytes = [0; $length];
                hex::decode_to_slice(text, &mut $bytes).map_err(|_| $error)?;
                if text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err($error);
                }
                $make
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hex_text!(PublicKey, 32, |bytes| Self::from_bytes(bytes), KeyError::BadKey);
hex_text!(Signature, 64, |bytes| Ok(Self(bytes)), KeyError::BadSignature);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_bound_to_key_and_text() {
        let key = SecretKey::from_seed(&[7; 32]);
        let other = SecretKey::from_seed(&[8; 32]);
        let signature = key.sign(b"text");
        assert_eq!(key.public().verify(b"text", &signature), Ok(()));
        assert_eq!(key.public().verify(b"texts", &signature), Err(KeyError::DoesNotVerify));
        assert_eq!(other.public().verify(b"text", &signature), Err(KeyError::DoesNotVerify));
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        // The neutral element verifies signatures over any text.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(PublicKey::from_bytes(neutral), Err(KeyError::BadKey));
    }

    #[test]
    fn the_signature_matches_rfc_8032_test_1() {
        let seed: [u8; 32] = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            .unwrap()
            .try_into()
            .unwrap();
        let key = SecretKey::from_seed(&seed);
        assert_eq!(
            key.public().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert!(key.sign(b"").to_string().starts_with("e5564300c360ac729086e2cc806e828a"));
    }

    #[test]
    fn a_secret_key_never_prints_itself() {
        let key = SecretKey::from_seed(&[0x5a; 32]);
        assert!(!format!("{key:?}").contains("5a5a5a5a"));
    }
}
