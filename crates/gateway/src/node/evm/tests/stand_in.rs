//! A stand-in for an EVM node: a JSON-RPC server over a chain that the test writes down, block by block.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use payout::coin::{Family, Network};
use payout::intent::Intent;
use payout::life::{Build, SignedTx};
use serde_json::{Value, json};
use url::Url;

use crate::config::{ChainConfig, Fees, Finality};
use crate::node::evm::EvmRoad;

pub(super) const FROM: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
pub(super) const TO: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
pub(super) const TOKEN: &str = "0xdac17f958d2ee523a2206206994597c13d831ec7";

/// A transaction in the written chain.
#[derive(Debug, Clone)]
pub(super) struct Tx {
    pub(super) hash: String,
    pub(super) nonce: u64,
    pub(super) to: String,
    pub(super) value: u64,
    pub(super) input: String,
    pub(super) success: bool,
    pub(super) logs: Vec<Value>,
}

/// What the node says.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) network: u64,
    pub(super) blocks: BTreeMap<u64, Vec<Tx>>,
    pub(super) head: u64,
    pub(super) finalized: u64,
    /// Makes block hashes differ between forks.
    pub(super) fork: u8,
    pub(super) pending: Vec<String>,
    /// Receipts that it gives out whatever is in its blocks, by transaction.
    pub(super) forged: BTreeMap<String, Value>,
    /// It keeps no state of blocks below this one.
    pub(super) pruned_below: u64,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            network: 31_337,
            blocks: BTreeMap::new(),
            head: 100,
            finalized: 90,
            fork: 0,
            pending: Vec::new(),
            forged: BTreeMap::new(),
            pruned_below: 0,
        }
    }
}

impl Chain {
    /// The same chain with a transaction in a block.
    pub(super) fn with(mut self, height: u64, tx: Tx) -> Self {
        self.blocks.entry(height).or_default().push(tx);
        self
    }

    /// The same chain with a receipt that is not true.
    pub(super) fn with_receipt(mut self, asked_for: &str, of: &str, height: u64) -> Self {
        let receipt = json!({
            "transactionHash": of, "status": "0x1", "blockNumber": hex(height), "blockHash": self.hash(height),
            "logs": []
        });
        self.forged.insert(asked_for.to_owned(), receipt);
        self
    }

    fn block(&self, height: u64) -> Value {
        let transactions: Vec<Value> =
            self.blocks.get(&height).into_iter().flatten().map(transaction).collect();
        json!({
            "number": hex(height), "hash": self.hash(height), "timestamp": hex(1_700_000_000 + height),
            "baseFeePerGas": "0x64", "transactions": transactions
        })
    }

    fn hash(&self, height: u64) -> String {
        format!("0x{:02x}{height:062x}", self.fork)
    }

    fn find(&self, hash: &Value) -> Option<(u64, &Tx)> {
        let all = self.blocks.iter().flat_map(|(height, txs)| txs.iter().map(move |tx| (*height, tx)));
        all.into_iter().find(|(height, tx)| *height <= self.head && Some(tx.hash.as_str()) == hash.as_str())
    }

    fn nonce_at(&self, height: u64) -> u64 {
        let used = self.blocks.range(..=height).flat_map(|(_, txs)| txs).map(|tx| tx.nonce + 1);
        used.max().unwrap_or(0)
    }

    fn height(&self, at: &Value) -> u64 {
        match at.as_str().unwrap() {
            "latest" => self.head,
            "finalized" => self.finalized,
            number => u64::from_str_radix(number.trim_start_matches("0x"), 16).unwrap(),
        }
    }

    fn answer(&self, method: &str, params: &Value) -> Value {
        match method {
            "eth_chainId" => json!(hex(self.network)),
            "eth_getBlockByNumber" => {
                let height = self.height(&params[0]);
                if height > self.head { Value::Null } else { self.block(height) }
            }
            "eth_getTransactionCount" => json!(hex(self.nonce_at(self.height(&params[1])))),
            "eth_getTransactionByHash" => match self.find(&params[0]) {
                Some((_, tx)) => transaction(tx),
                None if self.pending.iter().any(|hash| Some(hash.as_str()) == params[0].as_str()) => {
                    transaction(&payment(&params[0].as_str().unwrap()[2..4], 0))
                }
                None => Value::Null,
            },
            "eth_getTransactionReceipt" if self.forged.contains_key(params[0].as_str().unwrap()) => {
                self.forged[params[0].as_str().unwrap()].clone()
            }
            "eth_getTransactionReceipt" => match self.find(&params[0]) {
                Some((height, tx)) => json!({
                    "transactionHash": tx.hash, "status": if tx.success { "0x1" } else { "0x0" }, "blockNumber": hex(height),
                    "blockHash": self.hash(height), "logs": tx.logs
                }),
                None => Value::Null,
            },
            "eth_blockNumber" => json!(hex(self.head)),
            "eth_getBalance" => json!(hex(1_000_000_000)),
            "eth_estimateGas" => json!(hex(21_000)),
            "eth_maxPriorityFeePerGas" => json!(hex(1)),
            other => panic!("the stand-in does not know {other}"),
        }
    }
}

