//! A stand-in for a TRON node: an HTTP server over a chain that the test writes down.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use chain::TokenRef;
use chain::tron::{Build as Bytes, Reference, build};
use payout::coin::{Family, Network};
use payout::ids::Digest;
use payout::intent::Intent;
use payout::life::{Build, SignedTx};
use payout::money::Amount;
use payout::time::Millis;
use serde_json::{Value, json};
use url::Url;

use crate::clock;
use crate::config::{ChainConfig, Fees, Finality, TronConfig};
use crate::node::tron::TronRoad;

pub(super) const FROM: &str = "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7";
pub(super) const TO: &str = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8";
pub(super) const TOKEN: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const FROM_ACCOUNT: &str = "1a642f0e3c3af545e7acbd38b07251b3990914f1";
const TO_ACCOUNT: &str = "5cbdd86a2fa8dc4bddd8a8f69dba48572eec07fb";
const TOKEN_ACCOUNT: &str = "a614f803b6fd780986a42c78ec9c7f77e6ded13c";
/// The block that our payments refer to, and the first one that is past their end.
const BEGUN: u64 = 50;
pub(super) const PAST: u64 = 60;

/// A transaction in the written chain.
#[derive(Debug, Clone)]
pub(super) struct Tx {
    pub(super) txid: String,
    pub(super) raw: Vec<u8>,
    pub(super) height: u64,
    /// java-tron's word for how it ended.
    pub(super) result: &'static str,
    /// Whether it calls a contract.
    pub(super) calls: bool,
    /// What it moved by its logs.
    pub(super) logged: Option<u64>,
    pub(super) returned: &'static str,
}

/// What the node says.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) network: u32,
    pub(super) head: u64,
    pub(super) solid: u64,
    /// The first block that it still has, beside block 0.
    pub(super) history: u64,
    /// Makes block ids differ between forks.
    pub(super) fork: u8,
    pub(super) txs: Vec<Tx>,
    pub(super) pending: Vec<String>,
    /// The first block's time, ms.
    pub(super) start: i64,
    pub(super) trx: u64,
    pub(super) tokens: u64,
    /// What the recipient holds: TRX if it has an account, and tokens.
    pub(super) recipient: Option<u64>,
    pub(super) recipient_tokens: u64,
    pub(super) recipient_is_contract: bool,
    pub(super) energy: u64,
    pub(super) energy_sun: u64,
    pub(super) byte_sun: u64,
    /// What a transfer needs; `None` if it would fail.
    pub(super) needs: Option<u64>,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            network: 31_338,
            head: 100,
            solid: 81,
            history: 0,
            fork: 0,
            txs: Vec::new(),
            pending: Vec::new(),
            start: 1_700_000_000_000,
            trx: 100_000_000,
            tokens: 1_000_000_000,
            recipient: Some(1),
            recipient_tokens: 1,
            recipient_is_contract: false,
            energy: 0,
            energy_sun: 100,
            byte_sun: 1000,
            needs: Some(65_000),
        }
    }
}

impl Chain {
    /// A chain whose solidified head is of this moment.
    pub(super) fn alive() -> Self {
        let chain = Self::default();
        Self { start: clock::now().get() - i64::try_from(chain.solid).unwrap() * 3000, ..chain }
    }

    /// A chain of this moment, on which our payments have not lapsed.
    pub(super) fn young() -> Self {
        Self { start: clock::now().get() - 55 * 3000, solid: 36, head: 55, ..Self::default() }
    }

    /// A chain that has only got so far that our payments have not lapsed.
    pub(super) fn before_the_end() -> Self {
        Self { solid: PAST - 1, head: PAST + 10, ..Self::default() }
    }

    pub(super) fn with(mut self, tx: Tx) -> Self {
        self.txs.push(tx);
        self
    }

    fn id(&self, height: u64) -> String {
        if height == 0 {
            return format!("{:016x}{}{:08x}", 0, "ab".repeat(20), self.network);
        }
        format!("{height:016x}{:02x}{}", self.fork, "cd".repeat(23))
    }

    fn time(&self, height: u64) -> i64 {
        self.start + i64::try_from(height).unwrap() * 3000
    }

