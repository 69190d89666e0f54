//! A chain that makes blocks when told, a road over its two nodes, and a wallet with one key.

use std::sync::Mutex;
use std::time::Duration;

use chain::{ChainFamily as _, EcdsaSignature};
use gateway::config::{ChainConfig, EnergyRental, TronConfig};
use gateway::node::tron::TronRoad;
use gateway::node::{Hold, Lane, Plan, Road as _, Sent, Sighting, Taken};
use k256::ecdsa::SigningKey;
use payout::coin::{CoinId, Family, Network};
use payout::ids::{Address, AddressIndex, Attempt, Digest, NetworkId, TokenId};
use payout::intent::{Intent, Kind};
use payout::life::{Build, SignedTx};
use payout::money::Amount;
use payout::time::Millis;
use serde_json::{Value, json};
use testbed::ledgers::{StandIn, tron};

use crate::sighting::default_config;

pub(crate) const TRX: u64 = tron::TRX;
/// What the tests' intents may burn, sun.
pub(crate) const CAP: u64 = 40 * TRX;
/// Blocks that make one final, and one more.
pub(crate) const FINAL: usize = 20;
const NODES: usize = 2;

pub(crate) struct World {
    pub(crate) ledger: StandIn,
    pub(crate) road: TronRoad,
    pub(crate) from: Address,
    pub(crate) usdt: TokenId,
    key: SigningKey,
    taken: Mutex<Vec<Taken>>,
    _folder: tempfile::TempDir,
}

/// How the road is set.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) expiry_s: u32,
    pub(crate) burn_cap_sun: Option<u64>,
    pub(crate) energy: Option<EnergyRental>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { expiry_s: 60, burn_cap_sun: None, energy: None }
    }
}

