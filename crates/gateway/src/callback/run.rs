//! The loop over the outbox.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use store::Delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::deliver::deliver;
use super::hosts::{Hosts, Place};
use crate::clock;
use crate::engine::run::{is_stopped, stopped};
use crate::state::Gateway;

/// How long tries that are under way may take once the gateway is told to stop. What is cut off is sent again.
const GRACE: Duration = Duration::from_millis(1500);
/// A try that takes longer gives its place to another, so that many dead receivers delay nobody else either.
const SLOW: Duration = Duration::from_secs(1);
/// How many times `parallel` may be under way, slow ones included.
const SLOW_FACTOR: usize = 4;
/// What a claim lasts beyond the longest try, ms.
const LEASE_MARGIN_MS: i64 = 15_000;
/// How long a callback is put off whose receiver has all its places taken, ms.
const PUT_OFF_MS: i64 = 5000;

/// Sends callbacks until `stop` turns true, or its sender is gone.
pub async fn run(gateway: Arc<Gateway>, mut stop: watch::Receiver<bool>) {
    let parallel = usize::from(gateway.config.callback.parallel);
    let per_host = usize::from(gateway.config.callback.parallel_per_host);
    let tick = Duration::from_millis(gateway.config.engine.tick_ms.into());
    let lease_ms = i64::from(gateway.config.callback.timeout_ms) + LEASE_MARGIN_MS;
    let hosts = Arc::new(Hosts::default());
    let slots = Arc::new(Semaphore::new(parallel));
    let mut running = JoinSet::new();
    loop {
        // Before the table is looked at, so that nothing falls between the look and the sleep.
        let woken = gateway.wake.callback().notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        if is_stopped(&stop) {
            break;
        }
        while running.try_join_next().is_some() {}
        let free = slots.available_permits().min((parallel * SLOW_FACTOR).saturating_sub(running.len()));
        if free == 0 {
            tokio::select! {
                Some(_) = running.join_next() => {}
                () = sleep(SLOW / 4) => {}
                () = stopped(&mut stop) => {}
            }
            continue;
        }
        let limit = u32::try_from(free).unwrap_or(u32::MAX);
        let claimed = match gateway.store.claim_callbacks(limit, lease_ms, clock::now()).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(%error, "the outbox can't be read");
                tokio::select! { () = sleep(tick) => {}, () = stopped(&mut stop) => {} }
                continue;
            }
        };
        let full = claimed.len() >= free;
        let mut crowded = Vec::new();
        for delivery in claimed {
            match hosts.place(&delivery.url, per_host) {
                Some(place) => {
                    let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
                    running.spawn(send(Arc::clone(&gateway), delivery, place, slot));
                }
                None => crowded.push(delivery),
            }
        }
        join_all(crowded.iter().map(|delivery| put_off(&gateway, delivery))).await;
        if full {
            continue;
        }
        let pause = until_due(&gateway, tick).await;
        tokio::select! { () = woken => {}, () = sleep(pause) => {}, () = stopped(&mut stop) => {} }
    }
    let rest = async { while running.join_next().await.is_some() {} };
    if timeout(GRACE, rest).await.is_err() {
        running.shutdown().await;
    }
}

async fn send(gateway: Arc<Gateway>, delivery: Delivery, place: Place, slot: OwnedSemaphorePermit) {
    let mut trying = Box::pin(deliver(&gateway, &delivery));
    let outcome = match timeout(SLOW, &mut trying).await {
        Ok(outcome) => outcome,
        Err(_) => {
            drop(slot);
            trying.await
        }
    };
    if let Err(error) = outcome {
        tracing::error!(cid = %delivery.cid, %error, "how a callback went was not recorded; it is sent again");
    }
    drop(place);
}

/// Puts a callback back unsent: its receiver is busy with others, and they must not wait for it.
async fn put_off(gateway: &Gateway, delivery: &Delivery) {
    let now = clock::now();
    let due_at = now.plus(PUT_OFF_MS);
    if let Err(error) = gateway.store.release_callback(delivery.id, delivery.claim, due_at, now).await {
        tracing::warn!(cid = %delivery.cid, %error, "a callback was not put back; its claim runs out");
    }
}

/// How long there is nothing to send, if nobody wakes us.
async fn until_due(gateway: &Gateway, tick: Duration) -> Duration {
    match gateway.store.next_callback_due().await {
        Ok(Some(due)) => {
            let millis = u64::try_from(due.since(clock::now())).unwrap_or(0);
            Duration::from_millis(millis).clamp(Duration::from_millis(5).min(tick), tick)
        }
        // The claim that follows says what is wrong with the database.
        Ok(None) | Err(_) => tick,
    }
}