    fn block(&self, height: u64, newest: u64) -> Value {
        if height > newest || (height < self.history && height > 0) {
            return json!({});
        }
        let raw = if height == 0 {
            json!({"timestamp": self.start})
        } else {
            json!({"number": height, "timestamp": self.time(height)})
        };
        json!({"blockID": self.id(height), "block_header": {"raw_data": raw}})
    }

    fn find(&self, txid: &Value, newest: u64) -> Option<&Tx> {
        self.txs.iter().find(|tx| Some(tx.txid.as_str()) == txid.as_str() && tx.height <= newest)
    }

    fn info(&self, tx: &Tx) -> Value {
        let word = |account: &str| format!("{account:0>64}");
        let mut receipt = json!({"net_usage": 345});
        let mut info = json!({"id": tx.txid, "blockNumber": tx.height, "blockTimeStamp": self.time(tx.height),
            "contractResult": [tx.returned]});
        if tx.calls {
            receipt["result"] = json!(tx.result);
        }
        if tx.result != "SUCCESS" {
            info["result"] = json!("FAILED");
        }
        if let Some(amount) = tx.logged {
            info["log"] = json!([{
                "address": TOKEN_ACCOUNT,
                "topics": [
                    "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
                    word(FROM_ACCOUNT),
                    word(TO_ACCOUNT)
                ],
                "data": format!("{amount:064x}")
            }]);
        }
        info["receipt"] = receipt;
        info
    }

    fn account(&self, question: &Value) -> Value {
        let address = question["address"].as_str().unwrap();
        if address == FROM {
            return json!({"address": FROM, "balance": self.trx});
        }
        match self.recipient {
            Some(balance) if self.recipient_is_contract => {
                json!({"address": address, "balance": balance, "type": "Contract"})
            }
            Some(balance) => json!({"address": address, "balance": balance}),
            None => json!({}),
        }
    }

    fn call(&self, question: &Value) -> Value {
        let fine = |energy: u64, returned: String| {
            json!({"result": {"result": true}, "energy_used": energy, "constant_result": [returned],
                "transaction": {"ret": [{}]}})
        };
        if question["function_selector"] == "balanceOf(address)" {
            let payer = question["parameter"].as_str().unwrap().ends_with(FROM_ACCOUNT);
            let balance = if payer { self.tokens } else { self.recipient_tokens };
            return fine(500, format!("{balance:064x}"));
        }
        match self.needs {
            Some(energy) => fine(energy, format!("{:064x}", 1)),
            None => json!({"result": {"result": true, "message": hex::encode("REVERT opcode executed")},
                "energy_used": 500, "constant_result": [""], "transaction": {"ret": [{"ret": "FAILED"}]}}),
        }
    }

