//! XRP and TRON through real processes, over stand-ins for their ledgers: from a caller's request to the recipient and
//! back to the caller.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod addresses;
#[path = "../old_copies/command.rs"]
#[allow(dead_code, reason = "each test program uses its own part of it")]
mod command;
mod energy;
mod example;
#[path = "../whole/fixture.rs"]
mod fixture;
mod house;
mod in_flight;
mod memos;
mod recipients;
mod testnet;
mod tokens;
#[path = "../whole/world.rs"]
#[allow(dead_code, reason = "each test program uses its own part of it")]
mod world;
