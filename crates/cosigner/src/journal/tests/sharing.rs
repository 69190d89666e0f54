//! What is not believed of others' journals.

use wire::message::SignedEntry;

use super::*;
use crate::house::{HOUR, cosigner_key};
use crate::journal::{Body, EntryFault};
use payout::time::CLOCK_SKEW_MS;

/// An entry of co-signer 2, which the test may lie in.
fn entry(cosigners: &Cosigners, seq: u64, previous: Digest, body: &Body) -> SignedEntry {
    let bytes = postcard::to_stdvec(body).unwrap();
    SignedEntry::sign(&cosigner_key(2), 2, seq, previous, cosigners.clock, bytes)
}

fn sight(text: &str) -> Body {
    Body::Sight { intent: Digest::of("test", &[text.as_bytes()]) }
}

fn merge(cosigners: &Cosigners, entries: Vec<SignedEntry>) -> Result<usize, MergeError> {
    cosigners.journal(1).merge(3, entries, &[], cosigners.clock).map(|merged| merged.new)
}

#[track_caller]
fn assert_faulty(cosigners: &Cosigners, entry: SignedEntry, fault: EntryFault) {
    match merge(cosigners, vec![entry]) {
        Err(MergeError::Entry(found)) => assert_eq!(found, fault),
        other => panic!("{other:?} instead of {fault}"),
    }
}

#[test]
fn journals_spread_over_others() {
    let mut cosigners = Cosigners::new(2, 3);
    let (intent, request) = cosigners.small(1);
    cosigners.sign(&[1, 2], &request).unwrap();
    // The third hears of the first's entries from the second.
    cosigners.tell(1, 2).unwrap();
    cosigners.tell(2, 3).unwrap();
    assert_eq!(cosigners.journal(3).heads(), cosigners.journal(2).heads());
    assert!(cosigners.journal(3).with(|union| union.contributed(&intent.digest())));
    assert!(!cosigners.journal(3).with(|union| union.contributed_by_me(&intent.digest())));
    // And still knows after a restart.
    block_on(cosigners.journal(3).flush()).unwrap();
    cosigners.restart(3).unwrap();
    assert_eq!(cosigners.journal(3).heads(), cosigners.journal(2).heads());
}

#[test]
fn entries_that_are_held_already_change_nothing() {
    let cosigners = Cosigners::new(2, 3);
    let first = entry(&cosigners, 1, cosigners.house.genesis.deployment(), &sight("a"));
    assert_eq!(merge(&cosigners, vec![first.clone(), first.clone()]).unwrap(), 1);
    assert_eq!(merge(&cosigners, vec![first]).unwrap(), 0);
}

#[test]
fn a_forged_or_altered_entry_is_refused() {
    let cosigners = Cosigners::new(2, 3);
    let deployment = cosigners.house.genesis.deployment();
    let sound = entry(&cosigners, 1, deployment, &sight("a"));
    let mut altered = sound.clone();
    altered.at = altered.at.plus(1);
    assert_faulty(&cosigners, altered, EntryFault::Signature { author: 2, seq: 1 });
    let mut moved = sound.clone();
    moved.author = 3;
    assert_faulty(&cosigners, moved, EntryFault::Signature { author: 3, seq: 1 });
    let mut stranger = sound;
    stranger.author = 4;
    assert_faulty(&cosigners, stranger, EntryFault::UnknownAuthor(4));
}

#[test]
fn a_journal_of_another_deployment_is_refused() {
    let cosigners = Cosigners::new(2, 3);
    let foreign = entry(&cosigners, 1, Digest::of("another", &[]), &sight("a"));
    assert_faulty(&cosigners, foreign, EntryFault::Equivocation { author: 2, seq: 0 });
}

#[test]
fn a_gap_is_refused() {
    let cosigners = Cosigners::new(2, 3);
    let third = entry(&cosigners, 3, cosigners.house.genesis.deployment(), &sight("a"));
    assert_faulty(&cosigners, third, EntryFault::Gap { author: 2, expected: 1, found: 3 });
}

#[test]
fn two_entries_with_one_number_raise_an_alarm() {
    let cosigners = Cosigners::new(2, 3);
    let deployment = cosigners.house.genesis.deployment();
    merge(&cosigners, vec![entry(&cosigners, 1, deployment, &sight("a"))]).unwrap();
    let twin = entry(&cosigners, 1, deployment, &sight("b"));
    assert_faulty(&cosigners, twin, EntryFault::Equivocation { author: 2, seq: 1 });
    assert!(cosigners.journal(1).alarms()[0].contains("two different entries 1"));
}

