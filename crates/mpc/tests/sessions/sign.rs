//! Signatures by every set of signers, at the wallet's key and below it.

use mpc::local::{Room, deal, fresh_session_id, run_keygen, run_sign};
use mpc::{Abort, KeyShare, PathError, Sign};

use crate::check::{assert_valid, bip32_child, party, subsets};

/// Key generation by all, then a signature by every set of t, each at another path.
fn every_set_signs(threshold: u8, parties: u8, sets: usize) {
    let shares = run_keygen(threshold, parties).expect("an honest key generation ends well");
    let key = shares[0].public_key();
    for share in &shares {
        assert_eq!((share.public_key(), share.chain_code()), (key, shares[0].chain_code()));
        assert_eq!((share.threshold(), share.parties(), share.epoch()), (threshold, parties, 0));
    }
    let all = subsets(&shares, usize::from(threshold));
    assert_eq!(all.len(), sets);
    for (number, signers) in (0u8..).zip(all) {
        let path = [0, u32::from(number)];
        let digest = [number; 32];
        let child = shares[0].child_public_key(&path).unwrap();
        assert_eq!(child, bip32_child(&key, shares[0].chain_code(), &path));
        assert_valid(&run_sign(signers.iter().copied(), &path, digest).unwrap(), &child, digest);
        assert_valid(&run_sign(signers, &[], digest).unwrap(), &key, digest);
    }
}

#[test]
fn every_two_of_three_sign() {
    every_set_signs(2, 3, 3);
}

#[test]
fn every_three_of_four_sign() {
    every_set_signs(3, 4, 4);
}

#[test]
fn every_three_of_five_sign() {
    every_set_signs(3, 5, 10);
}

#[test]
fn dealt_shares_sign_as_generated_ones_do() {
    for (threshold, parties) in [(2, 2), (3, 3), (5, 9), (9, 9)] {
        let shares = deal(threshold, parties).unwrap();
        let digest = [threshold; 32];
        let signature = run_sign(&shares[usize::from(parties - threshold)..], &[7], digest).unwrap();
        assert_valid(&signature, &shares[0].child_public_key(&[7]).unwrap(), digest);
    }
}

#[test]
fn children_are_those_of_bip32_at_any_depth() {
    let shares = deal(2, 3).unwrap();
    let (key, chain_code) = (shares[0].public_key(), shares[0].chain_code());
    let last = (1 << 31) - 1;
    for path in [vec![], vec![0], vec![last], vec![44, 60, 0, 0, 12], vec![1; 20], vec![last; 255]] {
        let child = bip32_child(&key, chain_code, &path);
        for share in &shares {
            assert_eq!(share.child_public_key(&path), Ok(child), "{path:?}");
        }
    }
}

#[test]
fn a_hardened_or_endless_path_is_refused() {
    let shares = deal(2, 3).unwrap();
    assert_eq!(shares[0].child_public_key(&[0, 1 << 31]), Err(PathError::Hardened(1 << 31)));
    assert_eq!(shares[0].child_public_key(&[0; 256]), Err(PathError::TooDeep(256)));
    let refused = Sign::start(&shares[0], &[1 << 31], &[party(1), party(2)], [1; 32], [2; 32]);
    assert!(matches!(refused, Err(Abort::Retry { .. })));
}

#[test]
fn edge_digests_are_signed() {
    let shares = deal(2, 3).unwrap();
    for digest in [[0; 32], [0xff; 32]] {
        assert_valid(
            &run_sign(&shares[..2], &[1], digest).unwrap(),
            &shares[0].child_public_key(&[1]).unwrap(),
            digest,
        );
    }
}

#[test]
fn both_parities_of_the_recovery_id_occur() {
    let shares = deal(2, 3).unwrap();
    let mut seen = [false; 4];
    for number in 0..64 {
        let signature = run_sign(&shares[1..], &[], [number; 32]).unwrap();
        assert_valid(&signature, &shares[0].public_key(), [number; 32]);
        seen[usize::from(signature.recovery_id)] = true;
        if seen[0] && seen[1] {
            return;
        }
    }
    panic!("64 signatures of one parity");
}

#[test]
fn only_exactly_t_different_members_may_sign() {
    let shares = deal(2, 3).unwrap();
    let refused = |signers: &[u8]| {
        let signers: Vec<_> = signers.iter().map(|index| party(*index)).collect();
        let started = Sign::start(&shares[0], &[], &signers, [1; 32], [2; 32]);
        matches!(started, Err(Abort::Retry { .. }))
    };
    assert!(refused(&[]));
    assert!(refused(&[1]));
    assert!(refused(&[1, 1]));
    assert!(refused(&[1, 2, 3]));
    assert!(refused(&[2, 3]), "without us");
    assert!(refused(&[1, 4]), "an index above n");
    assert!(refused(&[1, 9]));
    assert!(!refused(&[2, 1]), "in any order");
}

/// What one signer was told.
struct Told<'a> {
    share: &'a KeyShare,
    path: &'a [u32],
    session_id: [u8; 32],
    digest: [u8; 32],
}

/// Two signers who were told different things by a coordinator: both give up, neither bans.
fn assert_both_retry(told: [Told<'_>; 2]) {
    let signers = [told[0].share.me(), told[1].share.me()];
    let starts = told.map(|told| {
        (told.share.me(), Sign::start(told.share, told.path, &signers, told.session_id, told.digest))
    });
    for (party, outcome) in Room::seat(starts).unwrap().run() {
        let aborted = outcome.output();
        assert!(matches!(aborted, Err(Abort::Retry { .. })), "party {party}: {aborted:?}");
    }
}

#[test]
fn signers_who_were_told_different_things_do_not_sign_and_do_not_ban() {
    let shares = deal(2, 3).unwrap();
    let honest = || Told { share: &shares[0], path: &[0, 5], session_id: [1; 32], digest: [2; 32] };
    let other = || Told { share: &shares[1], path: &[0, 5], session_id: [1; 32], digest: [2; 32] };
    assert_both_retry([honest(), Told { digest: [3; 32], ..other() }]);
    assert_both_retry([honest(), Told { path: &[0, 6], ..other() }]);
    assert_both_retry([honest(), Told { path: &[0], ..other() }]);
    assert_both_retry([honest(), Told { session_id: [4; 32], ..other() }]);
}

#[test]
fn shares_of_different_keys_do_not_sign() {
    let (one, other) = (deal(2, 3).unwrap(), deal(2, 3).unwrap());
    let told = |share| Told { share, path: &[], session_id: [1; 32], digest: [2; 32] };
    assert_both_retry([told(&one[0]), told(&other[1])]);
}

#[test]
fn signers_who_disagree_about_the_third_do_not_sign() {
    let shares = deal(3, 4).unwrap();
    let digest = [9; 32];
    let session_id = fresh_session_id();
    let starts = [(0, [1, 2, 3]), (1, [1, 2, 4]), (2, [1, 2, 3]), (3, [1, 2, 4])].map(|(seat, signers)| {
        let share: &KeyShare = &shares[seat];
        (share.me(), Sign::start(share, &[], &signers.map(party), session_id, digest))
    });
    for (_, outcome) in Room::seat(starts).unwrap().run() {
        assert!(matches!(outcome.output(), Err(Abort::Retry { .. })));
    }
}

#[test]
fn signing_changes_nothing_in_a_share() {
    let shares = deal(2, 3).unwrap();
    let before = shares[0].to_bytes();
    run_sign(&shares[..2], &[3], [1; 32]).unwrap();
    assert_eq!(before, shares[0].to_bytes());
}
