//! Everything equals what xrpl.js (`golden/make.mjs`) and xrpl-py (`golden/make.py`) make of the same input.

use serde::Deserialize;

use super::super::{AccountFlag, build};
use super::*;
use crate::decoded::Effect;
use crate::signature::{Attached, EcdsaSignature};

#[derive(Deserialize)]
pub(super) struct Golden {
    pub(super) transactions: Vec<Transaction>,
    addresses: Vec<GoldenAddress>,
}

#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) name: String,
    network: String,
    token: String,
    act: String,
    to: Option<String>,
    tag: Option<u32>,
    drops: Option<String>,
    flag: Option<String>,
    count: Option<u32>,
    fee: String,
    last_ledger: u32,
    account: String,
    public_key: String,
    unsigned: String,
    digest: String,
    r: String,
    s: String,
    signed: String,
    txid: String,
}

#[derive(Deserialize)]
struct GoldenAddress {
    classic: String,
    tag: Option<u32>,
    main: String,
    test: String,
}

pub(super) fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/xrpl.json")).unwrap()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

impl Transaction {
    fn build(&self) -> Build {
        let flag = || AccountFlag::of_word(self.flag.as_deref().unwrap()).unwrap();
        let act = match self.act.as_str() {
            "pay" => Act::Pay {
                to: self.to.as_deref().unwrap().parse().unwrap(),
                tag: self.tag,
                amount: Amount::from_base_units(self.drops.as_deref().unwrap()).unwrap(),
            },
            "nothing" => Act::Nothing,
            "set" => Act::SetFlag(flag()),
            "clear" => Act::ClearFlag(flag()),
            "tickets" => Act::CreateTickets(self.count.unwrap()),
            other => panic!("no act {other}"),
        };
        Build {
            network_id: self.network_id(),
            token: payout::life::Token::new(self.token.clone()),
            public_key: self.public_key(),
            act,
            fee: Fee { drops: self.fee.parse().unwrap(), last_ledger: self.last_ledger },
        }
    }

    pub(super) fn network_id(&self) -> payout::ids::NetworkId {
        self.network.parse().unwrap()
    }

    pub(super) fn public_key(&self) -> [u8; 33] {
        array(&self.public_key)
    }

    pub(super) fn unsigned(&self) -> Vec<u8> {
        hex::decode(&self.unsigned).unwrap()
    }

    /// xrpl.js gives no recovery id: it is the one that leads back to the key.
    pub(super) fn signature(&self) -> EcdsaSignature {
        let with = |recovery_id| EcdsaSignature { r: array(&self.r), s: array(&self.s), recovery_id };
        let leads_back =
            |signature: &EcdsaSignature| signature.verified(&array(&self.digest), &self.public_key()).is_ok();
        (0..4).map(with).find(leads_back).unwrap()
    }

    pub(super) fn attached(&self) -> Attached {
        Attached { signed: hex::decode(&self.signed).unwrap(), txid: self.txid.clone() }
    }
}

#[test]
fn unsigned_bytes_are_those_of_xrpl_js() {
    for tx in golden().transactions {
        assert_eq!(hex::encode_upper(build(&tx.build()).unwrap()), tx.unsigned, "{}", tx.name);
    }
}

#[test]
fn bytes_of_xrpl_js_decode_to_what_it_was_asked_for() {
    for tx in golden().transactions {
        let decoded = Xrp.decode(&tx.network_id(), &tx.unsigned()).unwrap();
        assert_eq!(decoded.payer.as_ref().unwrap().as_str(), tx.account, "{}", tx.name);
        assert_eq!(decoded.token.as_str(), tx.token, "{}", tx.name);
        assert_eq!(decoded.digest, array(&tx.digest), "{}", tx.name);
        assert_eq!(decoded.max_fee.to_string(), tx.fee, "{}", tx.name);
        if let Effect::Transfer { to, amount, memo, .. } = decoded.effect {
            assert_eq!(Some(to.as_str()), tx.to.as_deref(), "{}", tx.name);
            assert_eq!(Some(amount.to_string()), tx.drops, "{}", tx.name);
            assert_eq!(memo, tx.tag.map(|tag| tag.to_string()), "{}", tx.name);
        } else {
            assert_ne!(tx.act, "pay", "{}", tx.name);
        }
    }
}

