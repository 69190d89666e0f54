//! A small house that the tests live in: three admins, a treasury of three, two directors, a screener, a shop.

use std::sync::LazyLock;

use crate::approval::{Act, ActNonce, SignedAct};
use crate::coin::{Coin, CoinId, Family, Network};
use crate::ids::{Address, AddressIndex, Attempt, Cid, Digest, PrincipalId, ProjectId, WalletId};
use crate::intent::{Intent, Kind, VERSION};
use crate::key::SecretKey;
use crate::life::StepQuorum;
use crate::money::Amount;
use crate::policy::genesis::GENESIS_VERSION;
use crate::policy::*;
use crate::time::Millis;

pub(super) const ADMINS: [&str; 3] = ["ann", "bob", "carol"];
pub(super) const TREASURY: [&str; 3] = ["tom", "tess", "tina"];
pub(super) const DIRECTORS: [&str; 2] = ["dora", "dirk"];

/// 2026-07-01, 12:00 UTC.
pub(super) const NOON: i64 = 1_782_907_200_000;
pub(super) const HOUR: i64 = 3_600_000;

pub(super) fn at(ms: i64) -> Millis {
    Millis::new(ms).unwrap()
}

pub(super) fn name(text: &str) -> PrincipalId {
    text.parse().unwrap()
}

/// Everybody's key follows from their name.
pub(super) fn key(who: &str) -> SecretKey {
    SecretKey::from_seed(Digest::of("test key", &[who.as_bytes()]).as_bytes())
}

pub(super) fn project(id: i64) -> ProjectId {
    ProjectId::new(id).unwrap()
}

pub(super) fn eth() -> CoinId {
    "60@60".parse().unwrap()
}

pub(super) fn usdt() -> CoinId {
    "60@0xdAC17F958D2ee523a2206206994597C13D831ec7".parse().unwrap()
}

/// USDT in whole tokens.
pub(super) fn tokens(amount: u128) -> Amount {
    Amount::from_u128(amount * 1_000_000)
}

pub(super) fn address() -> Address {
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".parse().unwrap()
}

fn principal(who: &str, nature: Nature, role: Role) -> Principal {
    Principal { id: name(who), nature, roles: vec![role], keys: vec![key(who).public()], projects: vec![] }
}

fn group(id: &str, members: &[&str]) -> Group {
    Group { id: id.parse().unwrap(), members: members.iter().map(|who| name(who)).collect() }
}

pub(super) fn step(group: &str, quorum: u8) -> StepQuorum {
    StepQuorum { group: group.parse().unwrap(), quorum }
}

pub(super) fn people() -> People {
    // Keys cost a curve multiplication each, and properties ask for the people thousands of times.
    static PEOPLE: LazyLock<People> = LazyLock::new(gathered);
    PEOPLE.clone()
}

fn gathered() -> People {
    let mut principals: Vec<Principal> = Vec::new();
    principals.extend(ADMINS.map(|who| principal(who, Nature::Person, Role::Admin)));
    principals.extend(TREASURY.map(|who| principal(who, Nature::Person, Role::Approver)));
    principals.extend(DIRECTORS.map(|who| principal(who, Nature::Person, Role::Approver)));
    principals.push(principal("otto", Nature::Person, Role::Operator));
    principals.push(principal("screener", Nature::Machine, Role::Approver));
    let mut shop = principal("shop", Nature::Machine, Role::Caller);
    shop.projects.push(project(1));
    principals.push(shop);
    People {
        principals,
        groups: vec![
            group("treasury", &TREASURY),
            group("directors", &DIRECTORS),
            group("screening", &["screener"]),
        ],
        admin_quorum: 2,
        book: step("treasury", 2),
    }
}

