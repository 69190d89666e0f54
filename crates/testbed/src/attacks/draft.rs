//! Requests as the gateway makes them from what people signed: good ones, to be altered.
//!
//! Those here pay on the EVM chain; `xrp` and `tron` make the others'.

pub mod tron;
pub mod xrp;

use chain::TokenRef;
use chain::evm::{Build, Fee, build};
use payout::approval::{Act, ActNonce, SignedAct};
use payout::coin::{Coin, Family, Network};
use payout::ids::{Address, AddressIndex, Attempt, ChainId, Cid, Digest, NetworkId, ProjectId, WalletId};
use payout::intent::{Intent, Kind, VERSION};
use payout::money::Amount;
use payout::policy::{Policy, Wallet};
use payout::request::caller::CallerSignature;
use wire::message::{CallerProof, SignRequest, Target};

use super::gateway::now;
use crate::deployment::cast::{API_KEY, Cast, FINANCE, PROJECT, SHOP, TREASURY, principal};
use crate::ledgers;
use crate::vendor::{Vendor, random};

/// Who is paid by good payouts.
pub const PAYEE: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
/// Who wants to be.
pub const ATTACKER: &str = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb";
/// The coins.
pub const ETHER: &str = "Ethereum";
/// A token.
pub const USDT: &str = "USDT-ERC20";
/// Another token.
pub const USDC: &str = "USDC-ERC20";
/// One of the treasury, two of finance: whom the rule `large` asks.
pub const ENOUGH: [&str; 3] = [TREASURY[0], FINANCE[0], FINANCE[1]];

const GWEI: u128 = 1_000_000_000;

/// What a chain's bytes say, before they are written.
pub trait Payload: Clone + Send + Sync + 'static {
    /// The bytes.
    ///
    /// # Panics
    /// When they can't be built: an attack that wants such bytes writes them itself.
    fn written(&self) -> Vec<u8>;
}

impl Payload for Build {
    fn written(&self) -> Vec<u8> {
        build(self).expect("a draft's bytes can be built")
    }
}

/// A request in parts.
#[derive(Debug, Clone)]
pub struct Draft<B = Build> {
    /// What people signed.
    pub intent: Intent,
    /// Their signatures.
    pub acts: Vec<SignedAct>,
    /// The caller's own.
    pub caller: Option<CallerProof>,
    /// What the bytes say.
    pub pay: B,
    /// The earlier intent that it refers to.
    pub target: Option<Target>,
}

impl<B: Payload> Draft<B> {
    /// As it travels.
    ///
    /// # Panics
    /// When the bytes can't be built: an attack that wants such bytes writes them itself.
    pub fn request(&self) -> SignRequest {
        self.over(self.pay.written())
    }

    /// With other bytes.
    pub fn over(&self, unsigned: Vec<u8>) -> SignRequest {
        let Self { intent, acts, caller, target, .. } = self;
        SignRequest {
            intent: intent.canonical(),
            acts: acts.clone(),
            caller: caller.clone(),
            unsigned,
            target: target.clone(),
        }
    }

    /// With bytes that are changed.
    pub fn paying(&self, change: impl FnOnce(&mut B)) -> SignRequest {
        let mut pay = self.pay.clone();
        change(&mut pay);
        Self { pay, ..self.clone() }.request()
    }

    /// With other signatures.
    pub fn with(&self, acts: Vec<SignedAct>) -> SignRequest {
        Self { acts, ..self.clone() }.request()
    }
}

/// Where good requests are made.
pub struct Desk {
    /// The newest policy that the gateway knows.
    pub policy: Policy,
    /// Everybody's keys. The attacks take those that they may have.
    pub cast: Cast,
    /// The wallet.
    pub wallet: Wallet,
    /// Its payout address.
    pub from: Address,
    next: u32,
    nonce: u64,
}

