//! Broadcast and confirm: what moves a signed payout, and what only makes it wait.

use payout::life::{Death, State, Status};

use super::house::{House, block, dead_node};
use crate::clock;
use crate::engine::{Next, broadcast, confirm};
use crate::node::{Chance, NodeError, Sent, Sighting};

#[tokio::test]
async fn a_node_that_refuses_the_bytes_makes_us_look_and_not_fail() {
    let house = House::new().await;
    let row = house.signed(0).await;
    house.road.sendings.lock().unwrap().push_back(Ok(Sent::Look("nonce too low".to_owned())));
    assert_eq!(broadcast::step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    assert!(matches!(house.row(row.cid()).await.payout.state, State::Sent { .. }));
}

#[tokio::test]
async fn an_unreachable_node_is_a_wait_at_status_1_and_never_a_failure() {
    let house = House::new().await;
    let row = house.signed(0).await;
    house.road.sendings.lock().unwrap().push_back(Err(dead_node()));
    assert_eq!(broadcast::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert_eq!(held.status, Status::OnItsWay);
    assert!(held.wait.as_ref().unwrap().reason.starts_with("signed, but not sent: node-a"));
    // A moment later nobody asks; after it the stored bytes are sent.
    assert_eq!(broadcast::step(&house.gateway, held).await.unwrap(), Next::Held);
    assert_eq!(house.road.sent.lock().unwrap().len(), 1);
    house.gateway.memory.outages.works(&row.payout.intent.chain_id);
    let held = house.row(row.cid()).await;
    assert_eq!(broadcast::step(&house.gateway, held).await.unwrap(), Next::Advanced);
    assert_eq!(*house.road.sent.lock().unwrap(), [vec![0, 1], vec![0, 1]]);
}

#[tokio::test]
async fn a_payment_that_nodes_have_forgotten_is_sent_again() {
    let house = House::new().await;
    let row = house.sent(0).await;
    house.road.sightings.lock().unwrap().push_back(Ok(Sighting::Missing));
    assert_eq!(confirm::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    assert_eq!(*house.road.sent.lock().unwrap(), [vec![0, 1]]);
    let held = house.row(row.cid()).await;
    assert!(held.wait.unwrap().reason.contains("sent again"));
    assert_eq!(held.status, Status::OnItsWay);
}

#[tokio::test]
async fn a_wait_for_finality_says_how_far_it_is() {
    let house = House::new().await;
    let row = house.sent(0).await;
    let waits = "in block 7; final up to 5".to_owned();
    house.road.sightings.lock().unwrap().push_back(Ok(Sighting::Included { height: 7, waits }));
    assert_eq!(confirm::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert_eq!(held.wait.unwrap().reason, "not final yet: in block 7; final up to 5");
    assert!((0..=1000).contains(&held.due_at.since(clock::now())), "it is looked at again soon");
}

#[tokio::test]
async fn a_stuck_payment_names_who_stands_before_it() {
    let house = House::new().await;
    let first = house.sent(0).await;
    let second = house.sent(1).await;
    assert_eq!(confirm::step(&house.gateway, second.clone()).await.unwrap(), Next::Held);
    let reason = house.row(second.cid()).await.wait.unwrap().reason;
    assert!(reason.contains(&format!("the first is payout {} at nonce:0", first.cid())), "{reason}");
}

#[tokio::test]
async fn success_is_stored_with_the_transaction_that_paid() {
    let house = House::new().await;
    let row = house.sent(0).await;
    let paid = Chance { txid: "0xother".to_owned(), block: block() };
    house.road.sightings.lock().unwrap().push_back(Ok(Sighting::Succeeded(paid)));
    assert_eq!(confirm::step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    let ended = house.row(row.cid()).await;
    assert_eq!(ended.status, Status::Succeeded);
    assert_eq!(ended.payout.state.txid(), Some("0xother"));
    assert_eq!(ended.payout.state.block(), Some(&block()));
}

#[tokio::test]
async fn only_a_proof_of_death_is_a_failure() {
    let house = House::new().await;
    let row = house.sent(0).await;
    let death = Death::TokenSpent { txid: "0xvoid".to_owned(), block: block() };
    house.road.sightings.lock().unwrap().push_back(Ok(Sighting::Dead(death.clone())));
    assert_eq!(confirm::step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    assert_eq!(house.row(row.cid()).await.payout.state, State::Failed { death });
}

#[tokio::test]
async fn doubt_and_node_errors_conclude_nothing() {
    let house = House::new().await;
    let row = house.sent(0).await;
    house.road.sightings.lock().unwrap().extend([
        Ok(Sighting::Doubt("nodes contradict each other".to_owned())),
        Err(NodeError::TooFew { needed: 2, answered: 1 }),
    ]);
    assert_eq!(confirm::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert!(held.wait.as_ref().unwrap().reason.starts_with("in doubt: nodes contradict"));
    assert!(house.gateway.metrics.text().contains("outcome=\"alert\""));
    assert_eq!(confirm::step(&house.gateway, held).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert!(held.wait.unwrap().reason.contains("2 nodes must agree"));
    assert_eq!(held.status, Status::OnItsWay);
    assert_eq!(house.history_len(row.cid()).await, 5, "accepted, built, started, signed, sent");
}
