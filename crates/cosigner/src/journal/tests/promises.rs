//! Never, stops and freezes, and sessions that are in flight when they come.

use payout::approval::{Act, Freeze, FreezeOrder};
use wire::message::{Check, Finality, StopAct};

use super::*;
use crate::house::{HOUR, act, cosigner_key, key, name};
use crate::refuse::never;
use crate::verify::{StopOrder, sight};

fn refuse(cosigners: &Cosigners, intent: &Intent) -> Refusal {
    cosigners.promise(1, intent, never(Check::Journal, "ann did reject"))
}

fn stop_order(cosigners: &Cosigners, intent: &Intent) -> StopOrder {
    let stop = StopAct { intent: intent.canonical(), act: act("ann", Act::Reject, intent) };
    StopOrder::check(&cosigners.house.policy, &stop).unwrap()
}

/// Reserved by the first co-signer, in a session with the second.
fn reserved(cosigners: &Cosigners, request: &SignRequest) -> Reservation {
    let claim = cosigners.claim(1, &[1, 2], request).unwrap();
    cosigners.reserve(1, &[1, 2], claim, request).unwrap()
}

#[test]
fn a_refusal_for_ever_is_journaled_before_its_proof_is_given() {
    let mut cosigners = Cosigners::new(2, 3);
    let (intent, request) = cosigners.small(1);
    let proof = refuse(&cosigners, &intent).never.unwrap();
    assert_eq!(proof.verify(&cosigner_key(1).public()), Ok(()));
    assert_eq!((proof.index, proof.intent), (1, intent.digest()));
    cosigners.restart(1).unwrap();
    let refusal = cosigners.sign(&[1, 2], &request).unwrap_err();
    assert_eq!((refusal.check, refusal.finality), (Check::Journal, Finality::Never));
}

#[test]
fn a_promise_is_journaled_once_however_often_it_is_asked_for() {
    let cosigners = Cosigners::new(2, 3);
    let (intent, _) = cosigners.small(1);
    let proofs = [refuse(&cosigners, &intent), refuse(&cosigners, &intent)].map(|said| said.never.unwrap());
    assert_eq!(proofs[0], proofs[1]);
    assert_eq!(cosigners.journal(1).own_seq(), 1);
}

#[test]
fn a_reason_that_quotes_megabytes_does_not_make_an_entry_that_cannot_be_shared() {
    let cosigners = Cosigners::new(2, 3);
    let (intent, _) = cosigners.small(1);
    // What a gateway puts into the text of an amount, and a refusal quotes.
    let refusal = never(Check::Rule, "9".repeat(4_000_000));
    let refusal = cosigners.promise(1, &intent, refusal);
    let proof = refusal.never.unwrap();
    assert!(proof.reason.len() < 2_000, "{} bytes", proof.reason.len());
    let entries = cosigners.journal(1).share(&[]).unwrap().entries;
    let frame = wire::frame::encode(&wire::message::PeerMessage::Entries(entries)).unwrap();
    assert!(frame.len() < 4_000, "{} bytes", frame.len());
    assert!(cosigners.tell(1, 2).is_ok());
}

#[test]
fn the_signatures_of_a_policy_version_are_kept_as_far_as_they_are_looked_at() {
    let mut cosigners = Cosigners::new(2, 3);
    let mut version = cosigners.house.publish(|rules| rules.book_cooling_hours = 48);
    let junk = version.signatures[0].clone();
    version.signatures.extend(std::iter::repeat_n(junk, 20_000));
    block_on(cosigners.journal(1).adopt(version, cosigners.clock)).unwrap();
    let entries = cosigners.journal(1).share(&[]).unwrap().entries;
    assert!(entries[0].body.len() < 32_000, "{} bytes", entries[0].body.len());
}

#[test]
fn no_promise_is_made_where_a_signature_may_exist() {
    let mut cosigners = Cosigners::new(2, 3);
    let (intent, request) = cosigners.small(1);
    // In flight already.
    let in_flight = reserved(&cosigners, &request);
    assert_eq!(refuse(&cosigners, &intent).never, None);
    drop(in_flight);
    // Contributed, though the session came to nothing.
    let (intent, request) = cosigners.small(2);
    let session = cosigners.session_id();
    cosigners.commit(reserved(&cosigners, &request), session).unwrap();
    assert_eq!(refuse(&cosigners, &intent).never, None);
}

#[test]
fn a_stop_that_arrives_after_the_checks_prevents_the_contribution() {
    let mut cosigners = Cosigners::new(2, 3);
    let intent = cosigners.house.intent(1);
    let request = cosigners.house.approved(&intent, 1);
    let in_flight = reserved(&cosigners, &request);
    block_on(cosigners.journal(1).stop(stop_order(&cosigners, &intent), cosigners.clock)).unwrap();
    let session = cosigners.session_id();
    let refused = cosigners.commit(in_flight, session).unwrap_err();
    assert!(matches!(refused, CommitError::Refused(refusal) if refusal.check == Check::Journal));
    // And for ever, also for a co-signer that only heard of it.
    let refusal = cosigners.sign(&[1, 2], &request).unwrap_err();
    assert_eq!(refusal.finality, Finality::Never);
    cosigners.tell(1, 3).unwrap();
    let refusal = cosigners.verify(3, &[2, 3], &request).unwrap_err();
    assert_eq!(refusal.finality, Finality::Never);
}

