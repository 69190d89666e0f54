//! The loops: one a step.
//!
//! A loop registers for the wake-up before it looks in the table, so that nothing falls between the look and the sleep,
//! and looks by timer all the same. It takes no more than it can work on at once, so that another gateway beside it
//! gets its share.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use payout::life::Step;
use store::{PayoutRow, StoreError, Wake};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use super::{Next, StepError, approve, broadcast, build, confirm, record, screen, sign};
use crate::clock;
use crate::state::Gateway;

/// How long steps that are under way may take once the gateway is told to stop. What is cut off is taken up again after
/// its lease.
const GRACE: Duration = Duration::from_millis(1500);
/// A step that takes longer (a node that hangs) gives its place to another payout, so that one chain does not hold up
/// the others.
const SLOW: Duration = Duration::from_secs(1);
/// How many times `parallel` may be at work, slow ones included.
const SLOW_FACTOR: usize = 4;
/// The shortest sleep between two looks.
const SHORTEST: Duration = Duration::from_millis(5);

const STEPS: [Step; 6] =
    [Step::Screen, Step::Approve, Step::Build, Step::Sign, Step::Broadcast, Step::Confirm];

/// Runs all steps until `stop` turns true, or its sender is gone.
pub async fn run(gateway: Arc<Gateway>, stop: watch::Receiver<bool>) {
    let loops = STEPS.map(|step| walk(Arc::clone(&gateway), step, stop.clone()));
    tokio::join!(
        join_all(loops),
        follow_cosigners(&gateway, stop.clone()),
        sign::follow_cosigners(&gateway, stop.clone()),
        follow_gate(&gateway, stop.clone()),
    );
}

/// Resolves once the gateway is told to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A closed channel means the same as a stop: whoever held it is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

pub(crate) fn is_stopped(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

async fn walk(gateway: Arc<Gateway>, step: Step, mut stop: watch::Receiver<bool>) {
    let parallel = usize::from(gateway.config.engine.parallel);
    let slots = Arc::new(Semaphore::new(parallel));
    let mut running = JoinSet::new();
    let mut gate = gateway.gate.subscribe();
    loop {
        if decides(step) && gateway.gate.may_decide().is_err() {
            // What the database says of these payouts may be long out of date: none of them moves, and none ends.
            tokio::select! { changed = gate.changed() => if changed.is_err() { break }, () = stopped(&mut stop) => break }
            continue;
        }
        let woken = gateway.wake.of(step).notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        if is_stopped(&stop) {
            break;
        }
        while let Some(ended) = running.try_join_next() {
            look_for_panic(step, &ended);
        }
        let free = slots.available_permits().min((parallel * SLOW_FACTOR).saturating_sub(running.len()));
        if free == 0 {
            tokio::select! {
                Some(ended) = running.join_next() => look_for_panic(step, &ended),
                () = sleep(SLOW / 4) => {}
                () = stopped(&mut stop) => {}
            }
            continue;
        }
        let claimed = match claim(&gateway, step, free).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(step = step.as_str(), %error, "the engine can't look for work");
                tokio::select! { () = sleep(tick(&gateway)) => {}, () = stopped(&mut stop) => {} }
                continue;
            }
        };
        let full = claimed.len() >= free;
        for row in claimed {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            running.spawn(take(Arc::clone(&gateway), step, row, slot));
        }
        if full {
            continue;
        }
        tokio::select! { () = woken => {}, () = until_due(&gateway, step) => {}, () = stopped(&mut stop) => {} }
    }
    let rest = async { while running.join_next().await.is_some() {} };
    if timeout(GRACE, rest).await.is_err() {
        running.shutdown().await;
    }
}

/// Whether a step can end a payout, or bind it to a token. What is signed already is sent and looked after in any case.
const fn decides(step: Step) -> bool {
    match step {
        Step::Screen | Step::Approve | Step::Build | Step::Sign => true,
        Step::Broadcast | Step::Confirm => false,
    }
}

async fn claim(gateway: &Gateway, step: Step, limit: usize) -> Result<Vec<PayoutRow>, StoreError> {
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    gateway.store.claim(step, limit, gateway.config.engine.lease_ms.into(), clock::now()).await
}

fn tick(gateway: &Gateway) -> Duration {
    Duration::from_millis(gateway.config.engine.tick_ms.into())
}

