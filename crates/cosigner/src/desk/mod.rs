//! The co-signer at work: what it holds, and one file for each thing that it is asked.
//!
//! - `cosigner`: everything that the parts share.
//! - `line`: reads what a gateway says and what peers say inside it, and hands it to its place.
//! - `policy`, `sight`, `stop`, `sign`, `ceremony`, `recall`: the answers.
//! - `journals`: brings the others' journals up to date, after the work is done; `catch_up`: when they ask for it.
//! - `standing`, `status`, `words`: what it says of itself and of its checks.
//! - `inbox`: orders that the owner of the host puts in by hand.

mod catch_up;
mod ceremony;
mod cosigner;
mod inbox;
mod journals;
mod line;
mod policy;
mod recall;
mod sight;
mod sign;
mod standing;
mod status;
mod stop;
mod words;

pub use cosigner::{Cosigner, Parts};
pub use inbox::{INBOX, PAUSE, StopFile, StopFileError};
pub use standing::SOFTWARE;
pub use status::{STATUS, StatusFile};

#[cfg(test)]
mod tests;
