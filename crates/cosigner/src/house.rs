//! A small deployment for tests: co-signers, admins, a treasury of three, a director, a shop that signs, one wallet.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chain::TokenRef;
use chain::evm::{Build, Fee, build};
use k256::elliptic_curve::sec1::ToSec1Point as _;
use payout::approval::{Act, ActNonce, SignedAct};
use payout::coin::{Coin, CoinId, Family, Network};
use payout::ids::{Address, AddressIndex, Attempt, Cid, Digest, PrincipalId, ProjectId, WalletId};
use payout::intent::{Intent, Kind, VERSION};
use payout::key::SecretKey;
use payout::life::StepQuorum;
use payout::money::Amount;
use payout::policy::genesis::GENESIS_VERSION;
use payout::policy::{
    AmountRange, ApplicantCondition, Book, Document, Environment, FeeLimit, GatewaySeat, Genesis, Group,
    Nature, Outcome, People, Policy, Principal, RecipientCondition, Role, Roster, Rule, Rules, Seat,
    SignedVersion, Wallet, Window,
};
use payout::time::Millis;
use wire::message::{SignRequest, Target};

use crate::journal::{Journal, Settings, Union};
use crate::verify::{Context, WalletKey};

/// 2026-07-01, 12:00 UTC.
pub(crate) const NOON: i64 = 1_782_907_200_000;
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const GWEI: u128 = 1_000_000_000;

pub(crate) fn at(ms: i64) -> Millis {
    Millis::new(ms).unwrap()
}

pub(crate) fn noon() -> Millis {
    at(NOON)
}

pub(crate) fn name(text: &str) -> PrincipalId {
    text.parse().unwrap()
}

/// Everybody's key follows from their name.
pub(crate) fn key(who: &str) -> SecretKey {
    SecretKey::from_seed(Digest::of("test key", &[who.as_bytes()]).as_bytes())
}

pub(crate) fn cosigner_key(index: u8) -> SecretKey {
    key(&format!("cosigner {index}"))
}

pub(crate) fn eth() -> CoinId {
    "60@60".parse().unwrap()
}

pub(crate) fn usdt() -> CoinId {
    "60@0xdac17f958d2ee523a2206206994597c13d831ec7".parse().unwrap()
}

/// USDT in whole tokens.
pub(crate) fn tokens(amount: u128) -> Amount {
    Amount::from_u128(amount * 1_000_000)
}

pub(crate) fn payee() -> Address {
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".parse().unwrap()
}

pub(crate) fn wallet_id() -> WalletId {
    WalletId::new(7).unwrap()
}

pub(crate) fn project(id: i64) -> ProjectId {
    ProjectId::new(id).unwrap()
}

/// The prices that requests are built with: 100 000 gas at 10 gwei burn at most 0.001 ETH.
pub(crate) fn price(gwei: u128) -> Fee {
    Fee::Eip1559 { max_fee_per_gas: gwei * GWEI, max_priority_fee_per_gas: GWEI }
}

pub(crate) fn act(who: &str, act: Act, intent: &Intent) -> SignedAct {
    SignedAct::sign(&key(who), name(who), act, intent.digest(), ActNonce::from_bytes([4; 32]))
}

/// Approvals of these people, in order.
pub(crate) fn approvals(who: &[&str], intent: &Intent) -> Vec<SignedAct> {
    who.iter().map(|who| act(who, Act::Approve, intent)).collect()
}

pub(crate) const ENOUGH: [&str; 3] = ["tom", "tess", "dora"];

/// A deployment with its policy: version 1 of the rules is genesis, version 2 has the wallet.
pub(crate) struct House {
    pub(crate) genesis: Genesis,
    pub(crate) policy: Policy,
    pub(crate) keys: BTreeMap<WalletId, WalletKey>,
}

impl House {
    pub(crate) fn new(threshold: u8, count: u8) -> Self {
        Self::with(threshold, count, |_| {})
    }

    /// With a genesis that the test has changed.
    pub(crate) fn with(threshold: u8, count: u8, change: impl FnOnce(&mut Genesis)) -> Self {
        let mut genesis = Genesis {
            version: GENESIS_VERSION.to_owned(),
            name: "test house".to_owned(),
            environment: Environment::Development,
            roster: roster(threshold, count),
            rules: rules(),
            people: people(),
            book: Book::default(),
        };
        change(&mut genesis);
        genesis.check().unwrap();
        let mut policy = Policy::from_genesis(&genesis);
        let wallet = wallet(threshold, count);
        let mut second = genesis.rules.clone();
        second.wallets.push(wallet.clone());
        policy.append(signed(&policy, &Document::Rules(second))).unwrap();
        let key = WalletKey {
            wallet: wallet.id,
            epoch: 1,
            public_key: wallet.public_key,
            chain_code: wallet.chain_code,
            threshold,
            share_count: count,
            fingerprint: wallet.fingerprint,
        };
        Self { genesis, policy, keys: [(key.wallet, key)].into() }
    }

