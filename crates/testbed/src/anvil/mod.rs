//! The development chain: an anvil of our own, with two ERC20 coins, seen through its node's JSON-RPC.
//!
//! It starts empty with well-known unlocked accounts, so contracts that are deployed in a fixed order get the same
//! addresses each time. A deployment's genesis, which names them, fits every new chain.

mod contract;
mod rpc;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use ruint::aliases::U256;
use serde_json::json;

use crate::place::{self, PlaceError};
use crate::process::{ProcessError, Program, Running};

pub use contract::Contracts;
pub use rpc::{Rpc, RpcError};

/// The network id that its transactions are bound to.
pub const NETWORK: &str = "31337";

/// The first of anvil's unlocked accounts: it deploys and funds.
pub const BANK: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

/// Base units of a whole native coin.
pub const COIN: u128 = 1_000_000_000_000_000_000;
/// Base units of a whole token: both have 6 decimals.
pub const TOKEN: u128 = 1_000_000;

/// How long anvil may take to start, and a transaction of the bank to be mined.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why the chain can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AnvilError {
    /// Something is not installed.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A question to the node.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// A compiled contract can't be read.
    #[error("{path} is no compiled contract")]
    Contract {
        /// Which file.
        path: String,
    },
    /// A transaction of the bank was not mined, or failed.
    #[error("the bank's transaction {0} was not mined with success")]
    NotMined(String),
    /// Not an address.
    #[error("{0:?} is no address")]
    Address(String),
}

/// How often blocks come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// One a second.
    Second,
    /// Four a second.
    Quarter,
    /// Ten a second.
    Tenth,
}

impl Pace {
    /// From block to block, ms.
    pub const fn block_ms(self) -> u32 {
        match self {
            Self::Second => 1000,
            Self::Quarter => 250,
            Self::Tenth => 100,
        }
    }
}

/// An amount of a coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum<'a> {
    /// The contract; `None` for the native coin.
    pub contract: Option<&'a str>,
    /// How much.
    pub base_units: u128,
}

/// A running chain.
#[derive(Debug)]
pub struct Anvil {
    /// As it is started again, on the port that it has now.
    program: Program,
    running: Running,
    rpc: Rpc,
    contracts: Contracts,
}

impl Anvil {
    /// Starts a chain on a free port of the loopback and deploys the contracts. A block is final two blocks later.
    ///
    /// # Errors
    /// [`AnvilError`].
    pub async fn start(logs: &Path, records: &Path, pace: Pace) -> Result<Self, AnvilError> {
        Self::start_as(logs, records, pace, NETWORK).await
    }

    /// The same under another network id: a node that was put in the wrong place.
    ///
    /// # Errors
    /// [`AnvilError`].
    pub async fn start_as(
        logs: &Path,
        records: &Path,
        pace: Pace,
        network: &str,
    ) -> Result<Self, AnvilError> {
        let block_time = match pace {
            Pace::Second => "1",
            Pace::Quarter => "0.25",
            Pace::Tenth => "0.1",
        };
        let mut arguments: Vec<OsString> =
            ["--port", "0", "--chain-id", network, "--slots-in-an-epoch", "1", "--block-time", block_time]
                .map(Into::into)
                .to_vec();
        if pace == Pace::Quarter {
            // Where the chain of a test waits for the node's next start. A demo's grows too long for that.
            let state = logs.join("anvil-state.json");
            let _ = std::fs::remove_file(&state);
            arguments.extend(["--state".into(), state.into()]);
        }
        let mut program = Program {
            name: "anvil".to_owned(),
            path: place::anvil()?,
            arguments,
            environment: Vec::new(),
            log: logs.join("anvil.log"),
            records: records.to_owned(),
        };
        // The port is found in the log: an older one would name an older port.
        let _ = std::fs::remove_file(&program.log);
        let mut running = program.start()?;
        let log = program.log.clone();
        let address = running.until("start to listen", PATIENCE, async || listening(&log)).await?;
        if let Some((_, port)) = address.rsplit_once(':') {
            program.arguments[1] = port.into();
        }
        let rpc = Rpc::new(format!("http://{address}"));
        let contracts = contract::deploy_all(&rpc).await?;
        Ok(Self { program, running, rpc, contracts })
    }

