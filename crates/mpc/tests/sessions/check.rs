//! What independent implementations say: libsecp256k1 about signatures, the crate `bip32` about children.

use bip32::{ChildNumber, ExtendedKeyAttrs, ExtendedPublicKey};
use k256::ecdsa::VerifyingKey;
use mpc::{Party, Signature};

pub(crate) fn party(index: u8) -> Party {
    Party::new(index).expect("a party of the test")
}

/// Verifies with libsecp256k1 (which takes low-S only) and recovers the key from the recovery id.
pub(crate) fn assert_valid(signature: &Signature, public_key: &[u8; 33], digest: [u8; 32]) {
    use secp256k1::ecdsa::{RecoverableSignature, RecoveryId, Signature as Plain};
    let key = secp256k1::PublicKey::from_slice(public_key).unwrap();
    let message = secp256k1::Message::from_digest(digest);
    let bytes = signature.to_bytes();
    Plain::from_compact(&bytes[..64]).unwrap().verify(message, &key).expect("libsecp256k1 verifies");
    let id = RecoveryId::try_from(i32::from(signature.recovery_id)).unwrap();
    let recovered = RecoverableSignature::from_compact(&bytes[..64], id).unwrap().recover(message).unwrap();
    assert_eq!(recovered.serialize(), *public_key, "the recovery id gives the signer's key");
}

/// The child's public key as the crate `bip32` derives it.
pub(crate) fn bip32_child(public_key: &[u8; 33], chain_code: [u8; 32], path: &[u32]) -> [u8; 33] {
    let root = ExtendedPublicKey::new(
        VerifyingKey::from_sec1_bytes(public_key).unwrap(),
        ExtendedKeyAttrs { depth: 0, parent_fingerprint: [0; 4], child_number: ChildNumber(0), chain_code },
    );
    let child = path
        .iter()
        .fold(root, |key, step| key.derive_child(ChildNumber::new(*step, false).unwrap()).unwrap());
    child.public_key().to_sec1_point(true).as_bytes().try_into().unwrap()
}

/// All sets of `size` out of `all`.
pub(crate) fn subsets<T>(all: &[T], size: usize) -> Vec<Vec<&T>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    (0..all.len())
        .flat_map(|first| {
            subsets(&all[first + 1..], size - 1).into_iter().map(move |mut rest| {
                rest.insert(0, &all[first]);
                rest
            })
        })
        .collect()
}