fn hex(number: u64) -> String {
    format!("{number:#x}")
}

fn transaction(tx: &Tx) -> Value {
    json!({
        "hash": tx.hash, "from": FROM.to_lowercase(), "to": tx.to.to_lowercase(), "nonce": hex(tx.nonce),
        "value": hex(tx.value), "input": tx.input
    })
}

/// A transaction id made of two digits.
pub(super) fn txid(digits: &str) -> String {
    format!("0x{}", digits.repeat(32))
}

/// The payment of the intent in [`intent`], by a transaction of this id and nonce.
pub(super) fn payment(digits: &str, nonce: u64) -> Tx {
    Tx {
        hash: txid(digits),
        nonce,
        to: TO.to_owned(),
        value: 1000,
        input: "0x".to_owned(),
        success: true,
        logs: Vec::new(),
    }
}

/// A server of one chain; `set` changes what it says.
pub(super) struct StandIn {
    chain: Arc<Mutex<Chain>>,
    url: Url,
}

impl StandIn {
    pub(super) async fn start(chain: Chain) -> Self {
        // Whoever is first installs it; the others find it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let chain = Arc::new(Mutex::new(chain));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let answer = async |State(chain): State<Arc<Mutex<Chain>>>, Json(question): Json<Value>| {
            let method = question["method"].as_str().unwrap();
            let chain = chain.lock().unwrap();
            let params = &question["params"];
            if method == "eth_getTransactionCount" && chain.height(&params[1]) < chain.pruned_below {
                let error = json!({"code": -32000, "message": "missing trie node"});
                return Json(json!({"jsonrpc": "2.0", "id": question["id"], "error": error}));
            }
            let result = chain.answer(method, params);
            Json(json!({"jsonrpc": "2.0", "id": question["id"], "result": result}))
        };
        let router = Router::new().route("/", post(answer)).with_state(Arc::clone(&chain));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { chain, url }
    }

    pub(super) fn set(&self, chain: Chain) {
        *self.chain.lock().unwrap() = chain;
    }

    pub(super) fn url(&self) -> Url {
        self.url.clone()
    }
}

/// A road over nodes, of which `witnesses` must agree.
pub(super) fn road(nodes: Vec<Url>, witnesses: usize) -> EvmRoad {
    let config = ChainConfig {
        chain_id: "60".parse().unwrap(),
        nodes,
        finality: Finality::Finalized,
        fees: Fees::Eip1559,
        lane_window: 16,
        lag_limit_s: 60,
        poll_ms: 1000,
        outbid_after_s: 60,
        witnesses: None,
        tron: crate::config::TronConfig::default(),
    };
    let network = Network {
        chain_id: "60".parse().unwrap(),
        family: Family::Evm,
        network_id: "31337".parse().unwrap(),
    };
    EvmRoad::open(&config, &network, witnesses).unwrap()
}

/// A payment of 1000 base units of a coin.
pub(super) fn intent(token_id: &str) -> Intent {
    serde_json::from_value(json!({
        "version": "1", "kind": "payout", "deployment": "11".repeat(32), "project": "1", "cid": "2", "attempt": "1",
        "third_party_id": "t", "wallet": "3", "address_index": "0", "network_id": "31337", "chain_id": "60",
        "token_id": token_id, "from": FROM, "to": TO, "amount": "1000", "amount_text": "1000", "memo": null,
        "fee_cap": "1000000", "rules_version": "1", "rule": "r", "applicant": null, "compliance_ref": null,
        "target": null, "operation": null, "operation_args": null, "created": "1", "expiry": "2"
    }))
    .unwrap()
}

/// Our stored transaction, with nonce 7 and the id `aa…`.
pub(super) fn ours() -> SignedTx {
    let build = Build {
        token: chain::evm::token_for_nonce(7),
        unsigned: vec![2],
        signing_digest: payout::ids::Digest::from_bytes([0; 32]),
        max_fee: payout::money::Amount::from_u128(1),
    };
    SignedTx { build, signed: vec![2], txid: txid("aa") }
}
