//! A co-signer that may have forgotten what it did signs nothing until others have told it.
//!
//! Any session that it took part in had t − 1 others of the n − 1. Whoever has merged the journals of n − t + 1 others
//! has merged at least one participant of each, so the union is complete again: limits and one-to-one hold.

use std::collections::BTreeSet;

use payout::policy::Roster;

/// Why nothing is signed, and how far the way out is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// What happened.
    pub reason: String,
    /// The others whose journals have been merged whole since.
    pub merged: BTreeSet<u8>,
    /// How many of them are needed.
    pub needed: u8,
}

impl Quarantine {
    pub(crate) fn new(reason: String, roster: &Roster) -> Self {
        Self { reason, merged: BTreeSet::new(), needed: needed(roster) }
    }

    /// Whether enough journals have been merged.
    pub fn is_over(&self) -> bool {
        self.merged.len() >= usize::from(self.needed)
    }
}

impl std::fmt::Display for Quarantine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}; {} of {} other journals merged (each co-signer that connects brings its own)",
            self.reason,
            self.merged.len(),
            self.needed
        )
    }
}

/// n − t + 1.
fn needed(roster: &Roster) -> u8 {
    roster.share_count().saturating_sub(roster.threshold).saturating_add(1)
}
