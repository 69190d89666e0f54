//! A gateway with a real database in a folder of its own, a real hub that no co-signer has come to, and a stand-in road
//! that answers as a test wants.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use payout::approval::{Act, ActNonce, SignedAct};
use payout::coin::{Coin, CoinId, Family, Network};
use payout::ids::{Address, Cid, Digest, PrincipalId, ProjectId};
use payout::intent::{Intent, Kind};
use payout::key::SecretKey;
use payout::life::{
    BlockRef, Build, Cause, Event, Happened, Payout, Requirement, Screening, SignedTx, Step, StepQuorum,
    Token,
};
use payout::money::Amount;
use payout::policy::{
    Book, Environment, FeeLimit, GatewaySeat, Genesis, Group, Limits, Nature, People, Policy, Principal,
    Role, Roster, Rules, Seat, Unit,
};
use payout::time::Millis;
use store::{
    Accept, AcceptOption, Advance, ApiKeyText, Call, PayoutRow, ProjectSettings, SettingsChange, Store, Terms,
};
use tempfile::TempDir;
use wire::channel::Identity;

use crate::clock;
use crate::config::Config;
use crate::hub::{Hub, HubConfig};
use crate::node::{
    Account, Hold, Lane, NodeError, NodeHealth, Nodes, Outflow, Place, Plan, Road, Sent, Sighting, Standing,
};
use crate::state::{Gateway, Parts, SharedPolicy};

pub(crate) const API_KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const PAYER: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

/// The gateway, and the folder that ends with it.
pub(crate) struct House {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) road: Arc<StandInRoad>,
    _folder: TempDir,
}

/// How a house differs from the usual one.
pub(crate) struct Plans {
    pub(crate) environment: Environment,
    pub(crate) config: Config,
    pub(crate) verification_url: Option<String>,
    pub(crate) allow_private_callbacks: bool,
}

impl Default for Plans {
    fn default() -> Self {
        Self {
            environment: Environment::Development,
            config: Config::default(),
            verification_url: None,
            allow_private_callbacks: true,
        }
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(Plans::default()).await
    }

    pub(crate) async fn with(plans: Plans) -> Self {
        // The tests of one process share it; whoever comes second finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bursar.db")).await.unwrap();
        let identity = SecretKey::from_seed(&[100; 32]);
        let genesis = genesis(&identity, plans.environment);
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
        let road = Arc::new(StandInRoad::default());
        let nodes: Nodes =
            [("60".parse().unwrap(), Arc::clone(&road) as Arc<dyn Road>)].into_iter().collect();
        let parts = Parts { config: plans.config, genesis, store, hub, nodes, policy, restore: None };
        let gateway = Gateway::new(parts);
        // What no co-signer of these tests could tell.
        (1..=3).for_each(|index| gateway.gate.note_compared(index));
        let change = SettingsChange::CreateProject {
            project: project(),
            settings: ProjectSettings {
                name: "shop".to_owned(),
                enabled: true,
                ips: Vec::new(),
                allow_private_callbacks: plans.allow_private_callbacks,
                notify_withdrawn: false,
                verification_url: plans.verification_url,
                default_wallet: None,
                rate_limit_per_s: 10,
            },
            api_key: ApiKeyText::new(API_KEY.to_owned()),
        };
        gateway.store.propose_change(change, name("ann"), store::People::One, clock::now()).await.unwrap();
        Self { gateway, road, _folder: folder }
    }

    /// Stores a payout in its first state.
    pub(crate) async fn accept(&self, requirement: Requirement, screening: Screening) -> PayoutRow {
        self.accept_with(requirement, screening, |_| {}, None, Call::V2).await
    }

    /// The same, with the intent as `change` makes it.
    pub(crate) async fn accept_with(
        &self,
        requirement: Requirement,
        screening: Screening,
        change: impl FnOnce(&mut Intent),
        callback_url: Option<String>,
        call: Call,
    ) -> PayoutRow {
        let now = clock::now();
        let cid = self.gateway.store.mint_cid(now);
        let mut intent = intent(cid, self.gateway.genesis.deployment(), now);
        change(&mut intent);
        let option = AcceptOption {
            limits: Limits {
                window: None,
                budget: None,
                unit: Unit { name: "ETH".to_owned(), decimals: 18 },
            },
            rule: intent.rule.clone(),
            coin: coin(),
            amount: intent.amount,
            payout: Payout::accept(intent.clone(), requirement, screening),
        };
        let accept = Accept {
            project: intent.project,
            third_party_id: intent.third_party_id.clone(),
            replay: None,
            options: vec![option],
            terms: Terms {
                call,
                currency: "60@60".to_owned(),
                amount: "1.50".to_owned(),
                to_echo: intent.to.to_string(),
                callback_url,
                remark: Some("rent".to_owned()),
            },
            caller: None,
            acts: Vec::new(),
            cause: Cause::Caller(project()),
            now,
        };
        let cid = self.gateway.store.accept(accept).await.unwrap();
        self.row(cid).await
    }

