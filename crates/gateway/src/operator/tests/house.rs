//! A gateway that serves its operators on a port of its own, and the people who speak to it.

use std::net::SocketAddr;
use std::sync::Arc;

use payout::coin::{Coin, Family, Network};
use payout::ids::{Cid, Digest, PrincipalId, ProjectId, WalletId};
use payout::intent::{Intent, Kind};
use payout::key::SecretKey;
use payout::life::{Cause, Payout, Screening, StepQuorum};
use payout::money::Amount;
use payout::policy::{
    ApplicantCondition, Book, Environment, FeeLimit, GatewaySeat, Genesis, Group, Limits, Nature, Outcome,
    People, Policy, Principal, RecipientCondition, Role, Roster, Rule, Rules, Seat, Unit, Wallet,
};
use store::{Accept, AcceptOption, Call, Store, Terms};
use tempfile::TempDir;
use wire::channel::Identity;

use crate::client::{ClientError, OperatorClient};
use crate::clock;
use crate::config::Config;
use crate::hub::{Hub, HubConfig};
use crate::node::Nodes;
use crate::operator;
use crate::state::{Gateway, Parts, SharedPolicy};

/// Everybody, with the least role that names them.
pub(super) const ROLES: [(&str, Role); 5] = [
    ("shop", Role::Caller),
    ("vera", Role::Viewer),
    ("oscar", Role::Operator),
    ("paula", Role::Approver),
    ("ann", Role::Admin),
];

/// The gateway, and the folder that ends with it.
pub(super) struct House {
    pub(super) gateway: Arc<Gateway>,
    pub(super) address: SocketAddr,
    _folder: TempDir,
}

/// Who may publish.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Admins {
    /// ann and ben.
    Two,
    /// ann alone.
    One,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(Admins::Two).await
    }

    pub(super) async fn with(admins: Admins) -> Self {
        Self::made(admins, |_| {}).await
    }

    /// With a genesis that the test has changed.
    pub(super) async fn changed(change: impl FnOnce(&mut Genesis)) -> Self {
        Self::made(Admins::Two, change).await
    }

    async fn made(admins: Admins, change: impl FnOnce(&mut Genesis)) -> Self {
        // The tests of one process share it; whoever comes second finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bursar.db")).await.unwrap();
        let identity = SecretKey::from_seed(&[100; 32]);
        let mut genesis = genesis(&identity, admins);
        change(&mut genesis);
        let policy = SharedPolicy::new(Policy::from_genesis(&genesis));
        let hub_config = HubConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            identity: Identity::from(&identity),
            gateway: "gate".to_owned(),
            roster: genesis.roster.clone(),
            deployment: genesis.deployment(),
            session_timeout: std::time::Duration::from_millis(500),
            sessions: 4,
        };
        let source = policy.clone();
        let hub = Hub::start(hub_config, Arc::new(move || source.get())).await.unwrap();
        let nodes = Nodes::default();
        let parts = Parts { config: Config::default(), genesis, store, hub, nodes, policy, restore: None };
        let gateway = Gateway::new(parts);
        let address = serve(&gateway).await;
        Self { gateway, address, _folder: folder }
    }

    /// Somebody's connection, for this deployment.
    pub(super) fn client(&self, who: &str) -> OperatorClient {
        self.client_with(who, key(who)).pinned(self.gateway.genesis.deployment())
    }

    pub(super) fn client_with(&self, who: &str, key: SecretKey) -> OperatorClient {
        OperatorClient::new(&format!("http://{}", self.address), key, name(who)).unwrap()
    }

    /// The words of the audit log, oldest first.
    pub(super) async fn audited(&self) -> Vec<(String, String)> {
        let entries = self.gateway.store.audit_list(0, 100).await.unwrap();
        store::verify_audit(&entries).unwrap();
        entries.into_iter().map(|entry| (entry.who.to_string(), entry.what)).collect()
    }

    /// A payout of the API that waits for two of the treasury.
    pub(super) async fn accept(&self) -> Cid {
        let now = clock::now();
        let cid = self.gateway.store.mint_cid(now);
        let intent = intent(cid, self.gateway.genesis.deployment());
        let rules = &self.gateway.genesis.rules;
        let rule = rules.rule(&intent.rule).unwrap();
        let option = AcceptOption {
            limits: Limits {
                window: None,
                budget: None,
                unit: Unit { name: "ETH".to_owned(), decimals: 18 },
            },
            rule: intent.rule.clone(),
            coin: "60@60".parse().unwrap(),
            amount: intent.amount,
            payout: Payout::accept(intent.clone(), rule.outcome.requirement().unwrap(), Screening::None),
        };
        let accept = Accept {
            project: intent.project,
            third_party_id: intent.third_party_id.clone(),
            replay: None,
            options: vec![option],
            terms: Terms {
                call: Call::V2,
                currency: "ETH".to_owned(),
                amount: "1.50".to_owned(),
                to_echo: intent.to.to_string(),
                callback_url: None,
                remark: None,
            },
            caller: None,
            acts: Vec::new(),
            cause: Cause::Caller(intent.project),
            now,
        };
        self.gateway.store.accept(accept).await.unwrap()
    }
}

