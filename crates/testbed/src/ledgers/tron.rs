//! The stand-in for TRON.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::stand_in::check_encoded;
use super::{LedgerError, StandIn};
use crate::anvil::Pace;
use crate::process::Running;

/// The contract's number of the chain.
pub const CHAIN: &str = "195";
/// The network id: the stand-in's genesis block ends with it.
pub const NETWORK: &str = "31338";
/// Sun of a whole TRX; base units of a whole token, too.
pub const TRX: u64 = 1_000_000;
/// Nodes that a deployment asks.
const NODES: usize = 2;
/// How many blocks have to stand on one that is solidified. The real chain's 19 would make each test wait.
const SOLID_LAG: &str = "2";

/// The address of an account.
pub fn address(id: &[u8; 20]) -> String {
    check_encoded(&[&[0x41], id], bs58::Alphabet::BITCOIN)
}

/// A running chain with one TRC20 coin like Tether's.
#[derive(Debug)]
pub struct Tron {
    stand_in: StandIn,
    usdt: String,
}

impl Deref for Tron {
    type Target = StandIn;

    fn deref(&self) -> &StandIn {
        &self.stand_in
    }
}

/// A transaction that is in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mined {
    /// Its id.
    pub txid: String,
    /// Its owner.
    pub owner: String,
    /// `SUCCESS`, `REVERT`, `OUT_OF_ENERGY`…
    pub result: String,
}

impl Tron {
    /// Starts a chain with two nodes on free ports of the loopback, and deploys the coin: on every new chain it has the
    /// same address.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn start(logs: &Path, records: &Path, pace: Pace) -> Result<Self, LedgerError> {
        let close_ms = pace.block_ms().to_string();
        let nodes = NODES.to_string();
        let arguments = ["--port", "0", "--nodes", &nodes, "--close-ms", &close_ms, "--solid-lag", SOLID_LAG];
        let stand_in = StandIn::start("tron", &arguments, NODES, logs, records).await?;
        let supply = (u128::from(TRX) * 1_000_000_000).to_string();
        let coin = json!({"contract": "TetherLike", "values": ["Tether USD", "USDT", 6, supply]});
        let answer = stand_in.ask("/admin/deploy", &coin).await?;
        let usdt =
            answer["address"].as_str().ok_or_else(|| stand_in.senseless("deploy", &answer))?.to_owned();
        Ok(Self { stand_in, usdt })
    }

    /// The process, to kill or freeze.
    pub fn process(&mut self) -> &mut Running {
        self.stand_in.process()
    }

    /// Ends it.
    pub async fn stop(self, patience: Duration) {
        self.stand_in.stop(patience).await;
    }

    /// The TRC20 coin's contract.
    pub fn usdt(&self) -> &str {
        &self.usdt
    }

    /// Gives an address TRX (sun) and tokens (base units).
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn fund(&self, owner: &str, sun: u64, tokens: u64) -> Result<(), LedgerError> {
        self.admin("faucet", json!({"address": owner, "sun": sun.to_string()})).await?;
        if tokens > 0 {
            let transfer = json!({"contract": self.usdt, "to": owner, "amount": tokens.to_string()});
            self.admin("transfer", transfer).await?;
        }
        Ok(())
    }

    /// Gives an address energy, as if it was delegated.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn delegate(&self, owner: &str, energy: u64) -> Result<(), LedgerError> {
        self.admin("delegate", json!({"address": owner, "energy": energy.to_string()})).await.map(drop)
    }

    /// What an address has, sun.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn balance(&self, owner: &str) -> Result<u64, LedgerError> {
        let answer = self.ask("/wallet/getaccount", &json!({"address": owner, "visible": true})).await?;
        Ok(answer["balance"].as_u64().unwrap_or(0))
    }

    /// What an address has of the TRC20 coin, base units.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn tokens(&self, owner: &str) -> Result<u64, LedgerError> {
        let raw = bs58::decode(owner).into_vec().unwrap_or_default();
        let account = raw.get(1..21).map(hex::encode).unwrap_or_default();
        let question = json!({
            "owner_address": owner, "contract_address": self.usdt, "visible": true,
            "function_selector": "balanceOf(address)", "parameter": format!("{account:0>64}"),
        });
        let answer = self.ask("/wallet/triggerconstantcontract", &question).await?;
        let word = answer["constant_result"][0].as_str().unwrap_or_default();
        u64::from_str_radix(word.trim_start_matches('0'), 16)
            .or_else(|error| {
                if word.trim_start_matches('0').is_empty() && !word.is_empty() { Ok(0) } else { Err(error) }
            })
            .map_err(|_| self.senseless("balanceOf", &answer))
    }

    /// All transactions in blocks, in the ledger's order.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn mined(&self) -> Result<Vec<Mined>, LedgerError> {
        let answer = self.admin("state", json!({})).await?;
        let list = answer["transactions"].as_array().ok_or_else(|| self.senseless("state", &answer))?;
        let text = |entry: &Value, key: &str| entry[key].as_str().map(ToOwned::to_owned);
        let read = |entry| {
            Some(Mined {
                txid: text(entry, "txid")?,
                owner: text(entry, "owner")?,
                result: text(entry, "contractRet")?,
            })
        };
        Ok(list.iter().filter_map(read).collect())
    }

    /// The transactions in blocks that an owner signed, whatever became of them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn sent(&self, owner: &str) -> Result<Vec<Mined>, LedgerError> {
        let mut mined = self.mined().await?;
        mined.retain(|transaction| transaction.owner == owner);
        Ok(mined)
    }

    /// Makes so many blocks at once, also when they have stopped.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn close(&self, blocks: usize) -> Result<(), LedgerError> {
        for _ in 0..blocks {
            self.admin("close", json!({})).await?;
        }
        Ok(())
    }

    /// Sets prices of the chain, as its parameters call them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn set_parameters(&self, changes: Value) -> Result<(), LedgerError> {
        self.admin("parameters", changes).await.map(drop)
    }

    async fn admin(&self, act: &str, question: Value) -> Result<Value, LedgerError> {
        let answer = self.ask(&format!("/admin/{act}"), &question).await?;
        if answer.get("Error").is_some() { Err(self.senseless(act, &answer)) } else { Ok(answer) }
    }
}
