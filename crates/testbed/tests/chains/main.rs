//! Real processes against the stand-ins for XRP and TRON.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "../old_copies/command.rs"]
mod command;
#[path = "../whole/fixture.rs"]
mod fixture;
mod in_flight;
#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "../whole/world.rs"]
mod world;
