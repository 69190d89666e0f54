//! The demo: a deployment from nothing, and payouts through all of it, with people and callbacks.
//!
//! - [`stage`]: everything from the chain to a funded wallet. [`payment`]: one payout from request to callback.
//! - [`description`]: `demo.json`, for programs that want to try it.
//! - [`up`] and [`once`]: the two ways to see it.

pub mod description;
pub mod once;
pub mod payment;
pub mod stage;
mod tickets;
pub mod up;

use std::path::PathBuf;

use crate::anvil::AnvilError;
use crate::deployment::DeploymentError;
use crate::people::PersonError;
use crate::process::ProcessError;
use crate::vendor::{Reply, VendorError};

pub use stage::Stage;

/// Why the demo does not go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The deployment.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// What an earlier demo left.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A call of the payout API.
    #[error(transparent)]
    Vendor(#[from] VendorError),
    /// A person's act.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The chain.
    #[error(transparent)]
    Anvil(#[from] AnvilError),
    /// A stand-in for another chain.
    #[error(transparent)]
    Ledger(#[from] crate::ledgers::LedgerError),
    /// A public test network.
    #[error(transparent)]
    Public(#[from] crate::deployment::public::PublicError),
    /// A file or folder.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No port for the receiver of callbacks.
    #[error("the receiver of callbacks cannot start")]
    Receiver(#[source] std::io::Error),
    /// The gateway refused a payout.
    #[error("the payout of {amount} {currency} was refused: {} {}", reply.code, reply.msg)]
    Refused {
        /// Token units.
        amount: String,
        /// The coin.
        currency: String,
        /// The reply.
        reply: Box<Reply>,
    },
    /// It did not get where it should in time.
    #[error("payout {cid} is at status {status} after {waited_s} s: {why}")]
    Stuck {
        /// Which.
        cid: i64,
        /// Where it is.
        status: i64,
        /// How long it was waited for.
        waited_s: u64,
        /// What the gateway says.
        why: String,
    },
    /// It ended, but not all of it went right.
    #[error("payout {cid}: {what}")]
    Wrong {
        /// Which.
        cid: i64,
        /// What is wrong.
        what: String,
    },
    /// The bare library, against which a benchmark measures, failed.
    #[error("the bare library failed: {0}")]
    Bench(String),
    /// The result can't be written.
    #[error("standard output does not take the result")]
    Output(#[source] std::io::Error),
    /// The operating system delivers no signals.
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
}
