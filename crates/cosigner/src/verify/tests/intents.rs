//! Intents that contradict the rules that they name, and addresses that are not the wallet's.

use payout::ids::AddressIndex;
use payout::money::Amount;
use payout::policy::Environment;

use super::*;
use crate::house::{HOUR, at, tokens, wallet_id};

/// A payout whose intent was changed before people approved it.
fn spoiled(world: &World, spoil: impl FnOnce(&mut Intent)) -> Result<Verified, Refusal> {
    let mut intent = world.house.intent(1);
    spoil(&mut intent);
    world.try_approved(&intent)
}

#[test]
fn an_amount_that_people_read_otherwise_is_never_signed() {
    let world = World::new();
    let result = spoiled(&world, |intent| intent.amount_text = "2".to_owned());
    assert_refused(result, Check::Rule, Never, "are 200, the intent says \"2\"");
}

#[test]
fn a_coin_outside_the_named_rules_is_never_signed() {
    let world = World::new();
    let result = spoiled(&world, |intent| {
        intent.token_id = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed".parse().unwrap();
    });
    assert_refused(result, Check::Rule, Never, "not in the rules that the intent names");
}

#[test]
fn a_coin_that_the_newest_rules_dropped_waits() {
    let mut world = World::new();
    world.house.publish(|rules| {
        rules.coins.pop();
        rules.rules.retain(|rule| rule.amounts.is_empty());
    });
    assert_refused(spoiled(&world, |_| {}), Check::Rule, Later, "not in the newest rules");
}

#[test]
fn a_network_id_that_is_not_the_chains_is_never_signed() {
    let world = World::new();
    let result = spoiled(&world, |intent| intent.network_id = "1".parse().unwrap());
    assert_refused(result, Check::Rule, Never, "is network 31337, the intent says 1");
}

#[test]
fn a_demo_signs_for_no_real_network() {
    // The policy refuses such rules already; the co-signer looks again.
    let mut world = World::new();
    let intent = world.house.intent(1);
    let named = world.house.policy.rules(2).unwrap().clone();
    assert!(super::super::terms::check(&world.house.ctx(&world.union, NOON), &named, &intent).is_ok());
    world = World::of(House::with(2, 3, |genesis| {
        (genesis.environment, genesis.rules.environment) = (Environment::Demo, Environment::Demo);
    }));
    let mut named = named;
    named.networks[0].network_id = "1".parse().unwrap();
    let mut intent = world.house.intent(1);
    intent.network_id = "1".parse().unwrap();
    let result = super::super::terms::check(&world.house.ctx(&world.union, NOON), &named, &intent);
    assert_refused(result, Check::Rule, Never, "a demo never signs");
}

#[test]
fn a_fee_cap_above_the_rules_is_refused() {
    let mut world = World::new();
    let result = spoiled(&world, |intent| intent.fee_cap = Amount::from_u128(10_000_000_000_000_001));
    assert_refused(result, Check::Rule, Never, "fee cap");
    world.house.publish(|rules| rules.fees[0].cap = Amount::from_u128(4_999_999_999_999_999));
    assert_refused(spoiled(&world, |_| {}), Check::Rule, Later, "fee cap");
}

#[test]
fn a_chain_without_fees_in_the_newest_rules_waits() {
    let mut world = World::new();
    world.house.publish(|rules| rules.fees.clear());
    assert_refused(spoiled(&world, |_| {}), Check::Rule, Later, "no fees");
}

#[test]
fn an_intent_cannot_give_itself_more_time_than_its_rule() {
    let world = World::new();
    let result = spoiled(&world, |intent| intent.expiry = at(NOON + HOUR + 1));
    assert_refused(result, Check::Rule, Never, "expires");
}

#[test]
fn a_second_spelling_of_an_address_is_never_signed() {
    let world = World::new();
    let lower = |text: &payout::ids::Address| text.as_str().to_lowercase().parse().unwrap();
    let canonical = world.house.intent(1);
    let spelled = |intent: Intent| {
        let unsigned = world.house.approved(&canonical, 0).unsigned;
        let acts = approvals(&ENOUGH, &intent);
        let request = SignRequest { intent: intent.canonical(), acts, caller: None, unsigned, target: None };
        world.try_request(&request)
    };
    let result = spelled(Intent { to: lower(&canonical.to), ..canonical.clone() });
    assert_refused(result, Check::Rule, Never, "to is spelled");
    let result = spelled(Intent { from: lower(&canonical.from), ..canonical.clone() });
    assert_refused(result, Check::Rule, Never, "from is spelled");
}

// -- the address

