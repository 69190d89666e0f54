//! Telling the business system: the outbox, where it may deliver to, and how often it tries.
//!
//! The outbox's rows are written in the transaction that makes their news true; this module only sends them, at least
//! once. It keeps nothing in memory that a restart could lose.
//!
//! - [`target`]: where a request of ours may go. `post`: one guarded request. `signing`: with which key.
//! - `deliver`: one try of one callback. `hosts`: how many at once at one receiver. `run`: the loop.
//! - `test`: a sample, to try a receiver out.

mod deliver;
pub(crate) mod hosts;
mod post;
mod run;
pub(crate) mod signing;
pub mod target;
mod test;

pub use post::{Extent, Post, PostError, Reply};
pub use run::run;
pub use test::{TestError, Tested, test};

#[cfg(test)]
mod tests;
