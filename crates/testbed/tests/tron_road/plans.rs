//! Where the energy of a payment comes from, and what it may cost.

use std::num::NonZeroU16;
use std::path::Path;
use std::time::Duration;

use gateway::config::EnergyRental;
use gateway::node::{EnergyShortage, Hold, Road as _};
use payout::money::Amount;
use serde_json::json;
use testbed::ledgers::EnergyProvider;

use crate::sighting::paid;
use crate::world::{FINAL, Settings, TRX, World, stranger};

async fn provider(world: &World, folder: &Path, sun_per_energy: u64) -> EnergyProvider {
    EnergyProvider::start(&world.ledger.urls()[0], sun_per_energy, folder).await.unwrap()
}

/// What the gateway is told of it.
fn terms(provider: &EnergyProvider, max_sun_per_energy: u64) -> EnergyRental {
    EnergyRental {
        url: provider.url().parse().unwrap(),
        max_sun_per_energy,
        batch: NonZeroU16::new(3).unwrap(),
        duration_s: 3600,
    }
}

fn short(held: Result<payout::life::Build, Hold>) -> EnergyShortage {
    match held {
        Err(Hold::Energy(shortage)) => *shortage,
        other => panic!("not short of energy: {other:?}"),
    }
}

#[tokio::test]
async fn a_first_transfer_to_a_recipient_is_known_to_cost_more() {
    let mut world = World::with(1000 * TRX, 1000 * TRX).await;
    world.set(Settings { burn_cap_sun: Some(0), ..Settings::default() }).await;
    let (known, unknown) = (stranger(1), stranger(2));
    let gift = json!({"contract": world.usdt.as_str(), "owner": world.from.as_str(), "to": known.as_str(), "amount": "1"});
    world.admin("transfer", gift).await;
    let again = short(world.plan(&world.usdt_payment(&known, TRX)).await);
    let first = short(world.plan(&world.usdt_payment(&unknown, TRX)).await);
    assert!(first.first_time && !again.first_time);
    assert!(first.needs > again.needs + again.needs / 4, "{first:?} {again:?}");
    assert!(first.price > again.price && first.to_string().contains("costs about double"), "{first}");
}

#[tokio::test]
async fn energy_that_is_delegated_is_used_and_no_trx_is_burnt_for_it() {
    let mut world = World::with(2 * TRX, 1000 * TRX).await;
    world.set(Settings { burn_cap_sun: Some(0), ..Settings::default() }).await;
    let intent = world.usdt_payment(&stranger(1), TRX);
    let shortage = short(world.plan(&intent).await);
    assert_eq!(shortage.has, 0);
    assert!(shortage.price > Amount::ZERO, "the price is shown");
    world
        .admin("delegate", json!({"address": world.from.as_str(), "energy": shortage.needs.to_string()}))
        .await;
    let before = world.sun(&world.from).await;
    let tx = world.sent(&intent).await;
    world.close(FINAL).await;
    paid(world.look(&intent, &tx).await);
    assert!(before - world.sun(&world.from).await <= TRX / 2, "bandwidth at most");
}

#[tokio::test]
async fn energy_is_rented_for_a_batch_before_trx_is_burnt() {
    let mut world = World::with(5 * TRX, 1000 * TRX).await;
    let folder = tempfile::tempdir().unwrap();
    let provider = provider(&world, folder.path(), 60).await;
    world.set(Settings { energy: Some(terms(&provider, 60)), ..Settings::default() }).await;
    let intent = world.usdt_payment(&stranger(1), TRX);
    let shortage = short(world.plan(&intent).await);
    assert!(shortage.offer.contains("rented"), "{shortage}");
    // It comes by itself.
    let mut tries = 0;
    let build = loop {
        match world.plan(&intent).await {
            Ok(build) => break build,
            Err(Hold::Energy(_)) if tries < 100 => tries += 1,
            Err(other) => panic!("{other}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let tx = world.signed(&build);
    let _ = world.road.broadcast(&tx).await.unwrap();
    world.close(FINAL).await;
    paid(world.look(&intent, &tx).await);
    let orders = provider.ask("/orders", &json!({})).await.unwrap();
    assert_eq!(orders.as_array().map(Vec::len), Some(1), "{orders}");
    assert_eq!(orders[0]["energy"].as_u64(), Some(shortage.needs * 3));
}

#[tokio::test]
async fn a_provider_that_is_dear_or_gone_leaves_burning_under_the_caps() {
    let mut world = World::with(1000 * TRX, 1000 * TRX).await;
    let folder = tempfile::tempdir().unwrap();
    let provider = provider(&world, folder.path(), 90).await;
    let intent = world.usdt_payment(&stranger(1), TRX);
    let settings =
        |burn_cap_sun| Settings { energy: Some(terms(&provider, 80)), burn_cap_sun, ..Settings::default() };
    world.set(settings(Some(0))).await;
    let dear = short(world.plan(&intent).await);
    assert!(dear.offer.contains("over its limit"), "{dear}");
    assert_eq!(provider.ask("/orders", &json!({})).await.unwrap(), json!([]));
    world.set(settings(None)).await;
    let before = world.sun(&world.from).await;
    let tx = world.sent(&intent).await;
    world.close(FINAL).await;
    paid(world.look(&intent, &tx).await);
    let burnt = Amount::from_u128(u128::from(before - world.sun(&world.from).await));
    assert!(burnt > Amount::ZERO && burnt <= tx.build.max_fee, "{burnt}");
    provider.ask("/faults", &json!({"refuse": true})).await.unwrap();
    world.set(settings(Some(0))).await;
    let gone = short(world.plan(&world.usdt_payment(&stranger(2), TRX)).await);
    assert!(gone.offer.contains("none can be rented"), "{gone}");
}

#[tokio::test]
async fn trx_to_a_new_address_activates_it_and_what_that_costs_is_seen_before() {
    let world = World::with(12 * TRX, 0).await;
    let payee = stranger(1);
    // 1.1 TRX more are needed than are paid.
    assert!(matches!(world.plan(&world.payment(&payee, 11 * TRX)).await, Err(Hold::Funds(_))));
    let intent = world.payment(&payee, 10 * TRX);
    let tx = world.sent(&intent).await;
    world.close(FINAL).await;
    paid(world.look(&intent, &tx).await);
    assert_eq!(world.sun(&world.from).await, 2 * TRX - 1_100_000);
    assert_eq!(tx.build.max_fee, Amount::from_u128(1_100_000));
}

#[tokio::test]
async fn what_the_chain_would_refuse_is_held_before_anything_is_signed() {
    let world = World::with(1000 * TRX, TRX).await;
    let too_much = world.plan(&world.usdt_payment(&stranger(1), 2 * TRX)).await;
    assert!(matches!(too_much, Err(Hold::Funds(_))), "{too_much:?}");
    let contract = world.usdt.as_str().parse().unwrap();
    let to_contract = world.plan(&world.payment(&contract, TRX)).await;
    assert!(matches!(to_contract, Err(Hold::WouldFail(_))), "{to_contract:?}");
    let capped = payout::intent::Intent {
        fee_cap: Amount::from_u128(1_000_000),
        ..world.usdt_payment(&stranger(1), TRX)
    };
    let held = world.plan(&capped).await;
    assert!(matches!(&held, Err(Hold::FeeOverCap { fee, cap }) if fee > cap), "{held:?}");
    let status = world.road.health().await;
    assert!(status.iter().all(|node| node.state.is_ok()), "{status:?}");
}
