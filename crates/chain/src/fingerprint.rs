//! What each co-signer's owner reads on their own terminal and what the admins sign: a new key, and everything that it
//! means. Here, because whoever signs computes it again from the key that a gateway shows.

use payout::coin::Network;
use payout::ids::{Address, AddressIndex, ChainId, Digest, WalletId};
use payout::policy::{Heads, Roster};

use crate::derive::{DeriveError, derive_address};

/// How many addresses of each chain a fingerprint covers.
pub const FIRST_ADDRESSES: u32 = 3;

/// Groups of four hex digits that people compare: 160 bits.
const GROUPS: usize = 10;

/// A fingerprint and the payout addresses under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprinted {
    /// Ten groups of four hex digits.
    pub fingerprint: String,
    /// Address 0 on each chain of the rules.
    pub addresses: Vec<(ChainId, Address)>,
}

/// The fingerprint of a wallet's key in its deployment, under the policy that was in force at its ceremony.
///
/// # Errors
/// The key has no address at one of the first indices: one case in 2^127.
///
/// # Panics
/// Never.
pub fn fingerprint(
    (deployment, roster, policy): (&Digest, &Roster, &Heads),
    networks: &[Network],
    wallet: WalletId,
    public_key: &[u8; 33],
    chain_code: &[u8; 32],
) -> Result<Fingerprinted, DeriveError> {
    let mut parts: Vec<Vec<u8>> = vec![
        deployment.as_bytes().to_vec(),
        policy.rules.digest.as_bytes().to_vec(),
        policy.people.digest.as_bytes().to_vec(),
        wallet.get().to_be_bytes().to_vec(),
        vec![roster.threshold, roster.share_count()],
        public_key.to_vec(),
        chain_code.to_vec(),
    ];
    let mut addresses = Vec::with_capacity(networks.len());
    for network in networks {
        parts.push(network.chain_id.as_str().as_bytes().to_vec());
        parts.push(network.network_id.as_str().as_bytes().to_vec());
        for index in 0..FIRST_ADDRESSES {
            let index = AddressIndex::new(index).expect("the first few numbers are indices");
            let address = derive_address(network.family, &network.network_id, public_key, chain_code, index)?;
            parts.push(address.as_str().as_bytes().to_vec());
            if index.get() == 0 {
                addresses.push((network.chain_id.clone(), address));
            }
        }
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let digest = Digest::of("bursar/fingerprint/v1", &parts);
    let groups = digest.as_bytes().chunks(2).take(GROUPS).map(hex::encode);
    Ok(Fingerprinted { fingerprint: groups.collect::<Vec<_>>().join("-"), addresses })
}
