//! Real processes against a real chain: what a payout goes through, and what must hold when things break.
//!
//! Each test has a deployment of its own, copied from one that went through its ceremony once ([`fixture`]).

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod approvals;
mod callbacks;
mod codes;
mod endings;
mod fixture;
mod once_only;
mod orders;
mod payouts;
mod quorums;
mod screening;
mod shares;
mod trouble;
mod world;
