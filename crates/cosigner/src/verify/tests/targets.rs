//! Voids, raised caps and later attempts.

use payout::ids::Attempt;
use payout::intent::Kind;
use payout::money::Amount;

use super::*;
use crate::house::{HOUR, at, tokens};

fn void_of(intent: &Intent) -> Intent {
    Intent {
        kind: Kind::Void,
        rule: "void".parse().unwrap(),
        target: Some(intent.digest()),
        ..intent.clone()
    }
}

fn raise_of(intent: &Intent) -> Intent {
    Intent {
        kind: Kind::RaiseCap,
        rule: "raise".parse().unwrap(),
        target: Some(intent.digest()),
        fee_cap: Amount::from_u128(6_000_000_000_000_000),
        ..intent.clone()
    }
}

fn attempt_after(intent: &Intent) -> Intent {
    Intent {
        attempt: Attempt::new(intent.attempt.get() + 1).unwrap(),
        target: Some(intent.digest()),
        ..intent.clone()
    }
}

#[test]
fn a_void_spends_its_payouts_token_to_no_effect() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.contributed(2, NOON, &world.house.approved(&intent, 5));
    let void = void_of(&intent);
    assert!(world.try_request(&world.house.about(&void, &intent, 5)).is_ok());
    let result = world.try_request(&world.house.about(&void, &intent, 6));
    assert_refused(result, Check::Journal, Later, "the payout has nonce:5");
}

#[test]
fn a_payout_that_was_stopped_can_still_be_voided_and_nothing_else() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.contributed(1, NOON, &world.house.approved(&intent, 5));
    let stop = act("ann", Act::Reject, &intent);
    world.see(1, NOON, Body::Stop { act: stop });
    assert!(world.try_request(&world.house.about(&void_of(&intent), &intent, 5)).is_ok());
    for after in [raise_of(&intent), attempt_after(&intent)] {
        let result = world.try_request(&world.house.about(&after, &intent, 5));
        assert_refused(result, Check::Journal, Never, "ann did reject");
    }
}

#[test]
fn a_payout_that_was_never_signed_for_is_voided_by_its_own_bytes() {
    let world = World::new();
    let intent = world.house.intent(1);
    let void = void_of(&intent);
    assert!(world.try_request(&world.house.about(&void, &intent, 5)).is_ok());
    let mut request = world.house.about(&void, &intent, 5);
    request.unsigned = crate::house::bytes(&void, 6, crate::house::price(10));
    assert_refused(world.try_request(&request), Check::Bytes, Later, "the void spends nonce:6");
    request.target.as_mut().unwrap().unsigned = vec![];
    assert_refused(world.try_request(&request), Check::Bytes, Later, "not signed");
}

#[test]
fn a_void_with_bytes_that_pay_is_refused() {
    let world = World::new();
    let intent = world.house.intent(1);
    let mut request = world.house.about(&void_of(&intent), &intent, 5);
    request.unsigned = crate::house::bytes(&intent, 5, crate::house::price(10));
    assert_refused(world.try_request(&request), Check::Bytes, Later, "the intent is a void");
}

#[test]
fn a_raised_cap_pays_the_same_on_the_same_token() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    let raise = raise_of(&intent);
    let result = world.try_request(&world.house.about(&raise, &intent, 5));
    assert_refused(result, Check::Journal, Later, "never signed for");
    world.contributed(2, NOON, &world.house.approved(&intent, 5));
    let mut request = world.house.about(&raise, &intent, 5);
    request.unsigned = crate::house::bytes(&raise, 5, crate::house::price(60));
    assert!(world.try_request(&request).is_ok());
    request.unsigned = crate::house::bytes(&raise, 6, crate::house::price(60));
    assert_refused(world.try_request(&request), Check::Journal, Later, "the payout has nonce:5");
}

