//! Crashes at named places: processes are killed there and started again, and every payout must still be paid once.
//!
//! - [`compile`]: builds the programs that have crash points, beside those that pay.
//! - [`rig`]: a deployment whose processes die at the point that is armed, and rise again.
//! - [`caller`]: a business system and approvers who keep trying, as real ones do.
//! - [`proof`]: what must be true of every payout at the end.
//! - [`sequence`]: one point after another.
//! - [`tear`]: what a loss of power leaves of a file.

pub mod caller;
pub mod compile;
pub mod proof;
pub mod rig;
pub mod sequence;
pub mod tear;

use std::path::PathBuf;
use std::time::Duration;

use crate::anvil::AnvilError;
use crate::demo::DemoError;
use crate::deployment::DeploymentError;
use crate::fixture::FixtureError;
use crate::ledgers::LedgerError;
use crate::people::PersonError;
use crate::place::PlaceError;
use crate::vendor::{Reply, VendorError};

/// Why a crash test does not go on, or what it has found.
#[derive(Debug, thiserror::Error)]
pub enum CrashError {
    /// The deployment.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// No prepared deployment.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// The stage around it.
    #[error(transparent)]
    Stage(#[from] DemoError),
    /// The chain.
    #[error(transparent)]
    Anvil(#[from] AnvilError),
    /// A stand-in for another chain.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A call of the payout API.
    #[error(transparent)]
    Vendor(#[from] VendorError),
    /// A person's act.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// A program's place.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A file.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The programs with crash points can't be built.
    #[error("the programs with crash points were not built:\n{0}")]
    Build(String),
    /// A payout was refused.
    #[error("a payout was refused: {} {}", .0.code, .0.msg)]
    Refused(Box<Reply>),
    /// A process ended by itself.
    #[error("{name} ended by itself ({how}); the end of its log:\n{tail}")]
    Ended {
        /// Which.
        name: String,
        /// How.
        how: String,
        /// What it said last.
        tail: String,
    },
    /// What should happen did not.
    #[error("{what} did not happen within {waited:?}: {seen}")]
    Late {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// What was seen instead.
        seen: String,
    },
    /// A payout is not as it must be.
    #[error("payout {cid}: {what}")]
    Broken {
        /// Which.
        cid: i64,
        /// What is wrong.
        what: String,
    },
    /// More or fewer transactions left the wallet than there are payouts.
    #[error("{sent} transactions left the wallet for {paid} paid payouts")]
    Transactions {
        /// The wallet's transactions in blocks.
        sent: u64,
        /// Payouts that were paid.
        paid: u64,
    },
}

impl CrashError {
    pub(crate) fn file(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path: path.clone(), source }
    }
}
