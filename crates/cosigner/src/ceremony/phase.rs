//! Where a ceremony stands. Each phase owns what is legal in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mpc::{KeyShare, Sign};
use payout::ids::Digest;

use super::dealing::Protocol;
use super::fingerprint::Fingerprinted;
use super::letter::Letter;
use crate::turns::{Listens, Turn};

/// A share that was made, and what it is known by.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) id: Digest,
    pub(super) share: Arc<KeyShare>,
    pub(super) printed: Fingerprinted,
}

pub(super) enum Phase {
    /// Waiting for everybody's first word.
    Gathering { randoms: BTreeMap<u8, [u8; 32]> },
    /// The order is looked at once more, now that all journals are here, and the protocol starts.
    Starting { id: Digest },
    /// The protocol runs. What each party said to everybody goes into the transcript.
    Dealing { id: Digest, protocol: Box<Protocol>, broadcasts: BTreeMap<u8, Digest> },
    /// The share is being sealed.
    Keeping { id: Digest, printed: Fingerprinted, transcript: Digest },
    /// Waiting for everybody's echo.
    Echoing { made: Made, transcript: Digest, echoed: BTreeSet<u8> },
    /// The agreement is being journaled and printed.
    Agreeing { made: Made },
    /// Waiting for everybody's word that the agreement is journaled.
    Confirming { made: Made, acknowledged: BTreeSet<u8> },
    /// Test signatures run.
    Testing { made: Made, tests: BTreeMap<u8, Box<Sign>> },
    /// That they verified is being journaled.
    Proving { made: Made },
    /// Waiting for everybody's word that it is.
    Finishing { made: Made, acknowledged: BTreeSet<u8> },
    /// Done or failed.
    Over,
}

impl Phase {
    /// The stage of the letters that this phase waits for, or will wait for next.
    pub(super) const fn stage(&self) -> u8 {
        match self {
            Self::Gathering { .. } => 0,
            Self::Starting { .. } | Self::Dealing { .. } => 1,
            Self::Keeping { .. } | Self::Echoing { .. } => 2,
            Self::Agreeing { .. } | Self::Confirming { .. } => 3,
            Self::Testing { .. } => 4,
            Self::Proving { .. } | Self::Finishing { .. } => 5,
            Self::Over => u8::MAX,
        }
    }

    /// Whether it is the peers' turn.
    pub(super) const fn listens(&self) -> Listens {
        match self {
            Self::Gathering { .. }
            | Self::Dealing { .. }
            | Self::Echoing { .. }
            | Self::Confirming { .. }
            | Self::Testing { .. }
            | Self::Finishing { .. } => Listens::Yes,
            Self::Starting { .. }
            | Self::Keeping { .. }
            | Self::Agreeing { .. }
            | Self::Proving { .. }
            | Self::Over => Listens::No,
        }
    }

    pub(super) fn turn(&self, letter: &Letter) -> Turn {
        Turn::of(letter.stage(), self.stage(), self.listens())
    }

    /// For display, and for the person who reads that it got no further.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Gathering { .. } => "gathering all co-signers",
            Self::Starting { .. } => "starting",
            Self::Dealing { .. } => "making the key",
            Self::Keeping { .. } => "sealing the share",
            Self::Echoing { .. } => "comparing transcripts",
            Self::Agreeing { .. } | Self::Confirming { .. } => "confirming the fingerprint",
            Self::Testing { .. } => "making test signatures",
            Self::Proving { .. } | Self::Finishing { .. } => "finishing",
            Self::Over => "over",
        }
    }
}
