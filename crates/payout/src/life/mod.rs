//! The life of a payout: which states there are, what each one knows, and which event leads where.
//!
//! ```text
//! accept ─ Undecided ─ Screening ─ Approving ─ Queued ─ Built ─ Signing ─ Signed ─ Sent ─ Succeeded (6)
//!              0           0           0          5       5        5         1       1  └ Failed (7)
//! ```
//!
//! Where the chain's price rises above what was sent, it goes in a circle at 1: Sent ─ Outbidding ─ Signed ─ Sent. Where
//! the chain has used the token and no signature came back, Signing ─ Overtaken (1) ─ its end.
//!
//! Nothing here waits, stores or asks: [`Payout::apply`] turns a state and an event into the next state, or says that
//! the event is illegal there. The contract's status integers derive from the state and are stored nowhere as truth.

mod event;
mod history;
mod payout;
mod state;

pub use event::{Cause, Event, Happened, Step};
pub use history::{Broken, Entry, Record, newest_build, verify_history};
pub use payout::{Illegal, Payout, Screening};
pub use state::{
    BlockRef, Build, Death, Rejection, Requirement, SignedTx, State, Status, StepQuorum, Token, Withdrawal,
};

#[cfg(test)]
mod tests;
