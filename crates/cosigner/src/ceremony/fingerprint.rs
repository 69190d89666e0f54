//! What each owner reads on their own terminal and what the admins sign: a new key, and everything that it means.

use chain::DeriveError;
use payout::coin::Network;
use payout::ids::{Digest, WalletId};
use payout::policy::{Heads, Roster};
use wire::message::FirstAddress;

pub use chain::FIRST_ADDRESSES;

/// A fingerprint and the payout addresses under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprinted {
    /// Ten groups of four hex digits.
    pub fingerprint: String,
    /// Address 0 on each chain of the rules.
    pub addresses: Vec<FirstAddress>,
}

/// The fingerprint of a wallet's key in its deployment, under its policy, as the admins compute it too
/// ([`chain::fingerprint`]).
///
/// # Errors
/// The key has no address at one of the first indices: one case in 2^127.
pub fn fingerprint(
    place: (&Digest, &Roster, &Heads),
    networks: &[Network],
    wallet: WalletId,
    public_key: &[u8; 33],
    chain_code: &[u8; 32],
) -> Result<Fingerprinted, DeriveError> {
    let chain::Fingerprinted { fingerprint, addresses } =
        chain::fingerprint(place, networks, wallet, public_key, chain_code)?;
    let addresses = addresses.into_iter().map(|(chain_id, address)| FirstAddress { chain_id, address });
    Ok(Fingerprinted { fingerprint, addresses: addresses.collect() })
}