#[test]
fn an_entry_from_the_future_is_held_until_the_clocks_agree() {
    let cosigners = Cosigners::new(2, 3);
    let deployment = cosigners.house.genesis.deployment();
    let bytes = postcard::to_stdvec(&sight("a")).unwrap();
    let at = cosigners.clock.plus(CLOCK_SKEW_MS + 1);
    let ahead = SignedEntry::sign(&cosigner_key(2), 2, 1, deployment, at, bytes);
    assert_faulty(&cosigners, ahead, EntryFault::Future { author: 2, seq: 1, ahead_ms: CLOCK_SKEW_MS + 1 });
}

#[test]
fn an_entry_that_goes_back_in_time_is_refused() {
    let cosigners = Cosigners::new(2, 3);
    let first = entry(&cosigners, 1, cosigners.house.genesis.deployment(), &sight("a"));
    let bytes = postcard::to_stdvec(&sight("b")).unwrap();
    let earlier = cosigners.clock.plus(-1);
    let second = SignedEntry::sign(&cosigner_key(2), 2, 2, first.hash(), earlier, bytes);
    merge(&cosigners, vec![first]).unwrap();
    assert_faulty(&cosigners, second, EntryFault::Backwards { author: 2, seq: 2 });
}

#[test]
fn an_entry_that_this_version_cannot_read_is_refused() {
    let cosigners = Cosigners::new(2, 3);
    let deployment = cosigners.house.genesis.deployment();
    let mut trailing = postcard::to_stdvec(&sight("a")).unwrap();
    trailing.push(0);
    for bytes in [vec![], vec![0xff, 1], trailing] {
        let entry = SignedEntry::sign(&cosigner_key(2), 2, 1, deployment, cosigners.clock, bytes);
        assert_faulty(&cosigners, entry, EntryFault::Unreadable { author: 2, seq: 1 });
    }
}

#[test]
fn a_lie_about_an_amount_does_not_loosen_a_limit() {
    let mut cosigners = Cosigners::new(2, 3);
    let (_, request) = cosigners.small(1);
    let mut facts = cosigners.outline(2, &[1, 2], &request).unwrap().demand().facts().clone();
    facts.amount = payout::money::Amount::ZERO;
    let lie = Body::Contribution(Box::new(crate::journal::Contribution {
        facts: facts.clone(),
        session: Digest::of("lie", &[]),
    }));
    let mut lies = vec![entry(&cosigners, 1, cosigners.house.genesis.deployment(), &lie)];
    // Dated back out of the window as well.
    facts.amount = payout::money::Amount::from_u256(payout::money::Amount::from_u128(1).as_u256() << 250);
    let absurd =
        Body::Contribution(Box::new(crate::journal::Contribution { facts, session: Digest::of("lie", &[]) }));
    merge(&cosigners, lies.clone()).unwrap();
    let next = entry(&cosigners, 2, lies.remove(0).hash(), &absurd);
    assert_faulty(&cosigners, next, EntryFault::Absurd { author: 2, seq: 2 });
    cosigners.sign(&[1, 3], &request).unwrap();
    let used = cosigners.journal(1).with(|union| {
        union.rule_use(union.anybody(), &"small".parse().unwrap(), &crate::house::usdt(), None, None)
    });
    assert_eq!((used.window_count, used.total), (1, crate::house::tokens(50)));
}

#[test]
fn a_stop_that_nobody_signed_is_no_entry() {
    let cosigners = Cosigners::new(2, 3);
    let mut act = crate::house::act("ann", payout::approval::Act::Reject, &cosigners.house.intent(1));
    act.act = payout::approval::Act::Withdraw;
    let forged = entry(&cosigners, 1, cosigners.house.genesis.deployment(), &Body::Stop { act });
    assert_faulty(&cosigners, forged, EntryFault::Forged { author: 2, seq: 1 });
}

#[test]
fn a_fault_in_one_journal_does_not_hold_up_anothers() {
    let cosigners = Cosigners::new(2, 3);
    let deployment = cosigners.house.genesis.deployment();
    let gap = entry(&cosigners, 2, deployment, &sight("a"));
    let bytes = postcard::to_stdvec(&sight("b")).unwrap();
    let sound = SignedEntry::sign(&cosigner_key(3), 3, 1, deployment, cosigners.clock, bytes);
    let faulty = merge(&cosigners, vec![gap, sound.clone()]).unwrap_err();
    assert!(matches!(&faulty, MergeError::Entry(EntryFault::Gap { author: 2, .. })), "{faulty}");
    assert_eq!(cosigners.journal(1).heads()[2], sound.head());
    // Whoever brought it is not to blame; its author is.
    assert!(!faulty.ends_sessions_with(3));
    assert!(faulty.ends_sessions_with(2));
}