    fn answer(&self, realm: &str, method: &str, question: &Value) -> Value {
        let newest = if realm == "walletsolidity" { self.solid } else { self.head };
        match method {
            "getblock" => {
                let height = question["id_or_num"].as_str().map(|height| height.parse().unwrap());
                self.block(height.unwrap_or(newest), newest)
            }
            "gettransactioninfobyid" => {
                self.find(&question["value"], newest).map_or_else(|| json!({}), |tx| self.info(tx))
            }
            "gettransactionbyid" => self.find(&question["value"], newest).map_or_else(
                || json!({}),
                |tx| json!({"txID": tx.txid, "raw_data_hex": hex::encode(&tx.raw), "ret": [{"contractRet": tx.result}]}),
            ),
            "gettransactionfrompending" => {
                let known = self.pending.iter().any(|txid| question["value"] == txid.as_str());
                if known { json!({"txID": question["value"]}) } else { json!({}) }
            }
            "getaccount" => self.account(question),
            "getaccountresource" => json!({"EnergyLimit": self.energy + 7, "EnergyUsed": 7}),
            "getchainparameters" => json!({"chainParameter": [
                {"key": "getEnergyFee", "value": self.energy_sun}, {"key": "getTransactionFee", "value": self.byte_sun},
                {"key": "getCreateNewAccountFeeInSystemContract", "value": 1_000_000},
                {"key": "getCreateAccountFee", "value": 100_000}, {"key": "getMaxFeeLimit", "value": 15_000_000_000_u64}
            ]}),
            "triggerconstantcontract" => self.call(question),
            "broadcasthex" => json!({"result": false, "code": "DUP_TRANSACTION_ERROR", "message": "Dup transaction."}),
            other => panic!("the stand-in does not know {other}"),
        }
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
        let url = format!("http://{}/key/", listener.local_addr().unwrap()).parse().unwrap();
        let answer = async |State(chain): State<Arc<Mutex<Chain>>>,
                            Path((realm, method)): Path<(String, String)>,
                            Json(question): Json<Value>| {
            Json(chain.lock().unwrap().answer(&realm, &method, &question))
        };
        let app = Router::new().route("/key/{realm}/{method}", post(answer)).with_state(Arc::clone(&chain));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
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
pub(super) fn road(nodes: Vec<Url>, witnesses: usize) -> TronRoad {
    let config = ChainConfig {
        chain_id: "195".parse().unwrap(),
        nodes,
        finality: Finality::Finalized,
        fees: Fees::Eip1559,
        lane_window: 16,
        lag_limit_s: 60,
        poll_ms: 1000,
        outbid_after_s: 60,
        witnesses: None,
        tron: TronConfig::default(),
    };
    let network = Network {
        chain_id: "195".parse().unwrap(),
        family: Family::Tron,
        network_id: "31338".parse().unwrap(),
    };
    TronRoad::open(&config, &network, witnesses).unwrap()
}

/// A payment of 1000 base units of a coin.
pub(super) fn intent(token_id: &str) -> Intent {
    serde_json::from_value(json!({
        "version": "1", "kind": "payout", "deployment": "11".repeat(32), "project": "1", "cid": "2", "attempt": "1",
        "third_party_id": "t", "wallet": "3", "address_index": "0", "network_id": "31338", "chain_id": "195",
        "token_id": token_id, "from": FROM, "to": TO, "amount": "1000", "amount_text": "1000", "memo": null,
        "fee_cap": "20000000", "rules_version": "1", "rule": "r", "applicant": null, "compliance_ref": null,
        "target": null, "operation": null, "operation_args": null, "created": "1", "expiry": "2"
    }))
    .unwrap()
}

/// Our stored transaction for [`intent`], which the default chain's blocks from [`PAST`] on take no more.
pub(super) fn ours(token_id: &str) -> SignedTx {
    ours_on(&Chain::default(), token_id)
}

/// The same for another chain's times.
pub(super) fn ours_on(chain: &Chain, token_id: &str) -> SignedTx {
    let mut id = [0; 32];
    hex::decode_to_slice(chain.id(BEGUN), &mut id).unwrap();
    let intent = intent(token_id);
    let token = TokenRef::of(&intent.chain_id, &intent.token_id);
    let bytes = Bytes {
        network_id: intent.network_id.clone(),
        reference: Reference { height: [id[6], id[7]], hash: id[8..16].try_into().unwrap() },
        timestamp: Millis::new(chain.time(BEGUN) + 500).unwrap(),
        // Between the times of two blocks.
        expiration: Millis::new(chain.time(PAST) - 1).unwrap(),
        from: intent.from,
        to: intent.to,
        amount: intent.amount,
        fee_limit: (token != TokenRef::Native).then_some(10_000_000),
        token,
    };
    let unsigned = build(&bytes).unwrap();
    let decoded = chain::family(Family::Tron).decode(&intent.network_id, &unsigned).unwrap();
    let txid = chain::tron::txid_of(&decoded.token).unwrap().to_owned();
    let build = Build {
        token: decoded.token,
        signing_digest: Digest::from_bytes(decoded.digest),
        max_fee: Amount::from_u128(1),
        unsigned,
    };
    SignedTx { build, signed: vec![2], txid }
}

/// Our transaction in a block, in good order.
pub(super) fn paid(token_id: &str, height: u64) -> Tx {
    landed(ours(token_id), token_id, height)
}

pub(super) fn landed(ours: SignedTx, token_id: &str, height: u64) -> Tx {
    let calls = token_id == TOKEN;
    Tx {
        txid: ours.txid,
        raw: ours.build.unsigned,
        height,
        result: "SUCCESS",
        calls,
        logged: calls.then_some(1000),
        returned: "",
    }
}
