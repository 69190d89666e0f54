//! One changed byte anywhere in a signature's messages: no panic, no invalid signature, and a ban exactly where the
//! library's long-term state was attacked.

use mpc::local::{Envelope, Outcome, Room, deal, fresh_session_id};
use mpc::{Abort, KeyShare, Sign, Signature};
use proptest::prelude::*;

use crate::check::{assert_valid, party};

const DIGEST: [u8; 32] = [0x17; 32];

fn room(shares: &[KeyShare]) -> Room<Sign> {
    let (signers, session_id) = ([party(1), party(2)], fresh_session_id());
    let starts =
        shares[..2].iter().map(|share| (share.me(), Sign::start(share, &[4], &signers, session_id, DIGEST)));
    Room::seat(starts).unwrap()
}

/// Runs with one message from 1 to 2 changed; checks whatever signature comes out; returns how 2, the victim, ended.
fn victim(shares: &[KeyShare], round: u8, change: impl Fn(&mut Vec<u8>)) -> Outcome<Signature> {
    let mut outcomes = room(shares).run_by(|post| {
        let mut next: Envelope = (!post.is_empty()).then(|| post.remove(0))?;
        if (next.round, next.from) == (round, party(1)) {
            change(&mut next.payload);
        }
        Some(next)
    });
    for outcome in outcomes.values() {
        match outcome {
            Outcome::Done(signature) => {
                assert_valid(signature, &shares[0].child_public_key(&[4]).unwrap(), DIGEST);
            }
            Outcome::Aborted(Abort::Ban { culprit, .. }) => assert_eq!(*culprit, party(1)),
            Outcome::Aborted(Abort::Retry { .. }) | Outcome::Waiting(_) => {}
        }
    }
    outcomes.remove(&party(2)).unwrap()
}

fn message_bytes(shares: &[KeyShare], round: u8) -> usize {
    let mut length = 0;
    room(shares).run_by(|post| {
        let next = (!post.is_empty()).then(|| post.remove(0))?;
        if next.round == round {
            length = next.payload.len();
        }
        Some(next)
    });
    length
}

/// What must come of a change at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Retry,
    Ban,
    /// A changed point or scalar may not parse; then it attacks nothing.
    BanUnlessGarbled,
}

