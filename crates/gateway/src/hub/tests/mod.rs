//! The hub against stand-in co-signers that speak the protocol over the real channel.

mod door;
mod questions;
mod relay;
mod signing;
pub(crate) mod world;
