//! The steps against a real database, with a stand-in for the chain.

mod approving;
mod building;
mod confirming;
mod cosigner;
mod crash;
pub(crate) mod house;
mod running;
pub(crate) mod screening;
mod stuck;
