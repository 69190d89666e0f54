//! The family as a whole.

mod attacks;
mod golden;
mod properties;
mod signatures;

use payout::money::Amount;

use super::{Act, Build, Fee, Spend, Xrp, token_for};
use crate::decoded::{DecodeError, Decoded};
use crate::family::ChainFamily as _;

/// The sandbox's network: above 1024, so that it is in the bytes.
const SANDBOX: &str = "31337";
const MAIN: &str = "0";

/// The genesis account's key, which is in the ledger's documentation.
const KEY: &str = "0330e7fc9d56bb25d6893ba3f317ae5bcf33b3291bd63db32654a313222f7fd020";
const PAYER: &str = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
/// The vendor's example recipient.
const PAYEE: &str = "rn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc";

fn key() -> [u8; 33] {
    hex::decode(KEY).unwrap().try_into().unwrap()
}

/// The vendor's example: 1.1 XRP with tag 123.
fn payment() -> Build {
    Build {
        network_id: MAIN.parse().unwrap(),
        token: token_for(Spend::Ticket(77)),
        public_key: key(),
        act: Act::Pay { to: PAYEE.parse().unwrap(), tag: Some(123), amount: Amount::from_u128(1_100_000) },
        fee: Fee { drops: 12, last_ledger: 1000 },
    }
}

fn decode_on(network: &str, bytes: &[u8]) -> Result<Decoded, DecodeError> {
    Xrp.decode(&network.parse().unwrap(), bytes)
}
