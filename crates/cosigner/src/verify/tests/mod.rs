//! One refusal a check at least, each named as a sentence: what a hostile gateway may try, and what it gets.

mod attempts;
mod bytes;
mod intents;
mod liars;
mod maintenance;
mod policy;
mod stops;
mod targets;

use payout::approval::Act;
use payout::ids::Digest;
use payout::intent::Intent;
use payout::time::Millis;
use wire::message::{Check, Finality, Refusal, SignRequest};

use super::{Session, Verified, sight, verify, vouched};
use crate::house::{ENOUGH, House, NOON, act, approvals};
use crate::journal::{Body, CeremonyStage, Contribution, Mode, Union};

/// A co-signer's own knowledge, in a house of three.
struct World {
    house: House,
    union: Union,
    clock: i64,
    participants: Vec<u8>,
    clocks: Vec<(u8, Millis)>,
}

impl World {
    fn new() -> Self {
        Self::of(House::new(2, 3))
    }

    fn of(house: House) -> Self {
        Self { house, union: Union::new(1), clock: NOON, participants: vec![1, 2], clocks: vec![] }
    }

    fn try_request(&self, request: &SignRequest) -> Result<Verified, Refusal> {
        let session = Session { participants: &self.participants, clocks: &self.clocks };
        verify(&self.house.ctx(&self.union, self.clock), &session, request)
    }

    fn try_approved(&self, intent: &Intent) -> Result<Verified, Refusal> {
        self.try_request(&self.house.approved(intent, 0))
    }

    fn see(&mut self, author: u8, at: i64, body: Body) {
        self.union.apply(author, crate::house::at(at), body, Mode::Live);
    }

    /// As if `author` had contributed to the request.
    fn contributed(&mut self, author: u8, at: i64, request: &SignRequest) {
        let outline =
            super::outline(&self.house.ctx(&self.union, self.clock), &self.participants, request).unwrap();
        let facts = outline.demand().facts().clone();
        let session = Digest::of("test session", &[&at.to_be_bytes(), &[author]]);
        self.see(author, at, Body::Contribution(Box::new(Contribution { facts, session })));
    }
}

/// The refusal's check and finality, and a part of its reason.
#[track_caller]
fn assert_refused<T: std::fmt::Debug>(
    result: Result<T, Refusal>,
    check: Check,
    finality: Finality,
    reason: &str,
) {
    let refusal = result.unwrap_err();
    assert_eq!((refusal.check, refusal.finality), (check, finality), "{}", refusal.reason);
    assert!(refusal.reason.contains(reason), "{}", refusal.reason);
    assert_eq!(refusal.never, None, "a proof comes from the journal only");
}

use Finality::{Later, Never};

#[test]
fn an_approved_payout_passes_every_check() {
    let world = World::new();
    let intent = world.house.intent(1);
    let verified = world.try_approved(&intent).unwrap();
    assert_eq!(verified.intent(), &intent);
    assert_eq!(verified.path(), [44, 60, 0, 0, 0]);
    assert_eq!(verified.epoch(), 1);
    assert_eq!(verified.checks().len(), 11);
    let decoded = chain::evm::decode(&world.house.approved(&intent, 0).unsigned).unwrap();
    assert_eq!(*verified.signing_digest(), decoded.digest);
}

#[test]
fn a_small_payout_needs_nobody() {
    let world = World::new();
    let intent = world.house.small(1);
    assert!(world.try_request(&world.house.request(&intent, vec![], 0)).is_ok());
}

// -- session and peers

#[test]
fn a_session_without_this_cosigner_is_refused() {
    let mut world = World::new();
    world.participants = vec![2, 3];
    assert_refused(world.try_approved(&world.house.intent(1)), Check::Session, Later, "no participant");
}

#[test]
fn a_participant_named_twice_is_refused() {
    let mut world = World::new();
    for participants in [vec![1, 1], vec![2, 1]] {
        world.participants = participants;
        assert_refused(world.try_approved(&world.house.intent(1)), Check::Session, Later, "in order");
    }
}

