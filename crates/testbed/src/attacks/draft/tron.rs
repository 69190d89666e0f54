//! Good requests on TRON: payments of TRX and of a TRC20 token.

use chain::TokenRef;
use chain::tron::{Build, Reference, build};
use payout::ids::{Address, AddressIndex};
use payout::intent::{Intent, Kind};
use payout::money::Amount;

use super::super::gateway::now;
use super::{Desk, Draft, ENOUGH, Payload, address_on, after};

/// Who is paid by good payouts.
pub const PAYEE: &str = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8";
/// Who wants to be.
pub const ATTACKER: &str = "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7";
/// A token that is not in the rules: the main network's USDT.
pub const OTHER_TOKEN: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
/// The coin.
pub const TRX: &str = "TRX";
/// The token.
pub const USDT: &str = "USDT-TRC20";

/// What a call may burn for energy, sun.
const FEE_LIMIT: u64 = 15_000_000;
/// How long good bytes are valid, ms.
const VALID_MS: i64 = 5 * 60 * 1000;

impl Payload for Build {
    fn written(&self) -> Vec<u8> {
        build(self).expect("a draft's bytes can be built")
    }
}

impl Desk {
    /// 20 TRX, approved by everybody whom the rule `large` asks.
    pub fn trx(&mut self) -> Draft<Build> {
        let intent = self.intent(TRX, "20", "large");
        self.tron_approved(intent)
    }

    /// 20 USDT, approved likewise.
    pub fn trc20(&mut self) -> Draft<Build> {
        let intent = self.intent(USDT, "20", "large");
        self.tron_approved(intent)
    }

    /// A void of a payout, approved. TRON has no bytes that do it.
    pub fn tron_void_of(&mut self, payout: &Draft<Build>) -> Draft<Build> {
        let rule = "void".parse().expect("a rule's name");
        let intent = Intent { kind: Kind::Void, rule, ..self.remedy_of(payout) };
        self.about(payout, intent, payout.pay.clone())
    }

    /// A raise of a payout's fee cap to the most that the rules allow, approved, with the payout's own bytes.
    pub fn tron_raise_of(&mut self, payout: &Draft<Build>) -> Draft<Build> {
        let rule = "raise".parse().expect("a rule's name");
        let fee_cap = Amount::from_u128(40_000_000);
        let intent = Intent { kind: Kind::RaiseCap, rule, fee_cap, ..self.remedy_of(payout) };
        self.about(payout, intent, payout.pay.clone())
    }

    /// The next attempt at a payout, made now and approved, in a transaction of its own.
    pub fn tron_next_attempt(&mut self, payout: &Draft<Build>) -> Draft<Build> {
        let intent = Intent { created: now(), ..after(&payout.intent) };
        let pay = self.tron_bytes_of(&intent);
        self.about(payout, intent, pay)
    }

    /// The intent with the approvals of everybody whom `large` asks, and bytes that do what it says.
    pub fn tron_approved(&mut self, intent: Intent) -> Draft<Build> {
        let acts = self.approvals(&intent, &ENOUGH);
        let pay = self.tron_bytes_of(&intent);
        Draft { intent, acts, caller: None, pay, target: None }
    }

    /// Bytes that do what an intent says, in a transaction of their own.
    pub fn tron_bytes_of(&mut self, intent: &Intent) -> Build {
        let token = TokenRef::of(&intent.chain_id, &intent.token_id);
        // Two equal payments of one millisecond would be one transaction.
        let timestamp = now().plus(i64::try_from(self.fresh_nonce()).expect("a run makes few requests"));
        Build {
            network_id: intent.network_id.clone(),
            reference: Reference { height: [0x12, 0x34], hash: [1, 2, 3, 4, 5, 6, 7, 8] },
            timestamp,
            expiration: timestamp.plus(VALID_MS),
            from: intent.from.clone(),
            to: intent.to.clone(),
            fee_limit: (token != TokenRef::Native).then_some(FEE_LIMIT),
            token,
            amount: intent.amount,
        }
    }

    /// Another address of the wallet.
    pub fn tron_address_at(&self, index: u32) -> Address {
        let index = AddressIndex::new(index).expect("below 2^31");
        address_on(self.network_of(TRX), &self.wallet, index)
    }

    /// The address of the wallet's key for the main network, which no other network's bytes may spend from.
    pub fn tron_address_of_the_main_network(&self) -> Address {
        let network_id = chain::tron::MAIN.parse().expect("a network's number");
        let network = payout::coin::Network { network_id, ..self.network_of(TRX).clone() };
        address_on(&network, &self.wallet, AddressIndex::PAYOUT)
    }
}