    /// Publishes the newest rules with a change.
    pub(crate) fn publish(&mut self, change: impl FnOnce(&mut Rules)) -> SignedVersion {
        let mut rules = self.policy.newest_rules().clone();
        change(&mut rules);
        let version = signed(&self.policy, &Document::Rules(rules));
        self.policy.append(version.clone()).unwrap();
        version
    }

    pub(crate) fn ctx<'a>(&'a self, union: &'a Union, clock: i64) -> Context<'a> {
        Context { policy: &self.policy, union, keys: &self.keys, me: 1, clock: at(clock), paused: None }
    }

    /// The wallet's payout address.
    pub(crate) fn from(&self) -> Address {
        let key = &self.keys[&wallet_id()];
        chain::derive_address(
            Family::Evm,
            &"31337".parse().unwrap(),
            &key.public_key,
            &key.chain_code,
            AddressIndex::PAYOUT,
        )
        .unwrap()
    }

    /// 200 USDT, which rule `normal` wants two of the treasury and a director for.
    pub(crate) fn intent(&self, number: i64) -> Intent {
        Intent {
            version: VERSION.to_owned(),
            kind: Kind::Payout,
            deployment: self.genesis.deployment(),
            project: project(1),
            cid: Cid::new(number).unwrap(),
            attempt: Attempt::FIRST,
            third_party_id: format!("order-{number}").parse().unwrap(),
            wallet: wallet_id(),
            address_index: AddressIndex::PAYOUT,
            network_id: "31337".parse().unwrap(),
            chain_id: usdt().chain_id,
            token_id: usdt().token_id,
            from: self.from(),
            to: payee(),
            amount: tokens(200),
            amount_text: "200".to_owned(),
            memo: None,
            fee_cap: Amount::from_u128(5_000_000_000_000_000),
            rules_version: 2,
            rule: "normal".parse().unwrap(),
            applicant: None,
            compliance_ref: None,
            target: None,
            operation: None,
            operation_args: None,
            created: noon(),
            expiry: at(NOON + HOUR),
        }
    }

    /// 50 USDT, which rule `small` lets pass without people.
    pub(crate) fn small(&self, number: i64) -> Intent {
        Intent {
            rule: "small".parse().unwrap(),
            amount: tokens(50),
            amount_text: "50".to_owned(),
            expiry: at(NOON + 24 * HOUR),
            ..self.intent(number)
        }
    }

    /// The request for an intent with bytes that do what it says.
    pub(crate) fn request(&self, intent: &Intent, acts: Vec<SignedAct>, nonce: u64) -> SignRequest {
        SignRequest {
            intent: intent.canonical(),
            acts,
            caller: None,
            unsigned: bytes(intent, nonce, price(10)),
            target: None,
        }
    }

    /// The same, approved by enough people.
    pub(crate) fn approved(&self, intent: &Intent, nonce: u64) -> SignRequest {
        self.request(intent, approvals(&ENOUGH, intent), nonce)
    }

    /// The same, with the earlier intent that it refers to.
    pub(crate) fn about(&self, intent: &Intent, target: &Intent, nonce: u64) -> SignRequest {
        let unsigned = bytes(target, nonce, price(10));
        SignRequest {
            target: Some(Target { intent: target.canonical(), unsigned }),
            ..self.approved(intent, nonce)
        }
    }

    pub(crate) fn settings(&self, index: u8, folder: &Path) -> Settings {
        Settings {
            path: folder.join(format!("journal-{index}.redb")),
            counter: folder.join(format!("counter-{index}")),
            me: index,
            key: Arc::new(cosigner_key(index)),
            deployment: self.genesis.deployment(),
            roster: self.genesis.roster.clone(),
        }
    }

    pub(crate) fn journal(&self, index: u8, folder: &Path) -> Journal {
        Journal::create(self.settings(index, folder)).unwrap()
    }
}

/// Unsigned bytes that do what the intent says.
pub(crate) fn bytes(intent: &Intent, nonce: u64, fee: Fee) -> Vec<u8> {
    let (to, token, amount) = match intent.kind {
        Kind::Void => (intent.from.clone(), TokenRef::Native, Amount::ZERO),
        _ => (intent.to.clone(), TokenRef::of(&intent.chain_id, &intent.token_id), intent.amount),
    };
    let network_id = intent.network_id.clone();
    build(&Build { network_id, nonce, to, token, amount, gas_limit: 100_000, fee }).unwrap()
}

pub(crate) fn signed(policy: &Policy, document: &Document) -> SignedVersion {
    let mut version = policy.draft(document);
    for who in ["ann", "bob"] {
        version.sign(&key(who), name(who));
    }
    version
}

fn roster(threshold: u8, count: u8) -> Roster {
    let seat =
        |index: u8| Seat { index, name: format!("cosigner {index}"), key: cosigner_key(index).public() };
    Roster {
        threshold,
        cosigners: (1..=count).map(seat).collect(),
        gateways: vec![GatewaySeat { name: "gateway".to_owned(), key: key("gateway").public() }],
    }
}

