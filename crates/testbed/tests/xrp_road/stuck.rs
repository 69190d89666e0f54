//! What does not get on: another offer, later bytes, or a void on the same token.

use gateway::node::{Hold, Road as _, Sent, Sighting, Standing};
use payout::life::Death;
use payout::money::Amount;
use serde_json::json;

use crate::sighting::{dead, paid};
use crate::world::{World, XRP};

/// Ledgers that bytes are valid for, and one more.
const LIFE: usize = 61;

#[tokio::test]
async fn bytes_that_lapsed_are_built_again_on_their_token_and_pay_once() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, Some("5"));
    let build = world.plan(&intent).await.unwrap();
    let late = world.signed(&build);
    for _ in 0..LIFE {
        world.close().await;
    }
    // Servers say tefMAX_LEDGER: look.
    assert!(matches!(world.road.broadcast(&late).await, Ok(Sent::Look(_))));
    assert_eq!(world.look(&intent, &[&late]).await, Sighting::Missing);
    let standing = world.road.standing(&world.from, &build, &[]).await.unwrap();
    assert!(matches!(standing, Standing::Lapsed { .. }), "{standing:?}");

    let again = world.rebuild(&intent, std::slice::from_ref(&build)).await.unwrap();
    assert_eq!((&again.token, again.max_fee), (&build.token, build.max_fee));
    let tx = world.signed(&again);
    assert_eq!(world.road.broadcast(&tx).await.unwrap(), Sent::Accepted);
    world.close().await;
    assert_eq!(paid(world.look(&intent, &[&tx, &late]).await).txid, tx.txid);
    assert!(matches!(world.road.broadcast(&late).await, Ok(Sent::Look(_))));
    world.close().await;
    assert_eq!(world.balance(&payee).await, 101 * XRP);
    assert_eq!(world.road.standing(&world.from, &build, &[]).await.unwrap(), Standing::Used);
    let used = world.rebuild(&intent, &[again]).await;
    assert!(matches!(used, Err(Hold::TokenUsed(_))), "{used:?}");
}

#[tokio::test]
async fn under_a_risen_fee_a_higher_offer_takes_the_place_of_what_is_queued() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, None);
    let build = world.plan(&intent).await.unwrap();
    assert_eq!(world.road.standing(&world.from, &build, &[]).await.unwrap(), Standing::Fair);
    world.fault(0, json!({"open_fee": 500})).await;
    let tx = world.signed(&build);
    assert_eq!(world.road.broadcast(&tx).await.unwrap(), Sent::Accepted);
    world.close().await;
    assert_eq!(world.look(&intent, &[&tx]).await, Sighting::Pending);
    let asks = Amount::from_u128(500);
    let standing = world.road.standing(&world.from, &build, &[]).await.unwrap();
    assert_eq!(standing, Standing::TooLow { asks, offers: build.max_fee });
    let higher = world.rebuild(&intent, std::slice::from_ref(&build)).await.unwrap();
    assert_eq!((&higher.token, higher.max_fee), (&build.token, Amount::from_u128(600)));
    let outbid = world.signed(&higher);
    world.road.broadcast(&outbid).await.unwrap();
    world.close().await;
    assert_eq!(paid(world.look(&intent, &[&outbid, &tx]).await).txid, outbid.txid);
    assert_eq!(world.balance(&payee).await, 101 * XRP);
}

#[tokio::test]
async fn an_offer_over_the_cap_is_not_made() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, None);
    let build = world.plan(&intent).await.unwrap();
    world.fault(0, json!({"open_fee": 2000})).await;
    let over = world.rebuild(&intent, &[build]).await;
    assert!(matches!(over, Err(Hold::FeeOverCap { .. })), "{over:?}");
}

#[tokio::test]
async fn a_void_spends_the_token_and_the_payment_is_dead() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, None);
    let build = world.plan(&intent).await.unwrap();
    let void = world.void(&intent);
    let nothing = world.rebuild(&void, std::slice::from_ref(&build)).await.unwrap();
    assert_eq!((&nothing.token, nothing.max_fee), (&build.token, Amount::from_u128(15)));
    let spent = world.signed(&nothing);
    world.road.broadcast(&spent).await.unwrap();
    world.close().await;
    assert_eq!(paid(world.look(&void, &[&spent]).await).txid, spent.txid);
    let tx = world.signed(&build);
    match dead(world.look(&intent, &[&tx]).await) {
        Death::TokenSpent { txid, .. } => assert_eq!(txid, spent.txid),
        other => panic!("{other:?}"),
    }
    assert!(matches!(world.road.broadcast(&tx).await, Ok(Sent::Look(_))));
    assert_eq!(world.balance(&payee).await, 100 * XRP);
}

#[tokio::test]
async fn ledgers_that_stop_closing_leave_everything_open() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, None);
    let tx = world.sent(&intent).await;
    for _ in 0..4 {
        assert_eq!(world.look(&intent, &[&tx]).await, Sighting::Pending);
    }
    assert_eq!(world.road.standing(&world.from, &tx.build, &[]).await.unwrap(), Standing::Fair);
}
