//! Tests of a payout's life.

mod history;
mod samples;
mod transitions;
mod walks;