    /// An automatic payout that a quorum of co-signers has seen.
    pub(crate) async fn queued(&self) -> PayoutRow {
        let row = self.accept(Requirement::Nobody, Screening::None).await;
        self.gateway.memory.seen.add(row.digest);
        row
    }

    /// A payout that is signed, with this nonce.
    pub(crate) async fn signed(&self, nonce: u8) -> PayoutRow {
        let row = self.queued().await;
        let row = self.happen(&row, Event::Built { build: build(nonce) }).await;
        let row = self.happen(&row, Event::SigningStarted).await;
        self.happen(&row, Event::Signed { tx: signed_tx(nonce) }).await
    }

    /// A payout that was sent, with this nonce.
    pub(crate) async fn sent(&self, nonce: u8) -> PayoutRow {
        let row = self.signed(nonce).await;
        self.happen(&row, Event::Broadcast).await
    }

    /// A void or raised cap of a payout that is approved and that a quorum of co-signers has seen.
    pub(crate) async fn remedy(&self, kind: Kind, target: &PayoutRow) -> PayoutRow {
        let digest = target.digest;
        let change = |intent: &mut Intent| {
            intent.kind = kind;
            intent.target = Some(digest);
            intent.fee_cap = Amount::from_u128(5000);
        };
        let row = self.accept_with(Requirement::Nobody, Screening::None, change, None, Call::Person).await;
        self.gateway.memory.seen.add(row.digest);
        row
    }

    /// Why a payout waits.
    pub(crate) async fn reason(&self, row: &PayoutRow) -> String {
        self.row(row.cid()).await.wait.unwrap().reason
    }

    /// An event from elsewhere.
    pub(crate) async fn happen(&self, row: &PayoutRow, event: Event) -> PayoutRow {
        let now = clock::now();
        let take = match &event {
            Event::Built { build } if !row.payout.intent.kind.spends_targets_token() => {
                Some(store::TokenTake {
                    network_id: row.payout.intent.network_id.clone(),
                    from: row.payout.intent.from.clone(),
                    token: build.token.clone(),
                    intent: row.digest,
                })
            }
            _ => None,
        };
        let happened = vec![Happened { event, cause: Cause::Engine(Step::Sign), at: now }];
        let advance = Advance {
            cid: row.cid(),
            version: row.version,
            happened,
            take,
            acts: Vec::new(),
            wait: None,
            due_at: None,
            now,
        };
        self.gateway.store.advance(advance).await.unwrap()
    }

    pub(crate) async fn row(&self, cid: Cid) -> PayoutRow {
        self.gateway.store.payout(cid).await.unwrap().unwrap()
    }

    /// How many entries its history has.
    pub(crate) async fn history_len(&self, cid: Cid) -> usize {
        self.gateway.store.history(cid).await.unwrap().len()
    }
}

pub(crate) fn project() -> ProjectId {
    ProjectId::new(7).unwrap()
}

pub(crate) fn coin() -> CoinId {
    "60@60".parse().unwrap()
}

pub(crate) fn name(who: &str) -> PrincipalId {
    who.parse().unwrap()
}

pub(crate) fn key(who: &str) -> SecretKey {
    let mut seed = [0; 32];
    seed[..who.len()].copy_from_slice(who.as_bytes());
    SecretKey::from_seed(&seed)
}

/// A signed act of somebody.
pub(crate) fn act_of(who: &str, act: Act, intent: Digest) -> SignedAct {
    SignedAct::sign(&key(who), name(who), act, intent, ActNonce::from_bytes([3; 32]))
}

/// Two of the treasury: ann, bob and cyn.
pub(crate) fn two_of_treasury() -> Requirement {
    Requirement::Steps(vec![StepQuorum { group: "treasury".parse().unwrap(), quorum: 2 }])
}

