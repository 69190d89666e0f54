//! The loop over the outbox.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::{Call, CallbackState, PayoutRow};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::succeeded;
use crate::callback::run;
use crate::engine::tests::house::{House, Plans};
use crate::engine::tests::screening::receiver;

async fn until_delivered(house: &House, row: &PayoutRow) {
    let delivered = async {
        loop {
            let callback = house.gateway.store.callback(row.cid()).await.unwrap().unwrap();
            if callback.state == CallbackState::Delivered {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), delivered).await.expect("it is delivered");
}

#[tokio::test]
async fn a_dead_receiver_delays_nobody_else() {
    let mut plans = Plans::default();
    plans.config.callback.timeout_ms = 5000;
    plans.config.callback.parallel = 8;
    plans.config.callback.parallel_per_host = 2;
    let house = House::with(plans).await;
    let dead = receiver(|| async {
        sleep(Duration::from_secs(60)).await;
        "success"
    })
    .await;
    let good = receiver(|| async { "success" }).await;
    let mut stuck = Vec::new();
    for nonce in 0..20 {
        stuck.push(succeeded(&house, &dead.url, nonce, Call::V2).await);
    }
    let row = succeeded(&house, &good.url, 99, Call::V2).await;
    let (stop, stopped) = watch::channel(false);
    let begun = Instant::now();
    let task = tokio::spawn(run(Arc::clone(&house.gateway), stopped));
    until_delivered(&house, &row).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(dead.count(), 2, "no more than its places");
    // Those that were put off have used up no try.
    let attempts =
        async |row: &PayoutRow| house.gateway.store.callback(row.cid()).await.unwrap().unwrap().attempt;
    let mut begun_tries = 0;
    for row in &stuck {
        begun_tries += attempts(row).await;
    }
    assert_eq!(begun_tries, 2);
    stop.send(true).unwrap();
    timeout(Duration::from_secs(5), task).await.expect("it stops although a try hangs").unwrap();
}

#[tokio::test]
async fn a_callback_that_was_not_taken_comes_again_by_itself() {
    let tries = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&tries);
    let moody = receiver(move || {
        let tried = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { if tried == 0 { "not now" } else { "success" } }
    })
    .await;
    let mut plans = Plans::default();
    plans.config.callback.pauses_s = vec![1];
    let house = House::with(plans).await;
    let row = succeeded(&house, &moody.url, 0, Call::V2).await;
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run(Arc::clone(&house.gateway), stopped));
    until_delivered(&house, &row).await;
    assert_eq!(moody.count(), 2);
}

#[tokio::test]
async fn a_signal_sends_at_once() {
    let mut plans = Plans::default();
    plans.config.engine.tick_ms = 60_000;
    let house = House::with(plans).await;
    let good = receiver(|| async { "success" }).await;
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run(Arc::clone(&house.gateway), stopped));
    sleep(Duration::from_millis(100)).await;
    let row = succeeded(&house, &good.url, 0, Call::V2).await;
    house.gateway.wake.next(row.payout.step());
    until_delivered(&house, &row).await;
}
