//! A memory of derived keys: deriving one costs a point multiplication for each step of its path, more than all else
//! that accepting a payout costs, and a wallet pays from few addresses.
//!
//! One for the process, because it remembers nothing but the values of a pure function.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chain::DeriveError;
use payout::coin::Network;
use payout::ids::{Address, AddressIndex};
use payout::policy::Wallet;

/// Keys beyond this many start the memory anew.
const MOST: usize = 10_000;

/// Everything that a child key depends on; the path follows from family and index.
type Place = ([u8; 33], [u8; 32], Vec<u32>);

static DERIVED: Mutex<Option<HashMap<Place, [u8; 33]>>> = Mutex::new(None);

/// The public key of the wallet's address number `index` on a network.
///
/// # Errors
/// See [`DeriveError`].
pub fn child_key(network: &Network, wallet: &Wallet, index: AddressIndex) -> Result<[u8; 33], DeriveError> {
    let path = chain::family(network.family).path(&network.network_id, index);
    let place = (wallet.public_key, wallet.chain_code, path);
    if let Some(key) = memory().get_or_insert_default().get(&place) {
        return Ok(*key);
    }
    let key = chain::child_public_key(&wallet.public_key, &wallet.chain_code, &place.2)?;
    let mut memory = memory();
    let known = memory.get_or_insert_default();
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(place, key);
    Ok(key)
}

/// The wallet's address number `index` on a network.
///
/// # Errors
/// See [`DeriveError`].
pub fn address(network: &Network, wallet: &Wallet, index: AddressIndex) -> Result<Address, DeriveError> {
    let key = child_key(network, wallet, index)?;
    chain::family(network.family).address_of(&network.network_id, &key)
}

/// Whatever panicked while it held the memory left it whole: entries are put in at once.
fn memory() -> MutexGuard<'static, Option<HashMap<Place, [u8; 33]>>> {
    DERIVED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use payout::coin::Family;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_remembered_is_what_would_be_derived() {
        // The generator: a valid compressed point.
        let key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        let wallet = |chain_code| Wallet {
            id: payout::ids::WalletId::new(1).unwrap(),
            public_key: hex::decode(key).unwrap().try_into().unwrap(),
            chain_code: [chain_code; 32],
            threshold: 2,
            share_count: 3,
            fingerprint: "f".to_owned(),
            ceilings: BTreeMap::new(),
        };
        let network = Network {
            chain_id: "60".parse().unwrap(),
            family: Family::Evm,
            network_id: "31337".parse().unwrap(),
        };
        for chain_code in [1, 2] {
            for index in [0, 1, 0] {
                let (wallet, index) = (wallet(chain_code), AddressIndex::new(index).unwrap());
                let derived = chain::derive_address(
                    network.family,
                    &network.network_id,
                    &wallet.public_key,
                    &wallet.chain_code,
                    index,
                );
                assert_eq!(address(&network, &wallet, index), derived);
            }
        }
    }
}
