//! What is concluded of a payment, and what is not.

use gateway::node::{Road as _, Sent, Sighting};
use payout::life::Death;
use serde_json::json;

use crate::sighting::{dead, is_open, paid};
use crate::world::{World, XRP};

#[tokio::test]
async fn a_payment_is_paid_when_two_servers_have_validated_what_it_delivered() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, 1_100_000, Some("123"));
    let tx = world.sent(&intent).await;
    assert_eq!(world.look(&intent, &[&tx]).await, Sighting::Pending);
    world.close().await;
    let chance = paid(world.look(&intent, &[&tx]).await);
    assert_eq!((chance.txid.as_str(), chance.block.height), (tx.txid.as_str(), world.height().await));
    assert_eq!(world.balance(&payee).await, 101_100_000);
    let accounts = world.road.accounts(&intent, &tx.build, &[&tx]).await;
    assert!(accounts.iter().all(|account| account.says.contains("paid by")), "{accounts:?}");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_on_the_ledger() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, None);
    let tx = world.signed(&world.plan(&intent).await.unwrap());
    for server in 0..2 {
        world.fault(server, json!({"answer_lost": 1})).await;
    }
    assert!(world.road.broadcast(&tx).await.is_err());
    world.close().await;
    paid(world.look(&intent, &[&tx]).await);
    // Sent again it is neither paid again nor an error.
    assert!(matches!(world.road.broadcast(&tx).await, Ok(Sent::Look(_))));
    world.close().await;
    assert_eq!(world.balance(&payee).await, 101 * XRP);
}

#[tokio::test]
async fn a_payment_that_was_taken_and_forgotten_is_sent_again() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, None);
    world.fault(0, json!({"drop": 2})).await;
    let tx = world.sent(&intent).await;
    world.close().await;
    assert_eq!(world.look(&intent, &[&tx]).await, Sighting::Missing);
    assert_eq!(world.road.broadcast(&tx).await.unwrap(), Sent::Accepted);
    world.close().await;
    paid(world.look(&intent, &[&tx]).await);
    assert_eq!(world.balance(&payee).await, 101 * XRP);
}

#[tokio::test]
async fn a_validated_tec_is_death_and_its_fee_is_burnt() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, None);
    world.fault(0, json!({"tec": ["tecNO_DST_INSUF_XRP"]})).await;
    let tx = world.sent(&intent).await;
    world.close().await;
    match dead(world.look(&intent, &[&tx]).await) {
        Death::Reverted { txid, why, .. } => {
            assert_eq!(txid, tx.txid);
            assert!(why.contains("tecNO_DST_INSUF_XRP"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.balance(&world.from).await, 100 * XRP - 12);
    assert_eq!(world.balance(&payee).await, 100 * XRP);
}

#[tokio::test]
async fn nothing_is_final_while_one_server_lacks_that_part_of_the_history() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, None);
    let tx = world.sent(&intent).await;
    world.close().await;
    let height = world.height().await;
    world.fault(0, json!({"gap": [height, height]})).await;
    for _ in 0..8 {
        let sighting = world.look(&intent, &[&tx]).await;
        assert!(is_open(&sighting), "{sighting:?}");
        // The number is used: neither missing nor dead.
        assert_ne!(sighting, Sighting::Missing);
    }
    world.fault(0, json!({"gap": null})).await;
    paid(world.look(&intent, &[&tx]).await);
}

#[tokio::test]
async fn a_server_that_lags_or_lies_alone_decides_nothing() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, None);
    world.fault(0, json!({"lie": "paid"})).await;
    let tx = world.sent(&intent).await;
    for _ in 0..8 {
        let sighting = world.look(&intent, &[&tx]).await;
        assert!(is_open(&sighting), "a lie of success: {sighting:?}");
    }
    world.close().await;
    for fault in
        [json!({"lie": "not_found"}), json!({"lie": null, "lag": 1}), json!({"lag": null, "down": true})]
    {
        world.fault(0, fault.clone()).await;
        for _ in 0..8 {
            let looked = world.road.look(&intent, &tx.build, &[&tx]).await;
            assert!(looked.as_ref().map_or(true, is_open), "{fault}: {looked:?}");
        }
    }
    world.fault(0, json!({"down": null})).await;
    paid(world.look(&intent, &[&tx]).await);
}

#[tokio::test]
async fn a_payment_whose_signature_was_lost_is_found_by_its_token() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let intent = world.payment(&payee, XRP, Some("5"));
    let build = world.plan(&intent).await.unwrap();
    // Another session's version of the same payment, which we never stored.
    let other = world.rebuild(&intent, std::slice::from_ref(&build)).await.unwrap();
    let lost = world.signed(&other);
    world.road.broadcast(&lost).await.unwrap();
    world.close().await;
    assert_eq!(paid(world.look(&intent, &[&world.signed(&build)]).await).txid, lost.txid);
    // Nothing was ever signed, as far as we know.
    let looked = world.road.look(&intent, &build, &[]).await.unwrap();
    assert_eq!(paid(looked).txid, lost.txid);
}

#[tokio::test]
async fn a_token_that_paid_somebody_else_is_death() {
    let world = World::with(100 * XRP).await;
    let (payee, other) = (world.payee(1).await, world.payee(2).await);
    let intent = world.payment(&payee, XRP, Some("5"));
    let build = world.plan(&intent).await.unwrap();
    let tx = world.signed(&build);
    for strange in [world.payment(&other, XRP, Some("5")), world.payment(&payee, XRP, Some("6"))] {
        // A world of its own for each, with the same key and the same token.
        let there = World::with(100 * XRP).await;
        for number in [1, 2] {
            there.payee(number).await;
        }
        let landed = there.sent(&strange).await;
        assert_eq!(landed.build.token, build.token);
        there.close().await;
        match dead(there.look(&intent, &[&tx]).await) {
            Death::TokenSpent { txid, .. } => assert_eq!(txid, landed.txid),
            death => panic!("{death:?}"),
        }
    }
}

#[tokio::test]
async fn what_left_the_account_unknown_is_told() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let first = world.sent(&world.payment(&payee, 1, None)).await;
    world.close().await;
    let second = world.sent(&world.payment(&payee, 2, None)).await;
    world.close().await;
    let known = [first.build.token.clone()].into();
    let outflows = world.road.unexplained(&world.from, &known).await.unwrap();
    assert_eq!(outflows.len(), 1);
    assert_eq!((&outflows[0].token, outflows[0].txid.as_ref()), (&second.build.token, Some(&second.txid)));
}
