//! The loops: signal, timer, stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use payout::life::{State, Step};
use store::PayoutRow;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::house::{House, Plans, block};
use crate::engine::run::run;
use crate::node::{Chance, Sighting};

async fn until(house: &House, row: &PayoutRow, state: &str) {
    let reached = async {
        while house.row(row.cid()).await.payout.state.name() != state {
            sleep(Duration::from_millis(5)).await;
        }
    };
    if timeout(Duration::from_secs(10), reached).await.is_err() {
        panic!("it is {:?}, not {state}", house.row(row.cid()).await.payout.state);
    }
}

#[tokio::test]
async fn a_signed_payout_walks_to_its_end_without_a_signal() {
    let house = House::new().await;
    let row = house.signed(0).await;
    let paid = Sighting::Succeeded(Chance { txid: "0x00".to_owned(), block: block() });
    house.road.sightings.lock().unwrap().extend([Ok(Sighting::Pending), Ok(paid)]);
    let (stop, stopped) = watch::channel(false);
    let engine = tokio::spawn(run(Arc::clone(&house.gateway), stopped));
    until(&house, &row, "succeeded").await;
    stop.send(true).unwrap();
    timeout(Duration::from_secs(5), engine).await.expect("it stops").unwrap();
}

#[tokio::test]
async fn a_signal_is_quicker_than_the_timer() {
    let mut plans = Plans::default();
    plans.config.engine.tick_ms = 60_000;
    let house = House::with(plans).await;
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run(Arc::clone(&house.gateway), stopped));
    sleep(Duration::from_millis(200)).await;
    let row = house.signed(0).await;
    house.gateway.wake.of(Step::Broadcast).notify_one();
    until(&house, &row, "sent").await;
}

#[tokio::test]
async fn what_is_put_off_for_a_moment_is_looked_at_after_that_moment() {
    let mut plans = Plans::default();
    plans.config.engine.tick_ms = 60_000;
    let house = House::with(plans).await;
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run(Arc::clone(&house.gateway), stopped));
    sleep(Duration::from_millis(200)).await;
    let paid = Sighting::Succeeded(Chance { txid: "0x00".to_owned(), block: block() });
    house.road.sightings.lock().unwrap().extend([Ok(Sighting::Pending), Ok(Sighting::Pending), Ok(paid)]);
    let row = house.signed(0).await;
    house.gateway.wake.of(Step::Broadcast).notify_one();
    until(&house, &row, "succeeded").await;
}

#[tokio::test]
async fn more_payouts_than_places_are_all_taken() {
    let mut plans = Plans::default();
    plans.config.engine.parallel = 2;
    let house = House::with(plans).await;
    let mut rows = Vec::new();
    for _ in 0..9 {
        rows.push(house.queued().await);
    }
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run(Arc::clone(&house.gateway), stopped));
    for row in &rows {
        until(&house, row, "built").await;
    }
}

#[tokio::test]
async fn a_stop_ends_the_engine_at_once_when_nothing_is_under_way() {
    let house = House::new().await;
    let (stop, stopped) = watch::channel(false);
    let engine = tokio::spawn(run(Arc::clone(&house.gateway), stopped));
    sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    drop(stop);
    timeout(Duration::from_secs(5), engine).await.expect("it stops").unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_queued_payout_without_cosigners_waits_and_says_so() {
    let house = House::new().await;
    let row = house.accept(payout::life::Requirement::Nobody, payout::life::Screening::None).await;
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run(Arc::clone(&house.gateway), stopped));
    let waits = async {
        while house.row(row.cid()).await.wait.is_none() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), waits).await.expect("it says what it waits for");
    let held = house.row(row.cid()).await;
    assert_eq!(held.payout.state, State::Queued);
    assert!(held.wait.unwrap().reason.contains("co-1 does not answer"));
}