/// Fields of a message in order: name, bytes, what a change in them must lead to.
type Layout = [(&'static str, usize, Expected)];

const ROUND_1: &Layout = &[
    ("sender and receiver", 2, Expected::Retry),
    ("session binding", 32, Expected::Retry),
    ("commitment", 32, Expected::Retry),
    ("extension nonce", 32, Expected::Ban),
    ("length of u", 3, Expected::Retry),
    ("u", 256 * 78, Expected::Ban),
    ("x", 26, Expected::Ban),
    ("length of t", 2, Expected::Retry),
    ("t", 256 * 26, Expected::Ban),
];

const ROUND_2: &Layout = &[
    ("sender and receiver", 2, Expected::Retry),
    ("session binding", 32, Expected::Retry),
    ("gamma u", 34, Expected::BanUnlessGarbled),
    ("gamma v", 34, Expected::BanUnlessGarbled),
    ("psi", 33, Expected::Retry),
    ("public share", 34, Expected::BanUnlessGarbled),
    ("instance point", 34, Expected::Retry),
    ("salt", 65, Expected::Retry),
    ("number of rows of tau", 1, Expected::Retry),
    ("length of a row", 2, Expected::Retry),
    ("first row of tau", 416 * 33, Expected::BanUnlessGarbled),
    ("length of a row", 2, Expected::Retry),
    ("second row of tau", 416 * 33, Expected::BanUnlessGarbled),
    ("length of a row", 2, Expected::Retry),
    ("third row of tau", 416 * 33, Expected::BanUnlessGarbled),
    ("length of a row", 2, Expected::Retry),
    ("fourth row of tau", 416 * 33, Expected::BanUnlessGarbled),
    ("extension salt", 32, Expected::Ban),
    ("r", 32, Expected::Ban),
    ("length of u", 1, Expected::Retry),
    ("u", 66, Expected::BanUnlessGarbled),
    ("length of gamma", 1, Expected::Retry),
    ("gamma", 66, Expected::BanUnlessGarbled),
];

const ROUND_3: &Layout = &[("u", 33, Expected::Retry), ("w", 33, Expected::Retry)];

/// Changes one bit at the first and last bytes of every field and at some in between.
fn change_every_field(round: u8, layout: &Layout) {
    let shares = deal(2, 3).unwrap();
    let total: usize = layout.iter().map(|(_, bytes, _)| bytes).sum();
    assert_eq!(message_bytes(&shares, round), total, "the layout of round {round}");
    let mut start = 0;
    for (field, bytes, expected) in layout {
        let step = (bytes / 9).max(1);
        for place in (0..*bytes).step_by(step).chain([bytes - 1]) {
            let outcome = victim(&shares, round, |payload| payload[start + place] ^= 1 << (place % 8));
            let fits = match (&outcome, expected) {
                (Outcome::Aborted(Abort::Retry { .. }), Expected::Retry)
                | (Outcome::Aborted(Abort::Ban { .. }), Expected::Ban | Expected::BanUnlessGarbled) => true,
                (Outcome::Aborted(Abort::Retry { why }), Expected::BanUnlessGarbled) => {
                    why.contains("does not parse") || why.contains("one encoding")
                }
                _ => false,
            };
            assert!(fits, "round {round}, {field}, byte {place}: {outcome:?} where {expected:?} is expected");
        }
        start += bytes;
    }
}

#[test]
fn a_changed_bit_in_any_field_of_round_1_bans_or_retries_as_it_must() {
    change_every_field(1, ROUND_1);
}

#[test]
fn a_changed_bit_in_any_field_of_round_2_bans_or_retries_as_it_must() {
    change_every_field(2, ROUND_2);
}

#[test]
fn a_changed_bit_in_any_field_of_round_3_releases_no_signature() {
    change_every_field(3, ROUND_3);
}

#[test]
fn a_message_that_is_cut_or_goes_on_is_refused_without_a_ban() {
    let shares = deal(2, 3).unwrap();
    for round in 1..=3 {
        let length = message_bytes(&shares, round);
        for cut in [0, 1, length / 2, length - 1] {
            let outcome = victim(&shares, round, |payload| payload.truncate(cut));
            assert!(matches!(outcome, Outcome::Aborted(Abort::Retry { .. })), "{round} {cut}: {outcome:?}");
        }
        for extra in [1, 300_000] {
            let outcome = victim(&shares, round, |payload| payload.resize(length + extra, 0));
            assert!(matches!(outcome, Outcome::Aborted(Abort::Retry { .. })), "{round} {extra}: {outcome:?}");
        }
    }
}

#[test]
fn a_multiplication_message_of_wrong_dimensions_is_garbage_and_no_reason_for_a_ban() {
    let shares = deal(2, 3).unwrap();
    // One row of t less: the library would call it an attack.
    let start: usize = ROUND_1[..7].iter().map(|(_, bytes, _)| bytes).sum();
    let outcome = victim(&shares, 1, |payload| {
        payload.splice(start..start + 2, [0xff, 0x01]);
        payload.truncate(payload.len() - 26);
    });
    assert!(
        matches!(&outcome, Outcome::Aborted(Abort::Retry { why }) if why.contains("dimensions")),
        "{outcome:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_in_any_round_is_refused_without_a_ban(round in 1u8..=3, garbage: Vec<u8>) {
        let shares = deal(2, 3).unwrap();
        let outcome = victim(&shares, round, |payload| garbage.clone_into(payload));
        let refused = matches!(outcome, Outcome::Aborted(Abort::Retry { .. }));
        prop_assert!(refused);
    }
}