/// Resolves when there is something to do, if nobody wakes us. What is under way may put a payout off to an earlier
/// moment than any that the table knew when we looked.
async fn until_due(gateway: &Gateway, step: Step) {
    let tick = tick(gateway);
    loop {
        gateway.wake.plan(step);
        let now = clock::now();
        let pause = match gateway.store.next_due(step).await {
            Ok(Some(due)) => {
                let millis = u64::try_from(due.since(now)).unwrap_or(0);
                Duration::from_millis(millis).clamp(SHORTEST.min(tick), tick)
            }
            // The claim that follows says what is wrong with the database.
            Ok(None) | Err(_) => tick,
        };
        gateway.wake.planned(step, now.plus(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)));
        tokio::select! { () = gateway.wake.sooner(step) => {}, () = sleep(pause) => return }
    }
}

fn look_for_panic(step: Step, ended: &Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(step = step.as_str(), %error, "a step panicked; it is taken again after its lease");
    }
}

/// One step of one payout.
async fn take(gateway: Arc<Gateway>, step: Step, row: PayoutRow, slot: OwnedSemaphorePermit) {
    let cid = row.cid();
    let mut work = Box::pin(act(&gateway, step, row.clone()));
    let outcome = match timeout(SLOW, &mut work).await {
        Ok(outcome) => outcome,
        Err(_) => {
            drop(slot);
            work.await
        }
    };
    match outcome {
        Ok(next) => gateway.metrics.step(step, next.as_str()),
        Err(StepError::Stale) => {
            gateway.metrics.step(step, "stale");
            tracing::debug!(%cid, step = step.as_str(), "the payout was moved by somebody else");
        }
        Err(error @ StepError::Store(_)) => {
            gateway.metrics.step(step, "store error");
            tracing::error!(%cid, step = step.as_str(), error = &error as &dyn std::error::Error, "a step failed");
        }
        Err(error @ StepError::Refused(_)) => {
            gateway.metrics.step(step, "fault");
            tracing::error!(%cid, step = step.as_str(), error = &error as &dyn std::error::Error, "a step is at fault");
            let wait = record::wait(
                format!("a fault in this program stops the step {}", step.as_str()),
                "report it with the log of this gateway; it is tried again",
            );
            let due_at = clock::now().plus(30_000);
            // If that can't be stored either, the lease runs out instead.
            let _ = record::hold(&gateway, &row, wait, due_at).await;
        }
    }
}

async fn act(gateway: &Gateway, step: Step, row: PayoutRow) -> Result<Next, StepError> {
    match step {
        Step::Screen => screen::step(gateway, row).await,
        Step::Approve => approve::step(gateway, row).await,
        Step::Build => build::step(gateway, row).await,
        Step::Sign => sign::step(gateway, row).await,
        Step::Broadcast => broadcast::step(gateway, row).await,
        Step::Confirm => confirm::step(gateway, row).await,
    }
}

/// When the gate opens, payouts that wait for it are due at once.
async fn follow_gate(gateway: &Gateway, mut stop: watch::Receiver<bool>) {
    let mut gate = gateway.gate.subscribe();
    loop {
        tokio::select! {
            changed = gate.changed() => if changed.is_err() { return },
            () = stopped(&mut stop) => return,
        }
        for step in [Step::Build, Step::Sign] {
            match gateway.store.wake(Wake::Step(step), clock::now()).await {
                Ok(_) => gateway.wake.of(step).notify_one(),
                Err(error) => tracing::warn!(%error, "waiting payouts were not woken; their timer does it"),
            }
        }
    }
}

/// When a co-signer comes, open stops are delivered, and payouts that wait for a quorum to see them are due at once.
async fn follow_cosigners(gateway: &Gateway, mut stop: watch::Receiver<bool>) {
    let mut news = gateway.hub.subscribe();
    // Nobody counts as here at first: whoever came before this loop began gets what is open as well.
    let mut here = Vec::new();
    news.mark_changed();
    loop {
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = stopped(&mut stop) => return,
        }
        let now_here = gateway.hub.connected();
        let somebody_came = now_here.iter().any(|index| !here.contains(index));
        here = now_here;
        if !somebody_came {
            continue;
        }
        if let Err(error) = approve::redeliver(gateway).await {
            tracing::error!(%error, "open stops were not delivered to a co-signer that came");
        }
        match gateway.store.wake(Wake::Step(Step::Build), clock::now()).await {
            Ok(_) => gateway.wake.of(Step::Build).notify_one(),
            Err(error) => tracing::warn!(%error, "waiting payouts were not woken; their timer does it"),
        }
    }
}
