//! A thin JSON-RPC 2.0 client over HTTP for one node, and the typed questions that the engine asks.

use chain::TokenRef;
use payout::ids::Address;
use payout::money::Amount;
use serde_json::{Value, json};
use url::Url;

use super::reply::{self, Block, FullBlock, Receipt, SeenTransaction};
use crate::node::http::Endpoint;
use crate::node::pool::Named;
use crate::node::proof::Proof;
use crate::node::road::NodeError;

/// One node.
#[derive(Debug)]
pub(super) struct Node {
    endpoint: Endpoint,
    /// The network that it must be on, decimal EIP-155 id.
    network: u64,
    /// That it said so.
    proof: Proof,
    /// Held by whoever reads many blocks: one at a time, because others have questions too.
    reading: tokio::sync::Mutex<()>,
}

/// Which block a question is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// The head.
    Latest,
    /// The newest final one.
    Finalized,
    /// This one.
    Height(u64),
}

impl At {
    fn param(self) -> Value {
        match self {
            Self::Latest => json!("latest"),
            Self::Finalized => json!("finalized"),
            Self::Height(height) => json!(format!("{height:#x}")),
        }
    }
}

impl Node {
    pub(super) fn new(client: reqwest::Client, url: Url, network: u64) -> Self {
        let endpoint = Endpoint::new(client, url);
        Self { endpoint, network, proof: Proof::default(), reading: tokio::sync::Mutex::new(()) }
    }

    /// Asks one question, after the node has said that it is on our network.
    async fn ask(&self, method: &'static str, params: Value) -> Result<Value, NodeError> {
        if !self.proof.is_fresh() {
            self.prove().await?;
        }
        self.proof.heed(self.call(method, params).await)
    }

    /// Asks for the network, whatever was said before.
    pub(super) async fn prove(&self) -> Result<(), NodeError> {
        self.proof.forget();
        let found = self.call("eth_chainId", json!([])).await?;
        let found = reply::quantity(&found).ok_or_else(|| self.nonsense("eth_chainId", "no number"))?;
        if found != self.network {
            return Err(NodeError::WrongNetwork {
                node: self.name().to_owned(),
                found: found.to_string(),
                expected: self.network.to_string(),
            });
        }
        self.proof.renew();
        Ok(())
    }

