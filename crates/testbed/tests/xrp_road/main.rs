//! The gateway's road to the XRP Ledger against the stand-in: what is planned, what becomes of it, and what is concluded
//! when servers fail, lag, forget or lie.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod ends;
mod plans;
mod sighting;
mod stuck;
mod world;