#[test]
fn a_participant_from_outside_the_roster_is_refused() {
    let mut world = World::new();
    for stranger in [0, 4] {
        world.participants = vec![1, stranger];
        world.participants.sort_unstable();
        assert_refused(world.try_approved(&world.house.intent(1)), Check::Peers, Later, "not on the roster");
    }
}

#[test]
fn more_or_fewer_participants_than_the_threshold_are_refused() {
    let mut world = World::new();
    for participants in [vec![1], vec![1, 2, 3]] {
        world.participants = participants;
        assert_refused(world.try_approved(&world.house.intent(1)), Check::Peers, Later, "2 sign");
    }
}

#[test]
fn a_banned_peer_is_not_signed_with_until_a_refresh() {
    let mut world = World::new();
    let wallet = crate::house::wallet_id();
    world.see(1, NOON, Body::Ban { wallet, epoch: 1, peer: 2, reason: "cheated".to_owned() });
    assert_refused(world.try_approved(&world.house.intent(1)), Check::Peers, Later, "banned");
    world.participants = vec![1, 3];
    assert!(world.try_approved(&world.house.intent(1)).is_ok(), "another pair goes on");
    world.participants = vec![1, 2];
    world.house.keys.get_mut(&wallet).unwrap().epoch = 2;
    assert!(world.try_approved(&world.house.intent(1)).is_ok(), "a refresh makes another epoch");
}

#[test]
fn a_ban_by_another_cosigner_binds_only_that_one() {
    let mut world = World::new();
    let wallet = crate::house::wallet_id();
    world.see(3, NOON, Body::Ban { wallet, epoch: 1, peer: 2, reason: "a lie".to_owned() });
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
}

#[test]
fn an_intent_that_is_not_canonical_is_refused() {
    let world = World::new();
    let mut request = world.house.approved(&world.house.intent(1), 0);
    request.intent = request.intent.replacen(':', ": ", 1);
    assert_refused(world.try_request(&request), Check::Session, Later, "can't be read");
}

// -- approvals

#[test]
fn a_payout_with_too_few_approvals_waits() {
    let world = World::new();
    let intent = world.house.intent(1);
    for who in [vec![], vec!["tom"], vec!["tom", "tess"]] {
        let request = world.house.request(&intent, approvals(&who, &intent), 0);
        assert_refused(world.try_request(&request), Check::Approvals, Later, "needed");
    }
}

#[test]
fn one_person_does_not_approve_twice_over_all_steps() {
    let world = World::new();
    let intent = world.house.intent(1);
    // Tom is in the treasury and among the directors.
    let request = world.house.request(&intent, approvals(&["tom", "tess", "tom"], &intent), 0);
    assert_refused(world.try_request(&request), Check::Approvals, Later, "approved already");
}

#[test]
fn an_approval_stolen_from_another_payout_does_not_count() {
    let world = World::new();
    let (intent, other) = (world.house.intent(1), world.house.intent(2));
    let mut acts = approvals(&["tom", "tess"], &intent);
    acts.push(act("dora", Act::Approve, &other));
    let request = world.house.request(&intent, acts.clone(), 0);
    assert_refused(world.try_request(&request), Check::Approvals, Later, "another intent");
    // Renamed, its signature no longer fits.
    acts[2].intent = intent.digest();
    let request = world.house.request(&intent, acts, 0);
    assert_refused(world.try_request(&request), Check::Approvals, Later, "does not verify");
}

#[test]
fn a_rejection_does_not_pass_for_an_approval() {
    let world = World::new();
    let intent = world.house.intent(1);
    let mut acts = approvals(&["tom", "tess"], &intent);
    acts.push(act("tom", Act::Reject, &intent));
    acts[2].act = Act::Approve;
    let request = world.house.request(&intent, acts, 0);
    assert_refused(world.try_request(&request), Check::Approvals, Later, "needed");
}