/// Serves the API on a free port.
pub(super) async fn serve(gateway: &Arc<Gateway>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = operator::router(Arc::clone(gateway));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

pub(super) fn name(who: &str) -> PrincipalId {
    who.parse().unwrap()
}

pub(super) fn key(who: &str) -> SecretKey {
    let mut seed = [0; 32];
    seed[..who.len()].copy_from_slice(who.as_bytes());
    SecretKey::from_seed(&seed)
}

/// The HTTP status of a refusal.
pub(super) fn refused<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> (u16, String) {
    match answer.unwrap_err() {
        ClientError::Refused { status, fault } => (status, fault.error),
        other => panic!("not refused but {other}"),
    }
}

pub(super) fn genesis(gateway: &SecretKey, admins: Admins) -> Genesis {
    let seat = |index: u8| Seat {
        index,
        name: format!("co-{index}"),
        key: SecretKey::from_seed(&[index; 32]).public(),
    };
    let mut people = ROLES.to_vec();
    if admins == Admins::Two {
        people.push(("ben", Role::Admin));
    }
    people.push(("paul", Role::Approver));
    let principals = people.into_iter().map(|(who, role)| Principal {
        id: name(who),
        nature: if role == Role::Caller { Nature::Machine } else { Nature::Person },
        roles: vec![role],
        keys: vec![key(who).public()],
        projects: if role == Role::Caller { vec![project()] } else { Vec::new() },
    });
    let environment = Environment::Development;
    let treasury = |quorum| StepQuorum { group: "treasury".parse().unwrap(), quorum };
    Genesis {
        version: "1".to_owned(),
        name: "operators".to_owned(),
        environment,
        roster: Roster {
            threshold: 2,
            cosigners: (1..=3).map(seat).collect(),
            gateways: vec![GatewaySeat { name: "gate".to_owned(), key: gateway.public() }],
        },
        rules: rules(environment, treasury(2)),
        people: People {
            principals: principals.collect(),
            groups: vec![Group {
                id: "treasury".parse().unwrap(),
                members: vec![name("paula"), name("paul")],
            }],
            admin_quorum: if admins == Admins::Two { 2 } else { 1 },
            book: treasury(1),
        },
        book: Book::default(),
    }
}

fn rules(environment: Environment, step: StepQuorum) -> Rules {
    let rule = |id: &str, kind, recipient, outcome| Rule {
        id: id.parse().unwrap(),
        kind,
        projects: Vec::new(),
        wallets: Vec::new(),
        coins: Vec::new(),
        applicant: ApplicantCondition::Any,
        recipient,
        amounts: std::collections::BTreeMap::new(),
        hours: None,
        window: None,
        budget: std::collections::BTreeMap::new(),
        caller_signed: false,
        outcome,
    };
    let steps = Outcome::Approve { steps: vec![step], expires_minutes: 60 };
    Rules {
        environment,
        networks: vec![
            Network {
                chain_id: "60".parse().unwrap(),
                family: Family::Evm,
                network_id: "31337".parse().unwrap(),
            },
            Network {
                chain_id: "144".parse().unwrap(),
                family: Family::Xrp,
                network_id: "31337".parse().unwrap(),
            },
        ],
        coins: vec![coin("ETH", "60", 18), coin("XRP", "144", 6)],
        wallets: vec![wallet()],
        fees: vec![
            FeeLimit {
                chain_id: "60".parse().unwrap(),
                cap: Amount::from_u128(10_000_000_000_000_000),
                raised_cap: Some(Amount::from_u128(20_000_000_000_000_000)),
                window_hours: 24,
                window_sum: Amount::from_u128(1_000_000_000_000_000_000),
            },
            FeeLimit {
                chain_id: "144".parse().unwrap(),
                cap: Amount::from_u128(1000),
                raised_cap: None,
                window_hours: 24,
                window_sum: Amount::from_u128(100_000),
            },
        ],
        approver: None,
        book_cooling_hours: 24,
        rules: vec![
            rule("to-ourselves", Kind::Payout, RecipientCondition::Internal, Outcome::Deny),
            rule("normal", Kind::Payout, RecipientCondition::External, steps.clone()),
            rule("voids", Kind::Void, RecipientCondition::Any, steps.clone()),
            rule("upkeep", Kind::Maintenance, RecipientCondition::Any, steps.clone()),
            rule("raised-caps", Kind::RaiseCap, RecipientCondition::Any, steps),
        ],
    }
}

fn coin(name: &str, chain: &str, decimals: u8) -> Coin {
    Coin {
        name: name.to_owned(),
        chain_id: chain.parse().unwrap(),
        token_id: chain.parse().unwrap(),
        decimals,
    }
}

/// A wallet whose key is the curve's generator: addresses can be derived, and nobody asks for a signature here.
fn wallet() -> Wallet {
    let generator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    Wallet {
        id: WalletId::new(5).unwrap(),
        public_key: hex::decode(generator).unwrap().try_into().unwrap(),
        chain_code: [7; 32],
        threshold: 2,
        share_count: 3,
        fingerprint: "none".to_owned(),
        ceilings: std::collections::BTreeMap::new(),
    }
}

pub(super) fn project() -> ProjectId {
    ProjectId::new(7).unwrap()
}

fn intent(cid: Cid, deployment: Digest) -> Intent {
    let now = clock::now();
    let text = format!(
        r#"{{"version":"1","kind":"payout","deployment":"{deployment}","project":"7","cid":"{cid}","attempt":"1",
        "third_party_id":"order-{cid}","wallet":"5","address_index":"0","network_id":"31337","chain_id":"60",
        "token_id":"60","from":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "to":"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359","amount":"1500000000000000000","amount_text":"1.5",
        "memo":null,"fee_cap":"10000000000000000","rules_version":"1","rule":"normal","applicant":null,
        "compliance_ref":null,"target":null,"operation":null,"operation_args":null,"created":"{now}",
        "expiry":"{expiry}"}}"#,
        expiry = now.plus(3_600_000)
    );
    serde_json::from_str(&text).unwrap()
}
