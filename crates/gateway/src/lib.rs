//! The gateway: payout API, operator API, engine, chain nodes, co-signer hub and callbacks.
//!
//! Not trusted to authorise: wholly taken over, it can delay payouts and spend what automatic rules allow inside their
//! budgets; nothing else. Co-signers check everything again.

pub mod accept;
pub mod api;
pub mod callback;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod derived;
pub mod doctor;
pub mod engine;
pub mod health;
pub mod hub;
mod listener;
pub mod metrics;
pub mod node;
pub mod one_answer;
pub mod operator;
pub mod restore;
pub mod serve;
pub mod state;
pub mod wake;
