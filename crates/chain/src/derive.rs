//! Addresses of a wallet: non-hardened BIP32 children of its threshold key.
//!
//! A threshold key's public half and chain code are enough; nobody needs a share for it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use k256::elliptic_curve::PrimeField as _;
use k256::elliptic_curve::sec1::ToSec1Point as _;
use k256::{ProjectivePoint, PublicKey, Scalar};
use payout::coin::Family;
use payout::ids::{Address, AddressIndex, NetworkId};
use sha2::Sha512;

/// The first hardened step (BIP32); it can't be derived from a public key.
const HARDENED: u32 = 0x8000_0000;

/// Why there is no child key or address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// The bytes are no compressed curve point.
    #[error("the public key is no compressed point of secp256k1")]
    BadKey,
    /// A hardened step needs the secret key, which nobody has.
    #[error("step {0} of the path is hardened")]
    Hardened(u32),
    /// BIP32's one case in 2^127 in which an index has no child.
    #[error("index {0} has no child key")]
    NoChild(u32),
}

/// A key from its compressed bytes.
pub(crate) fn verifying_key(public_key: &[u8; 33]) -> Result<k256::ecdsa::VerifyingKey, DeriveError> {
    point(public_key).map(Into::into)
}

/// A curve point from its compressed bytes; the tag must be 02 or 03 (SEC 1 knows another one of this length).
fn point(public_key: &[u8; 33]) -> Result<PublicKey, DeriveError> {
    if !matches!(public_key[0], 2 | 3) {
        return Err(DeriveError::BadKey);
    }
    PublicKey::from_sec1_bytes(public_key).map_err(|_| DeriveError::BadKey)
}

/// The key at `path` below a wallet's key (BIP32, CKDpub at each step). An empty path is the wallet's key itself.
///
/// # Errors
/// See [`DeriveError`].
pub fn child_public_key(
    public_key: &[u8; 33],
    chain_code: &[u8; 32],
    path: &[u32],
) -> Result<[u8; 33], DeriveError> {
    Ok(Node::root(public_key, chain_code)?.below(path)?.compressed())
}

/// A key with its chain code: what has children.
#[derive(Clone, Copy)]
struct Node {
    key: PublicKey,
    chain_code: [u8; 32],
}

impl Node {
    fn root(public_key: &[u8; 33], chain_code: &[u8; 32]) -> Result<Self, DeriveError> {
        Ok(Self { key: point(public_key)?, chain_code: *chain_code })
    }

    fn below(self, path: &[u32]) -> Result<Self, DeriveError> {
        path.iter().try_fold(self, |node, index| node.child(*index))
    }

    /// BIP32's CKDpub.
    fn child(&self, index: u32) -> Result<Self, DeriveError> {
        if index >= HARDENED {
            return Err(DeriveError::Hardened(index));
        }
        let mut mac =
            Hmac::<Sha512>::new_from_slice(&self.chain_code).expect("HMAC takes keys of any length");
        mac.update(&self.compressed());
        mac.update(&index.to_be_bytes());
        let mac: [u8; 64] = mac.finalize().into_bytes().into();
        let (left, right) = mac.split_at(32);
        let left: [u8; 32] = left.try_into().expect("half of 64 bytes");
        let no_child = DeriveError::NoChild(index);
        let tweak = Option::<Scalar>::from(Scalar::from_repr(left.into())).ok_or(no_child)?;
        // Faster than a multiplication of any point: the generator's multiples are in a table.
        let child = ProjectivePoint::mul_by_generator(&tweak) + self.key.to_projective();
        let key = PublicKey::from_affine(child.to_affine()).map_err(|_| no_child)?;
        Ok(Self { key, chain_code: right.try_into().expect("half of 64 bytes") })
    }

    fn compressed(&self) -> [u8; 33] {
        self.key.to_sec1_point(true).as_bytes().try_into().expect("a compressed point has 33 bytes")
    }
}

/// The wallet's address number `index` on a network.
///
/// # Errors
/// See [`DeriveError`].
pub fn derive_address(
    family: Family,
    network: &NetworkId,
    public_key: &[u8; 33],
    chain_code: &[u8; 32],
    index: AddressIndex,
) -> Result<Address, DeriveError> {
    let family = crate::family(family);
    let child = child_public_key(public_key, chain_code, &family.path(network, index))?;
    family.address_of(network, &child)
}

/// The wallet's first `count` addresses on a network, in order: cheaper than one by one, since they have all but the last
/// step of their paths in common.
///
/// # Errors
/// See [`DeriveError`].
pub fn derive_addresses(
    family: Family,
    network: &NetworkId,
    public_key: &[u8; 33],
    chain_code: &[u8; 32],
    count: u16,
) -> Result<Vec<Address>, DeriveError> {
    let family = crate::family(family);
    let root = Node::root(public_key, chain_code)?;
    let mut parent: Option<(Vec<u32>, Node)> = None;
    let mut addresses = Vec::with_capacity(count.into());
    for index in 0..count {
        let mut path = family.path(network, AddressIndex::new(index.into()).expect("16 bits are below 2^31"));
        let last = path.pop();
        let above = match parent.as_ref().filter(|(above, _)| *above == path) {
            Some((_, node)) => *node,
            None => root.below(&path)?,
        };
        parent = Some((path, above));
        let child = last.map_or(Ok(above), |last| above.child(last))?;
        addresses.push(family.address_of(network, &child.compressed())?);
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests;
