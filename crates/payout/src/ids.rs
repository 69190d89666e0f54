//! Names of things. Each is its own type, so that a wallet's id can't be passed for a project's.
//!
//! In signed documents every integer is a decimal string (RFC 8785 canonicalises numbers as IEEE doubles, which lose
//! digits past 2^53); the serde forms here follow that.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Ids that Bursar mints stay below this, so that JavaScript clients can hold them.
pub const MINTED_ID_LIMIT: i64 = 1 << 53;

/// Reads a canonical decimal string as an integer: no sign but `-`, no leading zeros.
pub(crate) fn decimal<'de, D: Deserializer<'de>, T: FromStr + fmt::Display>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    let value = text.parse::<T>().map_err(|_| serde::de::Error::custom("an integer is a decimal string"))?;
    if value.to_string() != *text {
        return Err(serde::de::Error::custom("an integer is written without sign and leading zeros"));
    }
    Ok(value)
}

macro_rules! positive_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Any positive int64 is an id; zero and negative numbers are not.
            pub const fn new(id: i64) -> Option<Self> {
                if id > 0 { Some(Self(id)) } else { None }
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.parse::<i64>().ok().and_then(Self::new).ok_or(BadId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(decimal(deserializer)?).ok_or_else(|| serde::de::Error::custom(BadId))
            }
        }
    };
}

/// A text that is no positive int64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a positive 64-bit integer")]
pub struct BadId;

positive_id! {
    /// A caller's project (`pid`).
    ProjectId
}
positive_id! {
    /// A payout wallet (`wallet_id`): one threshold key and the addresses derived from it.
    WalletId
}
positive_id! {
    /// A payout (`cid`), minted by the gateway when it accepts.
    Cid
}

/// Which try at an effect this is: 1 for a payout's first token, k + 1 after proof that token k is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(u32);

impl Attempt {
    /// The first.
    pub const FIRST: Self = Self(1);

    /// Attempt `number`, counted from 1.
    pub const fn new(number: u32) -> Option<Self> {
        if number > 0 { Some(Self(number)) } else { None }
    }

    /// The number, from 1.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Attempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Attempt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(decimal(deserializer)?).ok_or_else(|| serde::de::Error::custom("attempts count from 1"))
    }
}

/// The last step of an address's derivation path; 0 is the wallet's payout address. Below 2^31: never hardened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct AddressIndex(u32);

impl AddressIndex {
    /// The payout address.
    pub const PAYOUT: Self = Self(0);

    /// Index `index`, if it is not in the hardened range (BIP32).
    pub const fn new(index: u32) -> Option<Self> {
        if index < 0x8000_0000 { Some(Self(index)) } else { None }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for AddressIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for AddressIndex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AddressIndex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(decimal(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("an address index is below 2^31"))
    }
}

/// A SHA-256 digest over a domain string and a canonical text. Written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps 32 bytes that are a digest already.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 over the domain, a zero byte, and the parts, each preceded by its length as eight big-endian bytes, so
    /// that no two lists of parts have the same text.
    pub fn of(domain: &str, parts: &[&[u8]]) -> Self {
        use sha2::Digest as _;
        let mut hash = sha2::Sha256::new();
        hash.update(domain.as_bytes());
        hash.update([0]);
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = BadDigest;
    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadDigest)?;
        // One digest, one text: upper-case hex would give the same payout two spellings.
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(BadDigest);
        }
        Ok(Self(bytes))
    }
}

/// A text that is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hex digits")]
pub struct BadDigest;

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:literal, $rule:literal, |$b:ident| $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                let fits = !text.is_empty() && text.len() <= $max && text.bytes().all(|$b| $allowed);
                if fits { Ok(Self(text.to_owned())) } else { Err(BadName { rule: $rule }) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
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

/// A text that breaks a name's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct BadName {
    /// The rule, in words.
    pub rule: &'static str,
}

name! {
    /// Who acts: a person or a machine named in the people chain.
    PrincipalId, 64, "a principal's name is 1 to 64 of a-z 0-9 . _ -",
    |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)
}
name! {
    /// A group of principals, or of payees in the address book.
    GroupId, 64, "a group's name is 1 to 64 of a-z 0-9 . _ -",
    |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)
}
name! {
    /// A policy rule, unique in its version.
    RuleId, 64, "a rule's name is 1 to 64 of a-z 0-9 . _ -",
    |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)
}
name! {
    /// A chain as the wire contract numbers it (`60`, `195`): the vendor's ids, never derived.
    ChainId, 20, "a chain id is 1 to 20 digits",
    |b| b.is_ascii_digit()
}
name! {
    /// A coin on its chain: the chain id for the native coin, else the contract's address or its like.
    TokenId, 128, "a token id is 1 to 128 printable characters without @",
    |b| b.is_ascii_graphic() && b != b'@'
}
name! {
    /// The network that signed bytes are bound to, as its own protocol names it: an EVM chain id such as `31337`.
    NetworkId, 64, "a network id is 1 to 64 printable characters",
    |b| b.is_ascii_graphic()
}
name! {
    /// An address in its chain's canonical spelling, as the `chain` crate's parser returned it. Two equal addresses
    /// have equal texts.
    Address, 128, "an address is 1 to 128 printable characters",
    |b| b.is_ascii_graphic()
}

/// The caller's own number of a payout: 1 to 128 Unicode characters without control characters, unique per project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ThirdPartyId(String);

impl ThirdPartyId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ThirdPartyId {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        let length = text.chars().count();
        if (1..=128).contains(&length) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadName { rule: "must have 1 to 128 characters and no control characters" })
        }
    }
}

impl fmt::Display for ThirdPartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ThirdPartyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_negative_numbers_are_no_ids() {
        assert_eq!(Cid::new(0), None);
        assert_eq!(Cid::new(-1), None);
        assert!(Cid::new(i64::MAX).is_some());
    }

    #[test]
    fn integers_in_documents_have_one_spelling() {
        assert!(serde_json::from_str::<Cid>("\"7\"").is_ok());
        for text in ["7", "\"07\"", "\"+7\"", "\"7 \"", "\"\"", "\"-7\""] {
            assert!(serde_json::from_str::<Cid>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_digest_has_one_spelling() {
        let digest = Digest::of("test", &[b"a"]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
    }

    #[test]
    fn parts_of_a_digest_cannot_flow_into_each_other() {
        assert_ne!(Digest::of("d", &[b"ab", b"c"]), Digest::of("d", &[b"a", b"bc"]));
        assert_ne!(Digest::of("d", &[b"", b"a"]), Digest::of("d", &[b"a", b""]));
    }
}
