//! What is fixed when a session opens.

use std::time::Duration;

use payout::ids::Digest;
use payout::time::Millis;
use wire::message::{JournalHead, Label, SignRequest};

/// What this co-signer brings to a session.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The session's name on the wire.
    pub label: Label,
    /// Our index.
    pub me: u8,
    /// All participants' indices, ours among them.
    pub participants: Vec<u8>,
    /// What we were asked to sign ([`request_digest`]).
    pub request: Digest,
    /// Our fresh randomness.
    pub random: [u8; 32],
    /// How far each journal reaches that we hold.
    pub heads: Vec<JournalHead>,
    /// Our clock.
    pub clock: Millis,
}

/// How long a session may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The longest wait for the peers' next message.
    pub round: Duration,
    /// The longest wait from the order to the signature.
    pub session: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { round: Duration::from_millis(700), session: Duration::from_millis(2_500) }
    }
}

/// What participants compare first: the session's name, its participants and the whole request as it travels. A gateway
/// that shows different bytes, approvals or peers to two of them is found out before anybody checks anything.
pub fn request_digest(label: &Label, participants: &[u8], request: &SignRequest) -> Digest {
    Digest::of("bursar/session-request/v1", &[label.as_bytes(), participants, request.digest().as_bytes()])
}
