//! One harness for every step: a step that is taken twice from the same stored state, as after a crash between its act
//! and its record, or by two gateways at once, has one effect.

use payout::life::{Requirement, Screening};
use store::PayoutRow;

use super::house::{House, Plans, block};
use crate::engine::{Next, StepError, approve, broadcast, build, confirm, screen};
use crate::node::{Chance, Sighting};

/// Takes a step twice from one stored row, and checks that exactly one event is on record.
async fn taken_twice<F>(house: &House, row: PayoutRow, step: impl Fn(PayoutRow) -> F)
where
    F: Future<Output = Result<Next, StepError>>,
{
    let before = house.history_len(row.cid()).await;
    let first = step(row.clone()).await;
    assert!(matches!(first, Ok(Next::Advanced)), "{first:?}");
    let after_first = house.row(row.cid()).await;
    let second = step(row.clone()).await;
    assert!(matches!(second, Err(StepError::Stale)), "{second:?}");
    assert_eq!(house.row(row.cid()).await, after_first);
    assert_eq!(house.history_len(row.cid()).await, before + 1);
    // And again from what is stored now: it is another step's to move.
    let third = step(after_first.clone()).await;
    assert!(matches!(third, Ok(Next::Nothing)), "{third:?}");
}

#[tokio::test]
async fn an_expiry_that_is_taken_twice_happens_once() {
    let house = House::new().await;
    let requirement = super::house::two_of_treasury();
    let row = house
        .accept_with(
            requirement,
            Screening::None,
            |intent| intent.expiry = intent.created,
            None,
            store::Call::V2,
        )
        .await;
    taken_twice(&house, row, |row| approve::step(&house.gateway, row)).await;
}

#[tokio::test]
async fn a_check_that_is_asked_twice_is_answered_once() {
    let receiver = super::screening::receiver(|| async { "ok" }).await;
    let house = House::with(Plans { verification_url: Some(receiver.url.clone()), ..Plans::default() }).await;
    let row = house.accept(Requirement::Nobody, Screening::Asked).await;
    taken_twice(&house, row, |row| screen::step(&house.gateway, row)).await;
}

#[tokio::test]
async fn a_build_that_is_made_twice_takes_one_token() {
    let house = House::new().await;
    let row = house.queued().await;
    let digest = row.digest;
    // What was in memory is lost in a crash.
    let step = |row: PayoutRow| {
        house.gateway.memory.seen.add(digest);
        build::step(&house.gateway, row)
    };
    taken_twice(&house, row.clone(), step).await;
    let intent = &row.payout.intent;
    let tokens = house.gateway.store.tokens_in_flight(&intent.network_id, &intent.from).await.unwrap();
    assert_eq!(tokens.len(), 1);
}

#[tokio::test]
async fn a_broadcast_that_is_made_twice_sends_the_same_bytes() {
    let house = House::new().await;
    let row = house.signed(3).await;
    taken_twice(&house, row, |row| broadcast::step(&house.gateway, row)).await;
    let sent = house.road.sent.lock().unwrap().clone();
    assert_eq!(sent, [vec![3, 1], vec![3, 1]]);
}

#[tokio::test]
async fn a_success_that_is_seen_twice_is_told_once() {
    let house = House::new().await;
    let row = house.sent(3).await;
    let chance = || Sighting::Succeeded(Chance { txid: "0x03".to_owned(), block: block() });
    house.road.sightings.lock().unwrap().extend([Ok(chance()), Ok(chance())]);
    taken_twice(&house, row, |row| confirm::step(&house.gateway, row)).await;
}

#[tokio::test]
async fn two_gateways_that_build_at_once_take_one_token() {
    let house = House::new().await;
    let row = house.queued().await;
    let other = row.clone();
    let (one, two) =
        tokio::join!(build::step(&house.gateway, row.clone()), build::step(&house.gateway, other));
    let advanced = [&one, &two].iter().filter(|next| matches!(next, Ok(Next::Advanced))).count();
    assert_eq!(advanced, 1, "{one:?} {two:?}");
    assert_eq!(house.history_len(row.cid()).await, 2);
}
