use payout::approval::{Freeze, FreezeOrder};
use payout::policy::ChainName;

use super::*;
use crate::house::{HOUR, at, key, name};

fn order(world: &World, who: &str, order: Freeze, ms: i64) -> Body {
    let deployment = world.house.genesis.deployment();
    let order =
        FreezeOrder::sign(&key(who), name(who), deployment, order, "stolen laptop".to_owned(), at(ms));
    Body::Freeze { order }
}

#[test]
fn an_intent_of_another_deployment_is_never_signed() {
    let world = World::new();
    let mut intent = world.house.intent(1);
    intent.deployment = Digest::of("another", &[]);
    assert_refused(world.try_approved(&intent), Check::Policy, Never, "deployment");
}

#[test]
fn an_intent_that_names_rules_not_held_waits_for_them() {
    let world = World::new();
    let mut intent = world.house.intent(1);
    intent.rules_version = 3;
    assert_refused(world.try_approved(&intent), Check::Policy, Later, "version 3");
    intent.rules_version = 0;
    assert_refused(world.try_approved(&intent), Check::Policy, Never, "count from 1");
}

/// What a co-signer's journal says when it adopted a version.
fn adopted(version: &payout::policy::SignedVersion) -> Body {
    Body::PolicyAdopted {
        chain: version.chain,
        version: version.version,
        digest: version.digest(),
        signatures: version.signatures.clone(),
    }
}

#[test]
fn a_gateway_cannot_keep_a_newer_policy_from_one_cosigner() {
    let mut world = World::of(House::new(3, 4));
    world.participants = vec![1, 2, 3];
    let mut elsewhere = House::new(3, 4);
    let version = elsewhere.publish(|rules| rules.book_cooling_hours = 48);
    world.see(2, NOON, adopted(&version));
    assert_refused(
        world.try_approved(&world.house.intent(1)),
        Check::Policy,
        Later,
        "holds version 3 of the rules",
    );
    world.house.policy.append(version).unwrap();
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
}

#[test]
fn a_single_liar_cannot_stop_signing_with_a_policy_that_nobody_signed() {
    // 3 of 4 assumes that one co-signer may be compromised.
    let mut world = World::of(House::new(3, 4));
    world.participants = vec![1, 2, 3];
    let lie =
        |digest| Body::PolicyAdopted { chain: ChainName::Rules, version: 999, digest, signatures: vec![] };
    let digest = Digest::of("a lie", &[]);
    world.see(2, NOON, lie(digest));
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
    world.see(3, NOON, lie(digest));
    assert_refused(world.try_approved(&world.house.intent(1)), Check::Policy, Later, "version 999");
}

#[test]
fn a_frozen_deployment_signs_nothing_until_a_quorum_lifts_it() {
    let mut world = World::new();
    let freeze = order(&world, "ann", Freeze::Freeze, NOON);
    // In another co-signer's journal: it binds all the same.
    world.see(3, NOON, freeze);
    assert_refused(world.try_approved(&world.house.intent(1)), Check::Frozen, Later, "frozen by ann");
    let lift = order(&world, "bob", Freeze::Lift, NOON + 1);
    world.see(1, NOON + 1, lift);
    assert_refused(world.try_approved(&world.house.intent(1)), Check::Frozen, Later, "frozen by ann");
    let lift = order(&world, "carol", Freeze::Lift, NOON + 1);
    world.see(1, NOON + 1, lift);
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
}

#[test]
fn a_freeze_by_somebody_who_is_no_admin_changes_nothing() {
    let mut world = World::new();
    let freeze = order(&world, "tom", Freeze::Freeze, NOON);
    world.see(3, NOON, freeze);
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
}

#[test]
fn a_host_that_its_owner_paused_signs_nothing() {
    let world = World::new();
    let request = world.house.approved(&world.house.intent(1), 0);
    let mut ctx = world.house.ctx(&world.union, world.clock);
    ctx.paused = Some("moving house");
    let session = Session { participants: &[1, 2], clocks: &[] };
    assert_refused(verify(&ctx, &session, &request), Check::Frozen, Later, "moving house");
}

// -- the rule

#[test]
fn a_rule_that_is_not_in_the_named_version_is_never_satisfied() {
    let world = World::new();
    let mut intent = world.house.intent(1);
    intent.rule = "nosuch".parse().unwrap();
    assert_refused(world.try_approved(&intent), Check::Rule, Never, "no rule nosuch");
}

#[test]
fn an_intent_cannot_name_an_automatic_rule_that_is_not_for_it() {
    let world = World::new();
    let mut intent = world.house.intent(1);
    intent.rule = "small".parse().unwrap();
    assert_refused(world.try_approved(&intent), Check::Rule, Never, "over the rule's");
}