#[test]
fn who_holds_the_projects_key_does_not_approve_its_payouts() {
    let world = World::new();
    let intent = world.house.intent(1);
    let request = world.house.request(&intent, approvals(&["keith", "tess", "dora"], &intent), 0);
    assert_refused(world.try_request(&request), Check::Approvals, Later, "holds a key of project");
}

#[test]
fn an_applicant_does_not_approve_their_own_payout() {
    let world = World::new();
    let mut intent = world.house.intent(1);
    intent.applicant = Some(crate::house::name("tom"));
    let mut acts = vec![act("tom", Act::Apply, &intent)];
    acts.extend(approvals(&ENOUGH, &intent));
    let request = world.house.request(&intent, acts, 0);
    assert_refused(world.try_request(&request), Check::Approvals, Later, "");
}

#[test]
fn a_person_who_did_not_sign_the_application_is_no_applicant() {
    let world = World::new();
    let mut intent = world.house.intent(1);
    intent.applicant = Some(crate::house::name("otto"));
    assert_refused(world.try_approved(&intent), Check::Approvals, Later, "has not signed the application");
}

#[test]
fn a_signed_rejection_among_the_acts_ends_it() {
    let world = World::new();
    let intent = world.house.intent(1);
    let mut acts = approvals(&ENOUGH, &intent);
    acts.push(act("ann", Act::Reject, &intent));
    let request = world.house.request(&intent, acts, 0);
    assert_refused(world.try_request(&request), Check::Approvals, Never, "ann has stopped it");
}

#[test]
fn a_rejection_by_somebody_without_a_say_changes_nothing() {
    let world = World::new();
    let intent = world.house.intent(1);
    let mut acts = approvals(&ENOUGH, &intent);
    acts.push(act("otto", Act::Reject, &intent));
    assert!(world.try_request(&world.house.request(&intent, acts, 0)).is_ok());
}

// -- time

#[test]
fn an_expired_payout_that_nobody_saw_holds() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.clock = intent.expiry.get() + 1;
    assert_refused(world.try_approved(&intent), Check::Time, Later, "no co-signer saw it");
}

#[test]
fn a_sight_in_any_journal_before_expiry_keeps_it_alive() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.clock = intent.expiry.get() + 7 * crate::house::HOUR;
    world.see(3, intent.expiry.get() + 1, Body::Sight { intent: intent.digest() });
    assert_refused(world.try_approved(&intent), Check::Time, Later, "no co-signer saw it");
    world.see(2, intent.expiry.get(), Body::Sight { intent: intent.digest() });
    assert!(world.try_approved(&intent).is_ok());
}

#[test]
fn so_many_as_may_lie_do_not_revive_an_expired_payout() {
    // 3 of 4 assumes that one co-signer may be compromised.
    let mut world = World::of(House::new(3, 4));
    world.participants = vec![1, 2, 3];
    let intent = world.house.intent(1);
    world.clock = intent.expiry.get() + 1;
    world.see(2, NOON, Body::Sight { intent: intent.digest() });
    assert_refused(world.try_approved(&intent), Check::Time, Later, "no co-signer saw it");
    world.see(4, NOON + 1, Body::Sight { intent: intent.digest() });
    assert!(world.try_approved(&intent).is_ok());
}

#[test]
fn an_entry_dated_ahead_does_not_set_two_good_clocks_apart() {
    let mut world = World::new();
    world.see(3, NOON + 30_000, Body::Sight { intent: Digest::of("other", &[]) });
    world.clocks = vec![(2, crate::house::at(NOON - 200))];
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
    // Journals that are far ahead of a peer's clock are another matter: a window could end too early.
    world.see(1, NOON + crate::house::HOUR, Body::Sight { intent: Digest::of("other", &[]) });
    assert_refused(world.try_approved(&world.house.intent(1)), Check::Time, Later, "ahead of co-signer 2");
}