#[test]
fn an_address_that_is_not_the_wallets_is_never_paid_from() {
    let world = World::new();
    let result = spoiled(&world, |intent| {
        intent.from = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap();
    });
    assert_refused(result, Check::Address, Never, "the intent pays from");
    let result = spoiled(&world, |intent| intent.address_index = AddressIndex::new(1).unwrap());
    assert_refused(result, Check::Address, Never, "address 1 of wallet 7");
}

#[test]
fn a_wallet_without_a_share_here_waits() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.house.keys.clear();
    assert_refused(world.try_approved(&intent), Check::Address, Later, "no share");
}

#[test]
fn a_wallet_that_the_rules_do_not_list_waits() {
    let mut world = World::new();
    world.house.publish(|rules| rules.wallets.clear());
    assert_refused(spoiled(&world, |_| {}), Check::Address, Later, "not active");
}

#[test]
fn another_key_in_the_rules_than_in_the_vault_signs_nothing() {
    let mut world = World::new();
    let key = world.house.keys.get_mut(&wallet_id()).unwrap();
    key.chain_code = [4; 32];
    assert_refused(spoiled(&world, |_| {}), Check::Address, Later, "another key");
    let key = world.house.keys.get_mut(&wallet_id()).unwrap();
    key.chain_code = [3; 32];
    key.fingerprint = "other".to_owned();
    assert_refused(spoiled(&world, |_| {}), Check::Address, Later, "fingerprint");
}

// -- budgets

#[test]
fn a_limit_that_is_used_up_holds() {
    let mut world = World::new();
    for number in 1..=10 {
        let intent = world.house.small(number);
        let request = world.house.request(&intent, vec![], u64::try_from(number).unwrap());
        world.try_request(&request).unwrap();
        // Each by another participant: their journals count together.
        world.contributed(1 + u8::try_from(number % 2).unwrap(), NOON, &request);
    }
    let intent = world.house.small(11);
    let request = world.house.request(&intent, vec![], 11);
    assert_refused(world.try_request(&request), Check::Budget, Later, "used up");
    // A day later the window has moved on, but not for what was made then.
    world.clock = NOON + 24 * HOUR;
    let mut intent = world.house.small(11);
    (intent.created, intent.expiry) = (at(world.clock), at(world.clock + HOUR));
    assert!(world.try_request(&world.house.request(&intent, vec![], 11)).is_ok());
}

#[test]
fn what_was_contributed_before_does_not_count_twice() {
    let mut world = World::new();
    let mut last = None;
    for number in 1..=10 {
        let intent = world.house.small(number);
        let request = world.house.request(&intent, vec![], u64::try_from(number).unwrap());
        world.contributed(1, NOON, &request);
        last = Some(request);
    }
    assert!(world.try_request(&last.unwrap()).is_ok(), "a retry of the tenth is not the eleventh");
}

#[test]
fn the_newest_limits_apply_and_not_the_named_ones() {
    let mut world = World::new();
    world.house.publish(|rules| {
        let small = rules.rules.iter_mut().find(|rule| rule.id.as_str() == "small").unwrap();
        small.budget.insert(crate::house::usdt(), tokens(99));
    });
    let request = world.house.request(&world.house.small(1), vec![], 1);
    assert!(world.try_request(&request).is_ok());
    world.contributed(2, NOON, &request);
    let request = world.house.request(&world.house.small(2), vec![], 2);
    assert_refused(world.try_request(&request), Check::Budget, Later, "budget");
}

#[test]
fn fees_of_a_wallet_stay_within_their_budget() {
    let mut world = World::new();
    // 0.001 ETH each at worst; the rules allow 0.02 in a day.
    for number in 1..=20 {
        let intent = world.house.intent(number);
        let request = world.house.approved(&intent, u64::try_from(number).unwrap());
        world.try_request(&request).unwrap();
        world.contributed(2, NOON, &request);
    }
    assert_refused(world.try_approved(&world.house.intent(21)), Check::Budget, Later, "fees of wallet 7");
    // A dearer replacement on a used token counts only by what it adds.
    let intent = world.house.intent(20);
    let mut request = world.house.approved(&intent, 20);
    assert!(world.try_request(&request).is_ok());
    request.unsigned = crate::house::bytes(&intent, 20, crate::house::price(20));
    assert_refused(world.try_request(&request), Check::Budget, Later, "fees of wallet 7");
}

/// Small payouts in the morning only, by API, signed by nobody.
fn mornings() -> World {
    let hours = payout::policy::Hours { from: 8 * 60, to: 12 * 60 };
    World::of(House::with(2, 3, |genesis| genesis.rules.rules[1].hours = Some(hours)))
}

