//! Processes killed at every named place, alone and one after another; databases with torn ends. After each: one effect
//! on chain, the right status, the callback, a history that verifies.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod absent;
mod defect;
mod lapses;
mod orders;
mod pairs;
mod points;
mod torn;