impl Desk {
    pub(super) fn new(policy: Policy, cast: Cast, wallet: Wallet) -> Self {
        let from = address_of(&policy, &wallet, AddressIndex::PAYOUT);
        Self { policy, cast, wallet, from, next: 1, nonce: 0 }
    }

    /// A nonce that nothing has.
    pub fn fresh_nonce(&mut self) -> u64 {
        self.nonce += 1;
        self.nonce
    }

    /// A number that no payout has.
    pub fn fresh_cid(&mut self) -> Cid {
        self.next += 1;
        Cid::new(i64::from(self.next)).expect("it is positive")
    }

    /// 20 ether, approved by everybody whom the rule `large` asks.
    pub fn native(&mut self) -> Draft {
        let intent = self.intent(ETHER, "20", "large");
        self.approved(intent)
    }

    /// 20 USDT, approved likewise.
    pub fn token(&mut self) -> Draft {
        let intent = self.intent(USDT, "20", "large");
        self.approved(intent)
    }

    /// Half an ether: the rule `small` asks nobody.
    pub fn small(&mut self) -> Draft {
        let intent = self.intent(ETHER, "0.5", "small");
        self.draft(intent, Vec::new())
    }

    /// One ether of a project whose rule has a limit that three of them reach.
    pub fn limited(&mut self, rule: &str, project: i64) -> Draft {
        let project = ProjectId::new(project).expect("it is positive");
        let intent = Intent { project, ..self.intent(ETHER, "1", rule) };
        self.draft(intent, Vec::new())
    }

    /// 1.75 ether that the caller itself has signed for.
    pub fn called(&mut self) -> Draft {
        let intent = self.intent(ETHER, "1.75", "signed-by-the-caller");
        let caller = Some(self.caller_proof(&intent));
        Draft { caller, ..self.draft(intent, Vec::new()) }
    }

    /// 20 ether that a person applied for, approved by others.
    pub fn applied(&mut self, applicant: &str) -> Draft {
        let intent = Intent { applicant: Some(principal(applicant)), ..self.intent(ETHER, "20", "large") };
        let mut draft = self.approved(intent);
        draft.acts.insert(0, self.act(applicant, Act::Apply, &draft.intent));
        draft
    }

    /// A void of a payout's token, approved.
    pub fn void_of(&mut self, payout: &Draft) -> Draft {
        let rule = "void".parse().expect("a rule's name");
        let intent = Intent { kind: Kind::Void, rule, ..self.remedy_of(payout) };
        let pay = Build {
            to: self.from.clone(),
            token: TokenRef::Native,
            amount: Amount::ZERO,
            ..payout.pay.clone()
        };
        self.about(payout, intent, pay)
    }

    /// A raise of a payout's fee cap to the most that the rules allow, approved, with bytes that offer more.
    pub fn raise_of(&mut self, payout: &Draft) -> Draft {
        let rule = "raise".parse().expect("a rule's name");
        let fee_cap = self.fee_cap();
        let intent = Intent { kind: Kind::RaiseCap, rule, fee_cap, ..self.remedy_of(payout) };
        let pay = Build { fee: price(20), ..payout.pay.clone() };
        self.about(payout, intent, pay)
    }

    /// What a void and a raise of a payout have in common: numbers of their own, and its name.
    fn remedy_of<B>(&mut self, payout: &Draft<B>) -> Intent {
        let cid = self.fresh_cid();
        let third_party_id = format!("remedy-{cid}").parse().expect("a caller's number");
        Intent { cid, third_party_id, target: Some(payout.intent.digest()), ..payout.intent.clone() }
    }

    /// The next attempt at a payout, approved, under a nonce of its own.
    pub fn next_attempt(&mut self, payout: &Draft) -> Draft {
        let intent = after(&payout.intent);
        let pay = Build { nonce: self.fresh_nonce(), ..payout.pay.clone() };
        self.about(payout, intent, pay)
    }

