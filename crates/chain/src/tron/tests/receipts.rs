//! What the logs of a receipt prove.

use payout::ids::Address;
use ruint::aliases::U256;

use super::super::{address, address_of_account, delivered};
use super::*;
use crate::evm::Log;

const OTHER: &str = "TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8";
const TRANSFER: &str = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

fn word(address: &str) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(address::account(&address.parse().unwrap()).unwrap().as_slice());
    word
}

fn log(from: &str, to: &str, amount: u64) -> Log {
    let signature = hex::decode(TRANSFER).unwrap().try_into().unwrap();
    Log {
        address: USDT.parse().unwrap(),
        topics: vec![signature, word(from), word(to)],
        data: U256::from(amount).to_be_bytes::<32>().to_vec(),
    }
}

fn paid(logs: &[Log]) -> Option<Amount> {
    let (from, to): (Address, Address) = (PAYER.parse().unwrap(), PAYEE.parse().unwrap());
    delivered(logs, &USDT.parse().unwrap(), &from, &to)
}

#[test]
fn transfers_to_the_payee_are_summed_and_others_are_passed_over() {
    let logs = [log(PAYER, PAYEE, 5), log(PAYER, OTHER, 70), log(OTHER, PAYEE, 800), log(PAYER, PAYEE, 3)];
    assert_eq!(paid(&logs), Some(Amount::from_u128(8)));
    assert_eq!(paid(&logs[1..3]), None);
    assert_eq!(paid(&[]), None);
}

#[test]
fn a_log_of_another_contract_or_shape_proves_nothing() {
    let good = log(PAYER, PAYEE, 5);
    let mut forged = good.clone();
    forged.address = OTHER.parse().unwrap();
    let mut event = good.clone();
    event.topics[0][0] ^= 1;
    let mut unindexed = good.clone();
    unindexed.topics.pop();
    // The byte 0x41 in a topic, as an old client might put it there.
    let mut prefixed = good.clone();
    prefixed.topics[2][11] = 0x41;
    let mut long = good.clone();
    long.data.push(0);
    for (what, log) in [forged, event, unindexed, prefixed, long].iter().enumerate() {
        assert_eq!(paid(std::slice::from_ref(log)), None, "case {what}");
    }
    assert_eq!(paid(&[good]), Some(Amount::from_u128(5)));
}

#[test]
fn the_20_bytes_of_a_log_are_the_contracts_address() {
    let account = hex::decode("a614f803b6fd780986a42c78ec9c7f77e6ded13c").unwrap().try_into().unwrap();
    assert_eq!(address_of_account(account).as_str(), USDT);
}
