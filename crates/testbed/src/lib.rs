//! Starts real processes for demo, tests, attacks and benchmarks.
//!
//! - [`process`]: children that never outlive their purpose; [`place`]: where programs are.
//! - [`anvil`]: the development chain; [`proxy`]: a node before it that lags, lies and loses.
//! - [`receiver`]: a business system that takes callbacks.
//! - [`vendor`]: a client of the payout API, written from the wire contract alone.
//! - [`deployment`]: gateway, co-signers, people and their keys in one folder; [`people`]: their acts.
//! - [`copies`]: backups of its machines, taken and put back.
//! - [`fixture`]: deployments that are ready to pay, made once and copied.
//! - [`bench`]: figures of this machine.
//! - [`attacks`]: a hostile gateway and hostile co-signers against honest ones.
//! - [`crash`]: processes that are killed at named places, and rise again.
//! - [`fire`]: everything that can go wrong, at random, for as long as one likes.
//! - [`ledgers`]: the stand-ins for the XRP Ledger and for TRON; [`anvil`]: the EVM development chain.
//! - [`dice`]: random choices that a seed repeats.
//! - [`demo`]: payouts from request to callback; [`progress`]: what one sees of it.

pub mod anvil;
pub mod attacks;
pub mod bench;
pub mod copies;
pub mod crash;
pub mod demo;
pub mod deployment;
pub mod dice;
pub mod fire;
pub mod fixture;
pub mod ledgers;
pub mod oracle;
pub mod people;
pub mod place;
pub mod process;
pub mod progress;
pub mod proxy;
pub mod receiver;
pub mod testnet;
pub mod vendor;
