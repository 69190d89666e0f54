//! Key generation with a hostile party.

use dkls23::utilities::commits::commit;
use mpc::local::{Envelope, Outcome, Room, fresh_session_id, run_keygen, run_sign};
use mpc::{Abort, KeyShare, Keygen, Progress};
use proptest::prelude::*;

use crate::check::party;

fn room(threshold: u8, parties: u8) -> Room<Keygen> {
    let session_id = fresh_session_id();
    let starts = (1..=parties)
        .map(|index| (party(index), Keygen::start(party(index), threshold, parties, session_id)));
    Room::seat(starts).unwrap()
}

/// Runs with every message of party 3 (of the last, if there are two) passing through `change`.
fn run_with(
    threshold: u8,
    parties: u8,
    mut change: impl FnMut(&mut Envelope, &[Envelope]),
) -> Vec<Outcome<KeyShare>> {
    let mut seen = Vec::new();
    let outcomes = room(threshold, parties).run_by(|post| {
        // The hostile party hears the others before it speaks.
        let honest = post.iter().position(|envelope| envelope.from != party(parties));
        let mut next = (!post.is_empty()).then(|| post.remove(honest.unwrap_or(0)))?;
        if next.from == party(parties) {
            change(&mut next, &seen);
        }
        seen.push(next.clone());
        Some(next)
    });
    outcomes.into_values().collect()
}

/// No honest party ends with a share, and none bans: there is no long-term state yet that could be attacked.
fn assert_no_key(outcomes: &[Outcome<KeyShare>]) {
    let honest = &outcomes[..outcomes.len() - 1];
    assert!(honest.iter().any(|outcome| matches!(outcome, Outcome::Aborted(_))), "{outcomes:?}");
    for outcome in honest {
        assert!(
            matches!(outcome, Outcome::Aborted(Abort::Retry { .. }) | Outcome::Waiting(_)),
            "{outcomes:?}"
        );
    }
}

#[test]
fn only_groups_whose_signer_sets_overlap_make_a_key() {
    for (me, threshold, parties) in
        [(1, 1, 1), (1, 1, 2), (1, 2, 4), (1, 4, 3), (1, 0, 0), (1, 5, 10), (4, 2, 3), (9, 2, 3)]
    {
        let started = Keygen::start(party(me), threshold, parties, [1; 32]);
        assert!(matches!(started, Err(Abort::Retry { .. })), "{me}: {threshold} of {parties}");
    }
    assert!(Keygen::start(party(9), 5, 9, [1; 32]).is_ok());
}

#[test]
fn two_ceremonies_make_two_keys() {
    let (one, other) = (run_keygen(2, 2).unwrap(), run_keygen(2, 2).unwrap());
    assert_ne!(one[0].public_key(), other[0].public_key());
    assert_ne!(one[0].chain_code(), other[0].chain_code());
    assert!(run_sign([&one[0], &other[1]], &[], [1; 32]).is_err());
}

#[test]
fn a_changed_fragment_is_noticed() {
    let outcomes = run_with(2, 3, |envelope, _| {
        if (envelope.round, envelope.to) == (1, party(1)) {
            envelope.payload[31] ^= 1;
        }
    });
    assert_no_key(&outcomes);
}

#[test]
fn a_dealer_that_gives_two_chain_codes_is_found_out_before_the_key_is_released() {
    let (fake, _) = commit(b"another part of the chain code");
    let (commitment, salt) = commit(&fake);
    let outcomes = run_with(2, 3, |envelope, _| {
        let length = envelope.payload.len();
        match (envelope.round, envelope.to.index()) {
            (2, 2) => envelope.payload[length - 32..].copy_from_slice(&commitment),
            (3, 2) => {
                envelope.payload[length - 97..length - 65].copy_from_slice(&fake);
                envelope.payload[length - 64..].copy_from_slice(&salt);
            }
            _ => {}
        }
    });
    assert_no_key(&outcomes);
    let told = outcomes[..2].iter().filter(|outcome| {
        matches!(outcome, Outcome::Aborted(Abort::Retry { why }) if why.contains("different things"))
    });
    assert_eq!(told.count(), 2, "both honest parties notice in the last round: {outcomes:?}");
}

#[test]
fn a_dealer_that_plays_two_games_is_found_out() {
    // Party 3 runs two sessions of the same id and shows each to one party.
    let session_id = fresh_session_id();
    let start = |index| Keygen::start(party(index), 2, 3, session_id);
    let (mut other, first) = start(3).unwrap();
    let mut to_second: Vec<_> = first.into_iter().filter(|message| message.to == Some(party(2))).collect();
    let room = Room::seat([1, 2, 3].map(|index| (party(index), start(index)))).unwrap();
    let outcomes = room.run_by(|post| {
        let mut next = (!post.is_empty()).then(|| post.remove(0))?;
        if next.to == party(3)
            && let Ok(Progress::Send(send)) = other.receive(next.from, next.round, &next.payload)
        {
            to_second.extend(send.into_iter().filter(|message| message.to != Some(party(1))));
        }
        if (next.from, next.to) == (party(3), party(2)) {
            let place = to_second.iter().position(|message| message.round == next.round)?;
            next.payload = to_second.swap_remove(place).payload;
        }
        Some(next)
    });
    assert_no_key(&outcomes.into_values().collect::<Vec<_>>());
}

#[test]
fn a_copied_chain_code_commitment_is_refused() {
    // Opened with the original's opening it would cancel that part of the chain code.
    let outcomes = run_with(2, 2, |envelope, seen| {
        if let Some(original) = seen.iter().find(|other| other.round == envelope.round && envelope.round == 2)
        {
            let length = envelope.payload.len();
            envelope.payload[length - 32..].copy_from_slice(&original.payload[length - 32..]);
        }
    });
    assert_no_key(&outcomes);
    assert!(
        matches!(&outcomes[0], Outcome::Aborted(Abort::Retry { why }) if why.contains("same commitment"))
    );
}

#[test]
fn a_changed_bit_in_any_field_makes_no_key_and_bans_nobody() {
    // Offsets from the start, or from the end if negative; see the messages' fields in order.
    let places: [(u8, isize); 13] = [
        (2, 0),    // commitment to the proof
        (2, 33),   // commitment to the seed
        (2, -1),   // commitment to the chain code
        (3, 20),   // point
        (3, 50),   // random commitments
        (3, 4620), // seed
        (3, 4680), // salt
        (3, 4730), // proof of the oblivious transfers' sender
        (3, 9600), // choices
        (3, -140), // their seed
        (3, -97),  // chain code
        (3, -1),   // salt
        (4, 5),    // confirmation
    ];
    for (round, place) in places {
        let outcomes = run_with(2, 2, |envelope, _| {
            if envelope.round == round {
                let length = envelope.payload.len();
                let place = if place < 0 { length.strict_add_signed(place) } else { place.unsigned_abs() };
                envelope.payload[place] ^= 2;
            }
        });
        assert_no_key(&outcomes);
    }
}

proptest! {
    #[test]
    fn garbage_in_any_round_is_refused(round: u8, garbage: Vec<u8>) {
        let (mut session, _) = Keygen::start(party(1), 2, 2, [1; 32]).unwrap();
        // A scalar below the order is a fragment; anything else is none.
        prop_assume!(round != 1 || garbage.len() != 33);
        prop_assume!(round != 2 || garbage.len() != 96);
        let refused = matches!(session.receive(party(2), round, &garbage), Err(Abort::Retry { .. }));
        prop_assert!(refused);
    }
}
