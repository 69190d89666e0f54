//! A co-signer: it holds one share of each wallet's key, checks a payout by itself, keeps its journal and its vault, and
//! signs with its peers. It believes nobody: not the gateway that asks, not the node that it does not have.
//!
//! - [`verify`]: the checks, in order, a file each.
//! - [`journal`]: the law of exactly-once.
//! - [`vault`]: identity and key shares, sealed; backup and restore.
//! - [`config`], [`folder`]: what the owner of the host says, and where everything is.

pub mod config;
pub mod folder;
pub mod journal;
mod refuse;
pub mod vault;
pub mod verify;
