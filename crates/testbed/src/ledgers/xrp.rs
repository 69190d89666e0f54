//! The stand-in for the XRP Ledger.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::stand_in::check_encoded;
use super::{LedgerError, StandIn};
use crate::anvil::Pace;
use crate::process::Running;

/// The contract's number of the chain.
pub const CHAIN: &str = "144";
/// The network id that its transactions are bound to.
pub const NETWORK: &str = "31337";
/// Drops of a whole XRP.
pub const XRP: u64 = 1_000_000;
/// Servers that a deployment asks.
const SERVERS: usize = 2;

/// A running ledger.
#[derive(Debug)]
pub struct Xrp(StandIn);

impl Deref for Xrp {
    type Target = StandIn;

    fn deref(&self) -> &StandIn {
        &self.0
    }
}

/// A payment that an account received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its transaction.
    pub txid: String,
    /// How much arrived, drops.
    pub drops: u64,
    /// The destination tag, if it carries one.
    pub tag: Option<u32>,
}

impl Xrp {
    /// Starts a ledger with two servers on free ports of the loopback.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn start(logs: &Path, records: &Path, pace: Pace) -> Result<Self, LedgerError> {
        Self::start_as(logs, records, pace, NETWORK).await
    }

    /// The same under another network id.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn start_as(
        logs: &Path,
        records: &Path,
        pace: Pace,
        network: &str,
    ) -> Result<Self, LedgerError> {
        let close_ms = pace.block_ms().to_string();
        let servers = SERVERS.to_string();
        let arguments =
            ["--port", "0", "--servers", &servers, "--close-ms", &close_ms, "--network-id", network];
        StandIn::start("xrp", &arguments, SERVERS, logs, records).await.map(Self)
    }

    /// The process, to kill or freeze.
    pub fn process(&mut self) -> &mut Running {
        self.0.process()
    }

    /// Ends it.
    pub async fn stop(self, patience: Duration) {
        self.0.stop(patience).await;
    }

    /// Asks one of its methods.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, LedgerError> {
        let mut answer = self.ask("/", &json!({"method": method, "params": [params]})).await?;
        match answer.get_mut("result").map(Value::take) {
            Some(result) if result["status"] != "error" => Ok(result),
            _ => Err(self.senseless(method, &answer)),
        }
    }

    /// Sends an account so many drops, which makes it if it is not there, and closes the ledger over that.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn fund(&self, account: &str, drops: u64) -> Result<(), LedgerError> {
        let answer = self.call("faucet", json!({"account": account, "drops": drops.to_string()})).await?;
        match answer["engine_result"].as_str() {
            Some("tesSUCCESS") => self.close(1).await,
            _ => Err(self.senseless("faucet", &answer)),
        }
    }

    /// What an account has by the validated ledger, drops; nothing if it does not exist.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn balance(&self, account: &str) -> Result<u64, LedgerError> {
        let question = json!({"account": account, "ledger_index": "validated"});
        let answer = self.ask("/", &json!({"method": "account_info", "params": [question]})).await?;
        let result = &answer["result"];
        if result["error"] == "actNotFound" {
            return Ok(0);
        }
        let balance = result["account_data"]["Balance"].as_str().and_then(|drops| drops.parse().ok());
        balance.ok_or_else(|| self.senseless("account_info", &answer))
    }

    /// Sets flags of any account, as its owner would have: `requireDestinationTag`, `disallowIncomingXRP`, `depositAuth`.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn set_flags(&self, account: &str, flags: &[&str]) -> Result<(), LedgerError> {
        self.call("set_flags", json!({"account": account, "flags": flags})).await.map(drop)
    }

    /// What an account received by validated payments, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn received(&self, account: &str) -> Result<Vec<Receipt>, LedgerError> {
        let history = self.history(account).await?;
        Ok(history.iter().filter_map(|entry| receipt(entry, account)).collect())
    }

    /// The ids of the validated transactions that an account sent, whatever became of them, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn sent(&self, account: &str) -> Result<Vec<String>, LedgerError> {
        let history = self.history(account).await?;
        Ok(history.iter().filter_map(|entry| sent(entry, account)).collect())
    }

    /// The number of the newest validated ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn height(&self) -> Result<u64, LedgerError> {
        let answer = self.call("server_state", json!({})).await?;
        let height = answer["state"]["validated_ledger"]["seq"].as_u64();
        height.ok_or_else(|| self.senseless("server_state", &answer))
    }

    /// Closes so many ledgers at once.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn close(&self, ledgers: usize) -> Result<(), LedgerError> {
        for _ in 0..ledgers {
            self.call("ledger_accept", json!({})).await?;
        }
        Ok(())
    }

    /// All validated transactions that touch an account, oldest first.
    async fn history(&self, account: &str) -> Result<Vec<Value>, LedgerError> {
        let mut history = Vec::new();
        let mut marker = Value::Null;
        loop {
            let mut question = json!({"account": account, "forward": true, "limit": 200});
            if !marker.is_null() {
                question["marker"] = marker;
            }
            let mut answer = self.call("account_tx", question).await?;
            if let Some(entries) = answer["transactions"].as_array_mut() {
                history.append(entries);
            }
            marker = answer["marker"].take();
            if marker.is_null() {
                return Ok(history);
            }
        }
    }
}

/// The classic address of an account id.
pub fn account(id: &[u8; 20]) -> String {
    check_encoded(&[&[0], id], bs58::Alphabet::RIPPLE)
}

/// The X-address of an account id on a network that is not the main one, with a tag or without (XLS-5).
pub fn x_address(id: &[u8; 20], tag: Option<u32>) -> String {
    let flag = [u8::from(tag.is_some())];
    let tag = u64::from(tag.unwrap_or(0)).to_le_bytes();
    check_encoded(&[&[0x04, 0x93], id, &flag, &tag], bs58::Alphabet::RIPPLE)
}

/// A validated transaction and its id.
fn transaction(entry: &Value) -> Option<(&Value, &Value)> {
    let tx = entry.get("tx_json").or_else(|| entry.get("tx"))?;
    let hash = entry.get("hash").or_else(|| tx.get("hash"))?;
    (entry["validated"] == true).then_some((tx, hash))
}

fn sent(entry: &Value, account: &str) -> Option<String> {
    let (tx, hash) = transaction(entry)?;
    (tx["Account"] == account).then(|| hash.as_str().map(ToOwned::to_owned))?
}

fn receipt(entry: &Value, account: &str) -> Option<Receipt> {
    let (tx, hash) = transaction(entry)?;
    if tx["TransactionType"] != "Payment" || tx["Destination"] != account {
        return None;
    }
    Some(Receipt {
        txid: hash.as_str()?.to_owned(),
        drops: entry["meta"]["delivered_amount"].as_str()?.parse().ok()?,
        tag: tx["DestinationTag"].as_u64().and_then(|tag| tag.try_into().ok()),
    })
}
