//! The one transition function.

use serde::{Deserialize, Serialize};

use super::event::{Event, Step};
use super::state::{Rejection, Requirement, State, Withdrawal};
use crate::intent::Intent;
use crate::time::Millis;

/// A payout: the intent, which never changes within an attempt, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payout {
    /// What is to be done.
    pub intent: Intent,
    /// Where it is.
    pub state: State,
}

/// An event that cannot happen in this state. The caller's view was stale: it reads again and decides again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a payout that is {state} cannot be {event}")]
pub struct Illegal {
    /// The state's name.
    pub state: &'static str,
    /// What was tried.
    pub event: &'static str,
}

// Groups of states for patterns, so that each match below names every state and still fits on a page.
macro_rules! deciding {
    () => {
        State::Undecided { .. } | State::Screening { .. } | State::Approving { .. }
    };
}
macro_rules! in_flight {
    () => {
        State::Signed { .. } | State::Sent { .. } | State::Outbidding { .. } | State::Overtaken { .. }
    };
}
macro_rules! ended {
    () => {
        State::Succeeded { .. }
            | State::Failed { .. }
            | State::Refused { .. }
            | State::Rejected { .. }
            | State::Withdrawn { .. }
    };
}

impl Payout {
    /// A payout that a rule decided on: it waits for the external check if the project has one, then for `requirement`.
    pub fn accept(intent: Intent, requirement: Requirement, screening: Screening) -> Self {
        let state = match screening {
            Screening::Asked => State::Screening { requirement },
            Screening::None => after(requirement),
        };
        Self { intent, state }
    }

    /// A payout whose deciding rule says `deny`: it has a number, status 4 and a callback.
    pub fn denied(intent: Intent, why: String) -> Self {
        Self { intent, state: State::Rejected { by: Rejection::Rule { why } } }
    }

    /// A payout that can't be decided yet because a figure is missing.
    pub fn undecided(intent: Intent, missing: String) -> Self {
        Self { intent, state: State::Undecided { missing } }
    }

    /// The engine's step that can move this payout on; `None` when it has ended.
    pub const fn step(&self) -> Option<Step> {
        match &self.state {
            State::Undecided { .. } | State::Screening { .. } => Some(Step::Screen),
            State::Approving { .. } => Some(Step::Approve),
            State::Queued => Some(Step::Build),
            State::Built { .. } | State::Signing { .. } | State::Outbidding { .. } => Some(Step::Sign),
            State::Signed { .. } => Some(Step::Broadcast),
            State::Sent { .. } | State::Overtaken { .. } => Some(Step::Confirm),
            ended!() => None,
        }
    }