#[test]
fn a_gateway_cannot_date_an_automatic_payout_back_into_a_rules_hours() {
    let mut world = mornings();
    // It is six in the evening; the gateway says that it was asked at ten in the morning.
    let morning = at(NOON - 2 * HOUR);
    let intent = Intent { created: morning, expiry: morning.plus(20 * HOUR), ..world.house.small(1) };
    let request = world.house.request(&intent, vec![], 1);
    world.clock = NOON + 6 * HOUR;
    assert_refused(world.try_request(&request), Check::Time, Later, "nobody signed its time");
    let seen = sight(&world.house.ctx(&world.union, world.clock), &request);
    assert_refused(seen, Check::Time, Later, "nobody signed its time");
    // Shown in time, it may wait for money until the evening, whether or not it was tried meanwhile.
    for tried in [false, true] {
        let mut world = mornings();
        world.clock = morning.get() + crate::verify::SEEN_WITHIN_MS;
        if tried {
            world.contributed(1, world.clock, &request);
        } else {
            assert!(sight(&world.house.ctx(&world.union, world.clock), &request).is_ok());
            world.see(1, world.clock, Body::Sight { intent: intent.digest() });
        }
        world.clock = NOON + 6 * HOUR;
        world.try_request(&request).unwrap();
    }
}

#[test]
fn an_automatic_payout_without_hours_may_be_seen_late() {
    let mut world = World::new();
    let request = world.house.request(&world.house.small(1), vec![], 1);
    world.clock = NOON + 6 * HOUR;
    world.try_request(&request).unwrap();
}

#[test]
fn hours_of_a_rule_before_it_matter_as_well() {
    // At night everything needs the treasury; small sums in the day need nobody.
    let mut world = World::of(House::with(2, 3, |genesis| {
        let hours = payout::policy::Hours { from: 20 * 60, to: 6 * 60 };
        let night = crate::house::rule("night", crate::house::approve(&[("treasury", 2)]));
        genesis.rules.rules.insert(1, payout::policy::Rule { hours: Some(hours), ..night });
    }));
    let request = world.house.request(&world.house.small(1), vec![], 1);
    world.try_request(&request).unwrap();
    world.clock = NOON + 11 * HOUR;
    assert_refused(world.try_request(&request), Check::Time, Later, "nobody signed its time");
}

/// Moves between our own addresses go with one of the treasury; nothing else may go there.
fn moves() -> World {
    World::of(House::with(2, 3, |genesis| {
        let moves = crate::house::rule("moves", crate::house::approve(&[("treasury", 1)]));
        let recipient = payout::policy::RecipientCondition::Internal;
        genesis.rules.rules[0] = payout::policy::Rule { recipient, ..moves };
    }))
}

fn address(world: &World, wallet: &payout::policy::Wallet, index: u32) -> payout::ids::Address {
    let network = &world.house.policy.newest_rules().networks[0];
    let index = AddressIndex::new(index).unwrap();
    let (key, code) = (&wallet.public_key, &wallet.chain_code);
    chain::derive_address(network.family, &network.network_id, key, code, index).unwrap()
}

#[test]
fn a_rule_for_moves_between_our_own_addresses_works() {
    let mut world = moves();
    // Another wallet, whose share is not looked for: only its address is paid.
    let mut other = world.house.policy.newest_rules().wallets[0].clone();
    other.id = payout::ids::WalletId::new(8).unwrap();
    other.public_key = chain::child_public_key(&other.public_key, &other.chain_code, &[8]).unwrap();
    other.fingerprint = "EFGH-ABCD".to_owned();
    world.house.publish(|rules| rules.wallets.push(other.clone()));
    let own = world.house.policy.newest_rules().wallets[0].clone();
    let try_to = |to| {
        let intent = Intent { rule: "moves".parse().unwrap(), to, ..world.house.intent(1) };
        let acts = approvals(&["tom"], &intent);
        world.try_request(&world.house.request(&intent, acts, 1))
    };
    for to in [address(&world, &own, 0), address(&world, &own, 255), address(&world, &other, 0)] {
        try_to(to.clone()).unwrap();
        // Nothing that is for outside addresses lets it through.
        let small = Intent { to, ..world.house.small(1) };
        let request = world.house.request(&small, vec![], 1);
        assert_refused(world.try_request(&request), Check::Rule, Later, "one of our own addresses");
    }
    for to in [address(&world, &own, 256), crate::house::payee()] {
        assert_refused(try_to(to), Check::Rule, Later, "not one of our own addresses");
    }
}
