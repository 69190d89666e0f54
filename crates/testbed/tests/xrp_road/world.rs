//! A ledger that closes when told, a road over its two servers, and a wallet with one key.

use std::sync::Mutex;

use chain::{ChainFamily as _, EcdsaSignature};
use gateway::config::ChainConfig;
use gateway::node::xrp::XrpRoad;
use gateway::node::{Hold, Lane, Place, Plan, Road as _, Sent, Sighting, Taken};
use k256::ecdsa::SigningKey;
use payout::coin::{Family, Network};
use payout::ids::{Address, AddressIndex, Attempt, Digest, NetworkId};
use payout::intent::{Intent, Kind};
use payout::life::{Build, SignedTx};
use payout::money::Amount;
use payout::time::Millis;
use serde_json::{Value, json};
use testbed::ledgers::StandIn;

use crate::sighting::default_config;

pub(crate) const XRP: u64 = 1_000_000;
/// What the tests' intents may burn, drops.
pub(crate) const CAP: u64 = 1000;

pub(crate) struct World {
    pub(crate) ledger: StandIn,
    pub(crate) road: XrpRoad,
    pub(crate) from: Address,
    key: SigningKey,
    taken: Mutex<Vec<Taken>>,
    _folder: tempfile::TempDir,
}

impl World {
    /// With so many drops in the wallet.
    pub(crate) async fn with(drops: u64) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["--port", "0", "--servers", "2", "--close-ms", "0"];
        let ledger = StandIn::start("xrp", &arguments, 2, folder.path(), folder.path()).await.unwrap();
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let from = chain::xrp::Xrp.address_of(&network(), &public_key(&key)).unwrap();
        let road = road(ledger.urls(), 2);
        let world = Self { ledger, road, from, key, taken: Mutex::default(), _folder: folder };
        world.fund(&world.from, drops).await;
        world
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.ledger.ask("/", &json!({"method": method, "params": [params]})).await.unwrap();
        answer["result"].clone()
    }

    pub(crate) async fn close(&self) {
        self.call("ledger_accept", json!({})).await;
    }

    pub(crate) async fn fund(&self, account: &Address, drops: u64) {
        let params = json!({"account": account.as_str(), "drops": drops.to_string()});
        assert_eq!(self.call("faucet", params).await["engine_result"], "tesSUCCESS");
        self.close().await;
    }

    /// An account of somebody, funded.
    pub(crate) async fn payee(&self, number: u8) -> Address {
        let payee = stranger(number);
        self.fund(&payee, 100 * XRP).await;
        payee
    }

    pub(crate) async fn balance(&self, account: &Address) -> u64 {
        let params = json!({"account": account.as_str(), "ledger_index": "validated"});
        let balance = self.call("account_info", params).await["account_data"]["Balance"].clone();
        balance.as_str().map_or(0, |drops| drops.parse().unwrap())
    }

    pub(crate) async fn fault(&self, server: usize, faults: Value) {
        self.ledger.fault(server, &faults).await.unwrap();
    }

    pub(crate) fn payment(&self, to: &Address, drops: u64, memo: Option<&str>) -> Intent {
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
            chain_id: "144".parse().unwrap(),
            token_id: "144".parse().unwrap(),
            from: self.from.clone(),
            to: to.clone(),
            amount: Amount::from_u128(drops.into()),
            amount_text: String::new(),
            memo: memo.map(ToOwned::to_owned),
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

    pub(crate) fn void(&self, target: &Intent) -> Intent {
        Intent { kind: Kind::Void, target: Some(target.digest()), ..target.clone() }
    }

    pub(crate) fn maintenance(&self, operation: &str, args: &str) -> Intent {
        Intent {
            kind: Kind::Maintenance,
            operation: Some(operation.to_owned()),
            operation_args: Some(args.to_owned()),
            amount: Amount::ZERO,
            ..self.payment(&self.from, 1, None)
        }
    }

    pub(crate) fn lane(&self) -> Lane {
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
            coin: "144@144".parse().unwrap(),
            amount: intent.amount,
            max_fee: build.max_fee,
            operation: intent.operation.clone().zip(intent.operation_args.clone()),
        });
        Ok(build)
    }

    /// Forgets which tokens are taken.
    pub(crate) fn forget_taken(&self) {
        self.taken.lock().unwrap().clear();
    }

    /// Builds again on the token of `rivals`.
    pub(crate) async fn rebuild(&self, intent: &Intent, rivals: &[Build]) -> Result<Build, Hold> {
        let token = rivals[0].token.clone();
        let mut lane = self.lane();
        lane.taken.retain(|taken| taken.token != token);
        let place = Place { lane, token, rivals: rivals.to_vec() };
        self.road.rebuild(intent, &place).await.map(|plan| plan.build)
    }

    pub(crate) fn signed(&self, build: &Build) -> SignedTx {
        let (signature, id) = self.key.sign_prehash_recoverable(build.signing_digest.as_bytes());
        let (r, s) = signature.split_bytes();
        let signature = EcdsaSignature { r: r.into(), s: s.into(), recovery_id: id.to_byte() };
        let attached =
            chain::xrp::Xrp.attach(&network(), &build.unsigned, &signature, &public_key(&self.key)).unwrap();
        SignedTx { build: build.clone(), signed: attached.signed, txid: attached.txid }
    }

    /// Plans, signs and sends.
    pub(crate) async fn sent(&self, intent: &Intent) -> SignedTx {
        let tx = self.signed(&self.plan(intent).await.unwrap());
        assert_eq!(self.road.broadcast(&tx).await.unwrap(), Sent::Accepted);
        tx
    }

    pub(crate) async fn look(&self, intent: &Intent, versions: &[&SignedTx]) -> Sighting {
        self.road.look(intent, &versions[0].build, versions).await.unwrap()
    }

    /// How many ledgers are validated.
    pub(crate) async fn height(&self) -> u64 {
        let state = self.call("server_state", json!({})).await;
        state["state"]["validated_ledger"]["seq"].as_u64().unwrap()
    }
}

pub(crate) fn network() -> NetworkId {
    "31337".parse().unwrap()
}

pub(crate) fn stranger(number: u8) -> Address {
    testbed::ledgers::xrp::account(&[number; 20]).parse().unwrap()
}

fn public_key(key: &SigningKey) -> [u8; 33] {
    key.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap()
}

pub(crate) fn road(urls: &[String], witnesses: usize) -> XrpRoad {
    let config = ChainConfig {
        nodes: urls.iter().map(|url| url.parse().unwrap()).collect(),
        lane_window: 250,
        poll_ms: 100,
        outbid_after_s: 1,
        ..default_config("144")
    };
    let network = Network { chain_id: config.chain_id.clone(), family: Family::Xrp, network_id: network() };
    XrpRoad::open(&config, &network, witnesses).unwrap()
}