fn genesis(gateway: &SecretKey, environment: Environment) -> Genesis {
    let seat = |index: u8| Seat {
        index,
        name: format!("co-{index}"),
        key: SecretKey::from_seed(&[index; 32]).public(),
    };
    let principal = |who: &str, role| Principal {
        id: name(who),
        nature: Nature::Person,
        roles: vec![role],
        keys: vec![key(who).public()],
        projects: Vec::new(),
    };
    let people = People {
        principals: vec![
            principal("ann", Role::Approver),
            principal("bob", Role::Approver),
            principal("cyn", Role::Approver),
            principal("dora", Role::Operator),
            principal("eve", Role::Admin),
        ],
        groups: vec![Group {
            id: "treasury".parse().unwrap(),
            members: vec![name("ann"), name("bob"), name("cyn")],
        }],
        admin_quorum: 1,
        book: StepQuorum { group: "treasury".parse().unwrap(), quorum: 1 },
    };
    let rules = Rules {
        environment,
        networks: vec![Network {
            chain_id: "60".parse().unwrap(),
            family: Family::Evm,
            network_id: "31337".parse().unwrap(),
        }],
        coins: vec![Coin {
            name: "ETH".to_owned(),
            chain_id: "60".parse().unwrap(),
            token_id: "60".parse().unwrap(),
            decimals: 18,
        }],
        wallets: Vec::new(),
        fees: vec![FeeLimit {
            chain_id: "60".parse().unwrap(),
            cap: Amount::from_u128(1000),
            raised_cap: None,
            window_hours: 24,
            window_sum: Amount::from_u128(10_000),
        }],
        approver: None,
        book_cooling_hours: 24,
        rules: Vec::new(),
    };
    Genesis {
        version: "1".to_owned(),
        name: "engine test".to_owned(),
        environment,
        roster: Roster {
            threshold: 2,
            cosigners: (1..=3).map(seat).collect(),
            gateways: vec![GatewaySeat { name: "gate".to_owned(), key: gateway.public() }],
        },
        rules,
        people,
        book: Book::default(),
    }
}

pub(crate) fn intent(cid: Cid, deployment: Digest, now: Millis) -> Intent {
    let text = format!(
        r#"{{"version":"1","kind":"payout","deployment":"{deployment}","project":"7","cid":"{cid}","attempt":"1",
        "third_party_id":"order-{cid}","wallet":"5","address_index":"0","network_id":"31337","chain_id":"60",
        "token_id":"60","from":"{PAYER}","to":"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "amount":"1500000000000000000","amount_text":"1.5","memo":null,"fee_cap":"1000","rules_version":"1",
        "rule":"normal","applicant":null,"compliance_ref":null,"target":null,"operation":null,
        "operation_args":null,"created":"{now}","expiry":"{expiry}"}}"#,
        expiry = now.plus(3_600_000)
    );
    let intent: Intent = serde_json::from_str(&text).unwrap();
    assert_eq!(intent.kind, Kind::Payout);
    intent
}

pub(crate) fn build(nonce: u8) -> Build {
    Build {
        token: Token::new(format!("nonce:{nonce}")),
        unsigned: vec![nonce],
        signing_digest: Digest::from_bytes([nonce; 32]),
        max_fee: Amount::from_u128(21),
    }
}

pub(crate) fn signed_tx(nonce: u8) -> SignedTx {
    SignedTx { build: build(nonce), signed: vec![nonce, 1], txid: format!("0x{nonce:02x}") }
}

pub(crate) fn block() -> BlockRef {
    BlockRef { height: 42, hash: "0xb10c".to_owned(), time: Millis::new(1_700_000_000_000).unwrap() }
}

/// A road without nodes: answers come from the test, and what was asked is kept.
#[derive(Default)]
pub(crate) struct StandInRoad {
    /// Answers to `plan`, in order. When they are used up: the lowest nonce that the lane has not taken.
    pub(crate) plans: Mutex<VecDeque<Result<u8, Hold>>>,
    /// Lanes that `plan` was asked with.
    pub(crate) lanes: Mutex<Vec<Lane>>,
    /// Answers to `broadcast`; when used up: accepted.
    pub(crate) sendings: Mutex<VecDeque<Result<Sent, NodeError>>>,
    /// Bytes that were broadcast.
    pub(crate) sent: Mutex<Vec<Vec<u8>>>,
    /// Answers to `look`; when used up: pending.
    pub(crate) sightings: Mutex<VecDeque<Result<Sighting, NodeError>>>,
    /// Answers to `rebuild`; when used up: bytes that differ by how many were there before.
    pub(crate) rebuilds: Mutex<VecDeque<Result<Plan, Hold>>>,
    /// Places that `rebuild` was asked about.
    pub(crate) places: Mutex<Vec<Place>>,
    /// Answers to `standing`; when used up: fair.
    pub(crate) standings: Mutex<VecDeque<Standing>>,
    /// How often `look` was asked.
    pub(crate) looks: Mutex<usize>,
    /// The tokens that the chain has used, whoever did.
    pub(crate) used: Mutex<Vec<Token>>,
}