/// A rule without conditions.
pub(super) fn rule(id: &str, outcome: Outcome) -> Rule {
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

pub(super) fn approve(steps: &[StepQuorum]) -> Outcome {
    Outcome::Approve { steps: steps.to_vec(), expires_minutes: 60 }
}

pub(super) fn at_most(max: Amount) -> AmountRange {
    AmountRange { min: None, max: Some(max) }
}

/// Up to 100 USDT each, ten and 500 a day, 2000 in total.
pub(super) fn small() -> Rule {
    Rule {
        recipient: RecipientCondition::External,
        amounts: [(usdt(), at_most(tokens(100)))].into(),
        window: Some(Window { hours: 24, count: 10, sums: [(usdt(), tokens(500))].into() }),
        budget: [(usdt(), tokens(2000))].into(),
        ..rule("small", Outcome::Auto)
    }
}

/// Ourselves: denied. Small: automatic. The rest: two of the treasury, then a director.
pub(super) fn rules() -> Rules {
    let ourselves = Rule { recipient: RecipientCondition::Internal, ..rule("ourselves", Outcome::Deny) };
    let normal = rule("normal", approve(&[step("treasury", 2), step("directors", 1)]));
    Rules {
        environment: Environment::Development,
        networks: vec![Network {
            chain_id: "60".parse().unwrap(),
            family: Family::Evm,
            network_id: "31337".parse().unwrap(),
        }],
        coins: vec![
            Coin { name: "ETH".to_owned(), chain_id: eth().chain_id, token_id: eth().token_id, decimals: 18 },
            Coin {
                name: "USDT-ERC20".to_owned(),
                chain_id: usdt().chain_id,
                token_id: usdt().token_id,
                decimals: 6,
            },
        ],
        wallets: vec![],
        fees: vec![FeeLimit {
            chain_id: "60".parse().unwrap(),
            cap: Amount::from_u128(10_000_000_000_000_000),
            raised_cap: None,
            window_hours: 24,
            window_sum: Amount::from_u128(500_000_000_000_000_000),
        }],
        approver: None,
        book_cooling_hours: 24,
        rules: vec![ourselves, small(), normal],
    }
}

pub(super) fn payee(group: &str, since: i64) -> Payee {
    Payee {
        group: group.parse().unwrap(),
        chain_id: "60".parse().unwrap(),
        address: address(),
        label: "ACME".to_owned(),
        since: at(since),
    }
}

pub(super) fn roster() -> Roster {
    let seat = |index: u8| Seat {
        index,
        name: format!("cosigner {index}"),
        key: key(&format!("cosigner {index}")).public(),
    };
    Roster {
        threshold: 2,
        cosigners: (1..=3).map(seat).collect(),
        gateways: vec![GatewaySeat { name: "gateway".to_owned(), key: key("gateway").public() }],
    }
}

pub(super) fn genesis() -> Genesis {
    Genesis {
        version: GENESIS_VERSION.to_owned(),
        name: "test house".to_owned(),
        environment: Environment::Development,
        roster: roster(),
        rules: rules(),
        people: people(),
        book: Book::default(),
    }
}

pub(super) fn policy() -> Policy {
    Policy::from_genesis(&genesis())
}

pub(super) fn wallet() -> Wallet {
    Wallet {
        id: WalletId::new(7).unwrap(),
        public_key: [2; 33],
        chain_code: [3; 32],
        threshold: 2,
        share_count: 3,
        fingerprint: "ABCD-EFGH".to_owned(),
        ceilings: [(usdt(), tokens(100_000))].into(),
    }
}

/// The next version, signed by these.
pub(super) fn version(policy: &Policy, document: &Document, signers: &[&str]) -> SignedVersion {
    let mut version = policy.draft(document);
    for who in signers {
        version.sign(&key(who), name(who));
    }
    version
}

/// 50 USDT to an address that was paid before, asked for over the API.
pub(super) fn case(to: &Address) -> Case<'_> {
    Case {
        kind: Kind::Payout,
        project: project(1),
        wallet: WalletId::new(7).unwrap(),
        coin: usdt(),
        amount: tokens(50),
        to,
        attempt: Attempt::FIRST,
        applicant: None,
        caller: None,
        recipient: Recipient::Known,
        at: at(NOON),
    }
}

pub(super) fn intent() -> Intent {
    Intent {
        version: VERSION.to_owned(),
        kind: Kind::Payout,
        deployment: genesis().deployment(),
        project: project(1),
        cid: Cid::new(100).unwrap(),
        attempt: Attempt::FIRST,
        third_party_id: "order-1".parse().unwrap(),
        wallet: WalletId::new(7).unwrap(),
        address_index: AddressIndex::PAYOUT,
        network_id: "31337".parse().unwrap(),
        chain_id: usdt().chain_id,
        token_id: usdt().token_id,
        from: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap(),
        to: address(),
        amount: tokens(200),
        amount_text: "200".to_owned(),
        memo: None,
        fee_cap: Amount::from_u128(5_000_000_000_000_000),
        rules_version: 1,
        rule: "normal".parse().unwrap(),
        applicant: None,
        compliance_ref: None,
        target: None,
        operation: None,
        operation_args: None,
        created: at(NOON),
        expiry: at(NOON + HOUR),
    }
}

/// An act over an intent. The nonce is of no interest here.
pub(super) fn act(who: &str, act: Act, intent: &Intent) -> SignedAct {
    SignedAct::sign(&key(who), name(who), act, intent.digest(), ActNonce::from_bytes([4; 32]))
}

pub(super) fn unused(_: &Candidate) -> Option<RuleUse> {
    Some(RuleUse::default())
}

/// The rule that decides, by name.
pub(super) fn deciding(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Decided { rule, .. } => rule.as_str(),
        Verdict::Refused { .. } => "refused",
        Verdict::Held { .. } => "held",
    }
}
