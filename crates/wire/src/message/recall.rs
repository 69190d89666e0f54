//! What a co-signer tells a gateway of its own contributions, so that a database which was restored from an old copy
//! learns what was signed since it was made.
//!
//! The facts are journal entries with their author's signature. What they were made for travels beside them and is held
//! to them: the intent by its digest, the bytes by their hash.

use serde::{Deserialize, Serialize};

use super::{SignRequest, SignedEntry};

/// A part of a co-signer's own contributions, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recollection {
    /// The entries of its own journal, from the one that was asked for on, that are contributions.
    pub contributions: Vec<SignedEntry>,
    /// The entry up to which this tells everything.
    pub reached: u64,
    /// Its newest entry. Beyond `reached`, there is more to ask for.
    pub newest: u64,
}

/// What a contribution was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// The number of the contribution's entry in the co-signer's own journal.
    pub entry: u64,
    /// What the co-signer was asked to sign: the intent's text, its approvals, the unsigned bytes.
    pub request: SignRequest,
    /// The signature that came of it, if this co-signer has seen one: r ‖ s ‖ recovery id, 65 bytes.
    pub signature: Option<Vec<u8>>,
}
