//! What a participant hears from another, once the link has said who speaks.

use payout::ids::Digest;
use payout::time::Millis;
use wire::message::{Finality, JournalHead};

use crate::rooms::Letters;

/// A peer's first word in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// The digest of what it was asked to sign ([`super::request_digest`]).
    pub request: Digest,
    /// Its randomness, a part of the session's id.
    pub random: [u8; 32],
    /// How far each journal reaches that it holds.
    pub heads: Vec<JournalHead>,
    /// Its clock.
    pub now: Millis,
}

/// A message of one session, without the session's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Letter {
    /// It takes part.
    Begin(Begin),
    /// What its other sessions have in flight, each in the co-signers' own encoding. The journal entries that we lacked
    /// came before it over the same link and are merged.
    Pending(Vec<Vec<u8>>),
    /// Its checks passed.
    Checked(Digest),
    /// A message of the signing protocol.
    Round {
        /// From 1.
        round: u8,
        /// The protocol's bytes.
        payload: Vec<u8>,
    },
    /// It does not sign this.
    Refuse {
        /// Why, for people.
        reason: String,
        /// Whether asking again can help.
        finality: Finality,
    },
    /// It stops here.
    Abort {
        /// Why, for people.
        why: String,
    },
    /// The link to it broke: what it said or we said may be lost.
    LinkLost,
}

impl Letter {
    /// The place of a letter in the order in which an honest peer sends them; none for those that end the session.
    pub(super) const fn stage(&self) -> Option<u8> {
        match self {
            Self::Begin(_) => Some(0),
            Self::Pending(_) => Some(1),
            Self::Checked(_) => Some(2),
            Self::Round { .. } => Some(3),
            Self::Refuse { .. } | Self::Abort { .. } | Self::LinkLost => None,
        }
    }
}

impl Letters for Letter {
    fn link_lost() -> Self {
        Self::LinkLost
    }

    fn may_be_early(&self) -> bool {
        match self {
            Self::Begin(_) | Self::Refuse { .. } | Self::Abort { .. } => true,
            // These answer our own first word.
            Self::Pending(_) | Self::Checked(_) | Self::Round { .. } | Self::LinkLost => false,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Begin(Begin { heads, .. }) => size_of::<Begin>() + heads.len() * size_of::<JournalHead>(),
            Self::Pending(claims) => claims.iter().map(|claim| claim.len() + size_of::<Vec<u8>>()).sum(),
            Self::Round { payload, .. } => payload.len(),
            Self::Refuse { reason: text, .. } | Self::Abort { why: text } => text.len(),
            Self::Checked(_) | Self::LinkLost => 0,
        }
    }
}