    /// Stops the node in good order and starts it again where it was, with its chain. What waited for a block is
    /// forgotten. Only for a chain of [`Pace::Quarter`].
    ///
    /// # Errors
    /// [`AnvilError::Process`].
    pub async fn restart(&mut self) -> Result<(), AnvilError> {
        self.running.ask_to_stop();
        self.running.wait(PATIENCE).await;
        self.running.replace(&self.program)?;
        let rpc = &self.rpc;
        let answers = async || rpc.ask("eth_chainId", json!([])).await.ok();
        self.running.until("answer again", PATIENCE, answers).await?;
        Ok(())
    }

    /// The node's URL, without a trailing slash.
    pub fn url(&self) -> &str {
        self.rpc.url()
    }

    /// Questions to the node.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Where the contracts are.
    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// The process, to kill or freeze.
    pub fn process(&mut self) -> &mut Running {
        &mut self.running
    }

    /// Ends it.
    pub async fn stop(self, patience: Duration) {
        self.running.stop(patience).await;
    }

    /// The balance of an address in a coin: its contract, or `None` for the native coin. Base units.
    ///
    /// # Errors
    /// [`AnvilError`].
    pub async fn balance(&self, owner: &str, contract: Option<&str>) -> Result<U256, AnvilError> {
        let balance = match contract {
            None => self.rpc.quantity("eth_getBalance", json!([owner, "latest"])).await?,
            Some(token) => {
                let call = json!({"to": token, "data": contract::balance_of(owner)?});
                self.rpc.quantity("eth_call", json!([call, "latest"])).await?
            }
        };
        Ok(balance)
    }

    /// Sends coins from the bank, and waits until they are there.
    ///
    /// # Errors
    /// [`AnvilError`].
    pub async fn fund(&self, owner: &str, sums: &[Sum<'_>]) -> Result<(), AnvilError> {
        let mut sent = Vec::new();
        // One after the other: the node numbers an account's transactions as it hears of them.
        for Sum { contract, base_units } in sums {
            let transaction = match contract {
                None => json!({"from": BANK, "to": owner, "value": format!("{base_units:#x}")}),
                Some(token) => {
                    json!({"from": BANK, "to": token, "data": contract::transfer(owner, *base_units)?})
                }
            };
            sent.push(self.rpc.ask("eth_sendTransaction", json!([transaction])).await?);
        }
        for txid in sent {
            contract::mined(&self.rpc, &txid, PATIENCE).await?;
        }
        Ok(())
    }

    /// Waits until what is in a block now can't be reorganised away any more.
    ///
    /// # Errors
    /// [`RpcError`]; [`AnvilError::Process`] when no blocks come.
    pub async fn make_final(&mut self) -> Result<(), AnvilError> {
        let head = self.rpc.quantity("eth_blockNumber", json!([])).await?;
        let rpc = &self.rpc;
        let is_final = async || {
            let block = rpc.ask("eth_getBlockByNumber", json!(["finalized", false])).await.ok()?;
            let number = block["number"].as_str()?.parse::<U256>().ok()?;
            (number >= head).then_some(())
        };
        Ok(self.running.until("make blocks final", PATIENCE, is_final).await?)
    }

    /// How many transactions of an address are in blocks: its next nonce.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn nonce(&self, owner: &str) -> Result<U256, RpcError> {
        self.rpc.quantity("eth_getTransactionCount", json!([owner, "latest"])).await
    }
}

/// The address in anvil's line `Listening on 127.0.0.1:36207`.
fn listening(log: &Path) -> Option<String> {
    let text = std::fs::read_to_string(log).ok()?;
    let mut lines = text.lines();
    // Only whole lines: the number may be half written.
    let whole = text.ends_with('\n');
    let found = lines.find_map(|line| line.strip_prefix("Listening on "))?;
    whole.then(|| found.to_owned())
}
