//! The TRON road against stand-in nodes that lie, lag, fork and vanish: what no real node can be told to do. The good days
//! are tested against a ledger with the official library's rules by the testbed.

mod agreement;
mod ending;
mod planning;
mod stand_in;
