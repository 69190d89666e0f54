//! Shares as bytes.

use mpc::local::{deal, run_sign};
use mpc::{KeyShare, ShareError, Suite, Version};
use proptest::prelude::*;

use crate::check::assert_valid;

#[test]
fn a_stored_share_is_the_same_share() {
    let shares = deal(3, 4).unwrap();
    let stored: Vec<KeyShare> =
        shares.iter().map(|share| KeyShare::from_bytes(&share.to_bytes()).unwrap()).collect();
    for (share, stored) in shares.iter().zip(&stored) {
        assert_eq!(share.to_bytes(), stored.to_bytes());
        assert_eq!(stored.suite(), Suite::Dkls23Secp256k1);
        assert_eq!(stored.version(), Version::CURRENT);
        assert_eq!(stored.me(), share.me());
    }
    let signature = run_sign([&stored[0], &shares[1], &stored[3]], &[1, 2], [5; 32]).unwrap();
    assert_valid(&signature, &shares[0].child_public_key(&[1, 2]).unwrap(), [5; 32]);
}

#[test]
fn the_head_of_a_share_says_suite_and_version() {
    let bytes = deal(2, 3).unwrap()[1].to_bytes();
    assert_eq!(bytes[..17], *b"BURSHARE\x01\x00\x01\x00\x00\x00\x06\x00\x02");
    assert_eq!(bytes[17..21], [0, 2, 3, 2], "epoch, t, n, own index");
}

#[test]
fn a_share_of_an_older_library_is_refused() {
    let share = deal(2, 3).unwrap().remove(0);
    for (major, minor, patch) in [(0, 5, 1), (0, 5, 2), (0, 6, 0), (0, 6, 1), (0, 0, 0)] {
        let mut bytes = share.to_bytes();
        bytes[11..17].copy_from_slice(&[0, major, 0, minor, 0, patch]);
        let refused = KeyShare::from_bytes(&bytes).unwrap_err();
        let version = Version { major: major.into(), minor: minor.into(), patch: patch.into() };
        assert_eq!(refused, ShareError::TooOld(version));
        assert!(refused.to_string().contains("older than 0.6.2"), "{refused}");
    }
    for newer in [[0, 0, 0, 6, 0, 3], [0, 0, 0, 7, 0, 0], [0, 1, 0, 0, 0, 0]] {
        let mut bytes = share.to_bytes();
        bytes[11..17].copy_from_slice(&newer);
        assert!(matches!(KeyShare::from_bytes(&bytes), Err(ShareError::TooNew(_))));
    }
}

#[test]
fn another_format_or_suite_is_refused() {
    let share = deal(2, 3).unwrap().remove(0);
    let changed = |place: usize, byte: u8| {
        let mut bytes = share.to_bytes();
        bytes[place] = byte;
        KeyShare::from_bytes(&bytes).map(|_| ()).unwrap_err()
    };
    assert_eq!(changed(0, b'b'), ShareError::NotAShare);
    assert_eq!(changed(8, 2), ShareError::UnknownFormat(2));
    assert_eq!(changed(10, 2), ShareError::UnknownSuite(2));
    assert_eq!(changed(9, 1), ShareError::UnknownSuite(257));
}

#[test]
fn a_share_that_is_cut_or_goes_on_is_refused() {
    let bytes = deal(2, 3).unwrap()[0].to_bytes();
    for length in (0..bytes.len()).step_by(997).chain(0..64).chain([bytes.len() - 1]) {
        assert!(KeyShare::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    let mut long = bytes.clone();
    long.push(0);
    assert_eq!(
        KeyShare::from_bytes(&long).map(|_| ()),
        Err(ShareError::Damaged("bytes after the end of a message"))
    );
}

#[test]
fn a_share_that_does_not_fit_together_is_refused() {
    let shares = deal(2, 3).unwrap();
    let changed = |place: usize, byte: u8| {
        let mut bytes = shares[0].to_bytes();
        bytes[place] = byte;
        KeyShare::from_bytes(&bytes).map(|_| ()).unwrap_err()
    };
    assert!(matches!(changed(18, 1), ShareError::Group { threshold: 1, parties: 3, me: 1 }));
    assert!(matches!(changed(19, 4), ShareError::Group { threshold: 2, parties: 4, me: 1 }));
    assert!(matches!(changed(20, 0), ShareError::Group { me: 0, .. }));
    assert!(matches!(changed(20, 4), ShareError::Group { me: 4, .. }));
    assert!(matches!(changed(20, 2), ShareError::Inconsistent(_)), "another party's index");
    // The secret point's last byte, after 32 bytes of session id and the point's length.
    let secret = shares[0].to_bytes()[21 + 32 + 32];
    assert!(matches!(changed(21 + 32 + 32, secret ^ 1), ShareError::Inconsistent(_)));
}

#[test]
fn a_share_prints_nothing_secret() {
    let share = deal(2, 3).unwrap().remove(0);
    let key: String = share.public_key().iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = format!(
        "KeyShare {{ suite: Dkls23Secp256k1, version: Version {{ major: 0, minor: 6, patch: 2 }}, epoch: 0, me: 1, \
         threshold: 2, parties: 3, public_key: \"{key}\", .. }}"
    );
    assert_eq!(format!("{share:?}"), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_change_of_a_share_makes_reading_it_panic(place: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut bytes = deal(2, 2).unwrap()[0].to_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let _ = KeyShare::from_bytes(&bytes);
        let cut = cut.index(bytes.len());
        bytes.truncate(cut);
        prop_assert!(KeyShare::from_bytes(&bytes).is_err());
    }

    #[test]
    fn no_bytes_make_reading_a_share_panic(bytes: Vec<u8>) {
        prop_assert!(KeyShare::from_bytes(&bytes).is_err());
    }
}
