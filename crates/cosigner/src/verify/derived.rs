//! A memory of derived addresses: deriving one costs five point multiplications, which is more than all other checks
//! together, and a wallet pays from few addresses.
//!
//! One for the process, because it remembers nothing but the values of a pure function.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chain::{DeriveError, derive_address};
use payout::coin::Network;
use payout::ids::{Address, AddressIndex, NetworkId};

use super::context::WalletKey;

/// Addresses beyond this many start the memory anew.
const MOST: usize = 10_000;

/// Everything that an address depends on. The family follows from the chain, which the network id stands for, but two
/// families may number their networks alike.
type Place = (payout::coin::Family, NetworkId, [u8; 33], [u8; 32], AddressIndex);

static DERIVED: Mutex<BTreeMap<Place, Address>> = Mutex::new(BTreeMap::new());

/// The wallet's address number `index` on a network.
pub(crate) fn derived(
    network: &Network,
    key: &WalletKey,
    index: AddressIndex,
) -> Result<Address, DeriveError> {
    let id = &network.network_id;
    let place = (network.family, id.clone(), key.public_key, key.chain_code, index);
    if let Some(address) = memory().get(&place) {
        return Ok(address.clone());
    }
    let address = derive_address(network.family, id, &key.public_key, &key.chain_code, index)?;
    let mut memory = memory();
    if memory.len() >= MOST {
        memory.clear();
    }
    memory.insert(place, address.clone());
    Ok(address)
}

fn memory() -> std::sync::MutexGuard<'static, BTreeMap<Place, Address>> {
    DERIVED.lock().expect("nothing panics while it holds the memory")
}
