//! The family as a whole.

mod attacks;
mod golden;
mod properties;
mod receipts;
mod signatures;

use payout::ids::NetworkId;
use payout::money::Amount;
use payout::time::Millis;

use super::{Build, Reference, Tron};
use crate::decoded::{DecodeError, Decoded, TokenRef};
use crate::family::ChainFamily as _;

const PAYER: &str = "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7";
const PAYEE: &str = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8";
const USDT: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

fn network() -> NetworkId {
    super::MAIN.parse().unwrap()
}

fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    Tron.decode(&network(), bytes)
}

/// A payment of 1.5 USDT.
fn usdt() -> Build {
    Build {
        network_id: network(),
        reference: Reference { height: [0xa1, 0xb2], hash: [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77] },
        timestamp: Millis::new(1_764_064_800_123).unwrap(),
        expiration: Millis::new(1_764_065_100_123).unwrap(),
        from: PAYER.parse().unwrap(),
        to: PAYEE.parse().unwrap(),
        token: TokenRef::Contract(USDT.parse().unwrap()),
        amount: Amount::from_u128(1_500_000),
        fee_limit: Some(15_000_000),
    }
}

/// A payment of 1.5 TRX.
fn trx() -> Build {
    Build { token: TokenRef::Native, fee_limit: None, ..usdt() }
}
