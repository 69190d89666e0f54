//! Payouts that go all the way.

use std::time::{Duration, Instant};

use gateway::operator::payouts::why::Why;
use testbed::deployment::cast::{FINANCE, PROJECT, TREASURY};
use testbed::progress::Progress;

use crate::world::{PATIENCE, World};

#[tokio::test]
async fn a_small_payout_is_paid_without_people_and_its_caller_is_told() {
    let world = World::start().await;
    let order = world.order("0.25");
    let cid = world.accepted(&order).await;
    assert_eq!(world.reaches(cid, &[6]).await, 6);
    assert_eq!(world.told(cid).await, 6);
    assert_eq!(world.balance(&world.ether(), &order.to).await, "0.25");

    let told = world.query(cid).await;
    let callback = world.stage.receiver.of(cid).remove(0).body;
    for key in
        ["chain_id", "token_id", "currency", "address", "amount", "third_party_id", "remark", "txid", "memo"]
    {
        assert_eq!(told[key], callback[key], "{key}");
    }
    assert_eq!(told["pid"], PROJECT);
    assert_eq!(told["from_address"], world.stage.from.as_str());
    assert_eq!(told["address"], order.to.as_str());
    assert_eq!(told["block_height"], callback["block_height"]);
    assert_eq!(told["block_time"], callback["block_time"]);
    let receipt = world.stage.deployment.anvil().rpc();
    let receipt = receipt.ask("eth_getTransactionReceipt", serde_json::json!([told["txid"]])).await.unwrap();
    assert_eq!(receipt["status"], "0x1");
    let height: u64 = told["block_height"].as_str().unwrap().parse().unwrap();
    assert_eq!(receipt["blockNumber"], format!("{height:#x}"));
}

#[tokio::test]
async fn an_ordinary_token_and_one_that_returns_nothing_are_both_paid() {
    let world = World::start().await;
    for name in ["USDC-ERC20", "USDT-ERC20"] {
        let coin = world.stage.coin(name);
        let paid = world.stage.pay(&coin, "0.5", &[], &Progress::default()).await.unwrap();
        assert_eq!((paid.status, paid.received.as_str(), paid.callback), (6, "0.5", true), "{name}");
    }
}

#[tokio::test]
async fn a_large_payout_is_paid_once_both_steps_of_people_have_signed() {
    let world = World::start().await;
    let coin = world.stage.coin("USDC-ERC20");
    let approvers = [TREASURY[1], FINANCE[2], FINANCE[0]];
    let paid = world.stage.pay(&coin, "1234.56", &approvers, &Progress::default()).await.unwrap();
    assert_eq!((paid.status, paid.received.as_str(), paid.callback), (6, "1234.56", true));
}

#[tokio::test]
async fn a_currency_can_be_named_and_the_older_call_pays_too() {
    let world = World::start().await;
    let order = world.order("0.125");
    let fields = serde_json::json!({
        "currency": "Ethereum", "address": order.to, "amount": "0.125", "third_party_id": order.third_party_id,
        "callback_url": order.callback_url,
    });
    let reply = world.vendor().call("/api/v1/payout", fields).await.unwrap();
    let cid = reply.cid().unwrap_or_else(|| panic!("{reply:?}"));
    assert_eq!(world.reaches(cid, &[6]).await, 6);
    assert_eq!(world.query(cid).await["currency"], "Ethereum");
    assert_eq!(world.told(cid).await, 6);
}

#[tokio::test]
async fn a_token_that_moves_nothing_is_never_reported_as_paid() {
    let world = World::start().await;
    let coin = world.stage.coin("FALSE-ERC20");
    let rpc = world.stage.deployment.anvil().rpc();
    let deal = serde_json::json!([world.stage.from, coin.contract, "0x5f5e100"]);
    rpc.ask("anvil_dealERC20", deal).await.unwrap();
    assert_eq!(world.balance(&coin, &world.stage.from).await, "100");
    let order = world.stage.order(&coin, "0.5");
    let cid = world.accepted(&order).await;
    // Either the estimate shows it, and it waits with a reason, or it failed on chain; 6 would be a lie.
    let why = ends_or_waits(&world, cid).await;
    assert_ne!(why.status, 6);
    assert_eq!(world.balance(&coin, &order.to).await, "0");
}

#[tokio::test]
async fn a_recipient_that_refuses_coins_does_not_get_a_payout_reported_as_paid() {
    let world = World::start().await;
    let mut order = world.order("0.1");
    order.to = world.stage.deployment.anvil().contracts().refusing.clone();
    let cid = world.accepted(&order).await;
    // Either the estimate shows it, and it waits with a reason, or it failed on chain for good.
    let why = ends_or_waits(&world, cid).await;
    assert_ne!(why.status, 6);
    if why.status == 7 {
        assert_eq!(world.told(cid).await, 7);
    }
    assert_eq!(world.balance(&world.ether(), &order.to).await, "0");
}

#[tokio::test]
async fn a_transaction_that_fails_on_chain_is_told_as_7_and_the_next_payout_goes_on() {
    let world = World::start().await;
    let rpc = world.stage.deployment.anvil().rpc();
    world.blocks_every(0).await;
    let order = world.order("0.1");
    let cid = world.accepted(&order).await;
    world.reaches(cid, &[1]).await;
    // Signed for a plain address; by the time it is mined there is code that refuses.
    rpc.ask("anvil_setCode", serde_json::json!([order.to, "0x60006000fd"])).await.unwrap();
    world.blocks_every(1).await;
    assert_eq!(world.reaches(cid, &[6, 7]).await, 7);
    assert_eq!(world.told(cid).await, 7);
    assert_eq!(world.balance(&world.ether(), &order.to).await, "0");
    let next = world.accepted(&world.order("0.1")).await;
    assert_eq!(world.reaches(next, &[6]).await, 6);
}

async fn ends_or_waits(world: &World, cid: i64) -> Why {
    let start = Instant::now();
    loop {
        let why = world.why(cid).await;
        let waits = why
            .wait
            .as_ref()
            .is_some_and(|wait| wait.reason.contains("revert") || wait.reason.contains("false"));
        if waits || why.status >= 6 || matches!(why.status, 2..=4) {
            return why;
        }
        assert!(start.elapsed() < PATIENCE, "{why:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
