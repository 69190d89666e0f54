//! Later attempts where bytes lapse at a time: none while those of the attempt before can land.

use chain::TokenRef;
use chain::tron::{Build, Reference, build};
use payout::coin::{Coin, CoinId, Family, Network};
use payout::ids::{Address, AddressIndex, Attempt};
use payout::money::Amount;
use payout::policy::FeeLimit;
use wire::message::Target;

use super::*;
use crate::house::{HOUR, at, wallet_id};

const MINUTE: i64 = 60_000;
/// When the first attempt's bytes lapse.
const END: i64 = NOON + 5 * MINUTE;

fn trx() -> CoinId {
    "195@195".parse().unwrap()
}

fn network() -> Network {
    Network { chain_id: trx().chain_id, family: Family::Tron, network_id: "31338".parse().unwrap() }
}

/// A house whose wallet is on TRON too.
fn world() -> World {
    World::of(House::with(2, 3, |genesis| {
        let rules = &mut genesis.rules;
        rules.networks.push(network());
        let CoinId { chain_id, token_id } = trx();
        rules.coins.push(Coin { name: "TRX".to_owned(), chain_id, token_id, decimals: 6 });
        rules.fees.push(FeeLimit {
            chain_id: trx().chain_id,
            cap: Amount::from_u128(40_000_000),
            raised_cap: None,
            window_hours: 24,
            window_sum: Amount::from_u128(400_000_000),
        });
    }))
}

fn from(world: &World) -> Address {
    let key = &world.house.keys[&wallet_id()];
    let Network { family, network_id, .. } = network();
    chain::derive_address(family, &network_id, &key.public_key, &key.chain_code, AddressIndex::PAYOUT)
        .unwrap()
}

/// 200 TRX.
fn first(world: &World) -> Intent {
    Intent {
        network_id: network().network_id,
        chain_id: trx().chain_id,
        token_id: trx().token_id,
        from: from(world),
        to: "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8".parse().unwrap(),
        fee_cap: Amount::from_u128(40_000_000),
        ..world.house.intent(1)
    }
}

/// The next attempt at it, made then.
fn second(world: &World, made: i64) -> Intent {
    let first = first(world);
    Intent {
        attempt: Attempt::new(2).unwrap(),
        target: Some(first.digest()),
        created: at(made),
        expiry: at(made + HOUR / 2),
        ..first
    }
}

/// Bytes that do what an intent says until then.
fn bytes(intent: &Intent, until: i64) -> Vec<u8> {
    build(&Build {
        network_id: intent.network_id.clone(),
        reference: Reference { height: [1, 2], hash: [3; 8] },
        timestamp: at(until - 5 * MINUTE),
        expiration: at(until),
        from: intent.from.clone(),
        to: intent.to.clone(),
        token: TokenRef::Native,
        amount: intent.amount,
        fee_limit: None,
    })
    .unwrap()
}

fn request(intent: &Intent, until: i64) -> SignRequest {
    let acts = approvals(&ENOUGH, intent);
    let unsigned = bytes(intent, until);
    SignRequest { intent: intent.canonical(), acts, caller: None, unsigned, target: None }
}

/// An attempt at [`first`] beside bytes that lapse then, as the first one's.
fn after(world: &World, intent: &Intent, end: i64) -> SignRequest {
    let first = first(world);
    let target = Target { intent: first.canonical(), unsigned: bytes(&first, end) };
    SignRequest { target: Some(target), ..request(intent, world.clock + 5 * MINUTE) }
}

/// A world in which the first attempt was signed for.
fn signed() -> World {
    let mut world = world();
    let request = request(&first(&world), END);
    assert!(world.try_request(&request).is_ok());
    world.contributed(1, NOON, &request);
    world.contributed(2, NOON, &request);
    world
}

#[test]
fn a_later_attempt_is_made_after_the_end_of_the_one_before() {
    let mut world = signed();
    for made in [NOON + MINUTE, END] {
        // However late it is shown: those who approved it saw the other one while it could land.
        for clock in [made, END + MINUTE] {
            world.clock = clock;
            let early = after(&world, &second(&world, made), END);
            assert_refused(
                world.try_request(&early),
                Check::Bytes,
                Later,
                "the attempt before can land until",
            );
        }
    }
    let request = after(&world, &second(&world, END + 1), END);
    world.clock = END;
    assert_refused(world.try_request(&request), Check::Bytes, Later, "the attempt before can land until");
    world.clock = END + 1;
    assert!(world.try_request(&request).is_ok());
}

#[test]
fn the_end_is_that_of_the_bytes_that_were_signed_for() {
    let mut world = signed();
    let intent = second(&world, NOON + MINUTE);
    world.clock = NOON + MINUTE;
    let others = after(&world, &intent, NOON);
    assert_refused(world.try_request(&others), Check::Bytes, Later, "the attempt before was signed for as");
    let mut none = others;
    none.target.as_mut().unwrap().unsigned.clear();
    assert_refused(world.try_request(&none), Check::Bytes, Later, "no bytes");
}

#[test]
fn a_journal_that_lies_does_not_stand_for_the_bytes_that_were_signed_for() {
    let mut world = signed();
    // As if the second co-signer had contributed to bytes that have lapsed: whichever of the two tokens comes first.
    for end in [NOON - MINUTE, NOON - 2 * MINUTE, NOON - 3 * MINUTE, NOON - 4 * MINUTE] {
        let lie = request(&first(&world), end);
        world.contributed(2, NOON, &lie);
        world.clock = NOON + MINUTE;
        let attempt = after(&world, &second(&world, NOON + MINUTE), end);
        assert_refused(
            world.try_request(&attempt),
            Check::Bytes,
            Later,
            "the attempt before was signed for as",
        );
    }
}

#[test]
fn what_was_never_signed_for_has_no_end_to_wait_for() {
    let mut world = world();
    world.clock = NOON + MINUTE;
    let request = after(&world, &second(&world, NOON + MINUTE), END);
    assert!(world.try_request(&request).is_ok());
}