    fn about<B: Payload>(&self, payout: &Draft<B>, intent: Intent, pay: B) -> Draft<B> {
        let target = Some(Target { intent: payout.intent.canonical(), unsigned: payout.pay.written() });
        let acts = self.approvals(&intent, &ENOUGH);
        Draft { intent, acts, caller: None, pay, target }
    }

    /// The intent with the approvals of everybody whom `large` asks.
    pub fn approved(&mut self, intent: Intent) -> Draft {
        let acts = self.approvals(&intent, &ENOUGH);
        self.draft(intent, acts)
    }

    /// The intent with these signatures, and bytes that do what it says.
    pub fn draft(&mut self, intent: Intent, acts: Vec<SignedAct>) -> Draft {
        let pay = self.bytes_of(&intent);
        Draft { intent, acts, caller: None, pay, target: None }
    }

    /// Bytes that do what an intent says, under a nonce of their own.
    pub fn bytes_of(&mut self, intent: &Intent) -> Build {
        Build {
            network_id: intent.network_id.clone(),
            nonce: self.fresh_nonce(),
            to: intent.to.clone(),
            token: TokenRef::of(&intent.chain_id, &intent.token_id),
            amount: intent.amount,
            gas_limit: 60_000,
            fee: price(1),
        }
    }

    /// An intent that people could be shown.
    pub fn intent(&mut self, coin: &str, amount: &str, rule: &str) -> Intent {
        let coin = self.coin(coin).clone();
        let cid = self.fresh_cid();
        let rules = self.policy.newest_rules();
        let network = self.network(&coin.chain_id);
        let rules_version = self.policy.heads().rules.version;
        let rule = rule.parse().expect("a rule's name");
        let created = now();
        // A rule that is not there gives no time.
        let expiry = rules.rule(&rule).map_or(created, |rule| rule.outcome.expiry(created));
        Intent {
            version: VERSION.to_owned(),
            kind: Kind::Payout,
            deployment: self.policy.deployment(),
            project: ProjectId::new(PROJECT).expect("it is positive"),
            cid,
            attempt: Attempt::FIRST,
            third_party_id: format!("order-{cid}").parse().expect("a caller's number"),
            wallet: self.wallet.id,
            address_index: AddressIndex::PAYOUT,
            network_id: network.network_id.clone(),
            from: address_on(network, &self.wallet, AddressIndex::PAYOUT),
            to: address(payee(network.family)),
            amount: Amount::parse(amount, coin.decimals).expect("an amount of this file"),
            amount_text: amount.to_owned(),
            memo: None,
            fee_cap: Amount::from_u128(fee_cap(network.family)),
            rules_version,
            rule,
            applicant: None,
            compliance_ref: None,
            target: None,
            operation: None,
            operation_args: None,
            created,
            expiry,
            chain_id: coin.chain_id,
            token_id: coin.token_id,
        }
    }

    /// Approvals of these people, in order.
    pub fn approvals(&self, intent: &Intent, who: &[&str]) -> Vec<SignedAct> {
        who.iter().map(|who| self.act(who, Act::Approve, intent)).collect()
    }

    /// Somebody's act over an intent.
    pub fn act(&self, who: &str, act: Act, intent: &Intent) -> SignedAct {
        self.act_over(who, act, intent.digest())
    }

    /// Somebody's act over a digest.
    pub fn act_over(&self, who: &str, act: Act, digest: Digest) -> SignedAct {
        SignedAct::sign(&self.cast.key(who), principal(who), act, digest, ActNonce::from_bytes(random()))
    }

    /// What the caller signs when it asks for this payout.
    pub fn caller_proof(&self, intent: &Intent) -> CallerProof {
        let vendor = Vendor::new(String::new(), intent.project.get(), API_KEY.to_owned());
        let body = vendor.signed(serde_json::json!({
            "currency": format!("{}@{}", intent.chain_id, intent.token_id),
            "to_address": intent.to.as_str(),
            "amount": intent.amount_text,
            "third_party_id": intent.third_party_id.as_str(),
        }));
        let body = serde_json::Value::Object(body).to_string().into_bytes();
        let header = CallerSignature::sign(&self.cast.key(SHOP), &body).to_string();
        CallerProof { header, body }
    }

