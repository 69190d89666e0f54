//! A co-signer: it holds one share of each wallet's key, checks a payout by itself, keeps its journal and its vault, and
//! signs with its peers. It believes nobody: not the gateway that asks, not the node that it does not have.
//!
//! - [`verify`]: the checks, in order, a file each.
//! - [`journal`]: the law of exactly-once.
//! - [`vault`]: identity and key shares, sealed; backup and restore.
//! - [`config`], [`folder`]: what the owner of the host says, and where everything is.
//! - [`session`], [`ceremony`]: the protocols between co-signers, without I/O, and a thread around each; [`turns`]: what
//!   they have in common.
//! - [`link`]: lines to gateways, and links to other co-signers inside them; [`rooms`]: who gets which letter.
//! - [`desk`]: the co-signer at work, a file for each thing that it is asked; [`cli`]: its command line.

#![allow(
    clippy::result_large_err,
    reason = "a refusal is the answer to a session: made once, moved a few times, never in a hot loop"
)]

pub mod ceremony;
pub mod cli;
pub mod config;
pub mod desk;
pub mod folder;
#[cfg(test)]
mod house;
pub mod journal;
pub mod link;
mod refuse;
pub mod rooms;
pub mod session;
pub mod turns;
pub mod vault;
pub mod verify;