    /// The next state after `event` at `now`.
    ///
    /// # Errors
    /// [`Illegal`] when the event cannot happen in this state; nothing has changed then.
    pub fn apply(self, event: Event, now: Millis) -> Result<Self, Illegal> {
        let name = event.name();
        let Self { intent, state } = self;
        let illegal = |state: &State| Err(Illegal { state: state.name(), event: name });
        let next = match event {
            Event::Decided { requirement } => match state {
                State::Undecided { .. } => after(requirement),
                State::Screening { .. } | State::Approving { .. } => return illegal(&state),
                State::Queued | State::Built { .. } | State::Signing { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            Event::ScreeningPassed => match state {
                State::Screening { requirement } => after(requirement),
                State::Undecided { .. } | State::Approving { .. } => return illegal(&state),
                State::Queued | State::Built { .. } | State::Signing { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            Event::ApprovalGiven { by: _ } => match state {
                State::Approving { steps } => State::Approving { steps },
                State::Undecided { .. } | State::Screening { .. } => return illegal(&state),
                State::Queued | State::Built { .. } | State::Signing { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            Event::ApprovalComplete { by: _ } => match state {
                State::Approving { .. } => State::Queued,
                State::Undecided { .. } | State::Screening { .. } => return illegal(&state),
                State::Queued | State::Built { .. } | State::Signing { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            // Stops end a payout only before a co-signer was asked: afterwards a signature may exist, and only the
            // co-signers' own *never* can end it (status 2).
            Event::Rejected { by } => match state {
                deciding!() | State::Queued | State::Built { .. } => State::Rejected { by },
                State::Signing { .. } | in_flight!() | ended!() => return illegal(&state),
            },
            Event::Withdrawn { by: Withdrawal::Expired } => match state {
                // Waiting for funds, a pause or absent co-signers never expires a payout: only the approval time ends.
                deciding!() => State::Withdrawn { by: Withdrawal::Expired },
                State::Queued | State::Built { .. } | State::Signing { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            Event::Withdrawn {
                by:
                    by @ (Withdrawal::Principal { .. }
                    | Withdrawal::TargetEnded { .. }
                    | Withdrawal::Displaced { .. }),
            } => match state {
                deciding!() | State::Queued | State::Built { .. } => State::Withdrawn { by },
                State::Signing { .. } | in_flight!() | ended!() => return illegal(&state),
            },
            Event::Built { build } => match state {
                State::Queued => State::Built { build },
                deciding!() | State::Built { .. } | State::Signing { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            // Nobody can have signed them: no co-signer was asked.
            Event::Lapsed => match state {
                State::Built { .. } => State::Queued,
                deciding!() | State::Queued | State::Signing { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            Event::SigningStarted => match state {
                State::Built { build } => State::Signing { build, since: now },
                deciding!() | State::Queued | State::Signing { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            Event::Signed { tx } => match state {
                State::Signing { build, .. } if build == tx.build => {
                    State::Signed { tx, earlier: Vec::new() }
                }
                State::Outbidding { build, tx: sent, mut earlier, .. } if build == tx.build => {
                    earlier.push(sent);
                    State::Signed { tx, earlier }
                }
                State::Signing { .. } | deciding!() | State::Queued | State::Built { .. } => {
                    return illegal(&state);
                }
                in_flight!() | ended!() => return illegal(&state),
            },
            // The token is the one that it has: a second token would be a second payment.
            Event::Outbid { build } => match state {
                State::Sent { tx, earlier, since } | State::Outbidding { build: _, tx, earlier, since }
                    if build.token == tx.build.token =>
                {
                    State::Outbidding { build, tx, earlier, since }
                }
                deciding!() | State::Queued | State::Built { .. } | State::Signing { .. } => {
                    return illegal(&state);
                }
                in_flight!() | ended!() => return illegal(&state),
            },
            Event::TokenUsed => match state {
                State::Signing { build, .. } => State::Overtaken { build },
                deciding!() | State::Queued | State::Built { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            Event::SignatureRefused { why } => match state {
                State::Signing { .. } => State::Refused { why },
                deciding!() | State::Queued | State::Built { .. } => return illegal(&state),
                in_flight!() | ended!() => return illegal(&state),
            },
            Event::Broadcast => match state {
                State::Signed { tx, earlier } => State::Sent { tx, earlier, since: now },
                State::Sent { tx, earlier, since } => State::Sent { tx, earlier, since },
                deciding!() | State::Queued | State::Built { .. } | State::Signing { .. } => {
                    return illegal(&state);
                }
                State::Outbidding { .. } | State::Overtaken { .. } | ended!() => return illegal(&state),
            },
            // A signature from a session whose answer was lost may be what landed, so success and death are also legal
            // before a broadcast of ours is on record; but not before 1, which the contract puts in between.
            Event::Succeeded { txid, block } => match state {
                in_flight!() => State::Succeeded { txid, block },
                deciding!() | State::Queued | State::Built { .. } | State::Signing { .. } => {
                    return illegal(&state);
                }
                ended!() => return illegal(&state),
            },
            Event::Died { death } => match state {
                in_flight!() => State::Failed { death },
                deciding!() | State::Queued | State::Built { .. } | State::Signing { .. } => {
                    return illegal(&state);
                }
                ended!() => return illegal(&state),
            },
        };
        Ok(Self { intent, state: next })
    }
}

/// Whether the project has an external check (wire contract, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screening {
    /// It has one, and it must say `ok` first.
    Asked,
    /// It has none.
    None,
}

fn after(requirement: Requirement) -> State {
    match requirement {
        Requirement::Nobody => State::Queued,
        Requirement::Steps(steps) => State::Approving { steps },
    }
}

impl Event {
    /// The event's name in errors, logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Decided { .. } => "decided",
            Self::ScreeningPassed => "passed by the external check",
            Self::ApprovalGiven { .. } => "approved by one more",
            Self::ApprovalComplete { .. } => "fully approved",
            Self::Rejected { .. } => "rejected",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Built { .. } => "built",
            Self::Lapsed => "lapsed unsigned",
            Self::SigningStarted => "given to the co-signers",
            Self::Signed { .. } => "signed",
            Self::Outbid { .. } => "outbid by a higher offer",
            Self::TokenUsed => "overtaken on chain",
            Self::SignatureRefused { .. } => "refused by the co-signers",
            Self::Broadcast => "broadcast",
            Self::Succeeded { .. } => "succeeded",
            Self::Died { .. } => "proven dead",
        }
    }
}
