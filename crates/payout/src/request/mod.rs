//! The wire contract's requests and replies, without any I/O.
//!
//! The contract fixes the order of checks, so reading a request has three parts:
//!
//! 1. [`Request::parse`]: JSON, the envelope and the *types* of all fields (code A0400);
//! 2. the gateway finds the project and looks at its IP list, then [`Request::verify`] checks the signature and hands
//!    out the [`Verified`] call, then come time window and replay;
//! 3. [`check`]: one small function a rule, in the contract's order, for what needs coins, wallets and addresses.
//!
//! Co-signers read the same raw body with the same parser in [`caller`].

mod body;
pub mod caller;
pub mod check;
pub mod code;
pub mod decimal;
pub mod fields;
pub mod json;
pub mod notice;
pub mod reply;
pub mod sign;

pub use body::{Body, Envelope, Nonce, Request, Verified};
pub use code::{Code, Rejected};

#[cfg(test)]
mod tests;
