//! What a participant hears from another in a ceremony.

use payout::ids::Digest;
use payout::key::Signature;

use super::proof;
use super::terms::{AGREED, TESTED};
use crate::rooms::Letters;

/// A message of one ceremony, without its name.
#[derive(Clone, PartialEq, Eq)]
pub enum Letter {
    /// It takes part.
    Begin {
        /// The digest of the order that it was shown.
        request: Digest,
        /// Its randomness, a part of the ceremony's id.
        random: [u8; 32],
    },
    /// A message of the key generation, the refresh or a test signature. Carries secrets.
    Round {
        /// See [`super::proof`].
        round: u8,
        /// The protocol's bytes.
        payload: Vec<u8>,
    },
    /// What it saw and computed.
    Echo {
        /// The digest of all broadcasts and the key.
        transcript: Digest,
        /// What its terminal prints.
        fingerprint: String,
        /// Over both.
        signature: Signature,
    },
    /// It has durably passed a stage.
    Ack(String),
    /// It stops here.
    Abort {
        /// Why, for people.
        why: String,
    },
    /// The link to it broke.
    LinkLost,
}

/// A round's payload may be secret: it is not shown.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Begin { request, .. } => write!(f, "Begin({request})"),
            Self::Round { round, payload } => write!(f, "Round({round}, {} bytes)", payload.len()),
            Self::Echo { fingerprint, .. } => write!(f, "Echo({fingerprint})"),
            Self::Ack(stage) => write!(f, "Ack({stage})"),
            Self::Abort { why } => write!(f, "Abort({why})"),
            Self::LinkLost => f.write_str("LinkLost"),
        }
    }
}

impl Letter {
    /// The place of a letter in the order in which an honest peer sends them; none for those that end the ceremony.
    pub(super) fn stage(&self) -> Option<u8> {
        match self {
            Self::Begin { .. } => Some(0),
            Self::Round { round, .. } if proof::from_wire(*round).is_none() => Some(1),
            Self::Echo { .. } => Some(2),
            Self::Ack(stage) if stage == AGREED => Some(3),
            Self::Round { .. } => Some(4),
            Self::Ack(stage) if stage == TESTED => Some(5),
            Self::Ack(_) | Self::Abort { .. } | Self::LinkLost => None,
        }
    }
}

impl Letters for Letter {
    fn link_lost() -> Self {
        Self::LinkLost
    }

    fn may_be_early(&self) -> bool {
        match self {
            Self::Begin { .. } | Self::Abort { .. } => true,
            // These answer our own first word.
            Self::Round { .. } | Self::Echo { .. } | Self::Ack(_) | Self::LinkLost => false,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Round { payload, .. } => payload.len(),
            Self::Echo { fingerprint: text, .. } | Self::Ack(text) | Self::Abort { why: text } => text.len(),
            Self::Begin { .. } | Self::LinkLost => 0,
        }
    }
}