#[test]
fn a_void_and_a_raised_cap_are_journaled_under_their_targets_numbers() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.contributed(2, NOON, &world.house.approved(&intent, 5));
    for after in [void_of(&intent), raise_of(&intent)] {
        let named = Intent {
            cid: payout::ids::Cid::new(77).unwrap(),
            third_party_id: "void-77".parse().unwrap(),
            ..after.clone()
        };
        let verified = world.try_request(&world.house.about(&named, &intent, 5)).unwrap();
        let facts = verified.demand().facts();
        assert_eq!((facts.cid, &facts.third_party_id), (intent.cid, &intent.third_party_id));
        assert_eq!((facts.intent, facts.payout), (named.digest(), intent.digest()));
    }
    // A later attempt is the same payout's: it has no other number.
    let renumbered = Intent { cid: payout::ids::Cid::new(77).unwrap(), ..attempt_after(&intent) };
    let result = world.try_request(&world.house.about(&renumbered, &intent, 6));
    assert_refused(result, Check::Journal, Never, "cid is not the one of the target");
}

#[test]
fn a_higher_offer_for_the_same_payment_is_signed_on_its_own_token_only() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.contributed(1, NOON, &world.house.approved(&intent, 5));
    let mut higher = world.house.approved(&intent, 5);
    higher.unsigned = crate::house::bytes(&intent, 5, crate::house::price(12));
    let verified = world.try_request(&higher).unwrap();
    assert_eq!(verified.demand().facts().payout, intent.digest());
    higher.unsigned = crate::house::bytes(&intent, 6, crate::house::price(12));
    assert_refused(world.try_request(&higher), Check::Journal, Later, "the payout has nonce:5");
    higher.unsigned = crate::house::bytes(&intent, 5, crate::house::price(1000));
    assert_refused(world.try_request(&higher), Check::Bytes, Later, "the cap is");
}

#[test]
fn a_raise_and_a_void_may_burn_what_the_rules_say_for_them_and_a_payout_may_not() {
    let mut world = World::new();
    let usual = world.house.genesis.rules.fees[0].cap;
    let raised = Amount::from_u128(12_000_000_000_000_000);
    world.house.publish(|rules| rules.fees[0].raised_cap = Some(raised));
    let (version, intent) = (world.house.policy.heads().rules.version, world.house.intent(1));
    world.contributed(2, NOON, &world.house.approved(&intent, 5));
    for after in [void_of(&intent), raise_of(&intent)] {
        let most = Intent { fee_cap: raised, rules_version: version, ..after };
        assert!(world.try_request(&world.house.about(&most, &intent, 5)).is_ok(), "{}", most.kind);
        let more = Intent { fee_cap: raised.checked_add(Amount::from_u128(1)).unwrap(), ..most };
        let result = world.try_request(&world.house.about(&more, &intent, 5));
        assert_refused(result, Check::Rule, Never, "the rules allow 12000000000000000");
    }
    let greedy = Intent { fee_cap: raised, rules_version: version, ..world.house.intent(2) };
    assert_refused(world.try_approved(&greedy), Check::Rule, Never, &format!("the rules allow {usual}"));
}

#[test]
fn a_cap_that_is_not_raised_is_a_contradiction() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.contributed(2, NOON, &world.house.approved(&intent, 5));
    let raise = Intent { fee_cap: intent.fee_cap, ..raise_of(&intent) };
    let result = world.try_request(&world.house.about(&raise, &intent, 5));
    assert_refused(result, Check::Journal, Never, "not above the target's");
}

#[test]
fn a_target_that_pays_something_else_is_a_contradiction() {
    let world = World::new();
    let intent = world.house.intent(1);
    let mut other = world.house.intent(1);
    (other.amount, other.amount_text) = (tokens(7), "7".to_owned());
    for after in [raise_of(&other), attempt_after(&other), void_of(&other)] {
        let after = Intent { amount: intent.amount, amount_text: intent.amount_text.clone(), ..after };
        let result = world.try_request(&world.house.about(&after, &other, 5));
        assert_refused(result, Check::Journal, Never, "amount is not the one of the target");
    }
}

