//! Where a session stands. Each phase owns what is legal in it.

use std::collections::{BTreeMap, BTreeSet};

use payout::ids::Digest;

use super::letter::{Begin, Letter};
use crate::turns::{Listens, Turn};

pub(super) enum Phase<P, S> {
    /// Waiting for everybody's first word.
    Gathering { begins: BTreeMap<u8, Begin> },
    /// Waiting for everybody's journal entries and claims. `begins` is complete.
    Exchanging { begins: BTreeMap<u8, Begin>, claims: BTreeMap<u8, Vec<Vec<u8>>> },
    /// Our own checks run.
    Checking,
    /// Waiting for everybody's word that the checks passed. Nothing is journaled yet, so a refusal costs nothing.
    Agreeing { permit: P, id: Digest, agreed: BTreeSet<u8> },
    /// Our contribution is being written; from here on a signature may exist.
    Committing,
    /// The protocol runs.
    Signing { protocol: S },
    /// Signed, refused or aborted.
    Over,
}

impl<P, S> Phase<P, S> {
    /// The stage of the letters that this phase waits for, or will wait for next.
    pub(super) const fn stage(&self) -> u8 {
        match self {
            Self::Gathering { .. } => 0,
            Self::Exchanging { .. } => 1,
            Self::Checking | Self::Agreeing { .. } => 2,
            Self::Committing | Self::Signing { .. } => 3,
            Self::Over => u8::MAX,
        }
    }

    /// Whether it is the peers' turn.
    pub(super) const fn listens(&self) -> Listens {
        match self {
            Self::Gathering { .. }
            | Self::Exchanging { .. }
            | Self::Agreeing { .. }
            | Self::Signing { .. } => Listens::Yes,
            Self::Checking | Self::Committing | Self::Over => Listens::No,
        }
    }

    pub(super) const fn turn(&self, letter: &Letter) -> Turn {
        Turn::of(letter.stage(), self.stage(), self.listens())
    }

    /// What is awaited, for the person who reads that it never came.
    pub(super) const fn awaited(&self) -> &'static str {
        match self {
            Self::Gathering { .. } => "to begin",
            Self::Exchanging { .. } => "with its journal",
            Self::Agreeing { .. } => "with its checks",
            Self::Signing { .. } => "in the signing protocol",
            Self::Checking | Self::Committing | Self::Over => "at all",
        }
    }
}
