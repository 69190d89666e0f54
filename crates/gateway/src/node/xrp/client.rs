//! One server's JSON-RPC (API version 1), and the typed questions that the engine asks. State is asked of validated
//! ledgers only: what an open ledger says may never come true.

use payout::ids::Address;
use payout::life::BlockRef;
use serde_json::{Value, json};
use url::Url;

use super::reply::{self, Account, Fees, Found, Page, State};
use crate::node::http::Endpoint;
use crate::node::pool::Named;
use crate::node::proof::Proof;
use crate::node::road::NodeError;

/// An account has 250 tickets at most, and a server shows so many objects at once.
const OBJECTS: u32 = 400;
/// So many parts of a list are read; an honest server needs fewer.
const PARTS: usize = 8;
/// Transactions in one part of an account's history.
const TRANSACTIONS: u32 = 200;

/// rippled's codes ("Universal errors", "account_info", "tx").
const ACCOUNT_NOT_FOUND: &str = "actNotFound";
const TRANSACTION_NOT_FOUND: &str = "txnNotFound";

/// What a server makes of a question.
enum Answer {
    Is(Value),
    /// The error's word, such as `actNotFound`.
    Error(String),
}

/// One server.
#[derive(Debug)]
pub(super) struct Server {
    endpoint: Endpoint,
    /// The network that it must be on, by its `NetworkID`.
    network: u32,
    /// That it said so.
    proof: Proof,
}

impl Named for Server {
    fn name(&self) -> &str {
        self.endpoint.name()
    }
}

impl Server {
    pub(super) fn new(client: reqwest::Client, url: Url, network: u32) -> Self {
        Self { endpoint: Endpoint::new(client, url), network, proof: Proof::default() }
    }

    /// Asks one question, after the server has said that it is on our network.
    async fn ask(&self, method: &'static str, params: Value) -> Result<Answer, NodeError> {
        if !self.proof.is_fresh() {
            self.prove().await?;
        }
        self.proof.heed(self.call(method, params).await)
    }

    /// Asks for the network, whatever was said before.
    pub(super) async fn prove(&self) -> Result<State, NodeError> {
        self.proof.forget();
        let state = self.on_our_network().await?;
        self.proof.renew();
        Ok(state)
    }

    async fn on_our_network(&self) -> Result<State, NodeError> {
        let method = "server_state";
        let state = match self.call(method, json!({})).await? {
            Answer::Is(answer) => reply::state(&answer)
                .ok_or_else(|| self.nonsense(method, "no network_id, or no validated ledger yet"))?,
            Answer::Error(error) => return Err(self.endpoint.refused(method, 0, &error)),
        };
        if state.network == self.network {
            return Ok(state);
        }
        Err(NodeError::WrongNetwork {
            node: self.name().to_owned(),
            found: state.network.to_string(),
            expected: self.network.to_string(),
        })
    }

    async fn call(&self, method: &'static str, params: Value) -> Result<Answer, NodeError> {
        let question = json!({"method": method, "params": [params]});
        let reply = self.endpoint.post(method, None, &question).await?;
        let result = reply.body.and_then(|body| match body {
            Value::Object(mut body) => body.remove("result"),
            _ => None,
        });
        let Some(result) = result else {
            return Err(self.nonsense(method, &format!("HTTP {} and no result", reply.status)));
        };
        match result.get("status").and_then(Value::as_str) {
            Some("success") => Ok(Answer::Is(result)),
            Some("error") => {
                let word = |name| result.get(name).and_then(Value::as_str).unwrap_or_default();
                let error = match word("error_exception") {
                    "" => word("error").to_owned(),
                    exception => format!("{}: {exception}", word("error")),
                };
                Ok(Answer::Error(error))
            }
            _ => Err(self.nonsense(method, "neither success nor error")),
        }
    }

    fn nonsense(&self, method: &'static str, why: &str) -> NodeError {
        self.endpoint.nonsense(method, why)
    }