impl Road for StandInRoad {
    fn plan<'a>(&'a self, _: &'a Intent, lane: &'a Lane) -> BoxFuture<'a, Result<Plan, Hold>> {
        Box::pin(async move {
            self.lanes.lock().unwrap().push(lane.clone());
            let answer = self.plans.lock().unwrap().pop_front();
            // As a node would: others get a chance to come in between.
            tokio::task::yield_now().await;
            let taken = |nonce: u8| lane.taken.iter().any(|taken| taken.token == build(nonce).token);
            let nonce = match answer {
                Some(answer) => answer?,
                None => (0..=u8::MAX).find(|nonce| !taken(*nonce)).unwrap(),
            };
            Ok(Plan { build: build(nonce) })
        })
    }

    fn broadcast<'a>(&'a self, tx: &'a SignedTx) -> BoxFuture<'a, Result<Sent, NodeError>> {
        Box::pin(async move {
            self.sent.lock().unwrap().push(tx.signed.clone());
            self.sendings.lock().unwrap().pop_front().unwrap_or(Ok(Sent::Accepted))
        })
    }

    fn rebuild<'a>(&'a self, _: &'a Intent, place: &'a Place) -> BoxFuture<'a, Result<Plan, Hold>> {
        Box::pin(async move {
            self.places.lock().unwrap().push(place.clone());
            let answer = self.rebuilds.lock().unwrap().pop_front();
            answer.unwrap_or_else(|| {
                let rivals = u8::try_from(place.rivals.len()).unwrap();
                Ok(Plan { build: Build { token: place.token.clone(), ..build(100 + rivals) } })
            })
        })
    }

    fn standing<'a>(
        &'a self,
        _: &'a Address,
        _: &'a Build,
        _: &'a [Build],
    ) -> BoxFuture<'a, Result<Standing, NodeError>> {
        Box::pin(async { Ok(self.standings.lock().unwrap().pop_front().unwrap_or(Standing::Fair)) })
    }

    fn accounts<'a>(
        &'a self,
        _: &'a Intent,
        _: &'a Build,
        _: &'a [&'a SignedTx],
    ) -> BoxFuture<'a, Vec<Account>> {
        Box::pin(async { Vec::new() })
    }

    fn look<'a>(
        &'a self,
        _: &'a Intent,
        _: &'a Build,
        _: &'a [&'a SignedTx],
    ) -> BoxFuture<'a, Result<Sighting, NodeError>> {
        Box::pin(async move {
            *self.looks.lock().unwrap() += 1;
            self.sightings.lock().unwrap().pop_front().unwrap_or(Ok(Sighting::Pending))
        })
    }

    fn balance<'a>(&'a self, _: &'a Address, _: &'a CoinId) -> BoxFuture<'a, Result<Amount, NodeError>> {
        Box::pin(async { Ok(Amount::ZERO) })
    }

    fn unexplained<'a>(
        &'a self,
        _: &'a Address,
        known: &'a BTreeSet<Token>,
    ) -> BoxFuture<'a, Result<Vec<Outflow>, NodeError>> {
        let used = self.used.lock().unwrap().clone();
        let strange = used.into_iter().filter(|token| !known.contains(token));
        let strange = strange.map(|token| Outflow { token, txid: Some("0xstrange".to_owned()) }).collect();
        Box::pin(async move { Ok(strange) })
    }

    fn health(&self) -> BoxFuture<'_, Vec<NodeHealth>> {
        Box::pin(async { Vec::new() })
    }

    fn poll_ms(&self) -> i64 {
        200
    }
}

/// An error that every question to the chain would meet.
pub(crate) fn dead_node() -> NodeError {
    NodeError::WrongNetwork { node: "node-a".to_owned(), found: "1".to_owned(), expected: "31337".to_owned() }
}
