//! Copies that come back: a gateway's database and a co-signer's folder put back from a backup, with real processes on a
//! real chain. Nothing is paid twice, nothing is forgotten, and nobody signs before it is known what was.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod command;
mod cosigner;
mod database;
mod doubts;
mod families;
#[path = "../whole/fixture.rs"]
mod fixture;
mod house;
mod middle;
mod states;
#[path = "../whole/world.rs"]
#[allow(dead_code, reason = "shared with tests that need more of it")]
mod world;
