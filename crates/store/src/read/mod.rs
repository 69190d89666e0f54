//! Queries, one file a noun.

mod address;
mod audit;
mod callback;
mod oldest;
mod pause;
mod payout;
mod policy;
mod project;
mod recipient;
pub(crate) mod restore;
mod session;
mod signed;
pub(crate) mod together;
mod token;
mod usage;

pub use payout::PayoutFilter;
pub use restore::{Payer, Retold};
