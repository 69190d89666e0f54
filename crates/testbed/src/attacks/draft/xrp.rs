//! Good requests on the XRP Ledger: payments by ticket, orders about the wallet's own account.

use chain::xrp::{Act, Build, Fee, Spend, build, token_for};
use payout::coin::Family;
use payout::ids::AddressIndex;
use payout::intent::{Intent, Kind};
use payout::life::Token;
use payout::money::Amount;

use super::{Desk, Draft, ENOUGH, Payload, address_on, after, key_on};

/// Who is paid by good payouts.
pub const PAYEE: &str = "rn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc";
/// Who wants to be.
pub const ATTACKER: &str = "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59";
/// The same with a tag inside, as test networks spell it.
pub const PAYEE_WITH_A_TAG: &str = "T719a5UwUCnEs54UsxG9CJYYDhwmFCvbJNZbi37gBGkRkbE";
/// The coin.
pub const XRP: &str = "XRP";
/// The destination tag of good payouts.
pub const TAG: u32 = 123;

impl Payload for Build {
    fn written(&self) -> Vec<u8> {
        build(self).expect("a draft's bytes can be built")
    }
}

impl Desk {
    /// 20 XRP with a tag, approved by everybody whom the rule `large` asks.
    pub fn xrp(&mut self) -> Draft<Build> {
        let intent = Intent { memo: Some(TAG.to_string()), ..self.intent(XRP, "20", "large") };
        self.xrp_approved(intent)
    }

    /// The same without a tag.
    pub fn xrp_untagged(&mut self) -> Draft<Build> {
        let intent = self.intent(XRP, "20", "large");
        self.xrp_approved(intent)
    }

    /// An order of ten tickets, approved.
    pub fn tickets(&mut self) -> Draft<Build> {
        self.ordered("xrp_create_tickets", "{\"count\":\"10\"}")
    }

    /// An order that payments to the wallet need a tag, approved.
    pub fn require_tag(&mut self) -> Draft<Build> {
        self.ordered("xrp_set_flag", "{\"flag\":\"require_dest\"}")
    }

    /// An order about the wallet's account, approved.
    fn ordered(&mut self, operation: &str, args: &str) -> Draft<Build> {
        let intent = self.order(operation, args);
        self.xrp_approved(intent)
    }

    /// What people are shown of such an order: it pays nobody.
    pub fn order(&mut self, operation: &str, args: &str) -> Intent {
        let intent = self.intent(XRP, "1", "upkeep");
        Intent {
            kind: Kind::Maintenance,
            to: intent.from.clone(),
            amount: Amount::ZERO,
            amount_text: "0".to_owned(),
            operation: Some(operation.to_owned()),
            operation_args: Some(args.to_owned()),
            ..intent
        }
    }

    /// A void of a payout's ticket, approved.
    pub fn xrp_void_of(&mut self, payout: &Draft<Build>) -> Draft<Build> {
        let rule = "void".parse().expect("a rule's name");
        let intent = Intent { kind: Kind::Void, rule, ..self.remedy_of(payout) };
        let pay = Build { act: Act::Nothing, ..payout.pay.clone() };
        self.about(payout, intent, pay)
    }

    /// A raise of a payout's fee cap to the most that the rules allow, approved, with bytes that offer more.
    pub fn xrp_raise_of(&mut self, payout: &Draft<Build>) -> Draft<Build> {
        let rule = "raise".parse().expect("a rule's name");
        let fee_cap = Amount::from_u128(10_000);
        let intent = Intent { kind: Kind::RaiseCap, rule, fee_cap, ..self.remedy_of(payout) };
        let pay = Build { fee: Fee { drops: 6_000, ..payout.pay.fee }, ..payout.pay.clone() };
        self.about(payout, intent, pay)
    }

    /// The next attempt at a payout, approved, on a ticket of its own.
    pub fn xrp_next_attempt(&mut self, payout: &Draft<Build>) -> Draft<Build> {
        let intent = after(&payout.intent);
        let pay = Build { token: self.fresh_ticket(), ..payout.pay.clone() };
        self.about(payout, intent, pay)
    }

    /// The intent with the approvals of everybody whom `large` asks, and bytes that do what it says.
    pub fn xrp_approved(&mut self, intent: Intent) -> Draft<Build> {
        let acts = self.approvals(&intent, &ENOUGH);
        let pay = self.xrp_bytes_of(&intent);
        Draft { intent, acts, caller: None, pay, target: None }
    }

    /// Bytes that do what an intent says: payments by ticket, orders by number.
    ///
    /// # Panics
    /// When the ledger knows no such act.
    pub fn xrp_bytes_of(&mut self, intent: &Intent) -> Build {
        let token = match intent.kind {
            Kind::Maintenance => self.fresh_number(),
            Kind::Payout | Kind::Void | Kind::RaiseCap => self.fresh_ticket(),
        };
        Build {
            network_id: intent.network_id.clone(),
            token,
            public_key: key_on(Family::Xrp, &intent.network_id, &self.wallet, intent.address_index),
            act: Act::of(intent).expect("the ledger knows what these intents ask for"),
            fee: Fee { drops: 12, last_ledger: 1000 },
        }
    }

    /// A ticket that nothing has.
    pub fn fresh_ticket(&mut self) -> Token {
        token_for(Spend::Ticket(self.fresh_of_the_account()))
    }

    /// A sequence number that nothing has.
    pub fn fresh_number(&mut self) -> Token {
        token_for(Spend::Sequence(self.fresh_of_the_account()))
    }

    /// Tickets and sequence numbers are one count.
    fn fresh_of_the_account(&mut self) -> u32 {
        u32::try_from(self.fresh_nonce()).expect("a run makes few requests")
    }

    /// The wallet's key at another index.
    pub fn xrp_key_at(&self, index: u32) -> [u8; 33] {
        let network = &self.network_of(XRP).network_id;
        key_on(Family::Xrp, network, &self.wallet, AddressIndex::new(index).expect("below 2^31"))
    }

    /// The wallet's key for the main network, which no other network's bytes may spend from.
    pub fn xrp_key_of_the_main_network(&self) -> [u8; 33] {
        key_on(Family::Xrp, &main_network(), &self.wallet, AddressIndex::PAYOUT)
    }

    /// Its address.
    pub fn xrp_address_of_the_main_network(&self) -> payout::ids::Address {
        let network = payout::coin::Network { network_id: main_network(), ..self.network_of(XRP).clone() };
        address_on(&network, &self.wallet, AddressIndex::PAYOUT)
    }
}

fn main_network() -> payout::ids::NetworkId {
    "0".parse().expect("a network's number")
}
