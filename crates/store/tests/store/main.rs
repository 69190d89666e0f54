//! The store over real SQLite files, each test in a folder of its own.

// Clippy knows `#[test]` functions as tests, but not what they call; `pub` here is for the modules beside.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)]

mod accept;
mod address;
mod advance;
mod append_only;
mod audit_log;
mod callback;
mod claim;
mod copies;
mod counters;
mod crash;
mod freed_tokens;
mod house;
mod model;
mod old_copies;
mod opening;
mod policy;
mod settings;
mod signing;
mod speed;
mod together;
