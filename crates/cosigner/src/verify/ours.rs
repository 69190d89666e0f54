//! Which addresses are our own: the first of every wallet, by the keys that the rules list.
//!
//! Payments between them stay in our wallets, whichever project they were made for, so this lets nothing out. The gateway
//! calls an address internal when it has made it; one that it has not, or one beyond the first, it and a co-signer may
//! judge differently: then the payment is held.
//!
//! One memory for the process, because it remembers nothing but the values of a pure function.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use payout::coin::{Family, Network};
use payout::ids::{Address, NetworkId};
use payout::policy::{Policy, Rules, Wallet};

/// So many addresses of each wallet are recognised: the payout address and those that follow. Higher ones are strangers
/// to a co-signer.
pub const OWN_ADDRESSES: u16 = 256;

/// Wallets on networks; more start the memory anew.
const MOST: usize = 1_000;

type Place = (Family, NetworkId, [u8; 33], [u8; 32]);

static OURS: Mutex<Option<HashMap<Place, Arc<HashSet<Address>>>>> = Mutex::new(None);

/// Whether an address belongs to a wallet of these rules.
pub(crate) fn is_ours(network: &Network, rules: &[&Rules], address: &Address) -> bool {
    rules.iter().flat_map(|rules| &rules.wallets).any(|wallet| addresses(network, wallet).contains(address))
}

/// Derives everything that the newest rules will be asked for, so that no session has to wait for it.
pub fn learn_own_addresses(policy: &Policy) {
    let rules = policy.newest_rules();
    for network in &rules.networks {
        for wallet in &rules.wallets {
            addresses(network, wallet);
        }
    }
}

fn addresses(network: &Network, wallet: &Wallet) -> Arc<HashSet<Address>> {
    let Wallet { public_key, chain_code, .. } = wallet;
    let id = &network.network_id;
    let place = (network.family, id.clone(), *public_key, *chain_code);
    if let Some(known) = memory().as_ref().and_then(|memory| memory.get(&place)) {
        return Arc::clone(known);
    }
    let derived = chain::derive_addresses(network.family, id, public_key, chain_code, OWN_ADDRESSES);
    // A key in the rules that is none has no addresses, and nothing can be signed with it.
    let derived: Arc<HashSet<Address>> = Arc::new(derived.unwrap_or_default().into_iter().collect());
    let mut memory = memory();
    let memory = memory.get_or_insert_default();
    if memory.len() >= MOST {
        memory.clear();
    }
    memory.insert(place, Arc::clone(&derived));
    derived
}

fn memory() -> MutexGuard<'static, Option<HashMap<Place, Arc<HashSet<Address>>>>> {
    OURS.lock().expect("nothing panics while it holds the memory")
}
