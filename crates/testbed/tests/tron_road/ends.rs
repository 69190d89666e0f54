//! What is concluded of a payment, and what is not.

use std::time::Duration;

use futures::future::join_all;
use gateway::node::{Road as _, Sent, Sighting};
use payout::life::Death;
use serde_json::json;

use crate::sighting::{dead, is_open, paid};
use crate::world::{FINAL, Settings, TRX, World, road, stranger, until_lapsed};

/// A world whose payments lapse at once.
async fn hurried() -> World {
    let mut world = World::with(1000 * TRX, 1000 * TRX).await;
    world.set(Settings { expiry_s: 1, ..Settings::default() }).await;
    world
}

async fn world() -> World {
    World::with(1000 * TRX, 1000 * TRX).await
}

#[tokio::test]
async fn a_payment_is_paid_when_two_nodes_have_solidified_it() {
    let world = world().await;
    let payee = stranger(1);
    for intent in [world.payment(&payee, 5 * TRX), world.usdt_payment(&payee, 7 * TRX)] {
        let tx = world.sent(&intent).await;
        assert_eq!(world.look(&intent, &tx).await, Sighting::Pending);
        world.close(FINAL - 1).await;
        let seen = world.look(&intent, &tx).await;
        assert!(matches!(seen, Sighting::Included { .. }), "{seen:?}");
        world.close(1).await;
        assert_eq!(paid(world.look(&intent, &tx).await).txid, tx.txid);
        let accounts = world.road.accounts(&intent, &tx.build, &[&tx]).await;
        assert!(accounts.iter().all(|account| account.says.contains("paid by")), "{accounts:?}");
    }
    assert_eq!((world.sun(&payee).await, world.tokens(&payee).await), (5 * TRX, 7 * TRX));
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_on_the_chain() {
    let world = world().await;
    let intent = world.usdt_payment(&stranger(1), TRX);
    let tx = world.signed(&world.plan(&intent).await.unwrap());
    for node in 0..2 {
        world.fault(node, json!({"lose": 1})).await;
    }
    assert!(world.road.broadcast(&tx).await.is_err());
    world.close(FINAL).await;
    paid(world.look(&intent, &tx).await);
    // Sent again it is neither paid again nor an error.
    assert!(matches!(world.road.broadcast(&tx).await, Ok(Sent::Look(_))));
    world.close(FINAL).await;
    assert_eq!(world.tokens(&stranger(1)).await, TRX);
}

#[tokio::test]
async fn a_payment_that_was_taken_and_forgotten_is_sent_again() {
    let world = world().await;
    let intent = world.payment(&stranger(1), 2 * TRX);
    world.fault(0, json!({"drop": 2})).await;
    let tx = world.sent(&intent).await;
    world.close(1).await;
    assert_eq!(world.look(&intent, &tx).await, Sighting::Missing);
    assert_eq!(world.road.broadcast(&tx).await.unwrap(), Sent::Accepted);
    world.close(FINAL).await;
    paid(world.look(&intent, &tx).await);
    assert_eq!(world.sun(&stranger(1)).await, 2 * TRX);
}

#[tokio::test]
async fn a_fork_before_it_is_solidified_takes_a_payment_back_and_it_is_paid_once_all_the_same() {
    let world = world().await;
    for (number, forget) in [(1, true), (2, false)] {
        let payee = stranger(number);
        let intent = world.usdt_payment(&payee, TRX);
        let tx = world.sent(&intent).await;
        world.close(3).await;
        assert!(matches!(world.look(&intent, &tx).await, Sighting::Included { .. }));
        world.fault(0, json!({"fork": 3, "forget": forget})).await;
        let seen = world.look(&intent, &tx).await;
        assert_eq!(seen, if forget { Sighting::Missing } else { Sighting::Pending });
        let _ = world.road.broadcast(&tx).await.unwrap();
        world.close(FINAL).await;
        paid(world.look(&intent, &tx).await);
        assert_eq!(world.tokens(&payee).await, TRX);
    }
}

#[tokio::test]
async fn a_payment_that_no_block_took_in_time_is_dead_once_both_nodes_have_solidified_its_end() {
    let world = hurried().await;
    let intent = world.usdt_payment(&stranger(1), TRX);
    let tx = world.signed(&world.plan(&intent).await.unwrap());
    until_lapsed().await;
    assert!(is_open(&world.look(&intent, &tx).await), "no block is past its end");
    world.close(FINAL - 1).await;
    assert!(is_open(&world.look(&intent, &tx).await), "the block past its end may go");
    world.fault(1, json!({"lag": 5})).await;
    world.close(1).await;
    assert!(is_open(&world.look(&intent, &tx).await), "one node lags");
    world.fault(1, json!({"lag": 0})).await;
    let death = dead(world.look(&intent, &tx).await);
    assert!(matches!(&death, Death::Expired { txid, .. } if *txid == tx.txid), "{death:?}");
    // Nobody takes it any more.
    assert!(matches!(world.road.broadcast(&tx).await, Ok(Sent::Look(_))));
    world.close(FINAL).await;
    assert_eq!(dead(world.look(&intent, &tx).await), death, "and what it died of stays the same");
    assert_eq!(world.tokens(&stranger(1)).await, 0);
}

#[tokio::test]
async fn a_payment_that_landed_in_the_last_moment_is_not_dead() {
    let world = hurried().await;
    let intent = world.payment(&stranger(1), TRX);
    let tx = world.sent(&intent).await;
    until_lapsed().await;
    // The block's parent is before the end, and so it may take it.
    world.close(FINAL).await;
    paid(world.look(&intent, &tx).await);
}

#[tokio::test]
async fn while_blocks_stop_nothing_dies() {
    let world = hurried().await;
    let intent = world.payment(&stranger(1), TRX);
    let tx = world.sent(&intent).await;
    until_lapsed().await;
    for _ in 0..3 {
        assert_eq!(world.look(&intent, &tx).await, Sighting::Pending);
    }
}

#[tokio::test]
async fn a_call_that_runs_out_of_energy_or_reverts_is_dead_once_it_is_solidified() {
    let world = world().await;
    let dear = world.usdt_payment(&stranger(1), TRX);
    let too_much = world.usdt_payment(&stranger(2), 900 * TRX);
    let out_of_energy = world.sent(&dear).await;
    world.admin("parameters", json!({"getEnergyFee": 1000})).await;
    world.close(1).await;
    world.admin("parameters", json!({"getEnergyFee": 100})).await;
    let reverted = world.sent(&too_much).await;
    // Somebody else takes the tokens before it runs.
    let away = json!({"contract": world.usdt.as_str(), "owner": world.from.as_str(), "to": stranger(3).as_str(),
        "amount": (500 * TRX).to_string()});
    world.admin("transfer", away).await;
    world.close(1).await;
    let both = [(&dear, &out_of_energy, "OUT_OF_ENERGY"), (&too_much, &reverted, "REVERT")];
    for (intent, tx, word) in both {
        assert!(matches!(world.look(intent, tx).await, Sighting::Included { .. }), "{word}");
    }
    world.close(FINAL).await;
    for (intent, tx, word) in both {
        let death = dead(world.look(intent, tx).await);
        assert!(matches!(&death, Death::Reverted { why, .. } if why.contains(word)), "{death:?}");
    }
}

#[tokio::test]
async fn a_token_is_judged_by_its_log_and_not_by_what_it_returns() {
    let world = world().await;
    let payee = stranger(1);
    for (contract, moves) in [("LyingToken", true), ("FalseToken", false), ("Token", true)] {
        let token = world.deploy(contract, 10 * TRX).await;
        world.close(FINAL).await;
        let intent = world.payment_of(&token, &payee, TRX);
        let tx = world.sent(&intent).await;
        world.close(FINAL).await;
        let seen = world.look(&intent, &tx).await;
        assert_eq!(matches!(seen, Sighting::Succeeded(_)), moves, "{contract}: {seen:?}");
        assert_eq!(matches!(seen, Sighting::Dead(Death::Reverted { .. })), !moves, "{contract}: {seen:?}");
    }
}

#[tokio::test]
async fn a_node_that_lies_alone_ends_nothing() {
    let world = hurried().await;
    let intent = world.usdt_payment(&stranger(1), TRX);
    let tx = world.sent(&intent).await;
    world.close(1).await;
    until_lapsed().await;
    world.close(FINAL).await;
    for lie in [json!({"no_logs": true}), json!({"blind": true})] {
        world.fault(1, lie.clone()).await;
        for _ in 0..4 {
            let seen = world.look(&intent, &tx).await;
            assert!(is_open(&seen), "{lie}: {seen:?}");
        }
        world.fault(1, json!({"no_logs": false, "blind": false})).await;
    }
    paid(world.look(&intent, &tx).await);
}

#[tokio::test]
async fn nodes_whose_history_does_not_reach_back_call_nothing_dead() {
    let world = hurried().await;
    let payee = stranger(1);
    let intent = world.usdt_payment(&payee, TRX);
    let tx = world.sent(&intent).await;
    world.close(1).await;
    until_lapsed().await;
    world.close(FINAL).await;
    // It was paid, in a block that neither has any more; what they have is all past its end.
    let newest = world.admin("close", json!({})).await["number"].clone();
    for node in 0..2 {
        world.fault(node, json!({"pruned": newest})).await;
    }
    for honest in 0..2 {
        for _ in 0..4 {
            let looked = world.road.look(&intent, &tx.build, &[&tx]).await;
            assert!(looked.as_ref().map_or(true, is_open), "{looked:?}");
        }
        world.fault(honest, json!({"pruned": 0})).await;
    }
    paid(world.look(&intent, &tx).await);
    assert_eq!(world.tokens(&payee).await, TRX);
}

#[tokio::test]
async fn a_node_of_another_network_or_that_hangs_is_no_witness() {
    let world = world().await;
    let intent = world.payment(&stranger(1), TRX);
    let tx = world.sent(&intent).await;
    world.close(FINAL).await;
    world.fault(1, json!({"network": "2b6653dc"})).await;
    assert!(world.road.look(&intent, &tx.build, &[&tx]).await.is_err());
    let health = world.road.health().await;
    assert!(health[1].state.as_ref().is_err_and(|why| why.contains("728126428")), "{health:?}");
    world.fault(1, json!({"network": null, "hang": true})).await;
    let alone =
        tokio::time::timeout(Duration::from_secs(20), world.road.look(&intent, &tx.build, &[&tx])).await;
    assert!(alone.unwrap().is_err());
    world.fault(1, json!({"hang": false})).await;
    paid(world.look(&intent, &tx).await);
    // A development deployment may believe one.
    let one = road(&world.ledger.urls()[..1], 1, Settings::default());
    paid(one.look(&intent, &tx.build, &[&tx]).await.unwrap());
}

#[tokio::test]
async fn two_hundred_payments_of_one_wallet_in_flight_at_once_are_all_paid_once() {
    const PAYMENTS: u64 = 200;
    let world = World::with(10_000 * TRX, 1000 * TRX).await;
    let payee = stranger(1);
    // All alike: only their timestamps tell them apart.
    let (coins, tokens) = (world.payment(&payee, TRX), world.usdt_payment(&payee, TRX));
    let mut sent = Vec::new();
    for number in 0..PAYMENTS {
        let intent = if number % 2 == 0 { &coins } else { &tokens };
        sent.push((intent, world.signed(&world.plan(intent).await.unwrap())));
    }
    for outcome in join_all(sent.iter().map(|(_, tx)| world.road.broadcast(tx))).await {
        assert_eq!(outcome.unwrap(), Sent::Accepted);
    }
    world.close(FINAL).await;
    for (intent, tx) in &sent {
        assert_eq!(paid(world.look(intent, tx).await).txid, tx.txid);
    }
    assert_eq!(world.sun(&payee).await, PAYMENTS / 2 * TRX);
    assert_eq!(world.tokens(&payee).await, PAYMENTS / 2 * TRX);
}
