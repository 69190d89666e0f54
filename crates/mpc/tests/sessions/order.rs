//! Messages that come late, early, twice, from outside, or never.

use mpc::local::{Outcome, Room, deal, fresh_session_id};
use mpc::{Abort, KeyShare, Party, Progress, Session, Sign};
use proptest::prelude::*;

use crate::check::{assert_valid, party};

const DIGEST: [u8; 32] = [0x42; 32];

fn room(shares: &[KeyShare], session_id: [u8; 32]) -> Room<Sign> {
    let signers: Vec<Party> = shares.iter().map(KeyShare::me).collect();
    let starts =
        shares.iter().map(|share| (share.me(), Sign::start(share, &[], &signers, session_id, DIGEST)));
    Room::seat(starts).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_with_repetitions_ends_in_one_signature(mut choices: Vec<(u16, bool)>) {
        let shares = deal(3, 5).unwrap();
        let mut first = None;
        let outcomes = room(&shares[1..4], fresh_session_id()).run_by(|post| {
            if post.is_empty() {
                return None;
            }
            let (pick, again) = choices.pop().unwrap_or((u16::MAX, false));
            let place = usize::from(pick) % post.len();
            Some(if again { post[place].clone() } else { post.remove(place) })
        });
        for (_, outcome) in outcomes {
            let signature = outcome.output().unwrap();
            assert_valid(&signature, &shares[0].public_key(), DIGEST);
            assert_eq!(*first.get_or_insert(signature), signature);
        }
    }
}

#[test]
fn the_same_message_again_is_ignored_and_another_in_its_place_ends_the_session() {
    let shares = deal(3, 5).unwrap();
    let mut room = room(&shares[..3], fresh_session_id());
    let message = room.post.remove(0);
    assert_eq!(room.deliver(&message), None);
    assert_eq!(room.deliver(&message), Some("the same message again"));
    let mut other = message.clone();
    other.payload[40] ^= 1;
    assert_eq!(room.deliver(&other), None);
    assert_eq!(room.deliver(&message), Some("the session has ended"));
    match room.outcomes().remove(&message.to) {
        Some(Outcome::Aborted(Abort::Retry { why })) => {
            assert!(why.contains("two different messages"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_outside_the_session_can_end_it() {
    let shares = deal(2, 3).unwrap();
    let mut room = room(&shares[..2], fresh_session_id());
    let mut message = room.post.remove(0);
    let from = message.from;
    for outsider in [party(3), party(9), message.to] {
        message.from = outsider;
        assert_eq!(room.deliver(&message), Some("the sender is no other party of this session"));
    }
    message.from = from;
    room.post.insert(0, message);
    for (_, outcome) in room.run() {
        assert_valid(&outcome.output().unwrap(), &shares[0].public_key(), DIGEST);
    }
}

#[test]
fn a_message_of_no_round_or_two_rounds_ahead_is_refused_without_a_ban() {
    let shares = deal(2, 3).unwrap();
    for round in [0, 3, 4, 255] {
        let mut room = room(&shares[..2], fresh_session_id());
        let mut message = room.post.remove(0);
        message.round = round;
        room.deliver(&message);
        let outcome = room.outcomes().remove(&message.to).unwrap();
        assert!(matches!(outcome, Outcome::Aborted(Abort::Retry { .. })), "round {round}: {outcome:?}");
    }
}

#[test]
fn a_message_of_another_round_in_its_place_is_refused_without_a_ban() {
    let shares = deal(2, 3).unwrap();
    let mut room = room(&shares[..2], fresh_session_id());
    let mut message = room.post.remove(0);
    message.round = 2;
    room.deliver(&message);
    let outcome = room.outcomes().remove(&message.to).unwrap();
    assert!(matches!(outcome, Outcome::Aborted(Abort::Retry { .. })), "{outcome:?}");
}

#[test]
fn messages_of_an_earlier_session_are_refused_without_a_ban() {
    let shares = deal(2, 3).unwrap();
    let (mut old, mut new) = (Vec::new(), [1, 2, 3].map(|_| room(&shares[..2], fresh_session_id())));
    let outcomes = room(&shares[..2], fresh_session_id()).run_by(|post| {
        let next = if post.is_empty() { None } else { Some(post.remove(0)) };
        old.extend(next.clone());
        next
    });
    assert!(outcomes.into_values().all(|outcome| outcome.output().is_ok()));
    for (round, room) in (1..).zip(new.iter_mut()) {
        // The honest run up to the round, then the recorded message in place of the honest one.
        while let Some(envelope) = (!room.post.is_empty()).then(|| room.post.remove(0)) {
            if envelope.round == round {
                let recorded = old
                    .iter()
                    .find(|old| (old.round, old.from, old.to) == (round, envelope.from, envelope.to))
                    .unwrap();
                room.deliver(recorded);
            } else {
                room.deliver(&envelope);
            }
        }
    }
    for room in new {
        for (_, outcome) in room.outcomes() {
            assert!(matches!(outcome, Outcome::Aborted(Abort::Retry { .. })), "{outcome:?}");
        }
    }
}

#[test]
fn a_signer_that_stops_in_any_round_is_whom_the_others_wait_for() {
    let shares = deal(3, 5).unwrap();
    for stops_in in 1..=3 {
        let silent = party(2);
        let outcomes = room(&shares[..3], fresh_session_id()).run_by(|post| {
            post.retain(|envelope| envelope.from != silent || envelope.round < stops_in);
            if post.is_empty() { None } else { Some(post.remove(0)) }
        });
        for (who, outcome) in outcomes {
            if who == silent {
                continue;
            }
            let Outcome::Waiting(missing) = outcome else { panic!("{outcome:?}") };
            assert_eq!(missing, [silent], "round {stops_in}");
        }
        // After a restart the session is dead; a new one is for all.
        for (_, outcome) in room(&shares[..3], fresh_session_id()).run() {
            assert!(outcome.output().is_ok());
        }
    }
}

#[test]
fn a_session_tells_its_round_and_prints_no_secret() {
    let shares = deal(2, 3).unwrap();
    let (mut session, send) = Sign::start(&shares[0], &[], &[party(1), party(2)], [7; 32], DIGEST).unwrap();
    assert_eq!((session.round(), session.waiting_for()), (1, vec![party(2)]));
    assert_eq!(send.len(), 1);
    assert_eq!((send[0].round, send[0].to), (1, Some(party(2))));
    assert_eq!(format!("{session:?}"), "Sign { round: 1, waiting_for: [Party(2)], .. }");
    assert_eq!(
        format!("{:?}", send[0]),
        format!("Outgoing {{ round: 1, to: Some(Party(2)), bytes: {} }}", send[0].payload.len())
    );
    assert!(session.receive(party(2), 1, b"garbage").is_err());
    assert_eq!((session.round(), session.waiting_for()), (0, vec![]));
    assert!(matches!(session.receive(party(2), 1, b"garbage"), Ok(Progress::Ignored { .. })));
}
