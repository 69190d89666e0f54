//! Why a co-signer does not sign.

use std::fmt;

use payout::ids::Digest;
use payout::key::{KeyError, PublicKey, SecretKey, Signature};
use payout::policy::Finality;
use payout::time::Millis;
use serde::{Deserialize, Serialize};

/// A check failed, with the reason that the gateway stores and shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which check.
    pub check: Check,
    /// Whether asking again can help.
    pub finality: Finality,
    /// In words, for people.
    pub reason: String,
    /// The co-signer's signed promise, when it can never sign this intent.
    pub never: Option<NeverProof>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.reason)
    }
}

/// The checks, in the order in which a co-signer makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Check {
    /// The session is known, fresh and within the co-signer's means.
    Session,
    /// The participants are on the roster, enough, and not banned.
    Peers,
    /// The newest policy is held and its chain of signatures is whole.
    Policy,
    /// No freeze is in force, and this co-signer is not quarantined.
    Frozen,
    /// The merged journals allow it: one token, one intent; no stop.
    Journal,
    /// The rule that the intent names decides it.
    Rule,
    /// The approvals meet the rule.
    Approvals,
    /// Expiry and clocks.
    Time,
    /// The unsigned bytes do exactly what the intent says.
    Bytes,
    /// The derived address is the one that pays.
    Address,
    /// Limits, budgets and fee budgets.
    Budget,
}

impl Check {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::Session,
        Self::Peers,
        Self::Policy,
        Self::Frozen,
        Self::Journal,
        Self::Rule,
        Self::Approvals,
        Self::Time,
        Self::Bytes,
        Self::Address,
        Self::Budget,
    ];

    /// The word on displays and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Peers => "peers",
            Self::Policy => "policy",
            Self::Frozen => "frozen",
            Self::Journal => "journal",
            Self::Rule => "rule",
            Self::Approvals => "approvals",
            Self::Time => "time",
            Self::Bytes => "bytes",
            Self::Address => "address",
            Self::Budget => "budget",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A co-signer's journaled promise never to contribute to an intent (again). With enough of them no quorum is left,
/// and the payout is proven dead without a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeverProof {
    /// The co-signer, by its index on the roster.
    pub index: u8,
    /// The intent; its digest covers the deployment.
    pub intent: Digest,
    /// Why, for people.
    pub reason: String,
    /// When it was journaled.
    pub at: Millis,
    /// Over all the above.
    pub signature: Signature,
}

impl NeverProof {
    /// Signs the promise. It must be in the journal, synced, before this leaves the process.
    pub fn sign(key: &SecretKey, index: u8, intent: Digest, reason: String, at: Millis) -> Self {
        let signature = key.sign_digest(&never_digest(index, &intent, &reason, at));
        Self { index, intent, reason, at, signature }
    }

    /// Checks the signature under the key that the roster gives for `index`.
    ///
    /// # Errors
    /// [`KeyError::DoesNotVerify`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), KeyError> {
        // Destructured whole: a field added and left unsigned does not compile.
        let Self { index, intent, reason, at, signature } = self;
        key.verify_digest(&never_digest(*index, intent, reason, *at), signature)
    }
}

fn never_digest(index: u8, intent: &Digest, reason: &str, at: Millis) -> Digest {
    Digest::of("bursar/never/v1", &[&[index], intent.as_bytes(), reason.as_bytes(), &at.get().to_be_bytes()])
}