#[test]
fn a_target_whose_text_is_another_is_refused() {
    let world = World::new();
    let (intent, other) = (world.house.intent(1), world.house.intent(2));
    let result = world.try_request(&world.house.about(&void_of(&intent), &other, 5));
    assert_refused(result, Check::Session, Later, "the intent names");
    let result = world.try_request(&world.house.approved(&void_of(&intent), 5));
    assert_refused(result, Check::Session, Later, "not brought along");
    let result = world.try_request(&world.house.about(&intent, &other, 5));
    assert_refused(result, Check::Session, Later, "names none");
}

#[test]
fn a_void_or_a_later_attempt_without_a_target_is_a_contradiction() {
    let world = World::new();
    let intent = world.house.intent(1);
    for after in [void_of(&intent), raise_of(&intent), attempt_after(&intent)] {
        let result = world.try_approved(&Intent { target: None, ..after });
        assert_refused(result, Check::Journal, Never, "must name the intent");
    }
    let first = Intent { target: Some(intent.digest()), ..intent.clone() };
    let result = world.try_request(&world.house.about(&first, &intent, 5));
    assert_refused(result, Check::Journal, Never, "a first attempt refers to no other");
}

#[test]
fn a_second_attempt_needs_people_and_the_first_as_its_target() {
    let mut world = World::new();
    let first = world.house.intent(1);
    world.contributed(2, NOON, &world.house.approved(&first, 5));
    let second = attempt_after(&first);
    let request = world.house.about(&second, &first, 6);
    assert!(world.try_request(&request).is_ok());
    let mut unapproved = request.clone();
    unapproved.acts = approvals(&ENOUGH, &first);
    assert_refused(world.try_request(&unapproved), Check::Approvals, Later, "another intent");
    let third = attempt_after(&second);
    let skips = Intent { target: Some(first.digest()), ..third };
    let result = world.try_request(&world.house.about(&skips, &first, 6));
    assert_refused(result, Check::Journal, Never, "must follow attempt 2");
}

#[test]
fn a_second_attempt_is_never_automatic() {
    let world = World::new();
    let first = world.house.small(1);
    let second = attempt_after(&first);
    let mut request = world.house.about(&second, &first, 6);
    request.acts = vec![];
    assert_refused(world.try_request(&request), Check::Rule, Never, "attempt 2 is never automatic");
}

#[test]
fn a_second_attempt_for_an_attempt_that_was_another_is_held() {
    let mut world = World::new();
    let first = world.house.intent(1);
    let mut twin = first.clone();
    (twin.created, twin.expiry) = (at(NOON - 1), at(NOON));
    world.contributed(2, NOON, &world.house.approved(&twin, 5));
    let result = world.try_request(&world.house.about(&attempt_after(&first), &first, 6));
    assert_refused(result, Check::Journal, Later, "attempt 1 was signed for as");
}

#[test]
fn a_first_attempt_is_not_paid_once_the_second_was_signed_for() {
    for (author, finality) in [(1, Never), (2, Later)] {
        let mut world = World::new();
        let first = world.house.intent(1);
        let second = attempt_after(&first);
        world.contributed(author, NOON, &world.house.about(&second, &first, 6));
        let result = world.try_request(&world.house.approved(&first, 5));
        assert_refused(result, Check::Journal, finality, "attempt 2 of payout 1 was signed for");
        assert!(
            world.try_request(&world.house.about(&void_of(&first), &first, 5)).is_ok(),
            "its lane moves on"
        );
    }
}

#[test]
fn a_raise_of_a_refused_payout_is_refused_too() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.contributed(2, NOON, &world.house.approved(&intent, 5));
    world.see(1, NOON, Body::Never { intent: intent.digest(), reason: "no".to_owned() });
    let result = world.try_request(&world.house.about(&raise_of(&intent), &intent, 5));
    assert_refused(result, Check::Journal, Never, "refused it for ever");
}

#[test]
fn a_void_counts_its_own_time() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.contributed(2, NOON, &world.house.approved(&intent, 5));
    world.clock = NOON + 5 * HOUR;
    let mut void = void_of(&intent);
    (void.created, void.expiry) = (at(world.clock), at(world.clock + HOUR));
    assert!(world.try_request(&world.house.about(&void, &intent, 5)).is_ok());
}
