//! Real processes against a real chain: what a payout goes through, and what must hold when things break.
//!
//! Each test has a deployment of its own, copied from one that went through its ceremony once ([`fixture`]).

mod approvals;
mod callbacks;
mod codes;
mod endings;
mod fixture;
mod once_only;
mod payouts;
mod quorums;
mod trouble;
mod world;