#[test]
fn a_clock_that_is_behind_the_journals_does_not_revive_an_expired_payout() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.see(2, intent.expiry.get() + 1, Body::Sight { intent: Digest::of("other", &[]) });
    assert_refused(world.try_approved(&intent), Check::Time, Later, "no co-signer saw it");
}

#[test]
fn peers_whose_clock_is_over_thirty_seconds_off_are_not_signed_with() {
    let mut world = World::new();
    for off in [-30_001, 30_001] {
        world.clocks = vec![(2, crate::house::at(NOON + off))];
        assert_refused(world.try_approved(&world.house.intent(1)), Check::Time, Later, "co-signer 2");
    }
    world.clocks = vec![(2, crate::house::at(NOON + 30_000))];
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
}

#[test]
fn an_intent_from_the_future_waits() {
    let mut world = World::new();
    world.clock = NOON - 30_001;
    assert_refused(world.try_approved(&world.house.intent(1)), Check::Time, Later, "in the future");
}

// -- sights

#[test]
fn an_approved_intent_is_seen_without_bytes() {
    let world = World::new();
    let intent = world.house.intent(1);
    let mut request = world.house.approved(&intent, 0);
    request.unsigned.clear();
    let seen = sight(&world.house.ctx(&world.union, world.clock), &request).unwrap();
    assert_eq!(*seen.intent(), intent.digest());
}

#[test]
fn an_unapproved_intent_is_not_seen() {
    let world = World::new();
    let intent = world.house.intent(1);
    let request = world.house.request(&intent, approvals(&["tom"], &intent), 0);
    let seen = sight(&world.house.ctx(&world.union, world.clock), &request);
    assert_refused(seen, Check::Approvals, Later, "needed");
}

#[test]
fn an_approval_that_came_too_late_is_not_seen() {
    let world = World::new();
    let intent = world.house.intent(1);
    let clock = intent.expiry.get() + 1;
    let seen = sight(&world.house.ctx(&world.union, clock), &world.house.approved(&intent, 0));
    assert_refused(seen, Check::Time, Later, "expired");
}

#[test]
fn a_stage_of_a_ceremony_says_nothing_about_payouts() {
    let mut world = World::new();
    let wallet = crate::house::wallet_id();
    let fingerprint = "ABCD-EFGH".to_owned();
    world.see(3, NOON, Body::Ceremony { wallet, epoch: 9, fingerprint, stage: CeremonyStage::Kept });
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
}

// -- who stands behind it

#[test]
fn nobody_stands_behind_what_a_gateway_makes_up() {
    let world = World::new();
    let intent = world.house.intent(1);
    let ctx = world.house.ctx(&world.union, world.clock);
    let mut request = world.house.request(&intent, vec![], 1);
    assert!(vouched(&ctx, &request).is_none());
    // A stranger's signature, a stolen one, one under a known name.
    let mut stolen = act("tom", Act::Approve, &world.house.intent(2));
    let mut named = act("mallory", Act::Approve, &intent);
    named.principal = crate::house::name("tom");
    request.acts = vec![act("mallory", Act::Approve, &intent), stolen.clone(), named];
    stolen.intent = intent.digest();
    request.acts.push(stolen);
    assert!(vouched(&ctx, &request).is_none());
    request.acts.push(act("tom", Act::Reject, &intent));
    assert_eq!(*vouched(&ctx, &request).unwrap().intent(), intent.digest());
}

#[test]
fn a_stop_in_a_journal_stands_behind_a_refusal() {
    let mut world = World::new();
    let request = world.house.request(&world.house.small(1), vec![], 1);
    let stop = Body::Stop { act: act("otto", Act::Withdraw, &world.house.small(1)) };
    world.see(2, NOON, stop);
    assert!(vouched(&world.house.ctx(&world.union, world.clock), &request).is_some());
}
