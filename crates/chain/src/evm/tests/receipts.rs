//! What the logs of a receipt prove.

use payout::ids::{Address, TokenId};
use ruint::aliases::U256;

use super::super::{Log, delivered};
use super::*;
use crate::evm::address;

const PAYER: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const OTHER: &str = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb";
const TRANSFER: &str = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

fn word(address: &str) -> [u8; 32] {
    let mut word = [0; 32];
    hex::decode_to_slice(&address[2..], &mut word[12..]).unwrap();
    word
}

fn log(from: &str, to: &str, amount: U256) -> Log {
    let signature = hex::decode(TRANSFER).unwrap().try_into().unwrap();
    Log {
        address: address::parse(USDT).unwrap(),
        topics: vec![signature, word(from), word(to)],
        data: amount.to_be_bytes::<32>().to_vec(),
    }
}

fn paid(logs: &[Log]) -> Option<Amount> {
    let contract: TokenId = USDT.parse().unwrap();
    let (from, to): (Address, Address) = (PAYER.parse().unwrap(), PAYEE.parse().unwrap());
    delivered(logs, &contract, &from, &to)
}

#[test]
fn transfers_to_the_payee_are_summed_and_others_are_passed_over() {
    let five = U256::from(5);
    let logs = [
        log(PAYER, PAYEE, five),
        log(PAYER, OTHER, U256::from(70)),
        log(OTHER, PAYEE, U256::from(800)),
        log(PAYER, PAYEE, U256::from(3)),
    ];
    assert_eq!(paid(&logs), Some(Amount::from_u128(8)));
    assert_eq!(paid(&logs[1..3]), None);
    assert_eq!(paid(&[]), None);
}

#[test]
fn a_transfer_of_nothing_is_told_apart_from_none() {
    assert_eq!(paid(&[log(PAYER, PAYEE, U256::ZERO)]), Some(Amount::ZERO));
}

#[test]
fn a_log_of_another_contract_proves_nothing() {
    let mut forged = log(PAYER, PAYEE, U256::from(5));
    forged.address = OTHER.parse().unwrap();
    assert_eq!(paid(&[forged]), None);
}

#[test]
fn a_log_of_another_shape_proves_nothing() {
    let good = log(PAYER, PAYEE, U256::from(5));
    let mut event = good.clone();
    event.topics[0][0] ^= 1;
    let mut nft = good.clone();
    nft.topics.push([0; 32]);
    let mut unindexed = good.clone();
    unindexed.topics.pop();
    let mut dirty_from = good.clone();
    dirty_from.topics[1][11] = 1;
    let mut dirty_to = good.clone();
    dirty_to.topics[2][0] = 1;
    let mut long = good.clone();
    long.data.push(0);
    let mut short = good.clone();
    short.data.pop();
    let mut anonymous = good.clone();
    anonymous.topics.clear();
    let logs = [event, nft, unindexed, dirty_from, dirty_to, long, short, anonymous];
    for (what, log) in logs.iter().enumerate() {
        assert_eq!(paid(std::slice::from_ref(log)), None, "case {what}");
    }
    assert_eq!(paid(&[good]), Some(Amount::from_u128(5)));
}

#[test]
fn a_sum_past_256_bits_proves_nothing() {
    assert_eq!(paid(&[log(PAYER, PAYEE, U256::MAX), log(PAYER, PAYEE, U256::from(1))]), None);
}
