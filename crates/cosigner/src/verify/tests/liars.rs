//! What a co-signer gets by lying in its journal: a word in its own sessions, and none in those of others.

use payout::policy::ChainName;

use super::*;
use crate::house::{HOUR, approve, eth, tokens, usdt};

/// Claims that co-signer 3 makes, and that would refuse if it took part: a token, limits, fees, numbers.
fn lies(world: &mut World) {
    for number in 1..=20 {
        let request = world.house.approved(&world.house.intent(number + 100), number.unsigned_abs());
        world.contributed(3, NOON, &request);
        let request =
            world.house.request(&world.house.small(number + 200), vec![], 100 + number.unsigned_abs());
        world.contributed(3, NOON, &request);
    }
    // Another payout under the number of the next one.
    let mut other = world.house.intent(1);
    other.memo = None;
    other.expiry = other.expiry.plus(-1);
    world.contributed(3, NOON, &world.house.approved(&other, 99));
}

#[test]
fn a_cosigner_that_takes_no_part_holds_up_nothing_by_what_it_claims() {
    let mut world = World::new();
    lies(&mut world);
    let request = world.house.approved(&world.house.intent(1), 1);
    world.try_request(&request).unwrap();
    let small = world.house.request(&world.house.small(2), vec![], 2);
    world.try_request(&small).unwrap();
    // Where it takes part, it can refuse anyway.
    world.participants = vec![1, 3];
    for request in [request, small] {
        assert!(world.try_request(&request).is_err());
    }
}

#[test]
fn a_single_liar_of_three_cannot_stop_signing_with_a_policy_that_nobody_signed() {
    let mut world = World::new();
    let chain = ChainName::Rules;
    for version in [3, 999] {
        let digest = Digest::of("a lie", &[]);
        world.see(3, NOON, Body::PolicyAdopted { chain, version, digest, signatures: vec![] });
    }
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
}

#[test]
fn a_policy_that_follows_the_next_one_is_known_by_the_next_one() {
    // Kept from us: people in office have changed, so that the newest version's signers are strangers here.
    let mut world = World::new();
    let mut elsewhere = House::new(2, 3);
    let mut people = elsewhere.policy.people().clone();
    let admins = ["ann", "bob", "dora"];
    for principal in &mut people.principals {
        let role = payout::policy::Role::Admin;
        principal.roles.retain(|its| *its != role);
        if admins.contains(&principal.id.as_str()) {
            principal.roles.push(role);
        }
    }
    let mut publish = |document| {
        let version = crate::house::signed(&elsewhere.policy, &document);
        elsewhere.policy.append(version.clone()).unwrap();
        let (chain, digest) = (version.chain, version.digest());
        Body::PolicyAdopted { chain, version: version.version, digest, signatures: version.signatures }
    };
    let one = publish(payout::policy::Document::People(people.clone()));
    people.admin_quorum = 1;
    let two = publish(payout::policy::Document::People(people));
    world.see(3, NOON, one);
    world.see(3, NOON, two);
    assert_refused(
        world.try_approved(&world.house.intent(1)),
        Check::Policy,
        Later,
        "co-signer 3 holds version 2 of the people",
    );
}

#[test]
fn stops_of_other_payouts_do_not_hold_this_one() {
    let mut world = World::new();
    let request = world.house.approved(&world.house.intent(1), 1);
    let verified = world.try_request(&request).unwrap();
    for number in 2..50 {
        let act = act("ann", Act::Reject, &world.house.intent(number));
        world.see(3, NOON, Body::Stop { act });
    }
    // By somebody who may not, of this one.
    world.see(3, NOON, Body::Stop { act: act("otto", Act::Reject, verified.intent()) });
    verified.is_not_stopped(&world.house.policy, &world.union).unwrap();
    world.see(3, NOON, Body::Stop { act: act("ann", Act::Reject, verified.intent()) });
    let stopped = verified.is_not_stopped(&world.house.policy, &world.union);
    assert_refused(stopped, Check::Journal, Never, "ann did reject");
}

#[test]
fn a_rule_for_people_is_not_used_up_by_what_fewer_than_a_quorum_say() {
    // Two a day go with one of the treasury; what is more needs directors.
    let house = House::with(2, 3, |genesis| {
        let few = crate::house::rule("few", approve(&[("treasury", 2)]));
        let window = payout::policy::Window {
            hours: 24,
            count: 2,
            sums: [(usdt(), tokens(10_000)), (eth(), tokens(1))].into(),
        };
        let few = payout::policy::Rule { window: Some(window), ..few };
        let last = genesis.rules.rules.len() - 1;
        genesis.rules.rules.insert(last, few);
        genesis.rules.rules[last + 1].outcome = approve(&[("directors", 1)]);
    });
    let mut world = World::of(house);
    let intent = world.house.intent(1);
    let request = world.house.request(&intent, approvals(&["dora"], &intent), 1);
    let asks_treasury = |world: &World| {
        assert_refused(world.try_request(&request), Check::Rule, Later, "rule few");
    };
    asks_treasury(&world);
    let used = [2, 3].map(|number| {
        let intent = Intent { rule: "few".parse().unwrap(), ..world.house.intent(number) };
        let nonce = number.unsigned_abs();
        world.house.request(&intent, approvals(&["tom", "tess"], &intent), nonce)
    });
    // The other participant says so, and nobody else.
    used.iter().for_each(|request| world.contributed(2, NOON, request));
    asks_treasury(&world);
    // A whole quorum: one of them is honest.
    used.iter().for_each(|request| world.contributed(3, NOON, request));
    world.try_request(&request).unwrap();
    // And what is our own word.
    world.union = Union::new(1);
    used.iter().for_each(|request| world.contributed(1, NOON, request));
    world.try_request(&request).unwrap();
    world.clock = NOON + 25 * HOUR;
}
