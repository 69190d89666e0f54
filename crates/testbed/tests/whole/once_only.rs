//! Nothing is paid twice: not for equal requests, not across restarts.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use testbed::deployment::Plan;

use crate::world::{World, plan};

#[tokio::test]
async fn of_fifty_equal_orders_at_once_one_becomes_a_payout() {
    let world = World::start().await;
    let vendor = world.vendor();
    let order = world.order("0.02");
    let asks = (0..50).map(|_| vendor.payout(&order));
    let replies: Vec<_> = futures::future::join_all(asks).await.into_iter().map(Result::unwrap).collect();
    let accepted: Vec<_> = replies.iter().filter_map(|reply| reply.cid()).collect();
    assert_eq!(accepted.len(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|reply| reply.code == "E0009").count(), 49, "{replies:?}");
    world.reaches(accepted[0], &[6]).await;
    assert_eq!(world.balance(&world.ether(), &order.to).await, "0.02");
}

#[tokio::test]
async fn a_request_that_was_seen_is_still_known_after_the_gateway_was_killed() {
    let mut world = World::start().await;
    let vendor = world.vendor();
    let order = world.order("0.02");
    let body = Value::Object(vendor.signed(order.fields())).to_string();
    let first = vendor.post("/api/v2/payout", body.clone(), &[]).await.unwrap();
    world.stage.deployment.kill_gateway();
    world.stage.deployment.start_gateway().await.unwrap();
    let again = vendor.post("/api/v2/payout", body, &[]).await.unwrap();
    assert_eq!((first.code.as_str(), again.code.as_str()), ("00000", "A0402"));
    world.reaches(first.cid().unwrap(), &[6]).await;
    assert_eq!(world.balance(&world.ether(), &order.to).await, "0.02");
}

#[tokio::test]
async fn ten_payouts_in_the_middle_of_which_every_machine_is_killed_are_each_paid_once() {
    let mut world = World::start_with(Plan { log: "info", ..plan(2, 3) }).await;
    let mut orders = Vec::new();
    for number in 1..=10 {
        let order = world.order(&format!("0.0{number:02}"));
        let cid = world.accepted(&order).await;
        orders.push((cid, order));
        if number == 4 || number == 8 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            world.stage.deployment.kill_gateway();
            for index in 1..=3 {
                world.stage.deployment.kill_cosigner(index);
            }
            world.stage.deployment.start().await.unwrap();
        }
    }
    let mut txids = BTreeSet::new();
    for (cid, order) in &orders {
        world.reaches(*cid, &[6]).await;
        assert_eq!(world.told(*cid).await, 6);
        let told = world.query(*cid).await;
        assert!(txids.insert(told["txid"].as_str().unwrap().to_owned()));
        assert_eq!(
            world.balance(&world.ether(), &order.to).await,
            order.amount.trim_end_matches('0'),
            "payout {cid}"
        );
    }
    // Ten transactions left the wallet, and no eleventh.
    let sent = world.stage.deployment.anvil().nonce(&world.stage.from).await.unwrap();
    assert_eq!(sent.to::<u64>(), 10);
}