    async fn parsed<T>(
        &self,
        method: &'static str,
        params: Value,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, NodeError> {
        match self.ask(method, params).await? {
            Answer::Is(answer) => {
                parse(&answer).ok_or_else(|| self.nonsense(method, "not of the expected form"))
            }
            Answer::Error(error) => Err(self.endpoint.refused(method, 0, &error)),
        }
    }

    /// The server and its newest validated ledger.
    pub(super) async fn state(&self) -> Result<State, NodeError> {
        self.prove().await
    }

    /// An account; `None` where there is none.
    pub(super) async fn account(&self, address: &Address) -> Result<Option<Account>, NodeError> {
        let method = "account_info";
        let params = json!({"account": address.as_str(), "ledger_index": "validated"});
        match self.ask(method, params).await? {
            Answer::Is(answer) => match reply::account(&answer) {
                Some(account) => Ok(Some(account)),
                None => Err(self.nonsense(method, "not of the expected form")),
            },
            Answer::Error(error) if error == ACCOUNT_NOT_FOUND => Ok(None),
            Answer::Error(error) => Err(self.endpoint.refused(method, 0, &error)),
        }
    }

    /// The tickets of an account, lowest first; none where there is no account.
    pub(super) async fn tickets(&self, address: &Address) -> Result<Vec<u32>, NodeError> {
        let method = "account_objects";
        let mut tickets = Vec::new();
        let mut marker: Option<Value> = None;
        for _ in 0..PARTS {
            let mut params = json!({
                "account": address.as_str(), "type": "ticket", "limit": OBJECTS, "ledger_index": "validated"
            });
            if let Some(marker) = marker.take() {
                params["marker"] = marker;
            }
            match self.ask(method, params).await? {
                Answer::Is(answer) => {
                    let (part, next) = reply::tickets(&answer)
                        .ok_or_else(|| self.nonsense(method, "not of the expected form"))?;
                    tickets.extend(part);
                    marker = next;
                }
                Answer::Error(error) if error == ACCOUNT_NOT_FOUND => return Ok(Vec::new()),
                Answer::Error(error) => return Err(self.endpoint.refused(method, 0, &error)),
            }
            if marker.is_none() {
                tickets.sort_unstable();
                return Ok(tickets);
            }
        }
        Err(self.nonsense(method, "more tickets than an account can have"))
    }

    /// Whether `to` takes deposits of `from`, where it takes them from chosen accounts only.
    pub(super) async fn is_authorised(&self, from: &Address, to: &Address) -> Result<bool, NodeError> {
        let params = json!({
            "source_account": from.as_str(), "destination_account": to.as_str(), "ledger_index": "validated"
        });
        self.parsed("deposit_authorized", params, |answer| answer.get("deposit_authorized")?.as_bool()).await
    }

    /// What a place in the next ledger costs.
    pub(super) async fn fees(&self) -> Result<Fees, NodeError> {
        self.parsed("fee", json!({}), reply::fees).await
    }

    /// A transaction that the server knows, in a validated ledger or not.
    pub(super) async fn transaction(&self, txid: &str) -> Result<Found, NodeError> {
        let method = "tx";
        match self.ask(method, json!({"transaction": txid, "binary": false, "api_version": 1})).await? {
            Answer::Is(answer) => {
                let seen = reply::transaction(&answer).filter(|seen| seen.hash.eq_ignore_ascii_case(txid));
                let seen = seen.ok_or_else(|| self.nonsense(method, "not of the expected form"))?;
                Ok(Found::Seen(Box::new(seen)))
            }
            Answer::Error(error) if error == TRANSACTION_NOT_FOUND => Ok(Found::Missing),
            Answer::Error(error) => Err(self.endpoint.refused(method, 0, &error)),
        }
    }

    /// A validated ledger.
    pub(super) async fn ledger(&self, index: u32) -> Result<BlockRef, NodeError> {
        let params = json!({"ledger_index": index, "transactions": false, "expand": false, "api_version": 1});
        let block = self.parsed("ledger", params, reply::ledger).await?;
        if block.height == u64::from(index) { Ok(block) } else { Err(self.nonsense("ledger", "another one")) }
    }

    /// A part of an account's history, newest first, from ledger `since` on.
    pub(super) async fn history(
        &self,
        address: &Address,
        since: Option<u32>,
        marker: Option<&Value>,
    ) -> Result<Page, NodeError> {
        let mut params = json!({
            "account": address.as_str(), "ledger_index_min": since.map_or(-1, i64::from), "ledger_index_max": -1,
            "limit": TRANSACTIONS, "forward": false, "binary": false, "api_version": 1
        });
        if let Some(marker) = marker {
            params["marker"] = marker.clone();
        }
        self.parsed("account_tx", params, reply::page).await
    }

    /// Hands signed bytes over. Whatever the server does not keep is a refusal with the engine's word.
    pub(super) async fn send(&self, signed: &[u8]) -> Result<(), NodeError> {
        let method = "submit";
        let params = json!({"tx_blob": hex::encode_upper(signed)});
        let result = self.parsed(method, params, reply::submitted).await?;
        let kept = ["tes", "tec", "terQUEUED", "terPRE_"].iter().any(|prefix| result.starts_with(prefix));
        if kept { Ok(()) } else { Err(self.endpoint.refused(method, 0, &result)) }
    }
}

/// Engine results that say nothing about failure: the transaction, or another on its token, is there already, or its
/// time is over.
pub(super) fn means_look(message: &str) -> bool {
    ["tefALREADY", "tefPAST_SEQ", "tefNO_TICKET", "tefMAX_LEDGER", "telCAN_NOT_QUEUE", "telINSUF_FEE_P"]
        .iter()
        .any(|word| message.starts_with(word))
}
