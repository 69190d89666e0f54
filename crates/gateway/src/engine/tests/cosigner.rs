//! Stand-in co-signers over the real channel: they see intents and stops, and sign nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use payout::approval::Act;
use payout::key::SecretKey;
use payout::life::{Event, Requirement, Screening, State};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use wire::channel::{Identity, client_config};
use wire::connection::{Connection, Limits};
use wire::message::{
    Check, Condition, Finality, FromCosigner, PROTOCOL, Refusal, Standing, StopAct, ToCosigner,
};

use super::house::{House, act_of, build};
use crate::engine::approve::{Effect, act};
use crate::engine::{Next, build as build_step, run};

/// What a stand-in was told.
#[derive(Default)]
struct Heard {
    sights: Vec<String>,
    stops: Vec<StopAct>,
}

/// Connects the co-signer of a seat. It answers sights with `refusal`, and acknowledges stops.
async fn cosigner(house: &House, index: u8, refusal: Option<Refusal>) -> Arc<Mutex<Heard>> {
    let gateway = &house.gateway;
    let key = SecretKey::from_seed(&[index; 32]);
    let config = client_config(&Identity::from(&key), gateway.genesis.roster.gateways[0].key);
    let address = gateway.hub.local_addr().to_string();
    let connection: Connection<ToCosigner, FromCosigner> =
        Connection::dial(&address, config, Limits::default()).await.unwrap();
    let Connection { mut reader, writer, .. } = connection;
    let standing = Standing {
        protocol: PROTOCOL,
        index,
        software: "stand-in".to_owned(),
        heads: gateway.policy().heads(),
        journal_seq: 0,
        wallets: Vec::new(),
        banned: Vec::new(),
        condition: Condition::Ready,
    };
    writer.send(&FromCosigner::Hello(standing)).await.unwrap();
    let heard = Arc::new(Mutex::new(Heard::default()));
    let log = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok(Some(message)) = reader.read().await {
            let answers = match message {
                ToCosigner::Ping(number) => vec![FromCosigner::Pong(number)],
                ToCosigner::Sight { request, request_body } => {
                    log.lock().unwrap().sights.push(request_body.intent);
                    vec![FromCosigner::Sighted { request, refusal: refusal.clone() }]
                }
                ToCosigner::Stop { acts, .. } => {
                    log.lock().unwrap().stops.extend(acts.iter().cloned());
                    let seen = |stop: StopAct| FromCosigner::StopSeen {
                        intent: Some(stop.act.intent),
                        kind: stop.act.act.to_string(),
                    };
                    acts.into_iter().map(seen).collect()
                }
                _ => Vec::new(),
            };
            for answer in answers {
                let _ = writer.send(&answer).await;
            }
        }
    });
    let here = async {
        while !gateway.hub.connected().contains(&index) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(5), here).await.expect("the co-signer is let in");
    heard
}

fn too_late() -> Refusal {
    Refusal {
        check: Check::Time,
        finality: Finality::Later,
        reason: "the time to approve was over when it was first shown".to_owned(),
        never: None,
    }
}

#[tokio::test]
async fn a_quorum_that_has_seen_it_lets_the_build_on_and_is_asked_once() {
    let house = House::new().await;
    let one = cosigner(&house, 1, None).await;
    let _two = cosigner(&house, 2, None).await;
    let row = house.accept(Requirement::Nobody, Screening::None).await;
    house.road.plans.lock().unwrap().push_back(Err(crate::node::Hold::LaneFull { limit: 1 }));
    assert_eq!(build_step::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert_eq!(build_step::step(&house.gateway, held).await.unwrap(), Next::Advanced);
    assert_eq!(one.lock().unwrap().sights, [row.payout.intent.canonical()]);
}

#[tokio::test]
async fn too_few_that_agree_hold_it_and_burn_no_token() {
    let house = House::new().await;
    let _one = cosigner(&house, 1, None).await;
    let _two = cosigner(&house, 2, Some(too_late())).await;
    let row = house.accept(Requirement::Nobody, Screening::None).await;
    assert_eq!(build_step::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert_eq!(held.payout.state, State::Queued);
    let reason = held.wait.unwrap().reason;
    assert_eq!(
        reason,
        "2 co-signers must have seen it, 1 have; co-2 refuses: time: the time to approve was over when it was \
         first shown; co-3 does not answer"
    );
}

#[tokio::test]
async fn a_stop_reaches_those_who_are_here_and_those_who_come_later() {
    let house = House::new().await;
    let here = cosigner(&house, 1, None).await;
    let row = house.accept(Requirement::Nobody, Screening::None).await;
    let built = house.happen(&row, Event::Built { build: build(0) }).await;
    house.happen(&built, Event::SigningStarted).await;
    let stop = act_of("dora", Act::Withdraw, row.digest);
    let acted = act(&house.gateway, row.cid(), stop.clone()).await.unwrap();
    assert_eq!(acted.effect, Effect::Requested { acknowledged: vec![1] });
    assert_eq!(here.lock().unwrap().stops[0].act, stop);

    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run::run(Arc::clone(&house.gateway), stopped));
    let later = cosigner(&house, 2, None).await;
    let delivered = async {
        while later.lock().unwrap().stops.is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(5), delivered).await.expect("the stop is delivered again");
    assert_eq!(later.lock().unwrap().stops[0].act, stop);
}
