//! Everything equals what tronweb and tronpy make of the same input (`golden/make.mjs`).

use payout::ids::AddressIndex;
use serde::Deserialize;

use super::super::{FeeTerms, build, reference_of, token_for_txid};
use super::*;
use crate::decoded::{Effect, ValidUntil};
use crate::signature::EcdsaSignature;

#[derive(Deserialize)]
struct Golden {
    transactions: Vec<Transaction>,
    #[serde(default)]
    wallets: Vec<Wallet>,
}

#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) name: String,
    to: String,
    token: Option<String>,
    amount: String,
    ref_block_bytes: String,
    ref_block_hash: String,
    timestamp: String,
    expiration: String,
    fee_limit: Option<String>,
    from: String,
    public_key: String,
    unsigned: String,
    digest: String,
    signed: String,
    signature: String,
    pub(super) txid: String,
}

#[derive(Deserialize)]
struct Wallet {
    public_key: String,
    chain_code: String,
    children: Vec<Child>,
}

#[derive(Deserialize)]
struct Child {
    coin: u32,
    index: u32,
    public_key: String,
    address: String,
}

fn tronweb() -> Golden {
    serde_json::from_str(include_str!("../golden/tronweb.json")).unwrap()
}

fn tronpy() -> Golden {
    serde_json::from_str(include_str!("../golden/tronpy.json")).unwrap()
}

/// Those of tronweb, which writes signatures as we do.
pub(super) fn transactions() -> Vec<Transaction> {
    tronweb().transactions
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

impl Transaction {
    pub(super) fn unsigned(&self) -> Vec<u8> {
        hex::decode(&self.unsigned).unwrap()
    }

    pub(super) fn signed(&self) -> Vec<u8> {
        hex::decode(&self.signed).unwrap()
    }

    pub(super) fn public_key(&self) -> [u8; 33] {
        array(&self.public_key)
    }

    pub(super) fn signature(&self) -> EcdsaSignature {
        let bytes: [u8; 65] = array(&self.signature);
        let recovery_id = bytes[64].checked_sub(27).unwrap_or(bytes[64]);
        EcdsaSignature {
            r: bytes[..32].try_into().unwrap(),
            s: bytes[32..64].try_into().unwrap(),
            recovery_id,
        }
    }

    fn build(&self) -> Build {
        Build {
            network_id: network(),
            reference: Reference { height: array(&self.ref_block_bytes), hash: array(&self.ref_block_hash) },
            timestamp: Millis::new(self.timestamp.parse().unwrap()).unwrap(),
            expiration: Millis::new(self.expiration.parse().unwrap()).unwrap(),
            from: self.from.parse().unwrap(),
            to: self.to.parse().unwrap(),
            token: match &self.token {
                None => TokenRef::Native,
                Some(contract) => TokenRef::Contract(contract.parse().unwrap()),
            },
            amount: Amount::from_base_units(&self.amount).unwrap(),
            fee_limit: self.fee_limit.as_ref().map(|limit| limit.parse().unwrap()),
        }
    }

    fn decoded(&self) -> Decoded {
        let Build { network_id, reference: _, timestamp: _, expiration, from, to, token, amount, fee_limit } =
            self.build();
        // A node counts the signed bytes and 64 for the result.
        let bandwidth = u32::try_from(self.signed().len()).unwrap() + 64;
        let fee = FeeTerms { fee_limit, bandwidth };
        Decoded {
            network_id,
            payer: Some(from),
            token: token_for_txid(&array(&self.txid)),
            effect: Effect::Transfer { token_id: token, to, amount, memo: None },
            max_fee: fee.max_fee(),
            valid_until: Some(ValidUntil::Time(expiration)),
            digest: array(&self.digest),
            fee: crate::FeeTerms::Tron(fee),
        }
    }
}

#[test]
fn both_libraries_build_our_bytes() {
    for tx in tronweb().transactions.iter().chain(&tronpy().transactions) {
        assert_eq!(hex::encode(build(&tx.build()).unwrap()), tx.unsigned, "{}", tx.name);
    }
}

#[test]
fn their_bytes_decode_to_what_they_were_asked_for() {
    for tx in tronweb().transactions.iter().chain(&tronpy().transactions) {
        assert_eq!(decode(&tx.unsigned()), Ok(tx.decoded()), "{}", tx.name);
        assert_eq!(reference_of(&tx.unsigned()), Some(tx.build().reference), "{}", tx.name);
    }
}

#[test]
fn with_their_signature_the_bytes_are_the_signed_ones_of_tronweb() {
    for tx in transactions() {
        let attached = Tron.attach(&network(), &tx.unsigned(), &tx.signature(), &tx.public_key()).unwrap();
        assert_eq!((attached.signed, attached.txid), (tx.signed(), tx.txid), "{}", tx.name);
    }
}

#[test]
fn tronpy_signs_the_same_and_leaves_27_away() {
    for tx in tronpy().transactions {
        let attached = Tron.attach(&network(), &tx.unsigned(), &tx.signature(), &tx.public_key()).unwrap();
        let (ours, our_v) = attached.signed.split_at(attached.signed.len() - 1);
        let theirs = tx.signed();
        let (theirs, their_v) = theirs.split_at(theirs.len() - 1);
        assert_eq!((ours, our_v[0]), (theirs, their_v[0] + 27), "{}", tx.name);
    }
}

#[test]
fn keys_have_their_addresses() {
    for tx in tronweb().transactions {
        let address = Tron.address_of(&network(), &tx.public_key()).unwrap();
        assert_eq!(address.as_str(), tx.from);
        assert_eq!(Tron.parse_address(&network(), &tx.from), Ok(address));
    }
}

#[test]
fn a_wallets_addresses_are_those_of_its_path_on_each_network() {
    let (main, test) = (network(), "31338".parse().unwrap());
    for wallet in tronweb().wallets {
        let (key, chain_code) = (array(&wallet.public_key), array(&wallet.chain_code));
        for child in wallet.children {
            let network = if child.coin == 195 { &main } else { &test };
            let path = Tron.path(network, AddressIndex::new(child.index).unwrap());
            assert_eq!(path, [44, child.coin, 0, 0, child.index]);
            let public_key = crate::child_public_key(&key, &chain_code, &path).unwrap();
            assert_eq!(public_key, array(&child.public_key));
            assert_eq!(Tron.address_of(network, &public_key).unwrap().as_str(), child.address);
        }
    }
}
