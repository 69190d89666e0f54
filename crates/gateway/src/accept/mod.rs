//! Accepting a payout: from what a caller or a person asked for to a stored intent.
//!
//! [`resolve`] turns texts into coins, wallets and addresses, in the contract's order of checks. [`options`] asks the
//! policy which rules may decide and makes the intent that each would mean; the store takes the first whose counters
//! have room, in the transaction that stores the payout. [`person`] does so for a person's application, [`remedy`] for an
//! order about a payout that is stuck, [`maintenance`] for one about a wallet itself.

pub mod maintenance;
mod options;
mod order;
pub mod person;
pub mod remedy;
mod resolve;

pub use options::{Asked, options};
pub use resolve::{Payer, Resolved, Unresolved, belongs_to, is_internal, recipient_of, resolve};
