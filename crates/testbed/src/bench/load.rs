//! Payouts by the hundred.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use payout::life::{Event, Record};
use tokio::time::MissedTickBehavior;

use crate::demo::{DemoError, Stage};
use crate::deployment::cast::OPERATOR;
use crate::people::Person;
use crate::vendor::Order;

/// How long a backlog may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// Questions at once.
const WIDTH: usize = 16;
/// How often one looks whether all are sent.
const LOOK: Duration = Duration::from_millis(250);

/// When a payout passed its stations, milliseconds since the Unix epoch.
struct Stations {
    accepted: i64,
    signed: i64,
    broadcast: i64,
}

/// A payout that is asked for again and again, each time under another number.
pub(super) struct Load<'a> {
    stage: &'a Stage,
    order: Order,
}

impl<'a> Load<'a> {
    /// Of so much of a coin, to an address that nobody has used.
    pub(super) fn new(stage: &'a Stage, coin: &str, amount: &str) -> Self {
        let coin = stage.coin(coin);
        Self { stage, order: Order { callback_url: None, ..stage.order(&coin, amount) } }
    }

    /// The same, to an address that exists.
    pub(super) fn to(self, address: &str) -> Self {
        Self { order: Order { to: address.to_owned(), ..self.order }, ..self }
    }

    fn next(&self) -> Order {
        Order { third_party_id: crate::vendor::fresh_id(), ..self.order.clone() }
    }

    async fn accept(&self, vendor: &crate::vendor::Vendor) -> Result<i64, DemoError> {
        let order = self.next();
        let reply = vendor.payout(&order).await?;
        reply.cid().filter(|_| reply.code == "00000").ok_or_else(|| refused(&order, reply))
    }
}

/// Accepts so many payouts at once, and waits until all are sent.
pub(super) async fn backlog(load: &Load<'_>, count: u32) -> Result<Vec<i64>, DemoError> {
    let vendor = load.stage.deployment.vendor()?;
    let asks = futures::stream::iter((0..count).map(|_| load.accept(&vendor))).buffer_unordered(WIDTH);
    let cids: Vec<Result<i64, DemoError>> = asks.collect().await;
    let cids = cids.into_iter().collect::<Result<Vec<_>, _>>()?;
    drain(load.stage).await?;
    Ok(cids)
}

/// How many of these were signed in which time, from the first to the last.
pub(super) async fn signed(load: &Load<'_>, cids: &[i64]) -> Result<(u64, Duration), DemoError> {
    let stations = read(load.stage, cids).await?;
    Ok(rate(stations.iter().map(|stations| stations.signed)))
}

/// How many of these were sent in which time, from the first to the last.
pub(super) async fn sent(load: &Load<'_>, cids: &[i64]) -> Result<(u64, Duration), DemoError> {
    let stations = read(load.stage, cids).await?;
    Ok(rate(stations.iter().map(|stations| stations.broadcast)))
}

fn rate(times: impl Iterator<Item = i64> + Clone) -> (u64, Duration) {
    let (first, last) = (times.clone().min().unwrap_or_default(), times.clone().max().unwrap_or_default());
    // The first one begins the time and is not counted.
    let count = u64::try_from(times.count().saturating_sub(1)).unwrap_or_default();
    (count, Duration::from_millis(u64::try_from(last - first).unwrap_or_default()))
}

/// Accepts payouts at a steady rate: the times from accepting to broadcasting, sorted, milliseconds.
pub(super) async fn steady(load: &Load<'_>, per_s: u32, length: Duration) -> Result<Vec<i64>, DemoError> {
    let vendor = load.stage.deployment.vendor()?;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / per_s);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let start = Instant::now();
    let mut asked = futures::stream::FuturesUnordered::new();
    let mut cids = Vec::new();
    while start.elapsed() < length {
        tokio::select! {
            _ = tick.tick() => asked.push(load.accept(&vendor)),
            Some(cid) = asked.next(), if !asked.is_empty() => cids.push(cid?),
        }
    }
    while let Some(cid) = asked.next().await {
        cids.push(cid?);
    }
    drain(load.stage).await?;
    let stations = read(load.stage, &cids).await?;
    let mut times: Vec<i64> =
        stations.iter().map(|stations| stations.broadcast - stations.accepted).collect();
    times.sort_unstable();
    Ok(times)
}

/// Lets so many callers ask one after the other for so long: how many payouts were accepted in which time.
pub(super) async fn callers(
    load: &Load<'_>,
    callers: usize,
    length: Duration,
) -> Result<(u64, Duration), DemoError> {
    let accepted = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (vendor, accepted) = (load.stage.deployment.vendor()?, Arc::clone(&accepted));
        let mut order = load.order.clone();
        tasks.spawn(async move {
            while start.elapsed() < length {
                order.third_party_id = crate::vendor::fresh_id();
                let reply = vendor.payout(&order).await?;
                if reply.code != "00000" {
                    return Err(refused(&order, reply));
                }
                accepted.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<(), DemoError>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    }
    Ok((accepted.load(Ordering::Relaxed), start.elapsed()))
}

fn refused(order: &Order, reply: crate::vendor::Reply) -> DemoError {
    DemoError::Refused {
        amount: order.amount.clone(),
        currency: order.currency.clone(),
        reply: Box::new(reply),
    }
}

/// Waits until every payout was sent. Only counts are read: looking must not slow down what is looked at.
async fn drain(stage: &Stage) -> Result<(), DemoError> {
    let status = format!("{}/status", stage.deployment.doors()?.operator_url());
    let http = crate::vendor::http_client(Duration::from_secs(10));
    let start = Instant::now();
    loop {
        let sheet: Option<serde_json::Value> =
            async { http.get(&status).send().await.ok()?.json().await.ok() }.await;
        let lines = sheet.as_ref().and_then(|sheet| sheet["queue"].as_array());
        if lines.is_some_and(|lines| lines.iter().all(is_sent)) {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            let waited_s = PATIENCE.as_secs();
            let why = sheet
                .map_or_else(|| "the gateway does not say".to_owned(), |sheet| sheet["queue"].to_string());
            return Err(DemoError::Stuck { cid: 0, status: -1, waited_s, why });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether the payouts of a line of the status are on their way, or have ended.
fn is_sent(line: &serde_json::Value) -> bool {
    matches!(line["step"].as_str(), None | Some("confirm"))
}

/// Reads the histories of payouts that were sent.
async fn read(stage: &Stage, cids: &[i64]) -> Result<Vec<Stations>, DemoError> {
    let person = stage.deployment.person(OPERATOR)?;
    let mut all = Vec::with_capacity(cids.len());
    for cid in cids {
        let unsent = || DemoError::Wrong { cid: *cid, what: "it was not sent".to_owned() };
        all.push(stations(&person, *cid).await?.ok_or_else(unsent)?);
    }
    Ok(all)
}

async fn stations(person: &Person, cid: i64) -> Result<Option<Stations>, DemoError> {
    let sheet = person.read(cid).await?;
    let at = |wanted: fn(&Record) -> bool| {
        sheet.history.iter().find(|entry| wanted(&entry.record)).map(|entry| entry.at.get())
    };
    let accepted = at(|record| matches!(record, Record::Accepted { .. }));
    let signed =
        at(|record| matches!(record, Record::Event(event) if matches!(**event, Event::Signed { .. })));
    let broadcast =
        at(|record| matches!(record, Record::Event(event) if matches!(**event, Event::Broadcast)));
    Ok(accepted.zip(signed).zip(broadcast).map(|((accepted, signed), broadcast)| Stations {
        accepted,
        signed,
        broadcast,
    }))
}
