//! The journal: the law of exactly-once.
//!
//! Append-only, hash-chained, signed, and synced before anything is said. Co-signers exchange the entries that they
//! lack at the start of every session, so with 2t > n each quorum knows what every other quorum did.
//!
//! - [`wire::journal`]: what an entry says.
//! - `chain`: what may follow what; `disk`, `counter` and `writer` keep it; `open` reads it back.
//! - `union`, with `ledger` and `one_to_one`: what all merged journals say together; `authors`: whose word counts.
//! - `demand` and `in_flight`: the decision, and the way of a session from claim to contribution.
//! - `pace`: how fast a journal may grow.
//! - `share`: what co-signers tell each other; `quarantine`: what one does that may have forgotten; `recall`: what a
//!   gateway is told that may have.

mod authors;
mod chain;
mod counter;
mod crash_points;
mod demand;
mod disk;
mod handle;
mod in_flight;
mod ledger;
mod one_to_one;
mod open;
mod pace;
mod quarantine;
mod recall;
mod share;
mod state;
mod union;
mod writer;

pub use authors::Believed;
pub use chain::EntryFault;
pub use counter::CounterError;
pub use demand::Demand;
pub use disk::DiskError;
pub use handle::{AppendError, Journal, Settings};
pub use in_flight::{Claim, CommitError, Contributed, Reservation};
pub use one_to_one::{Conflict, Evidence};
pub use open::JournalError;
pub use quarantine::Quarantine;
pub use share::{MergeError, Merged, Rest, Share};
pub use union::{PolicySeen, ShareSeen, StopSeen, Union};
pub use wire::journal::{Body, CeremonyStage, Contribution, Facts};
pub use writer::WriteFailed;

pub(crate) use pace::Quota;

pub(crate) use disk::Batch;
#[cfg(test)]
pub(crate) use ledger::Mode;
pub(crate) use recall::{LONGEST, paper};

#[cfg(test)]
mod tests;
