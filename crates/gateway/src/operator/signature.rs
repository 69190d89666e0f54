//! How a request to the operators' API is signed.
//!
//! Four headers: who, when, a nonce that is used once, and an Ed25519 signature over all of that, the method, the path
//! with its query, the body and the deployment. A request to a demo is worthless anywhere else.

use payout::ids::{Digest, PrincipalId};
use payout::key::{SecretKey, Signature};
use payout::time::Millis;
use sha2::Digest as _;

/// Who signs.
pub const PRINCIPAL: &str = "bursar-principal";
/// When, milliseconds since the Unix epoch.
pub const TIME: &str = "bursar-time";
/// 32 lower-case hex digits, fresh for each request.
pub const NONCE: &str = "bursar-nonce";
/// 128 lower-case hex digits.
pub const SIGNATURE: &str = "bursar-signature";

/// How far a request's time may be off, in either direction, milliseconds.
pub const WINDOW_MS: i64 = 60_000;

const DOMAIN: &str = "bursar/operator/v1";

/// 16 random bytes that make a request unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// From fresh random bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The header's text; one spelling only, so that a nonce can't be used again in another.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        let nonce = Self(bytes);
        (nonce.to_string() == text).then_some(nonce)
    }
}

impl std::fmt::Display for Nonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Everything of a request that is signed.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// Upper case, as on the wire.
    pub method: &'a str,
    /// Path and query, as on the wire.
    pub target: &'a str,
    /// The raw body; empty if there is none.
    pub body: &'a [u8],
    /// When.
    pub time: Millis,
    /// Used once.
    pub nonce: Nonce,
    /// The deployment that is meant.
    pub deployment: Digest,
}

impl SignedRequest<'_> {
    /// The digest under the signature.
    pub fn digest(&self) -> Digest {
        let Self { method, target, body, time, nonce, deployment } = self;
        let body: [u8; 32] = sha2::Sha256::digest(body).into();
        Digest::of(
            DOMAIN,
            &[
                method.as_bytes(),
                target.as_bytes(),
                &body,
                time.to_string().as_bytes(),
                nonce.to_string().as_bytes(),
                deployment.as_bytes(),
            ],
        )
    }

    /// The four headers.
    pub fn headers(&self, key: &SecretKey, principal: &PrincipalId) -> [(&'static str, String); 4] {
        let signature: Signature = key.sign_digest(&self.digest());
        [
            (PRINCIPAL, principal.to_string()),
            (TIME, self.time.to_string()),
            (NONCE, self.nonce.to_string()),
            (SIGNATURE, signature.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> SignedRequest<'static> {
        SignedRequest {
            method: "POST",
            target: "/bursar/v1/pauses?x=1",
            body: b"{}",
            time: Millis::new(1_700_000_000_000).unwrap(),
            nonce: Nonce::from_bytes([7; 16]),
            deployment: Digest::from_bytes([1; 32]),
        }
    }

    #[test]
    fn the_digest_equals_one_computed_with_pythons_hashlib() {
        // h=sha256(b"bursar/operator/v1\0"); each part: len.to_bytes(8,"big")+part
        assert_eq!(
            request().digest().to_string(),
            "cd5f9efa731f3af8f5fc168f2f6cb3be74aa6d587258a8a1a301585783df98c5"
        );
    }

    #[test]
    fn every_part_of_a_request_changes_its_digest() {
        let base = request();
        let others = [
            SignedRequest { method: "GET", ..base },
            SignedRequest { target: "/bursar/v1/pauses?x=2", ..base },
            SignedRequest { body: b"{ }", ..base },
            SignedRequest { time: base.time.plus(1), ..base },
            SignedRequest { nonce: Nonce::from_bytes([8; 16]), ..base },
            SignedRequest { deployment: Digest::from_bytes([2; 32]), ..base },
        ];
        assert!(others.iter().all(|other| other.digest() != base.digest()));
    }

    #[test]
    fn a_nonce_has_one_spelling() {
        let text = "07".repeat(16);
        assert_eq!(Nonce::parse(&text), Some(Nonce::from_bytes([7; 16])));
        for wrong in ["", "07", &text.replace('7', "F"), &format!("{text}07")] {
            assert_eq!(Nonce::parse(wrong), None, "{wrong}");
        }
    }
}