    async fn call(&self, method: &'static str, params: Value) -> Result<Value, NodeError> {
        let question = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let reply = self.endpoint.post(method, None, &question).await?;
        let Some(Value::Object(mut answer)) = reply.body else {
            return Err(self.nonsense(method, &format!("HTTP {} and no JSON object", reply.status)));
        };
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            let message = error.get("message").and_then(Value::as_str).unwrap_or("no message");
            let code = error.get("code").and_then(Value::as_i64).unwrap_or(0);
            return Err(self.endpoint.refused(method, code, message));
        }
        answer.remove("result").ok_or_else(|| self.nonsense(method, "neither result nor error"))
    }

    fn nonsense(&self, method: &'static str, why: &str) -> NodeError {
        self.endpoint.nonsense(method, why)
    }

    async fn quantity(&self, method: &'static str, params: Value) -> Result<u64, NodeError> {
        let value = self.ask(method, params).await?;
        reply::quantity(&value).ok_or_else(|| self.nonsense(method, "no 64-bit quantity"))
    }

    async fn wide(&self, method: &'static str, params: Value) -> Result<Amount, NodeError> {
        let value = self.ask(method, params).await?;
        reply::amount(&value).ok_or_else(|| self.nonsense(method, "no 256-bit quantity"))
    }

    async fn parsed<T>(
        &self,
        method: &'static str,
        params: Value,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, NodeError> {
        let value = self.ask(method, params).await?;
        if value.is_null() {
            return Ok(None);
        }
        parse(&value).map(Some).ok_or_else(|| self.nonsense(method, "not of the expected form"))
    }

    /// The newest block.
    pub(super) async fn head(&self) -> Result<Block, NodeError> {
        self.block(At::Latest).await?.ok_or_else(|| self.nonsense("eth_getBlockByNumber", "no head"))
    }

    /// A block without its transactions.
    pub(super) async fn block(&self, at: At) -> Result<Option<Block>, NodeError> {
        self.parsed("eth_getBlockByNumber", json!([at.param(), false]), reply::block).await
    }

    /// The right to read many blocks, when it is our turn.
    pub(super) async fn turn_to_read(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.reading.lock().await
    }

    /// A block with its transactions.
    pub(super) async fn full_block(&self, height: u64) -> Result<Option<FullBlock>, NodeError> {
        self.parsed("eth_getBlockByNumber", json!([At::Height(height).param(), true]), reply::full_block)
            .await
    }

    /// The height of its head.
    pub(super) async fn height(&self) -> Result<u64, NodeError> {
        self.quantity("eth_blockNumber", json!([])).await
    }

    /// How many transactions of an address the chain holds: its next nonce.
    pub(super) async fn nonce(&self, address: &Address, at: At) -> Result<u64, NodeError> {
        self.quantity("eth_getTransactionCount", json!([address.as_str(), at.param()])).await
    }

    /// What an address holds, base units.
    pub(super) async fn balance_of(&self, address: &Address, token: &TokenRef) -> Result<Amount, NodeError> {
        match token {
            TokenRef::Native => self.wide("eth_getBalance", json!([address.as_str(), "latest"])).await,
            TokenRef::Contract(contract) => {
                // balanceOf(address), ERC20.
                let owner = address.as_str().trim_start_matches("0x").to_ascii_lowercase();
                let data = format!("0x70a08231{owner:0>64}");
                let call = json!([{"to": contract.as_str(), "data": data}, "latest"]);
                self.wide("eth_call", call).await
            }
        }
    }

    /// What a call would cost, gas.
    pub(super) async fn estimate_gas(&self, call: Value) -> Result<u64, NodeError> {
        self.quantity("eth_estimateGas", json!([call])).await
    }

    /// The tip that the node suggests, wei per gas.
    pub(super) async fn tip(&self) -> Result<Amount, NodeError> {
        self.wide("eth_maxPriorityFeePerGas", json!([])).await
    }

    /// The legacy price that the node suggests, wei per gas.
    pub(super) async fn gas_price(&self) -> Result<Amount, NodeError> {
        self.wide("eth_gasPrice", json!([])).await
    }

    /// A receipt, once the transaction is in a block.
    pub(super) async fn receipt(&self, txid: &str) -> Result<Option<Receipt>, NodeError> {
        const METHOD: &str = "eth_getTransactionReceipt";
        let receipt = self.parsed(METHOD, json!([txid]), reply::receipt).await?;
        if receipt.as_ref().is_some_and(|receipt| !receipt.txid.eq_ignore_ascii_case(txid)) {
            return Err(self.nonsense(METHOD, "the receipt of another transaction"));
        }
        Ok(receipt)
    }

    /// A transaction that the node knows, in a block or not.
    pub(super) async fn transaction(&self, txid: &str) -> Result<Option<SeenTransaction>, NodeError> {
        self.parsed("eth_getTransactionByHash", json!([txid]), reply::transaction).await
    }

    /// Hands signed bytes over.
    pub(super) async fn send(&self, signed: &[u8]) -> Result<(), NodeError> {
        self.ask("eth_sendRawTransaction", json!([format!("0x{}", hex::encode(signed))])).await.map(drop)
    }
}

impl Named for Node {
    fn name(&self) -> &str {
        self.endpoint.name()
    }
}

/// Refusals that say nothing about failure: the transaction, or another of the same nonce, is there already.
pub(super) fn means_look(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "already known",
        "already imported",
        "known transaction",
        "nonce too low",
        "already exists",
        "underpriced",
    ]
    .iter()
    .any(|words| message.contains(words))
}