#[test]
fn a_deny_is_never_skipped() {
    let world = World::new();
    let mut intent = world.house.intent(1);
    intent.to = intent.from.clone();
    assert_refused(world.try_approved(&intent), Check::Rule, Later, "denies it");
}

#[test]
fn a_newer_deny_holds_what_older_rules_allowed() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    assert!(world.try_approved(&intent).is_ok());
    world.house.publish(|rules| {
        let stop = crate::house::rule("stop", payout::policy::Outcome::Deny);
        rules.rules.insert(0, payout::policy::Rule { coins: vec![crate::house::usdt()], ..stop });
    });
    assert_refused(world.try_approved(&intent), Check::Rule, Later, "denies it");
}

#[test]
fn one_lying_journal_does_not_make_a_stranger_a_known_payee() {
    // Who is paid for the first time needs the treasury; small sums to others need nobody.
    let house = House::with(2, 3, |genesis| {
        let first = crate::house::rule("first", crate::house::approve(&[("treasury", 2)]));
        let recipient = payout::policy::RecipientCondition::FirstTime;
        genesis.rules.rules.insert(1, payout::policy::Rule { recipient, ..first });
    });
    let mut world = World::of(house);
    let (intent, other) = (world.house.small(1), world.house.small(2));
    let request = world.house.request(&intent, vec![], 1);
    let paid = world.house.request(&other, vec![], 2);
    assert_refused(world.try_request(&request), Check::Rule, Later, "rule first");
    world.contributed(2, NOON, &paid);
    assert_refused(world.try_request(&request), Check::Rule, Later, "rule first");
    // So many that one of them must be honest.
    world.contributed(3, NOON, &paid);
    assert!(world.try_request(&request).is_ok());
}

#[test]
fn a_payee_whom_this_cosigner_has_paid_is_known() {
    let house = House::with(2, 3, |genesis| {
        let first = crate::house::rule("first", crate::house::approve(&[("treasury", 2)]));
        let recipient = payout::policy::RecipientCondition::FirstTime;
        genesis.rules.rules.insert(1, payout::policy::Rule { recipient, ..first });
    });
    let mut world = World::of(house);
    let paid = world.house.request(&world.house.small(2), vec![], 2);
    world.contributed(1, NOON, &paid);
    let request = world.house.request(&world.house.small(1), vec![], 1);
    assert!(world.try_request(&request).is_ok());
}

#[test]
fn a_caller_who_must_sign_and_did_not_is_refused() {
    let world = World::new();
    let mut intent = world.house.small(1);
    intent.project = crate::house::project(2);
    intent.rule = "shop".parse().unwrap();
    let request = world.house.request(&intent, vec![], 0);
    assert_refused(world.try_request(&request), Check::Rule, Later, "did not sign");
}

#[test]
fn a_callers_signature_stands_for_its_own_payout_only() {
    let world = World::new();
    let mut intent = world.house.small(1);
    intent.project = crate::house::project(2);
    intent.rule = "shop".parse().unwrap();
    let signed = |who: &str, body: String| {
        let body = body.into_bytes();
        let header = payout::request::caller::CallerSignature::sign(&key(who), &body).to_string();
        let mut request = world.house.request(&intent, vec![], 0);
        request.caller = Some(wire::message::CallerProof { header, body });
        request
    };
    let body = |amount: &str, order: &str, time: i64| {
        format!(
            concat!(
                r#"{{"pid":2,"nonce":"mb8udu","timestamp":{},"sign":"00000000000000000000000000000000","#,
                r#""currency":"{}","to_address":"{}","amount":"{}","third_party_id":"{}","callback_url":"http://a/b"}}"#
            ),
            time,
            crate::house::usdt(),
            intent.to,
            amount,
            order
        )
    };
    let sound = signed("shop", body("50", "order-1", NOON));
    world.try_request(&sound).unwrap();
    let mut altered = sound.clone();
    altered.caller.as_mut().unwrap().body[10] ^= 1;
    let refused = [
        (altered, "does not verify"),
        (signed("shop", body("51", "order-1", NOON)), "amount"),
        (signed("shop", body("50", "order-2", NOON)), "third_party_id"),
        (signed("shop", body("50", "order-1", NOON - HOUR)), "was signed at"),
        (signed("otto", body("50", "order-1", NOON)), "no caller of this project"),
        (signed("mallory", body("50", "order-1", NOON)), "nobody in the people chain"),
    ];
    for (request, reason) in refused {
        assert_refused(world.try_request(&request), Check::Rule, Later, reason);
    }
}
