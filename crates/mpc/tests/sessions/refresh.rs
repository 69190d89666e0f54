//! New shares of the same key.

use mpc::local::{Outcome, Room, deal, fresh_session_id, run_refresh, run_sign};
use mpc::{Abort, KeyShare, Refresh};

use crate::check::{assert_valid, party, subsets};

#[test]
fn a_refresh_keeps_the_key_and_makes_the_old_shares_useless_with_the_new() {
    let old = deal(2, 3).unwrap();
    let new = run_refresh(&old).unwrap();
    for (old, new) in old.iter().zip(&new) {
        assert_eq!((old.public_key(), old.chain_code()), (new.public_key(), new.chain_code()));
        assert_eq!((old.me(), old.threshold(), old.parties()), (new.me(), new.threshold(), new.parties()));
        assert_eq!((old.epoch(), new.epoch()), (0, 1));
        assert_ne!(old.to_bytes(), new.to_bytes());
    }
    for signers in subsets(&new, 2) {
        let digest = [1; 32];
        let child = new[0].child_public_key(&[3]).unwrap();
        assert_valid(&run_sign(signers, &[3], digest).unwrap(), &child, digest);
    }
    for (one, other) in [(&old[0], &new[1]), (&new[0], &old[1]), (&old[2], &new[1])] {
        assert!(matches!(run_sign([one, other], &[], [2; 32]), Err(Abort::Retry { .. })), "no ban either");
    }
    // Until all have acknowledged the new epoch, the old one still signs.
    assert_valid(&run_sign(&old[..2], &[], [3; 32]).unwrap(), &old[0].public_key(), [3; 32]);
}

#[test]
fn refreshes_add_up_and_shares_survive_being_stored_between_them() {
    let mut shares = deal(2, 2).unwrap();
    let key = shares[0].public_key();
    for epoch in 1..=2 {
        let stored: Vec<_> = run_refresh(&shares).unwrap().iter().map(KeyShare::to_bytes).collect();
        shares = stored.iter().map(|bytes| KeyShare::from_bytes(bytes).unwrap()).collect();
        assert_eq!(shares[0].epoch(), epoch);
        assert_valid(
            &run_sign(&shares, &[0], [9; 32]).unwrap(),
            &shares[0].child_public_key(&[0]).unwrap(),
            [9; 32],
        );
    }
    assert_eq!(shares[0].public_key(), key);
}

#[test]
fn shares_of_different_epochs_or_keys_do_not_refresh_together() {
    let old = deal(2, 2).unwrap();
    let new = run_refresh(&old).unwrap();
    let other = deal(2, 2).unwrap();
    for (one, two) in [(&old[0], &new[1]), (&old[0], &other[1])] {
        let session_id = fresh_session_id();
        let starts = [one, two].map(|share| (share.me(), Refresh::start(share, session_id)));
        for (_, outcome) in Room::seat(starts).unwrap().run() {
            assert!(matches!(outcome.output(), Err(Abort::Retry { .. })));
        }
    }
}

#[test]
fn a_refresh_without_everyone_does_not_end() {
    let shares = deal(2, 3).unwrap();
    let session_id = fresh_session_id();
    let starts = shares[..2].iter().map(|share| (share.me(), Refresh::start(share, session_id)));
    for (_, outcome) in Room::seat(starts).unwrap().run() {
        assert!(matches!(outcome, Outcome::Waiting(missing) if missing == [party(3)]));
    }
}

#[test]
fn a_changed_bit_in_any_round_leaves_no_new_share_and_bans_nobody() {
    let shares = deal(2, 2).unwrap();
    for (round, place) in [(1, 31), (2, 0), (2, 40), (3, 20), (3, 4620), (3, 50_000), (4, 0)] {
        let session_id = fresh_session_id();
        let starts = shares.iter().map(|share| (share.me(), Refresh::start(share, session_id)));
        let mut outcomes = Room::seat(starts).unwrap().run_by(|post| {
            let mut next = (!post.is_empty()).then(|| post.remove(0))?;
            if (next.round, next.from, next.to) == (round, party(2), party(1)) {
                next.payload[place] ^= 1;
            }
            Some(next)
        });
        let victim = outcomes.remove(&party(1)).unwrap();
        assert!(matches!(victim, Outcome::Aborted(Abort::Retry { .. })), "{round} {place}: {victim:?}");
        for (_, outcome) in outcomes {
            assert!(!matches!(outcome, Outcome::Aborted(Abort::Ban { .. })));
        }
    }
}
