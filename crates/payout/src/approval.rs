//! What principals sign: acts over an intent's digest, and stops.
//!
//! The signed text is the same for every kind of key: SHA-256 over the domain, a 32-byte nonce, one byte for the act
//! and the intent's digest. Nothing here knows who may approve what: that is the policy's.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::ids::{Digest, PrincipalId};
use crate::key::{KeyError, PublicKey, SecretKey, Signature};
use crate::time::Millis;

const ACT_DOMAIN: &[u8] = b"bursar/act/v1\0";
const FREEZE_DOMAIN: &str = "bursar/freeze/v1";

/// What a principal does to an intent. The number is the signed byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Act {
    /// Agrees that it be signed.
    Approve = 1,
    /// Ends it: the payout is rejected.
    Reject = 2,
    /// Asks for it: a human applicant's own signature.
    Apply = 3,
    /// Takes it back: the applicant, or an operator on the caller's behalf.
    Withdraw = 4,
}

impl Act {
    /// Whether it ends the payout. Stops are journaled by co-signers for ever.
    pub const fn is_stop(self) -> bool {
        match self {
            Self::Reject | Self::Withdraw => true,
            Self::Approve | Self::Apply => false,
        }
    }

    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Apply => "apply",
            Self::Withdraw => "withdraw",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// 32 bytes that make each signed text unique. Written as hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActNonce(Digest);

impl ActNonce {
    /// From 32 random bytes that the caller brings.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Digest::from_bytes(bytes))
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

/// How the act was signed.
///
/// A passkey's assertion will be a second variant: it signs the same 32 bytes as its WebAuthn challenge, so every
/// caller of [`SignedAct::verify`] stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Proof {
    /// An Ed25519 key held by the command line or a machine.
    Ed25519 {
        /// Which of the principal's keys.
        key: PublicKey,
        /// Over [`SignedAct::challenge`].
        signature: Signature,
    },
}

/// An act with its signature, complete in itself: it travels from the approver to every co-signer unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAct {
    /// The act.
    pub act: Act,
    /// The digest of the intent that it is about.
    pub intent: Digest,
    /// Who, by their own word; the policy says whether the key is theirs.
    pub principal: PrincipalId,
    /// Fresh for each act.
    pub nonce: ActNonce,
    /// The signature.
    pub proof: Proof,
}

impl SignedAct {
    /// Signs with an Ed25519 key. `nonce` must be fresh randomness.
    pub fn sign(key: &SecretKey, principal: PrincipalId, act: Act, intent: Digest, nonce: ActNonce) -> Self {
        let signature = key.sign_digest(&challenge(&nonce, act, &intent));
        Self { act, intent, principal, nonce, proof: Proof::Ed25519 { key: key.public(), signature } }
    }

    /// The 32 bytes that the key signed.
    pub fn challenge(&self) -> Digest {
        challenge(&self.nonce, self.act, &self.intent)
    }

    /// The key that signed, whose owner the policy looks up.
    pub fn key(&self) -> PublicKey {
        match &self.proof {
            Proof::Ed25519 { key, .. } => *key,
        }
    }

    /// Checks the signature; says nothing about who the key belongs to.
    pub fn verify(&self) -> Result<(), KeyError> {
        match &self.proof {
            Proof::Ed25519 { key, signature } => key.verify_digest(&self.challenge(), signature),
        }
    }
}

/// SHA-256(domain ‖ nonce ‖ act ‖ digest): fixed lengths, so no framing is needed.
pub fn challenge(nonce: &ActNonce, act: Act, intent: &Digest) -> Digest {
    let mut hash = sha2::Sha256::new();
    hash.update(ACT_DOMAIN);
    hash.update(nonce.as_bytes());
    hash.update([act as u8]);
    hash.update(intent.as_bytes());
    Digest::from_bytes(hash.finalize().into())
}

