//! Whole protocol runs through the public API, with an honest or a hostile post between the parties.

#![allow(clippy::unwrap_used, reason = "what helps a test is a test: a panic is the report")]

mod attack;
mod base_ot;
mod check;
mod keygen;
mod order;
mod refresh;
mod share;
mod sign;
mod stand_in;