#[test]
fn an_entry_that_is_too_long_to_be_passed_on_is_refused() {
    let cosigners = Cosigners::new(2, 3);
    let long = Body::Never { intent: Digest::of("test", &[]), reason: "x".repeat(100_000) };
    let long = entry(&cosigners, 1, cosigners.house.genesis.deployment(), &long);
    let length = long.body.len();
    assert_faulty(&cosigners, long, EntryFault::TooLong { author: 2, seq: 1, length });
}

#[test]
fn a_freeze_that_no_honest_cosigner_would_have_taken_is_no_entry() {
    use crate::house::{key, name};
    use payout::approval::{Freeze, FreezeOrder};
    let cosigners = Cosigners::new(2, 3);
    let deployment = cosigners.house.genesis.deployment();
    let order = |reason: String, ahead| {
        let at = cosigners.clock.plus(ahead);
        Body::Freeze {
            order: FreezeOrder::sign(&key("ann"), name("ann"), deployment, Freeze::Freeze, reason, at),
        }
    };
    let day = 24 * crate::house::HOUR;
    // From the end of time: no lift could ever be dated after it.
    for body in [order("for ever".to_owned(), day + 1), order("x".repeat(201), 0)] {
        let body = entry(&cosigners, 1, deployment, &body);
        assert_faulty(&cosigners, body, EntryFault::Order { author: 2, seq: 1 });
    }
    let sound = entry(&cosigners, 1, deployment, &order("stolen laptop".to_owned(), day));
    assert_eq!(merge(&cosigners, vec![sound]).unwrap(), 1);
}

#[test]
fn a_journal_that_grows_too_fast_is_taken_in_later() {
    let cosigners = Cosigners::new(2, 3);
    let allowance = crate::journal::pace::Allowance::new(500, 1_000);
    cosigners.journal(1).0.change().taken_in.insert(2, allowance);
    let mut entries = vec![entry(&cosigners, 1, cosigners.house.genesis.deployment(), &sight("1"))];
    for seq in 2..=5 {
        let previous = entries[entries.len() - 1].hash();
        entries.push(entry(&cosigners, seq, previous, &sight(&seq.to_string())));
    }
    let fault = EntryFault::TooMuch { author: 2, seq: 3 };
    match merge(&cosigners, entries.clone()) {
        Err(MergeError::Entry(found)) => assert_eq!(found, fault),
        other => panic!("{other:?}"),
    }
    assert_eq!(cosigners.journal(1).heads()[1].seq, 2);
    assert!(cosigners.journal(1).alarms()[0].contains("co-signer 2's journal grows faster"));
    let later = cosigners.clock.plus(HOUR);
    let merged = cosigners.journal(1).merge(2, entries, &[], later).unwrap_err();
    assert!(matches!(merged, MergeError::Entry(EntryFault::TooMuch { seq: 5, .. })), "{merged}");
}

#[test]
fn stops_and_freezes_that_mean_nothing_do_not_pile_up() {
    use crate::house::{act, key, name};
    use payout::approval::{Act, Freeze, FreezeOrder};
    let mut cosigners = Cosigners::new(2, 3);
    let deployment = cosigners.house.genesis.deployment();
    let intent = cosigners.house.intent(1);
    for number in 0..1_100 {
        let act = act(&format!("nobody-{number}"), Act::Reject, &intent);
        cosigners.lie(2, cosigners.clock, &Body::Stop { act });
        let at = cosigners.clock.plus(-number);
        let order =
            FreezeOrder::sign(&key("tom"), name("tom"), deployment, Freeze::Freeze, String::new(), at);
        cosigners.lie(2, cosigners.clock, &Body::Freeze { order });
    }
    cosigners.tell(2, 1).unwrap();
    let held =
        cosigners.journal(1).with(|union| (union.stops(&intent.digest()).len(), union.freezes().len()));
    assert_eq!(held, (16, 1_000));
    // Another's word is heard all the same.
    cosigners.lie(3, cosigners.clock, &Body::Stop { act: act("ann", Act::Reject, &intent) });
    cosigners.tell(3, 1).unwrap();
    let request = cosigners.house.approved(&intent, 1);
    assert!(cosigners.verify(1, &[1, 2], &request).unwrap_err().reason.contains("ann did reject"));
}