    /// A coin of the rules.
    pub fn coin(&self, name: &str) -> &Coin {
        let coin = self.policy.newest_rules().coins.iter().find(|coin| coin.name == name);
        coin.expect("the coins of this file are in the rules")
    }

    /// A chain's network.
    fn network(&self, chain: &ChainId) -> &Network {
        self.policy.newest_rules().network(chain).expect("the chain is in the rules")
    }

    /// The network of a coin of the rules.
    fn network_of(&self, coin: &str) -> &Network {
        self.network(&self.coin(coin).chain_id)
    }

    /// The most that the rules allow for fees.
    pub fn fee_cap(&self) -> Amount {
        self.policy.newest_rules().fees[0].cap
    }

    /// Another address of the wallet.
    pub fn address_at(&self, index: u32) -> (AddressIndex, Address) {
        let index = AddressIndex::new(index).expect("below 2^31");
        (index, address_of(&self.policy, &self.wallet, index))
    }
}

/// The wallet's address at an index on the EVM chain.
pub(super) fn address_of(policy: &Policy, wallet: &Wallet, index: AddressIndex) -> Address {
    address_on(&policy.newest_rules().networks[0], wallet, index)
}

/// The wallet's address at an index on any network.
pub(super) fn address_on(network: &Network, wallet: &Wallet, index: AddressIndex) -> Address {
    let Network { family, network_id, .. } = network;
    let Wallet { public_key, chain_code, .. } = wallet;
    chain::derive_address(*family, network_id, public_key, chain_code, index)
        .expect("a ceremony's key is one")
}

/// The wallet's key at an index on a network.
pub(super) fn key_on(
    family: Family,
    network_id: &NetworkId,
    wallet: &Wallet,
    index: AddressIndex,
) -> [u8; 33] {
    let path = chain::family(family).path(network_id, index);
    chain::child_public_key(&wallet.public_key, &wallet.chain_code, &path)
        .expect("a ceremony's key has children")
}

/// The family of a chain of these deployments.
pub(super) fn family_of(chain: &ChainId) -> Family {
    match chain.as_str() {
        ledgers::xrp::CHAIN => Family::Xrp,
        ledgers::tron::CHAIN => Family::Tron,
        _ => Family::Evm,
    }
}

/// The path of the key that pays for an intent.
pub(super) fn path_of(intent: &Intent) -> Vec<u32> {
    chain::family(family_of(&intent.chain_id)).path(&intent.network_id, intent.address_index)
}

/// Who is paid by good payouts.
const fn payee(family: Family) -> &'static str {
    match family {
        Family::Evm => PAYEE,
        Family::Xrp => xrp::PAYEE,
        Family::Tron => tron::PAYEE,
    }
}

/// The fee cap of good payouts, base units of the native coin: below what the rules allow, so that it can be raised.
const fn fee_cap(family: Family) -> u128 {
    match family {
        Family::Evm => GWEI * 600_000,
        Family::Xrp => 5_000,
        Family::Tron => 30_000_000,
    }
}

/// The next attempt at a payout.
fn after(intent: &Intent) -> Intent {
    let attempt = Attempt::new(intent.attempt.get() + 1).expect("it is positive");
    Intent { attempt, target: Some(intent.digest()), ..intent.clone() }
}

/// A recipient.
pub fn address(text: &str) -> Address {
    text.parse().expect("an address of this file")
}

/// Prices.
pub const fn price(gwei: u128) -> Fee {
    Fee::Eip1559 { max_fee_per_gas: gwei * GWEI, max_priority_fee_per_gas: GWEI }
}

/// Another wallet's number.
pub fn wallet_id(id: i64) -> WalletId {
    WalletId::new(id).expect("it is positive")
}
