//! Bytes beside an approved intent that do something else, and tokens that are somebody else's.

use payout::approval::SignedAct;

use super::*;
use crate::house::{bytes, price, tokens};

/// An approved intent with the bytes of another one.
fn swapped(world: &World, change: impl FnOnce(&mut Intent)) -> Result<Verified, Refusal> {
    let intent = world.house.intent(1);
    let mut other = intent.clone();
    change(&mut other);
    let mut request = world.house.approved(&intent, 0);
    request.unsigned = bytes(&other, 0, price(10));
    world.try_request(&request)
}

#[test]
fn right_fields_beside_bytes_that_pay_another_are_refused() {
    let world = World::new();
    let result = swapped(&world, |intent| {
        intent.to = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap();
    });
    assert_refused(result, Check::Bytes, Later, "the bytes pay 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
}

#[test]
fn bytes_with_another_amount_are_refused() {
    let world = World::new();
    let result = swapped(&world, |intent| intent.amount = tokens(201));
    assert_refused(result, Check::Bytes, Later, "the bytes pay 201000000");
}

#[test]
fn bytes_in_another_coin_are_refused() {
    let world = World::new();
    let result = swapped(&world, |intent| intent.token_id = crate::house::eth().token_id);
    assert_refused(result, Check::Bytes, Later, "the native coin");
}

#[test]
fn bytes_for_another_network_are_refused() {
    let world = World::new();
    let result = swapped(&world, |intent| intent.network_id = "1".parse().unwrap());
    assert_refused(result, Check::Bytes, Later, "network");
}

#[test]
fn bytes_that_may_burn_more_than_the_fee_cap_are_refused() {
    let world = World::new();
    let intent = world.house.intent(1);
    let mut request = world.house.approved(&intent, 0);
    request.unsigned = bytes(&intent, 0, price(51));
    assert_refused(world.try_request(&request), Check::Bytes, Later, "in fees");
}

#[test]
fn no_bytes_and_bad_bytes_say_nothing_about_the_intent() {
    let world = World::new();
    let mut request = world.house.approved(&world.house.intent(1), 0);
    // A type 4 transaction (EIP-7702) is never signed.
    for unsigned in [vec![], vec![0x04, 0xc0], vec![0xff; 40]] {
        request.unsigned = unsigned;
        assert_refused(world.try_request(&request), Check::Bytes, Later, "not signed");
    }
}

// -- one to one

#[test]
fn a_token_serves_one_payout_for_ever() {
    for author in [1, 2] {
        let mut world = World::new();
        let first = world.house.approved(&world.house.intent(1), 5);
        world.contributed(author, NOON, &first);
        let second = world.house.approved(&world.house.intent(2), 5);
        // Later, not never: another token may still serve it.
        assert_refused(world.try_request(&second), Check::Journal, Later, "belongs to payout");
        assert!(world.try_request(&world.house.approved(&world.house.intent(2), 6)).is_ok());
    }
}

#[test]
fn a_payout_has_one_token_for_ever() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.contributed(2, NOON, &world.house.approved(&intent, 5));
    let result = world.try_request(&world.house.approved(&intent, 6));
    assert_refused(result, Check::Journal, Later, "the payout has nonce:5");
}

#[test]
fn a_retry_on_the_same_token_is_allowed_and_so_is_another_fee() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    let mut request = world.house.approved(&intent, 5);
    world.contributed(1, NOON, &request);
    world.contributed(2, NOON, &request);
    assert!(world.try_request(&request).is_ok());
    request.unsigned = bytes(&intent, 5, price(12));
    assert!(world.try_request(&request).is_ok());
}

#[test]
fn a_payout_number_names_one_payout() {
    for (author, finality) in [(1, Never), (2, Later)] {
        let mut world = World::new();
        world.contributed(author, NOON, &world.house.approved(&world.house.intent(1), 5));
        // Same cid, other number of the caller.
        let mut other = world.house.intent(1);
        other.third_party_id = "another".parse().unwrap();
        let result = world.try_request(&world.house.approved(&other, 6));
        assert_refused(result, Check::Journal, finality, "payout 1, attempt 1");
    }
}

#[test]
fn a_callers_number_names_one_payout() {
    for (author, finality) in [(1, Never), (2, Later)] {
        let mut world = World::new();
        world.contributed(author, NOON, &world.house.approved(&world.house.intent(1), 5));
        let mut other = world.house.intent(2);
        other.third_party_id = world.house.intent(1).third_party_id;
        let result = world.try_request(&world.house.approved(&other, 6));
        assert_refused(result, Check::Journal, finality, "order-1 of project 1");
    }
}

#[test]
fn approvals_over_one_intent_do_not_carry_its_twin() {
    // Two coordinators' tricks at once: the same number, other fields, the first one's approvals.
    let world = World::new();
    let approved: Vec<SignedAct> = approvals(&ENOUGH, &world.house.intent(1));
    let mut twin = world.house.intent(1);
    (twin.amount, twin.amount_text) = (tokens(900), "900".to_owned());
    let result = world.try_request(&world.house.request(&twin, approved, 0));
    assert_refused(result, Check::Approvals, Later, "another intent");
}
