use bip32::{ChildNumber, ExtendedKeyAttrs, XPub};
use k256::ecdsa::SigningKey;
use payout::coin::Family;
use proptest::prelude::*;

use super::*;

fn public_key(secret: [u8; 32]) -> Option<[u8; 33]> {
    let key = SigningKey::from_bytes(&secret.into()).ok()?;
    key.verifying_key().to_sec1_point(true).as_bytes().try_into().ok()
}

/// The `bip32` crate's answer.
fn independent(public_key: &[u8; 33], chain_code: [u8; 32], path: &[u32]) -> [u8; 33] {
    let attrs = ExtendedKeyAttrs {
        depth: 0,
        parent_fingerprint: [0; 4],
        child_number: ChildNumber::default(),
        chain_code,
    };
    let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(public_key).unwrap();
    let mut key = XPub::new(key, attrs);
    for &index in path {
        key = key.derive_child(ChildNumber::new(index, false).unwrap()).unwrap();
    }
    key.to_bytes()
}

proptest! {
    #[test]
    fn children_equal_those_of_the_bip32_crate(
        secret in any::<[u8; 32]>(),
        chain_code in any::<[u8; 32]>(),
        path in prop::collection::vec(0..HARDENED, 0..6),
    ) {
        let Some(key) = public_key(secret) else { return Ok(()) };
        prop_assert_eq!(child_public_key(&key, &chain_code, &path), Ok(independent(&key, chain_code, &path)));
    }

    #[test]
    fn no_bytes_make_derivation_panic(key in any::<[u8; 33]>(), tag in 0u8..8, path in prop::collection::vec(any::<u32>(), 0..3)) {
        let mut key = key;
        key[0] = tag;
        let _ = child_public_key(&key, &[1; 32], &path);
    }
}

#[test]
fn the_child_of_bip_32s_second_test_vector_is_reached() {
    // Chain m and chain m/0 of test vector 2, as the BIP prints them (base58 decoded).
    let master = hex::decode("03cbcaa9c98c877a26977d00825c956a238e8dddfbd322cce4f74b0b5bd6ace4a7").unwrap();
    let chain_code = hex::decode("60499f801b896d83179a4374aeb7822aaeaceaa0db1f85ee3e904c4defbd9689").unwrap();
    let child = hex::decode("02fc9e5af0ac8d9b3cecfe2a888e2117ba3d089d8585886c9c826b6b22a98d12ea").unwrap();
    let (master, chain_code) = (master.try_into().unwrap(), chain_code.try_into().unwrap());
    assert_eq!(child_public_key(&master, &chain_code, &[0]).unwrap().as_slice(), child);
}

#[test]
fn a_hardened_step_is_refused() {
    let key = public_key([7; 32]).unwrap();
    assert_eq!(child_public_key(&key, &[0; 32], &[44, HARDENED]), Err(DeriveError::Hardened(HARDENED)));
    assert_eq!(child_public_key(&key, &[0; 32], &[]), Ok(key));
}

#[test]
fn only_compressed_points_are_keys() {
    let key = public_key([7; 32]).unwrap();
    for tag in [0, 1, 4, 5, 6, 7, 0xff] {
        let mut bad = key;
        bad[0] = tag;
        assert_eq!(child_public_key(&bad, &[0; 32], &[]), Err(DeriveError::BadKey), "tag {tag}");
    }
    // x = 5 is on no point of the curve.
    let mut bad = [0; 33];
    (bad[0], bad[32]) = (2, 5);
    assert_eq!(child_public_key(&bad, &[0; 32], &[]), Err(DeriveError::BadKey));
}

#[test]
fn a_wallet_has_the_same_addresses_on_every_evm_chain() {
    let key = public_key([7; 32]).unwrap();
    let address = |network: &str, index| {
        let index = AddressIndex::new(index).unwrap();
        derive_address(Family::Evm, &network.parse().unwrap(), &key, &[9; 32], index).unwrap()
    };
    assert_eq!(address("1", 0), address("56", 0));
    assert_ne!(address("1", 0), address("1", 1));
}

#[test]
fn many_addresses_at_once_are_the_same_as_one_by_one() {
    let key = public_key([7; 32]).unwrap();
    let network = "31337".parse().unwrap();
    let all = derive_addresses(Family::Evm, &network, &key, &[9; 32], 20).unwrap();
    for (index, address) in (0..20).zip(&all) {
        let index = AddressIndex::new(index).unwrap();
        assert_eq!(derive_address(Family::Evm, &network, &key, &[9; 32], index).as_ref(), Ok(address));
    }
    assert_eq!(all.len(), 20);
}
