//! The stand-ins for ledgers whose nodes no package registry has: XRP and TRON. Each is a Node.js program in `sandbox/`
//! on the chain's official library, which says at its top what it is and which rules of the ledger it adds.
//!
//! The EVM chain is a real development node: [`crate::anvil`].

mod energy;
mod stand_in;
pub mod tron;
pub mod xrp;

use std::path::Path;
use std::time::Duration;

use crate::anvil::Pace;
use crate::place::PlaceError;
use crate::process::ProcessError;

pub use energy::EnergyProvider;
pub use stand_in::StandIn;
pub use tron::Tron;
pub use xrp::Xrp;

/// Why a stand-in can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Something is not installed.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It does not answer.
    #[error("the stand-in for {ledger} does not answer {question}")]
    Unreachable {
        /// Which.
        ledger: &'static str,
        /// The question.
        question: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// Not what was asked for.
    #[error("the stand-in for {ledger} answers {question} with {answer}")]
    Senseless {
        /// Which.
        ledger: &'static str,
        /// The question.
        question: String,
        /// The answer.
        answer: String,
    },
}

/// Which chains a deployment has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chains {
    /// The EVM development chain.
    Evm,
    /// It, and the stand-ins for XRP and TRON.
    All,
}

/// The stand-ins of a deployment.
#[derive(Debug)]
pub struct Ledgers {
    /// XRP.
    pub xrp: Xrp,
    /// TRON.
    pub tron: Tron,
}

impl Ledgers {
    /// Starts them, if the deployment has them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn start(
        chains: Chains,
        logs: &Path,
        records: &Path,
        pace: Pace,
    ) -> Result<Option<Self>, LedgerError> {
        match chains {
            Chains::Evm => Ok(None),
            Chains::All => {
                let (xrp, tron) =
                    futures::try_join!(Xrp::start(logs, records, pace), Tron::start(logs, records, pace))?;
                Ok(Some(Self { xrp, tron }))
            }
        }
    }

    /// The processes.
    pub fn processes(&mut self) -> [&mut crate::process::Running; 2] {
        [self.xrp.process(), self.tron.process()]
    }

    /// Ends them.
    pub async fn stop(self, patience: Duration) {
        let Self { xrp, tron } = self;
        futures::join!(xrp.stop(patience), tron.stop(patience));
    }
}
