//! The hash chain: what was altered, taken out, put in or moved is found.

use super::samples::{at, build, cid, in_state, intent, signed, states, steps};
use crate::ids::{Cid, Digest};
use crate::life::{
    Broken, Cause, Entry, Event, Payout, Record, Requirement, Screening, State, Step, verify_history,
};

fn events() -> Vec<Event> {
    let by = |name: &str| name.parse().unwrap();
    vec![
        Event::ApprovalGiven { by: by("ann") },
        Event::ApprovalComplete { by: by("bob") },
        Event::Built { build: build(1) },
        Event::SigningStarted,
        Event::Signed { tx: signed(1) },
        Event::Broadcast,
        Event::Broadcast,
    ]
}

fn accepted(payout: &Payout) -> Record {
    Record::Accepted { intent: Box::new(payout.intent.clone()), state: Box::new(payout.state.clone()) }
}

fn begun(payout: &Payout) -> Entry {
    Entry::first(payout.intent.cid, at(1), Cause::Caller(payout.intent.project), accepted(payout))
}

/// A whole life with its history.
fn lived() -> (Payout, Vec<Entry>) {
    let mut payout = Payout::accept(intent(), steps(), Screening::None);
    let mut entries = vec![begun(&payout)];
    for (event, ms) in events().into_iter().zip(10..) {
        let last = entries.last().unwrap();
        entries.push(last.next(at(ms), Cause::Engine(Step::Sign), Record::Event(Box::new(event.clone()))));
        payout = payout.apply(event, at(ms)).unwrap();
    }
    (payout, entries)
}

/// Hashes anew from `first` on, as somebody would who can write the database.
fn rehashed(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut previous = Entry::ORIGIN;
    for (entry, seq) in entries.iter_mut().zip(0..) {
        *entry = Entry::chain(entry.cid, seq, previous, entry.at, entry.cause.clone(), entry.record.clone());
        previous = entry.hash;
    }
    entries
}

#[track_caller]
fn assert_broken(entries: &[Entry], seq: u32) {
    match verify_history(cid(), entries) {
        Err(Broken { seq: found, .. }) => assert_eq!(found, seq),
        Ok(_) => panic!("verifies"),
    }
}

#[test]
fn a_history_replays_to_the_state_it_led_to() {
    let (payout, entries) = lived();
    assert_eq!(verify_history(cid(), &entries), Ok(payout));
}

#[test]
fn each_beginning_of_a_history_is_one() {
    // A cut tail cannot be seen from inside: that is what the co-signers' checkpoints over heads are for.
    let (_, entries) = lived();
    for length in 1..=entries.len() {
        assert!(verify_history(cid(), &entries[..length]).is_ok());
    }
}

#[test]
fn the_first_hash_equals_one_computed_with_pythons_hashlib() {
    let entry = Entry::first(
        Cid::new(9).unwrap(),
        at(1),
        Cause::Engine(Step::Build),
        Record::Event(Box::new(Event::Broadcast)),
    );
    // Parts: "9", four zero bytes, 32 zero bytes, "1", {"engine":"build"}, {"event":{"event":"broadcast"}}.
    assert_eq!(entry.hash.to_string(), "c2f6ae9f68e741e1bf1756e0cbf89c1741f22cbd269422209247f59039990776");
}

#[test]
fn any_altered_part_of_any_entry_is_found() {
    let (_, entries) = lived();
    let alterations: [fn(&mut Entry); 6] = [
        |entry| entry.cid = Cid::new(10).unwrap(),
        |entry| entry.seq += 1,
        |entry| entry.at = entry.at.plus(1),
        |entry| entry.cause = Cause::Engine(Step::Confirm),
        |entry| entry.previous = Digest::from_bytes([1; 32]),
        |entry| entry.hash = Digest::from_bytes([1; 32]),
    ];
    for at in 0..entries.len() {
        for alter in alterations {
            let mut altered = entries.clone();
            alter(&mut altered[at]);
            assert_broken(&altered, u32::try_from(at).unwrap());
        }
    }
}

#[test]
fn an_altered_record_is_found() {
    let (payout, entries) = lived();
    let mut richer = payout.intent.clone();
    richer.to = "0xee".parse().unwrap();
    let mut altered = entries.clone();
    altered[0].record = accepted(&Payout::accept(richer, steps(), Screening::None));
    assert_broken(&altered, 0);

    let mut altered = entries;
    altered[1].record = Record::Event(Box::new(Event::ApprovalGiven { by: "eve".parse().unwrap() }));
    assert_broken(&altered, 1);
}

#[test]
fn an_entry_that_was_taken_out_put_in_or_moved_is_found() {
    let (_, entries) = lived();
    for at in 0..entries.len() - 1 {
        let seq = u32::try_from(at).unwrap();
        let mut shorter = entries.clone();
        shorter.remove(at);
        assert_broken(&shorter, seq);
        let mut longer = entries.clone();
        longer.insert(at, entries[at].clone());
        assert_broken(&longer, seq + 1);
        let mut moved = entries.clone();
        moved.swap(at, at + 1);
        assert_broken(&moved, seq);
    }
}

#[test]
fn an_event_that_could_not_have_happened_is_found_even_with_true_hashes() {
    let (_, entries) = lived();
    // Without the second approval it could not have been built.
    let mut unapproved = entries.clone();
    unapproved.remove(2);
    assert_broken(&rehashed(unapproved), 2);
    // It cannot begin twice, nor in the middle, nor not at all.
    let mut twice = entries.clone();
    twice.insert(1, entries[0].clone());
    assert_broken(&rehashed(twice), 1);
    assert_broken(&rehashed(entries[1..].to_vec()), 0);
    assert_broken(&[], 0);
}

#[test]
fn a_history_belongs_to_one_payout() {
    let (_, entries) = lived();
    let other = Cid::new(10).unwrap();
    assert!(verify_history(other, &entries).is_err());
    // Nor can another payout's intent be told under this number.
    let stranger = Payout { intent: crate::intent::Intent { cid: other, ..intent() }, state: State::Queued };
    let first = Entry::first(cid(), at(1), Cause::Caller(intent().project), accepted(&stranger));
    assert_broken(&[first], 0);
}

#[test]
fn a_payout_begins_only_where_accepting_puts_it() {
    for (name, state) in states() {
        let payout = in_state(state);
        let begins = matches!(
            payout.state,
            State::Undecided { .. } | State::Screening { .. } | State::Approving { .. } | State::Queued
        );
        assert_eq!(verify_history(cid(), &[begun(&payout)]).is_ok(), begins, "{name}");
    }
    let denied = Payout::denied(intent(), "deny".to_owned());
    assert!(verify_history(cid(), &[begun(&denied)]).is_ok());
    let automatic = Payout::accept(intent(), Requirement::Nobody, Screening::None);
    assert!(verify_history(cid(), &[begun(&automatic)]).is_ok());
}

#[test]
fn an_export_reads_back_from_json_and_still_verifies() {
    let (payout, entries) = lived();
    let text = serde_json::to_string(&entries).unwrap();
    let read: Vec<Entry> = serde_json::from_str(&text).unwrap();
    assert_eq!(verify_history(cid(), &read), Ok(payout));
}
