//! The command line `bursar`: one file a noun.
//!
//! A command gives an [`answer::Answer`] (text for people, JSON for machines) or a [`failure::Failure`]; only
//! [`main`] prints and ends the process: 0 done, 1 refused, 2 wrong usage.

mod answer;
mod args;
mod audit;
mod backup;
mod callback;
mod ceremony;
mod cosigner;
mod desk;
mod diff;
mod doctor;
mod export;
mod failure;
mod freeze;
mod genesis;
mod init;
mod intent;
mod key;
mod keys;
mod log;
mod maintenance;
mod pause;
mod payout;
mod policy;
mod project;
mod remedy;
mod restore;
mod roster;
mod run;
mod serve;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod trust;
mod wallet;
mod why;

pub use run::main;
