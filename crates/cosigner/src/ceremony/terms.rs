//! What is fixed when a ceremony begins.

use std::time::Duration;

use payout::coin::Network;
use payout::ids::Digest;
use payout::policy::{Heads, Roster};
use wire::message::OpenCeremony;

/// The first acknowledged stage: all echoes are equal.
pub const AGREED: &str = "agreed";
/// The second: our test signatures verified.
pub const TESTED: &str = "tested";

/// What this co-signer brings to a ceremony.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What is to be made.
    pub order: OpenCeremony,
    /// The deployment.
    pub deployment: Digest,
    /// All participants, t, and their keys.
    pub roster: Roster,
    /// Our index.
    pub me: u8,
    /// Our fresh randomness.
    pub random: [u8; 32],
    /// The chains of the newest rules.
    pub networks: Vec<Network>,
    /// The newest policy that we hold.
    pub policy: Heads,
    /// A refresh keeps the fingerprint of the key; a new key gets its own.
    pub fingerprint: Option<String>,
}

/// How long a ceremony may take. Key generation computes for seconds with large rosters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The longest wait for the peers' next message.
    pub step: Duration,
    /// The longest wait from order to end.
    pub whole: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { step: Duration::from_secs(30), whole: Duration::from_secs(180) }
    }
}