#[test]
fn signed_bytes_and_transaction_ids_are_those_of_xrpl_js() {
    for tx in golden().transactions {
        let attached = Xrp.attach(&tx.network_id(), &tx.unsigned(), &tx.signature(), &tx.public_key());
        assert_eq!(attached, Ok(tx.attached()), "{}", tx.name);
    }
}

#[test]
fn addresses_of_keys_are_those_of_xrpl_js() {
    for tx in golden().transactions {
        let address = Xrp.address_of(&tx.network_id(), &tx.public_key()).unwrap();
        assert_eq!(address.as_str(), tx.account, "{}", tx.name);
    }
}

#[test]
fn x_addresses_of_xrpl_js_are_read_with_their_tags() {
    for GoldenAddress { classic, tag, main, test } in golden().addresses {
        for (network, text) in [(MAIN, main), ("1", test.clone()), (SANDBOX, test)] {
            let recipient = Xrp.payee(&network.parse().unwrap(), &text, None).unwrap();
            assert_eq!(
                (recipient.address.as_str(), recipient.memo),
                (classic.as_str(), tag.map(|tag| tag.to_string()))
            );
        }
    }
}

#[derive(Deserialize)]
struct GoldenOfPython {
    transactions: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    asked: Asked,
    answer: Answer,
}

#[derive(Deserialize)]
struct Asked {
    network: u32,
    sequence: Option<u32>,
    ticket: Option<u32>,
    last_ledger: u32,
    fee: String,
    kind: String,
    to: Option<String>,
    tag: Option<u32>,
    amount: Option<String>,
    set_flag: Option<u32>,
    clear_flag: Option<u32>,
    count: Option<u32>,
}

#[derive(Deserialize)]
struct Answer {
    account: String,
    public_key: String,
    unsigned: String,
    digest: String,
    signed: String,
    txid: String,
}

impl Pair {
    fn build(&self) -> Build {
        let asked = &self.asked;
        let flag = |number| AccountFlag::of_number(number).unwrap();
        let act = match (asked.kind.as_str(), asked.set_flag, asked.clear_flag) {
            ("Payment", _, _) => Act::Pay {
                to: asked.to.as_deref().unwrap().parse().unwrap(),
                tag: asked.tag,
                amount: Amount::from_base_units(asked.amount.as_deref().unwrap()).unwrap(),
            },
            ("AccountSet", Some(number), None) => Act::SetFlag(flag(number)),
            ("AccountSet", None, Some(number)) => Act::ClearFlag(flag(number)),
            ("AccountSet", None, None) => Act::Nothing,
            ("TicketCreate", _, _) => Act::CreateTickets(asked.count.unwrap()),
            other => panic!("no act {other:?}"),
        };
        let spend = asked.ticket.map_or_else(|| Spend::Sequence(asked.sequence.unwrap()), Spend::Ticket);
        Build {
            network_id: asked.network.to_string().parse().unwrap(),
            token: token_for(spend),
            public_key: array(&self.answer.public_key),
            act,
            fee: Fee { drops: asked.fee.parse().unwrap(), last_ledger: asked.last_ledger },
        }
    }
}

#[test]
fn bytes_digests_and_ids_are_those_of_xrpl_py() {
    let golden: GoldenOfPython = serde_json::from_str(include_str!("../golden/xrpl-py.json")).unwrap();
    for pair in golden.transactions {
        let asked = pair.build();
        let unsigned = build(&asked).unwrap();
        assert_eq!(hex::encode_upper(&unsigned), pair.answer.unsigned);
        let decoded = Xrp.decode(&asked.network_id, &unsigned).unwrap();
        assert_eq!(decoded.payer.unwrap().as_str(), pair.answer.account);
        assert_eq!(decoded.digest, array(&pair.answer.digest));
        let signed = hex::decode(&pair.answer.signed).unwrap();
        assert_eq!(hex::encode_upper(super::super::transaction::half(*b"TXN\0", &signed)), pair.answer.txid);
    }
}