impl World {
    /// With so much in the wallet, of TRX (sun) and of a token like Tether's (base units).
    pub(crate) async fn with(sun: u64, tokens: u64) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["--port", "0", "--nodes", "2", "--close-ms", "0"];
        let ledger = StandIn::start("tron", &arguments, NODES, folder.path(), folder.path()).await.unwrap();
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let from = chain::tron::Tron.address_of(&network(), &public_key(&key)).unwrap();
        let road = road(ledger.urls(), 2, Settings::default());
        let usdt = "T".parse().unwrap();
        let mut world = Self { ledger, road, from, usdt, key, taken: Mutex::default(), _folder: folder };
        world.admin("faucet", json!({"address": world.from.as_str(), "sun": sun.to_string()})).await;
        world.usdt = world.deploy("TetherLike", tokens).await;
        world.close(FINAL).await;
        world
    }

    pub(crate) async fn set(&mut self, settings: Settings) {
        self.road = road(self.ledger.urls(), 2, settings);
    }

    pub(crate) async fn admin(&self, act: &str, question: Value) -> Value {
        let answer = self.ledger.ask(&format!("/admin/{act}"), &question).await.unwrap();
        assert!(answer.get("Error").is_none(), "{act}: {answer}");
        answer
    }

    pub(crate) async fn close(&self, blocks: usize) {
        for _ in 0..blocks {
            self.admin("close", json!({})).await;
        }
    }

    /// A new token, of which the wallet has all.
    pub(crate) async fn deploy(&self, contract: &str, tokens: u64) -> TokenId {
        let values = json!(["A token", "TKN", 6, tokens.to_string()]);
        let token = json!({"contract": contract, "owner": self.from.as_str(), "values": values});
        self.admin("deploy", token).await["address"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn fault(&self, node: usize, faults: Value) {
        self.ledger.fault(node, &faults).await.unwrap();
    }

    pub(crate) async fn sun(&self, owner: &Address) -> u64 {
        let question = json!({"address": owner.as_str(), "visible": true});
        let account = self.ledger.ask("/wallet/getaccount", &question).await.unwrap();
        account["balance"].as_u64().unwrap_or(0)
    }

    pub(crate) async fn tokens(&self, owner: &Address) -> u64 {
        let coin = CoinId { chain_id: tron::CHAIN.parse().unwrap(), token_id: self.usdt.clone() };
        // The road reads solidified balances: the newest blocks have to be.
        let balance = self.road.balance(owner, &coin).await.unwrap();
        u64::try_from(balance.as_u128().unwrap()).unwrap()
    }

    /// A payment of TRX.
    pub(crate) fn payment(&self, to: &Address, sun: u64) -> Intent {
        self.payment_of(&tron::CHAIN.parse().unwrap(), to, sun)
    }

    /// A payment of the token like Tether's.
    pub(crate) fn usdt_payment(&self, to: &Address, amount: u64) -> Intent {
        self.payment_of(&self.usdt, to, amount)
    }

    pub(crate) fn payment_of(&self, token_id: &TokenId, to: &Address, amount: u64) -> Intent {
        Intent {
            version: payout::intent::VERSION.to_owned(),
            kind: Kind::Payout,
            deployment: Digest::from_bytes([1; 32]),
            project: "1".parse().unwrap(),
            cid: "1".parse().unwrap(),
            attempt: Attempt::FIRST,
            third_party_id: "order 1".parse().unwrap(),
            wallet: "1".parse().unwrap(),
            address_index: AddressIndex::PAYOUT,
            network_id: network(),
            chain_id: tron::CHAIN.parse().unwrap(),
            token_id: token_id.clone(),
            from: self.from.clone(),
            to: to.clone(),
            amount: Amount::from_u128(amount.into()),
            amount_text: String::new(),
            memo: None,
            fee_cap: Amount::from_u128(CAP.into()),
            rules_version: 1,
            rule: "rule".parse().unwrap(),
            applicant: None,
            compliance_ref: None,
            target: None,
            operation: None,
            operation_args: None,
            created: Millis::new(1).unwrap(),
            expiry: Millis::new(2).unwrap(),
        }
    }

    fn lane(&self) -> Lane {
        Lane {
            from: self.from.clone(),
            public_key: Some(public_key(&self.key)),
            taken: self.taken.lock().unwrap().clone(),
            highest: None,
        }
    }

    /// Plans, and takes the token.
    pub(crate) async fn plan(&self, intent: &Intent) -> Result<Build, Hold> {
        let Plan { build } = self.road.plan(intent, &self.lane()).await?;
        self.taken.lock().unwrap().push(Taken {
            token: build.token.clone(),
            coin: CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() },
            amount: intent.amount,
            max_fee: build.max_fee,
            operation: None,
        });
        Ok(build)
    }

    pub(crate) fn signed(&self, build: &Build) -> SignedTx {
        let (signature, id) = self.key.sign_prehash_recoverable(build.signing_digest.as_bytes());
        let (r, s) = signature.split_bytes();
        let signature = EcdsaSignature { r: r.into(), s: s.into(), recovery_id: id.to_byte() };
        let attached = chain::tron::Tron
            .attach(&network(), &build.unsigned, &signature, &public_key(&self.key))
            .unwrap();
        SignedTx { build: build.clone(), signed: attached.signed, txid: attached.txid }
    }

    /// Plans, signs and sends.
    pub(crate) async fn sent(&self, intent: &Intent) -> SignedTx {
        let tx = self.signed(&self.plan(intent).await.unwrap());
        assert_eq!(self.road.broadcast(&tx).await.unwrap(), Sent::Accepted);
        tx
    }

    pub(crate) async fn look(&self, intent: &Intent, tx: &SignedTx) -> Sighting {
        self.road.look(intent, &tx.build, &[tx]).await.unwrap()
    }
}

/// Until what was planned with the shortest expiry has lapsed.
pub(crate) async fn until_lapsed() {
    tokio::time::sleep(Duration::from_millis(1300)).await;
}

pub(crate) fn network() -> NetworkId {
    tron::NETWORK.parse().unwrap()
}

pub(crate) fn stranger(number: u8) -> Address {
    tron::address(&[number; 20]).parse().unwrap()
}

fn public_key(key: &SigningKey) -> [u8; 33] {
    key.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap()
}

pub(crate) fn road(urls: &[String], witnesses: usize, settings: Settings) -> TronRoad {
    let Settings { expiry_s, burn_cap_sun, energy } = settings;
    let config = ChainConfig {
        nodes: urls.iter().map(|url| url.parse().unwrap()).collect(),
        lane_window: 250,
        poll_ms: 100,
        tron: TronConfig { expiry_s, burn_cap_sun, energy },
        ..default_config("195")
    };
    let network = Network { chain_id: config.chain_id.clone(), family: Family::Tron, network_id: network() };
    TronRoad::open(&config, &network, witnesses).unwrap()
}
