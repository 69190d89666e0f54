//! The family as a whole.

mod attacks;
mod golden;
mod properties;
mod receipts;
mod signatures;

use payout::ids::NetworkId;
use payout::money::Amount;

use super::{Build, Fee};
use crate::decoded::TokenRef;

const PAYEE: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
const USDT: &str = "0xdac17f958d2ee523a2206206994597c13d831ec7";

/// The bytes name their network themselves.
fn any_network() -> NetworkId {
    "1".parse().unwrap()
}

/// A payment of 1.5 USDT by a type 2 transaction.
fn usdt() -> Build {
    Build {
        network_id: "1".parse().unwrap(),
        nonce: 7,
        to: PAYEE.parse().unwrap(),
        token: TokenRef::Contract(USDT.parse().unwrap()),
        amount: Amount::from_u128(1_500_000),
        gas_limit: 65_000,
        fee: Fee::Eip1559 { max_fee_per_gas: 30_000_000_000, max_priority_fee_per_gas: 1_000_000_000 },
    }
}

/// A payment of native coins by a legacy transaction.
fn legacy() -> Build {
    Build {
        token: TokenRef::Native,
        amount: Amount::from_u128(1_000_000_000_000_000_000),
        gas_limit: 21_000,
        fee: Fee::Legacy { gas_price: 3_000_000_000 },
        ..usdt()
    }
}
