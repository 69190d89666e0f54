//! Tests of the crate from outside, in one binary.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod channel;
mod connection;
mod golden;
mod link;
mod messages;
mod samples;
