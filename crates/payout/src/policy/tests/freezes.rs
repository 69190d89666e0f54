use super::world::*;
use crate::approval::{Freeze, FreezeOrder};
use crate::ids::Digest;
use crate::policy::*;

fn order(who: &str, what: Freeze, when: i64) -> FreezeOrder {
    FreezeOrder::sign(&key(who), name(who), genesis().deployment(), what, "a test".to_owned(), at(when))
}

#[test]
fn one_admin_freezes_and_the_quorum_lifts() {
    let policy = policy();
    let freeze = order("ann", Freeze::Freeze, NOON);
    let mut orders = vec![freeze.clone()];
    assert_eq!(policy.freeze_state(&orders), Some(freeze.clone()));
    orders.push(order("bob", Freeze::Lift, NOON + 1));
    assert_eq!(policy.freeze_state(&orders), Some(freeze), "one lift is no quorum");
    orders.push(order("ann", Freeze::Lift, NOON + 2));
    assert_eq!(policy.freeze_state(&orders), None);
    orders.reverse();
    assert_eq!(policy.freeze_state(&orders), None, "the order of arrival does not matter");
}

#[test]
fn one_admin_who_lifts_twice_is_no_quorum() {
    let orders = [
        order("ann", Freeze::Freeze, NOON),
        order("bob", Freeze::Lift, NOON + 1),
        order("bob", Freeze::Lift, NOON + 2),
    ];
    assert!(policy().freeze_state(&orders).is_some());
}

#[test]
fn lifts_that_were_signed_before_a_freeze_do_not_lift_it() {
    let mut orders: Vec<_> = ["ann", "bob"].map(|who| order(who, Freeze::Lift, NOON)).to_vec();
    assert_eq!(policy().freeze_state(&orders), None);
    orders.push(order("carol", Freeze::Freeze, NOON));
    assert!(policy().freeze_state(&orders).is_some());
}

#[test]
fn an_approver_neither_freezes_nor_lifts() {
    let policy = policy();
    assert_eq!(policy.freeze_state(&[order("tom", Freeze::Freeze, NOON)]), None);
    assert!(matches!(
        policy.check_freeze_order(&order("tom", Freeze::Freeze, NOON), at(NOON)),
        Err(FreezeError::Signer { fault: SignatureFault::NotEntitled, .. })
    ));
    let orders = [
        order("ann", Freeze::Freeze, NOON),
        order("tom", Freeze::Lift, NOON + 1),
        order("bob", Freeze::Lift, NOON + 1),
    ];
    assert!(policy.freeze_state(&orders).is_some());
}

#[test]
fn a_forged_order_is_passed_over() {
    let policy = policy();
    let forged = FreezeOrder { reason: "another".to_owned(), ..order("ann", Freeze::Freeze, NOON) };
    assert_eq!(policy.freeze_state(std::slice::from_ref(&forged)), None);
    assert!(policy.check_freeze_order(&forged, at(NOON)).is_err());
}

#[test]
fn an_order_for_another_deployment_is_passed_over() {
    let policy = policy();
    let elsewhere = FreezeOrder::sign(
        &key("ann"),
        name("ann"),
        Digest::from_bytes([1; 32]),
        Freeze::Freeze,
        String::new(),
        at(NOON),
    );
    assert_eq!(policy.freeze_state(std::slice::from_ref(&elsewhere)), None);
    assert!(matches!(policy.check_freeze_order(&elsewhere, at(NOON)), Err(FreezeError::OtherDeployment(_))));
}

#[test]
fn a_freeze_outlives_the_admin_who_signed_it() {
    let mut policy = policy();
    let orders = [order("bob", Freeze::Freeze, NOON)];
    let mut fewer = people();
    fewer.principals.retain(|who| who.id != name("bob"));
    policy.append(version(&policy, &Document::People(fewer), &["ann", "carol"])).unwrap();
    assert!(policy.freeze_state(&orders).is_some());
    assert!(policy.check_freeze_order(&orders[0], at(NOON)).is_err(), "but bob can't sign a new one");
}

#[test]
fn a_freeze_from_the_end_of_time_is_not_taken() {
    let ahead = order("ann", Freeze::Freeze, i64::MAX);
    assert_eq!(policy().check_freeze_order(&ahead, at(NOON)), Err(FreezeError::Ahead));
    assert_eq!(policy().check_freeze_order(&order("ann", Freeze::Freeze, NOON + 1), at(NOON)), Ok(()));
}

/// Bob is removed half an hour after noon.
fn without_bob() -> Policy {
    let mut policy = policy();
    let mut fewer = people();
    fewer.principals.retain(|who| who.id != name("bob"));
    let version = version(&policy, &Document::People(fewer), &["ann", "carol"]);
    policy.append_at(version, at(NOON + 30 * MINUTE)).unwrap();
    policy
}

const MINUTE: i64 = 60_000;

#[test]
fn a_former_admins_key_freezes_nothing_anew() {
    let policy = without_bob();
    let later = order("bob", Freeze::Freeze, NOON + 31 * MINUTE);
    assert_eq!(policy.freeze_state(&[later]), None);
    let in_office = order("bob", Freeze::Freeze, NOON + 29 * MINUTE);
    assert_eq!(policy.freeze_state(std::slice::from_ref(&in_office)), Some(in_office));
}

#[test]
fn a_freeze_that_is_dated_back_into_an_admins_time_counts_until_the_next_lift_and_never_again() {
    let policy = without_bob();
    let mut orders = vec![order("bob", Freeze::Freeze, NOON)];
    assert!(policy.freeze_state(&orders).is_some());
    orders.extend(["ann", "carol"].map(|who| order(who, Freeze::Lift, NOON + 40 * MINUTE)));
    assert_eq!(policy.freeze_state(&orders), None);
    orders.extend((0..60).map(|minute| order("bob", Freeze::Freeze, NOON + minute * MINUTE)));
    assert_eq!(policy.freeze_state(&orders), None);
    assert!(policy.freeze_state(&[order("ann", Freeze::Freeze, NOON + 50 * MINUTE)]).is_some());
}
