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
        let close_ms = pace.block_ms().to_string();
        let servers = SERVERS.to_string();
        let arguments =
            ["--port", "0", "--servers", &servers, "--close-ms", &close_ms, "--network-id", NETWORK];
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

    /// Sends an account so many drops, which makes it if it is not there.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn fund(&self, account: &str, drops: u64) -> Result<(), LedgerError> {
        let answer = self.call("faucet", json!({"account": account, "drops": drops.to_string()})).await?;
        match answer["engine_result"].as_str() {
            Some("tesSUCCESS") => Ok(()),
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
        let mut receipts = Vec::new();
        let mut marker = Value::Null;
        loop {
            let mut question = json!({"account": account, "forward": true, "limit": 200});
            if !marker.is_null() {
                question["marker"] = marker;
            }
            let mut answer = self.call("account_tx", question).await?;
            let entries = answer["transactions"].as_array().cloned().unwrap_or_default();
            receipts.extend(entries.iter().filter_map(|entry| receipt(entry, account)));
            marker = answer["marker"].take();
            if marker.is_null() {
                return Ok(receipts);
            }
        }
    }
}

/// The classic address of an account id.
pub fn account(id: &[u8; 20]) -> String {
    check_encoded(0, id, bs58::Alphabet::RIPPLE)
}

fn receipt(entry: &Value, account: &str) -> Option<Receipt> {
    let tx = entry.get("tx_json").or_else(|| entry.get("tx"))?;
    if tx["TransactionType"] != "Payment" || tx["Destination"] != account || entry["validated"] != true {
        return None;
    }
    let hash = entry.get("hash").or_else(|| tx.get("hash"))?;
    Some(Receipt {
        txid: hash.as_str()?.to_owned(),
        drops: entry["meta"]["delivered_amount"].as_str()?.parse().ok()?,
        tag: tx["DestinationTag"].as_u64().and_then(|tag| tag.try_into().ok()),
    })
}
