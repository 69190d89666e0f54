//! The engine: moves stored payouts on, one step at a time.
//!
//! A step is a function from the stored state of one payout to its next event. Every step is activated by a signal
//! *and* by a timer, along one code path; the signal carries no data, so a lost one costs a moment and a false one
//! costs a look. Work is claimed by row with a lease, and every write names the version that was read: two gateways, or
//! a gateway and its own predecessor after a crash, can't both move a payout. What is about to be done is stored before
//! it is done: the token before signing, the signed bytes before they are sent.
//!
//! - [`run`]: the loops. [`record`]: how a step writes what it found.
//! - [`screen`] → [`approve`] → [`build`] → [`sign`] → [`broadcast`] → [`confirm`]: the steps, in a payout's order.
//! - `lane`: the payouts of one address in flight, and whose turn it is. `outbid`: a higher offer for what is stuck.
//!   `family`, `remedy`: a payout with the voids and raised caps that spend its token, and how those are built.
//! - `sight`, `request`: what co-signers are shown and given. `outage`: chains that need not be asked now. `pace`: when
//!   to look again.

pub mod approve;
mod broadcast;
mod build;
mod confirm;
pub(crate) mod family;
mod lane;
mod lapse;
mod outage;
mod outbid;
mod pace;
mod paused;
pub mod record;
mod remedy;
pub mod request;
pub mod run;
mod screen;
mod sight;
pub mod sign;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use store::{AdvanceError, StoreError};

use crate::callback::hosts::Hosts;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// An event was stored: whoever does the next step was woken.
    Advanced,
    /// The reason of the wait and the time of the next look were stored.
    Held,
    /// Nothing was stored: the payout is not, or no longer, this step's to move.
    Nothing,
}

impl Next {
    /// The word in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Advanced => "advanced",
            Self::Held => "held",
            Self::Nothing => "nothing",
        }
    }
}

/// Why a step wrote nothing. The payout's lease runs out, and the step is taken again.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Somebody else moved the payout meanwhile: an approver, an operator, another gateway. No fault of anybody's.
    #[error("the payout has changed since it was read")]
    Stale,
    /// The database failed.
    #[error("the database can't be used")]
    Store(#[from] StoreError),
    /// The store refuses what the step wants to write: a fault in this program.
    #[error("the step wants to write what must not be written")]
    Refused(#[source] AdvanceError),
}

impl From<AdvanceError> for StepError {
    fn from(error: AdvanceError) -> Self {
        match error {
            AdvanceError::Stale => Self::Stale,
            AdvanceError::Store(error) => Self::Store(error),
            other @ (AdvanceError::Unknown(_)
            | AdvanceError::TokenTaken { .. }
            | AdvanceError::SecondToken { .. }
            | AdvanceError::TokenMismatch(_)
            | AdvanceError::ActRepeated
            | AdvanceError::Illegal(_)) => Self::Refused(other),
        }
    }
}

/// What the engine keeps between steps. All of it can be lost at any moment: it spares questions, and decides nothing.
#[derive(Debug, Default)]
pub struct Memory {
    lanes: lane::Lanes,
    seen: sight::Seen,
    outages: outage::Outages,
    checks: Arc<Hosts>,
}