fn wallet(threshold: u8, count: u8) -> Wallet {
    let secret = k256::SecretKey::from_slice(&[7; 32]).unwrap();
    let public_key = secret.public_key().to_sec1_point(true).as_bytes().try_into().unwrap();
    Wallet {
        id: wallet_id(),
        public_key,
        chain_code: [3; 32],
        threshold,
        share_count: count,
        fingerprint: "ABCD-EFGH".to_owned(),
        ceilings: [].into(),
    }
}

fn principal(who: &str, nature: Nature, role: Role, projects: &[i64]) -> Principal {
    Principal {
        id: name(who),
        nature,
        roles: vec![role],
        keys: vec![key(who).public()],
        projects: projects.iter().map(|id| project(*id)).collect(),
    }
}

fn people() -> People {
    let group = |id: &str, members: &[&str]| Group {
        id: id.parse().unwrap(),
        members: members.iter().map(|who| name(who)).collect(),
    };
    let mut principals: Vec<Principal> = Vec::new();
    principals.extend(["ann", "bob", "carol"].map(|who| principal(who, Nature::Person, Role::Admin, &[])));
    principals.extend(
        ["tom", "tess", "tina", "dora"].map(|who| principal(who, Nature::Person, Role::Approver, &[])),
    );
    principals.push(principal("keith", Nature::Person, Role::Approver, &[1]));
    principals.push(principal("otto", Nature::Person, Role::Operator, &[]));
    principals.push(principal("shop", Nature::Machine, Role::Caller, &[2]));
    People {
        principals,
        groups: vec![
            group("treasury", &["tom", "tess", "tina", "keith"]),
            group("directors", &["dora", "tom"]),
        ],
        admin_quorum: 2,
        book: StepQuorum { group: "treasury".parse().unwrap(), quorum: 2 },
    }
}

pub(crate) fn rule(id: &str, outcome: Outcome) -> Rule {
    Rule {
        id: id.parse().unwrap(),
        kind: Kind::Payout,
        projects: vec![],
        wallets: vec![],
        coins: vec![],
        applicant: ApplicantCondition::Any,
        recipient: RecipientCondition::Any,
        amounts: [].into(),
        hours: None,
        window: None,
        budget: [].into(),
        caller_signed: false,
        outcome,
    }
}

pub(crate) fn approve(steps: &[(&str, u8)]) -> Outcome {
    let step = |(group, quorum): &(&str, u8)| StepQuorum { group: group.parse().unwrap(), quorum: *quorum };
    Outcome::Approve { steps: steps.iter().map(step).collect(), expires_minutes: 60 }
}

/// Up to 100 USDT each, ten and 500 a day, 2000 in total.
fn small() -> Rule {
    let most = AmountRange { min: None, max: Some(tokens(100)) };
    Rule {
        projects: vec![project(1)],
        recipient: RecipientCondition::External,
        amounts: [(usdt(), most)].into(),
        window: Some(Window { hours: 24, count: 10, sums: [(usdt(), tokens(500))].into() }),
        budget: [(usdt(), tokens(2000))].into(),
        ..rule("small", Outcome::Auto)
    }
}

fn rules() -> Rules {
    let ourselves = Rule { recipient: RecipientCondition::Internal, ..rule("ourselves", Outcome::Deny) };
    // The shop signs its requests.
    let shop = Rule { projects: vec![project(2)], caller_signed: true, ..small() };
    let shop = Rule { id: "shop".parse().unwrap(), ..shop };
    let void = Rule { kind: Kind::Void, ..rule("void", approve(&[("treasury", 1)])) };
    let raise = Rule { kind: Kind::RaiseCap, ..rule("raise", approve(&[("treasury", 1)])) };
    let person = Rule {
        projects: vec![project(3)],
        applicant: ApplicantCondition::Person,
        ..rule("person", approve(&[("treasury", 1)]))
    };
    let normal = rule("normal", approve(&[("treasury", 2), ("directors", 1)]));
    let coin = |name: &str, id: CoinId, decimals| Coin {
        name: name.to_owned(),
        chain_id: id.chain_id,
        token_id: id.token_id,
        decimals,
    };
    Rules {
        environment: Environment::Development,
        networks: vec![Network {
            chain_id: "60".parse().unwrap(),
            family: Family::Evm,
            network_id: "31337".parse().unwrap(),
        }],
        coins: vec![coin("ETH", eth(), 18), coin("USDT-ERC20", usdt(), 6)],
        wallets: vec![],
        fees: vec![FeeLimit {
            chain_id: "60".parse().unwrap(),
            cap: Amount::from_u128(10_000_000_000_000_000),
            raised_cap: None,
            window_hours: 24,
            window_sum: Amount::from_u128(20_000_000_000_000_000),
        }],
        approver: None,
        book_cooling_hours: 24,
        rules: vec![ourselves, small(), shop, void, raise, person, normal],
    }
}
