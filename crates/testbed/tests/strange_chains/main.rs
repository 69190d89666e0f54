//! Nodes that lag, lie, lose and disagree, and chains that drop, reorganise and refuse: a payout is held while that
//! lasts, with its reason, and ends right when it is over.
//!
//! Each gateway asks two nodes, which must agree on an end: both are proxies before the test's chain, and either can be
//! told what to do wrong. The stand-ins for the XRP Ledger and for TRON have such nodes themselves.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod answers;
mod chain;
mod counts;
#[path = "../whole/fixture.rs"]
mod fixture;
mod house;
mod receipts;
mod sending;
mod tron;
#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "../whole/world.rs"]
mod world;
mod xrp;
