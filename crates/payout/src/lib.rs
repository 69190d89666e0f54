//! The pure core of Bursar: money, ids, coins, requests, intents, the payout's life, policy and approvals.
//!
//! Nothing here does I/O, asks a clock or a random source: `now` and fresh bytes are arguments. The same code decides
//! in the gateway and in each co-signer.

pub mod approval;
pub mod canonical;
pub mod coin;
pub mod ids;
pub mod intent;
pub mod key;
pub mod life;
pub mod money;
pub mod policy;
pub mod request;
pub mod time;