#[test]
fn a_freeze_stops_sessions_that_are_past_their_checks() {
    let mut cosigners = Cosigners::new(2, 3);
    let (_, request) = cosigners.small(1);
    let in_flight = reserved(&cosigners, &request);
    let deployment = cosigners.house.genesis.deployment();
    let why = "stolen laptop".to_owned();
    let order = FreezeOrder::sign(&key("ann"), name("ann"), deployment, Freeze::Freeze, why, cosigners.clock);
    block_on(cosigners.journal(1).freeze(order, cosigners.clock)).unwrap();
    let session = cosigners.session_id();
    assert!(cosigners.commit(in_flight, session).is_err());
    assert_eq!(cosigners.sign(&[1, 2], &request).unwrap_err().check, Check::Frozen);
}

#[test]
fn a_session_id_is_used_once() {
    let mut cosigners = Cosigners::new(2, 3);
    let (_, request) = cosigners.small(1);
    let session = cosigners.session_id();
    cosigners.commit(reserved(&cosigners, &request), session).unwrap();
    let again = cosigners.commit(reserved(&cosigners, &request), session);
    assert!(again.unwrap_err().to_string().contains("was used before"));
    let other = cosigners.session_id();
    assert!(cosigners.commit(reserved(&cosigners, &request), other).is_ok());
}

#[test]
fn a_reservation_is_for_what_was_claimed_and_nothing_else() {
    let cosigners = Cosigners::new(2, 3);
    let (_, claimed) = cosigners.small(1);
    let (_, other) = cosigners.small(2);
    let claim = cosigners.claim(1, &[1, 2], &claimed).unwrap();
    let verified = cosigners.verify(1, &[1, 2], &other).unwrap();
    assert_eq!(claim.reserve(verified, &[]).unwrap_err().check, Check::Session);
}

#[test]
fn a_sight_is_journaled_once_and_keeps_the_approval_alive_everywhere() {
    let mut cosigners = Cosigners::new(2, 3);
    let intent = cosigners.house.intent(1);
    let request = cosigners.house.approved(&intent, 1);
    for _ in 0..2 {
        let seen = cosigners.with(3, |ctx| sight(ctx, &request)).unwrap();
        block_on(cosigners.journal(3).sight(&seen, cosigners.clock)).unwrap();
    }
    assert_eq!(cosigners.journal(3).own_seq(), 1);
    cosigners.clock = cosigners.clock.plus(7 * 24 * HOUR);
    assert_eq!(cosigners.sign(&[1, 2], &request).unwrap_err().check, Check::Time);
    assert!(cosigners.sign(&[1, 3], &request).is_ok(), "the third brings its journal");
}

#[test]
fn nothing_is_promised_over_a_refusal_that_may_pass() {
    let cosigners = Cosigners::new(2, 3);
    let (intent, _) = cosigners.small(1);
    let refusal = crate::refuse::later(Check::Budget, "used up");
    let refusal = cosigners.promise(1, &intent, refusal);
    assert_eq!(refusal.never, None);
    assert_eq!(cosigners.journal(1).own_seq(), 0);
}

#[test]
fn a_gateway_that_shows_more_automatic_payouts_than_their_rule_lets_pass_is_held() {
    // Ten a day.
    let mut cosigners = Cosigners::new(2, 3);
    let seen = |cosigners: &Cosigners, number: i64| {
        let seen = cosigners.with(1, |ctx| sight(ctx, &cosigners.small(number).1)).unwrap();
        block_on(cosigners.journal(1).sight(&seen, cosigners.clock))
    };
    for number in 1..=20 {
        seen(&cosigners, number).unwrap();
    }
    let refused = seen(&cosigners, 21).unwrap_err();
    assert!(refused.to_string().contains("rule small lets fewer payouts pass"), "{refused}");
    assert_eq!(cosigners.journal(1).own_seq(), 20);
    // One that was seen is seen; what people approved is counted by nobody.
    seen(&cosigners, 7).unwrap();
    let request = cosigners.house.approved(&cosigners.house.intent(22), 22);
    let approved = cosigners.with(1, |ctx| sight(ctx, &request)).unwrap();
    block_on(cosigners.journal(1).sight(&approved, cosigners.clock)).unwrap();
    cosigners.clock = cosigners.clock.plus(24 * HOUR);
    let (mut intent, _) = cosigners.small(23);
    (intent.created, intent.expiry) = (cosigners.clock, cosigners.clock.plus(HOUR));
    let request = cosigners.house.request(&intent, vec![], 23);
    let later = cosigners.with(1, |ctx| sight(ctx, &request)).unwrap();
    block_on(cosigners.journal(1).sight(&later, cosigners.clock)).unwrap();
}

#[test]
fn one_payout_is_not_signed_for_again_and_again() {
    let mut cosigners = Cosigners::new(2, 3);
    let (_, request) = cosigners.small(1);
    for _ in 0..50 {
        cosigners.sign(&[1, 2], &request).unwrap();
    }
    let refusal = cosigners.sign(&[1, 2], &request).unwrap_err();
    assert!(refusal.reason.contains("signed for 50 times"), "{}", refusal.reason);
    cosigners.restart(1).unwrap();
    assert!(cosigners.sign(&[1, 3], &request).is_err(), "and a restart does not forget it");
    cosigners.clock = cosigners.clock.plus(60_000);
    cosigners.sign(&[1, 2], &request).unwrap();
}

#[test]
fn promises_run_out_and_come_back() {
    let mut cosigners = Cosigners::new(2, 3);
    let promise = |cosigners: &Cosigners, number| {
        cosigners.promise(1, &cosigners.house.intent(number), never(Check::Rule, "no")).never.is_some()
    };
    cosigners.journal(1).0.change().promises = crate::journal::pace::Allowance::new(3, 60);
    let made = (1..=10).filter(|number| promise(&cosigners, *number)).count();
    assert_eq!(made, 3);
    assert!(promise(&cosigners, 1), "what was promised is promised");
    cosigners.clock = cosigners.clock.plus(60_000);
    assert!(promise(&cosigners, 10));
}
