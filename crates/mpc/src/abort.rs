//! How a session ends without an output, and what the caller must do about it.

use std::fmt::Display;

use dkls23::protocols::{Abort as LibraryAbort, AbortKind};

use crate::party::{GroupError, Party};

/// A session ended without an output. It is over; what it held is wiped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Abort {
    /// The library proved that `culprit` cheated against the oblivious-transfer state that all signatures share.
    /// Each further attempt would tell it some of our share, so this pair never signs again: the ban is written and
    /// synced before the abort is reported, and ends only with a complete refresh. Another set of signers without
    /// that pair goes on at once.
    #[error("party {culprit} must be banned: {why}")]
    Ban {
        /// Who cheated, if the bytes given to the session were authenticated.
        culprit: Party,
        /// For the operator. Holds no secret.
        why: String,
    },
    /// Nothing was lost. A new session with a new id may be tried.
    #[error("{why}")]
    Retry {
        /// For the operator. Holds no secret.
        why: String,
    },
}

impl Abort {
    pub(crate) fn retry(why: impl Display) -> Self {
        Self::Retry { why: why.to_string() }
    }

    /// Something that `party` sent ends the session, but proves no attack on long-term state.
    pub(crate) fn because_of(party: Party, why: impl Display) -> Self {
        Self::Retry { why: format!("party {party}: {why}") }
    }
}

impl From<LibraryAbort> for Abort {
    /// `DKLs23`, section 4: a failed consistency check of the oblivious-transfer extension is the one failure that
    /// leaks; the library marks exactly those, and names the party. No other reason ever bans.
    fn from(abort: LibraryAbort) -> Self {
        let why = abort.description();
        match abort.kind {
            AbortKind::Recoverable => Self::Retry { why },
            AbortKind::BanCounterparty(culprit) => match Party::new(culprit.as_u8()) {
                Some(culprit) => Self::Ban { culprit, why },
                None => Self::Retry { why: format!("ban of party {culprit}, which does not exist: {why}") },
            },
        }
    }
}

impl From<GroupError> for Abort {
    fn from(error: GroupError) -> Self {
        Self::retry(error)
    }
}
