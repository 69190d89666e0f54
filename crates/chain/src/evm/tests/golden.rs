//! Everything equals what ethers 6 makes of the same input (`golden/make.mjs`).

use payout::coin::Family;
use payout::ids::AddressIndex;
use serde::Deserialize;

use super::super::{Log, delivered, token_for_nonce};
use super::*;
use crate::decoded::{Decoded, Effect};
use crate::family::FeeTerms;
use crate::signature::EcdsaSignature;
use crate::{evm, family};

#[derive(Deserialize)]
pub(super) struct Golden {
    pub(super) transactions: Vec<Transaction>,
    wallets: Vec<Wallet>,
    logs: Vec<GoldenLog>,
}

#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) name: String,
    chain_id: String,
    nonce: String,
    to: String,
    token: Option<String>,
    amount: String,
    gas_limit: String,
    max_fee_per_gas: Option<String>,
    max_priority_fee_per_gas: Option<String>,
    gas_price: Option<String>,
    from: String,
    public_key: String,
    unsigned: String,
    digest: String,
    r: String,
    s: String,
    recovery_id: u8,
    signed: String,
    txid: String,
}

#[derive(Deserialize)]
struct Wallet {
    public_key: String,
    chain_code: String,
    children: Vec<Child>,
}

#[derive(Deserialize)]
struct Child {
    index: u32,
    public_key: String,
    address: String,
}

#[derive(Deserialize)]
struct GoldenLog {
    from: String,
    to: String,
    value: String,
    topics: Vec<String>,
    data: String,
}

pub(super) fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/ethers.json")).unwrap()
}

pub(super) fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.strip_prefix("0x").unwrap()).unwrap()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().unwrap()
}

fn amount(text: &str) -> Amount {
    Amount::from_base_units(text).unwrap()
}

impl Transaction {
    pub(super) fn unsigned(&self) -> Vec<u8> {
        bytes(&self.unsigned)
    }

    pub(super) fn signed(&self) -> Vec<u8> {
        bytes(&self.signed)
    }

    pub(super) fn txid(&self) -> &str {
        &self.txid
    }

    pub(super) fn public_key(&self) -> [u8; 33] {
        array(&self.public_key)
    }

    pub(super) fn signature(&self) -> EcdsaSignature {
        EcdsaSignature { r: array(&self.r), s: array(&self.s), recovery_id: self.recovery_id }
    }

    fn build(&self) -> Build {
        let fee = match &self.gas_price {
            Some(gas_price) => Fee::Legacy { gas_price: gas_price.parse().unwrap() },
            None => Fee::Eip1559 {
                max_fee_per_gas: self.max_fee_per_gas.as_ref().unwrap().parse().unwrap(),
                max_priority_fee_per_gas: self.max_priority_fee_per_gas.as_ref().unwrap().parse().unwrap(),
            },
        };
        Build {
            network_id: self.chain_id.parse().unwrap(),
            nonce: self.nonce.parse().unwrap(),
            to: self.to.parse().unwrap(),
            token: match &self.token {
                None => TokenRef::Native,
                Some(contract) => TokenRef::Contract(contract.parse().unwrap()),
            },
            amount: amount(&self.amount),
            gas_limit: self.gas_limit.parse().unwrap(),
            fee,
        }
    }

    fn decoded(&self) -> Decoded {
        let Build { network_id, nonce, to, token, amount, gas_limit, fee } = self.build();
        let max_fee = Amount::from_u128(fee.max_fee_per_gas()).checked_mul(u128::from(gas_limit)).unwrap();
        let effect = if amount.is_zero() {
            Effect::Void { to }
        } else {
            Effect::Transfer { token_id: token, to, amount, memo: None }
        };
        Decoded {
            network_id,
            payer: None,
            token: token_for_nonce(nonce),
            effect,
            max_fee,
            digest: array(&self.digest),
            valid_until: None,
            fee: FeeTerms::Evm(evm::GasTerms { gas_limit, fee }),
        }
    }
}

#[test]
fn unsigned_bytes_are_those_of_ethers() {
    for tx in golden().transactions {
        assert_eq!(evm::build(&tx.build()).unwrap(), tx.unsigned(), "{}", tx.name);
    }
}

#[test]
fn bytes_of_ethers_decode_to_what_it_was_asked_for() {
    for tx in golden().transactions {
        assert_eq!(
            family(Family::Evm).decode(&any_network(), &tx.unsigned()),
            Ok(tx.decoded()),
            "{}",
            tx.name
        );
    }
}

#[test]
fn signed_bytes_and_transaction_ids_are_those_of_ethers() {
    for tx in golden().transactions {
        let attached = family(Family::Evm)
            .attach(&any_network(), &tx.unsigned(), &tx.signature(), &tx.public_key())
            .unwrap();
        assert_eq!((attached.signed, attached.txid.as_str()), (tx.signed(), tx.txid()), "{}", tx.name);
    }
}

#[test]
fn addresses_of_keys_are_those_of_ethers() {
    for tx in golden().transactions {
        let address = family(Family::Evm).address_of(&any_network(), &tx.public_key()).unwrap();
        assert_eq!(address.as_str(), tx.from, "{}", tx.name);
    }
}

#[test]
fn a_wallets_children_are_those_of_ethers() {
    for wallet in golden().wallets {
        let (key, chain_code) = (array(&wallet.public_key), array(&wallet.chain_code));
        for child in wallet.children {
            let index = AddressIndex::new(child.index).unwrap();
            let path = family(Family::Evm).path(&any_network(), index);
            assert_eq!(crate::child_public_key(&key, &chain_code, &path), Ok(array(&child.public_key)));
            let address =
                crate::derive_address(Family::Evm, &any_network(), &key, &chain_code, index).unwrap();
            assert_eq!(address.as_str(), child.address);
        }
    }
}

#[test]
fn logs_of_ethers_are_read_as_transfers() {
    let contract = family(Family::Evm).parse_token_id(USDT).unwrap();
    let address = family(Family::Evm).parse_address(&"1".parse().unwrap(), USDT).unwrap();
    for log in golden().logs {
        let topics = log.topics.iter().map(|topic| array(topic)).collect();
        let logs = [Log { address: address.clone(), topics, data: bytes(&log.data) }];
        let (from, to) = (log.from.parse().unwrap(), log.to.parse().unwrap());
        assert_eq!(delivered(&logs, &contract, &from, &to), Some(amount(&log.value)));
    }
}