/// An admin's order to stop all signing of a deployment, or, with a quorum of such orders, to lift that stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeOrder {
    /// The deployment it is for.
    pub deployment: Digest,
    /// `freeze` or `lift`.
    pub order: Freeze,
    /// Why, for the people who read it later; at most 200 characters.
    pub reason: String,
    /// When it was signed. A lift counts only against freezes signed before it.
    pub at: Millis,
    /// Who signed.
    pub principal: PrincipalId,
    /// Their key.
    pub key: PublicKey,
    /// Over the digest of all the above.
    pub signature: Signature,
}

/// What a [`FreezeOrder`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freeze {
    /// One admin suffices.
    Freeze,
    /// Needs the admins' quorum.
    Lift,
}

impl FreezeOrder {
    /// Signs an order.
    pub fn sign(
        key: &SecretKey,
        principal: PrincipalId,
        deployment: Digest,
        order: Freeze,
        reason: String,
        at: Millis,
    ) -> Self {
        let digest = freeze_digest(&deployment, order, &reason, at, &principal);
        Self {
            deployment,
            order,
            reason,
            at,
            principal,
            key: key.public(),
            signature: key.sign_digest(&digest),
        }
    }

    /// The digest that is signed.
    pub fn digest(&self) -> Digest {
        freeze_digest(&self.deployment, self.order, &self.reason, self.at, &self.principal)
    }

    /// Checks the signature; the policy says whether the key is an admin's.
    pub fn verify(&self) -> Result<(), KeyError> {
        self.key.verify_digest(&self.digest(), &self.signature)
    }
}

fn freeze_digest(
    deployment: &Digest,
    order: Freeze,
    reason: &str,
    at: Millis,
    principal: &PrincipalId,
) -> Digest {
    let word: &[u8] = match order {
        Freeze::Freeze => b"freeze",
        Freeze::Lift => b"lift",
    };
    Digest::of(
        FREEZE_DOMAIN,
        &[
            deployment.as_bytes(),
            word,
            reason.as_bytes(),
            at.to_string().as_bytes(),
            principal.as_str().as_bytes(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(act: Act) -> SignedAct {
        let key = SecretKey::from_seed(&[9; 32]);
        SignedAct::sign(
            &key,
            "ann".parse().unwrap(),
            act,
            Digest::from_bytes([1; 32]),
            ActNonce::from_bytes([2; 32]),
        )
    }

    #[test]
    fn a_rejection_does_not_pass_as_an_approval() {
        let mut forged = act(Act::Reject);
        assert_eq!(forged.verify(), Ok(()));
        forged.act = Act::Approve;
        assert_eq!(forged.verify(), Err(KeyError::DoesNotVerify));
    }

    #[test]
    fn an_act_says_nothing_about_another_intent() {
        let mut moved = act(Act::Approve);
        moved.intent = Digest::from_bytes([3; 32]);
        assert_eq!(moved.verify(), Err(KeyError::DoesNotVerify));
    }

    #[test]
    fn the_challenge_equals_one_computed_with_pythons_hashlib() {
        // sha256(b"bursar/act/v1\0" + bytes([2])*32 + bytes([1]) + bytes([1])*32)
        assert_eq!(
            act(Act::Approve).challenge().to_string(),
            "4f174ab5a2f5d0060a1b04df51f9d5e56e63530e2046a28b5924031f50f8b741"
        );
    }

    #[test]
    fn a_freeze_order_is_bound_to_all_its_words() {
        let key = SecretKey::from_seed(&[9; 32]);
        let now = Millis::new(5).unwrap();
        let order = FreezeOrder::sign(
            &key,
            "ann".parse().unwrap(),
            Digest::from_bytes([1; 32]),
            Freeze::Freeze,
            "stolen laptop".to_owned(),
            now,
        );
        assert_eq!(order.verify(), Ok(()));
        let lifted = FreezeOrder { order: Freeze::Lift, ..order.clone() };
        assert_eq!(lifted.verify(), Err(KeyError::DoesNotVerify));
        let later = FreezeOrder { at: Millis::new(6).unwrap(), ..order };
        assert_eq!(later.verify(), Err(KeyError::DoesNotVerify));
    }
}
