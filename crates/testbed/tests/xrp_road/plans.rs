//! Before a token is taken.

use gateway::node::{Hold, Road as _, Sent};
use payout::ids::Address;
use payout::money::Amount;
use serde_json::json;

use crate::sighting::paid;
use crate::world::{World, XRP, network, road, stranger};

async fn would_fail(world: &World, to: &Address, drops: u64, memo: Option<&str>) -> String {
    match world.plan(&world.payment(to, drops, memo)).await {
        Err(Hold::WouldFail(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn recipients_that_the_ledger_would_refuse_are_seen_before_a_fee_is_burnt() {
    let world = World::with(100 * XRP).await;
    let (missing, payee) = (stranger(9), world.payee(1).await);
    assert!(would_fail(&world, &missing, XRP - 1, None).await.contains("does not exist"));
    let flag = async |flag: &str| {
        let params = json!({"account": payee.as_str(), "flags": [flag]});
        assert_eq!(world.call("set_flags", params).await["status"], "success");
    };
    flag("requireDestinationTag").await;
    assert!(would_fail(&world, &payee, XRP, None).await.contains("requires a destination tag"));
    flag("disallowIncomingXRP").await;
    assert!(would_fail(&world, &payee, XRP, Some("1")).await.contains("asks not to be sent XRP"));
    flag("depositAuth").await;
    assert!(would_fail(&world, &payee, XRP, Some("1")).await.contains("has authorised"));
    assert_eq!(world.balance(&world.from).await, 100 * XRP);
    // Zero is a tag, and enough drops make an account.
    flag("requireDestinationTag").await;
    let with_tag = world.payment(&payee, XRP, Some("0"));
    let tx = world.sent(&with_tag).await;
    world.close().await;
    paid(world.look(&with_tag, &[&tx]).await);
    let new = world.payment(&missing, XRP, None);
    let tx = world.sent(&new).await;
    world.close().await;
    paid(world.look(&new, &[&tx]).await);
    assert_eq!(world.balance(&missing).await, XRP);
}

#[tokio::test]
async fn the_reserve_and_what_is_in_flight_are_not_spent() {
    let world = World::with(10 * XRP).await;
    let payee = world.payee(1).await;
    let all = 9 * XRP - 12;
    let over = world.plan(&world.payment(&payee, all + 1, None)).await;
    match over {
        Err(Hold::Funds(shortage)) => assert_eq!(shortage.has, Amount::from_u128(u128::from(9 * XRP))),
        other => panic!("{other:?}"),
    }
    let intent = world.payment(&payee, all, None);
    let tx = world.sent(&intent).await;
    world.close().await;
    paid(world.look(&intent, &[&tx]).await);
    assert_eq!(world.balance(&world.from).await, XRP);
}

#[tokio::test]
async fn an_account_that_is_not_there_waits_for_money() {
    let world = World::with(100 * XRP).await;
    let mut intent = world.payment(&stranger(1), XRP, None);
    intent.from = stranger(2);
    let lane = gateway::node::Lane { from: stranger(2), ..world.lane() };
    assert!(matches!(world.road.plan(&intent, &lane).await, Err(Hold::Funds(_))));
}

#[tokio::test]
async fn tickets_are_set_aside_once_and_payments_on_them_wait_for_nobody() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    let tickets = world.maintenance("xrp_create_tickets", "{\"count\":\"3\"}");
    let tx = world.sent(&tickets).await;
    assert!(tx.build.token.as_str().starts_with("sequence:"));
    world.close().await;
    paid(world.look(&tickets, &[&tx]).await);

    let mut sent = Vec::new();
    for drops in 1..=4 {
        let intent = world.payment(&payee, drops, Some("7"));
        let build = world.plan(&intent).await.unwrap();
        sent.push((intent, world.signed(&build)));
    }
    let tokens: Vec<&str> = sent.iter().map(|(_, tx)| tx.build.token.as_str()).collect();
    assert!(tokens[..3].iter().all(|token| token.starts_with("ticket:")), "{tokens:?}");
    assert!(tokens[3].starts_with("sequence:"), "{tokens:?}");
    let fifth = world.plan(&world.payment(&payee, 5, None)).await;
    assert!(matches!(fifth, Err(Hold::LaneFull { limit: 4 })), "{fifth:?}");

    // The first is never sent: the others land all the same.
    for (_, tx) in sent.iter().skip(1).rev() {
        world.road.broadcast(tx).await.unwrap();
    }
    world.close().await;
    for (intent, tx) in &sent[1..] {
        paid(world.look(intent, &[tx]).await);
    }
    let build = world.plan(&world.payment(&payee, 6, None)).await.unwrap();
    assert!(build.token.as_str().starts_with("sequence:"));
}

#[tokio::test]
async fn a_ticket_that_is_stale_carries_nothing_more() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    world.sent(&world.maintenance("xrp_create_tickets", "{\"count\":\"2\"}")).await;
    world.close().await;
    let intent = world.payment(&payee, XRP, Some("7"));
    let build = world.plan(&intent).await.unwrap();
    let other = world.signed(&world.rebuild(&intent, std::slice::from_ref(&build)).await.unwrap());
    world.road.broadcast(&world.signed(&build)).await.unwrap();
    world.close().await;
    // Another version of it comes too late for the ticket: servers refuse it, and the first is what is found.
    assert!(matches!(world.road.broadcast(&other).await, Ok(Sent::Look(why)) if why == "tefNO_TICKET"));
    let seen = paid(world.look(&intent, &[&other]).await);
    assert_eq!(seen.txid, world.signed(&build).txid);
    let again = world.rebuild(&intent, std::slice::from_ref(&build)).await;
    assert!(matches!(again, Err(Hold::TokenUsed(_))), "{again:?}");
    // A server that lags lists it still, and even we have forgotten who has it: the other server knows better.
    world.forget_taken();
    world.fault(1, json!({"lag": 1})).await;
    let next = world.plan(&world.payment(&payee, XRP, Some("8"))).await.unwrap();
    assert!(next.token.as_str().starts_with("ticket:") && next.token != build.token, "{}", next.token);
    // Where all lag, the same number is named again; that it is taken is for our database to say.
    world.fault(0, json!({"lag": 1})).await;
    world.forget_taken();
    let stale = world.plan(&world.payment(&payee, XRP, Some("9"))).await.unwrap();
    assert_eq!(stale.token, build.token);
    let stale = world.signed(&stale);
    assert!(matches!(world.road.broadcast(&stale).await, Ok(Sent::Look(why)) if why == "tefNO_TICKET"));
    world.fault(0, json!({"lag": null})).await;
    world.close().await;
    assert_eq!(world.balance(&payee).await, 101 * XRP);
}

#[tokio::test]
async fn tickets_bind_their_reserve_from_their_order_on_and_are_no_more_than_the_ledger_allows() {
    let world = World::with(12 * XRP).await;
    let payee = world.payee(1).await;
    // Ten tickets bind 2 XRP of the 11 that are above the base reserve.
    let order = world.maintenance("xrp_create_tickets", "{\"count\":\"10\"}");
    let tx = world.sent(&order).await;
    let all = 9 * XRP - u64::try_from(tx.build.max_fee.as_u128().unwrap()).unwrap() - 12;
    let payment = |drops| world.payment(&payee, drops, None);
    // Not made yet, and no number is free: it is the money that is looked at first.
    assert!(matches!(world.plan(&payment(all + 1)).await, Err(Hold::Funds(_))));
    assert!(matches!(world.plan(&payment(all)).await, Err(Hold::LaneFull { .. })));
    world.close().await;
    assert!(matches!(world.plan(&payment(all + 1)).await, Err(Hold::Funds(_))));
    let intent = payment(all);
    let tx = world.sent(&intent).await;
    assert!(tx.build.token.as_str().starts_with("ticket:"));
    world.close().await;
    paid(world.look(&intent, &[&tx]).await);

    let more = world.plan(&world.maintenance("xrp_create_tickets", "{\"count\":\"242\"}")).await;
    assert!(matches!(&more, Err(Hold::NoRoom(why)) if why.contains("has 9 tickets")), "{more:?}");
}

#[tokio::test]
async fn two_hundred_payments_are_in_flight_at_once_and_each_lands_once() {
    let world = World::with(1000 * XRP).await;
    let payee = world.payee(1).await;
    world.sent(&world.maintenance("xrp_create_tickets", "{\"count\":\"200\"}")).await;
    world.close().await;
    let mut sent = Vec::new();
    for drops in 1..=200 {
        let intent = world.payment(&payee, drops, Some("7"));
        let tx = world.sent(&intent).await;
        // Sent twice, it is not taken twice.
        world.road.broadcast(&tx).await.unwrap();
        sent.push((intent, tx));
    }
    let tokens: std::collections::BTreeSet<&str> =
        sent.iter().map(|(_, tx)| tx.build.token.as_str()).collect();
    assert_eq!(tokens.len(), 200);
    world.close().await;
    for (intent, tx) in &sent {
        paid(world.look(intent, &[tx]).await);
    }
    assert_eq!(world.balance(&payee).await, 100 * XRP + (1..=200).sum::<u64>());
}

#[tokio::test]
async fn flags_of_the_account_are_set_and_cleared() {
    let world = World::with(100 * XRP).await;
    for operation in ["xrp_set_flag", "xrp_clear_flag"] {
        let intent = world.maintenance(operation, "{\"flag\":\"require_dest\"}");
        let tx = world.sent(&intent).await;
        world.close().await;
        paid(world.look(&intent, &[&tx]).await);
        let params = json!({"account": world.from.as_str(), "ledger_index": "validated"});
        let flags = world.call("account_info", params).await["account_flags"].clone();
        assert_eq!(flags["requireDestinationTag"], operation == "xrp_set_flag");
    }
    let other = world.plan(&world.maintenance("xrp_set_flag", "{\"flag\":\"disable_master\"}")).await;
    assert!(matches!(other, Err(Hold::Unbuildable(_))));
}

#[tokio::test]
async fn a_fee_over_the_cap_holds() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    world.fault(0, json!({"open_fee": 1001})).await;
    let held = world.plan(&world.payment(&payee, XRP, None)).await;
    assert!(matches!(held, Err(Hold::FeeOverCap { .. })), "{held:?}");
    world.fault(0, json!({"open_fee": 1000})).await;
    let build = world.plan(&world.payment(&payee, XRP, None)).await.unwrap();
    assert_eq!(build.max_fee, Amount::from_u128(1000));
}

#[tokio::test]
async fn a_server_of_another_network_is_not_asked() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    world.fault(0, json!({"network_id": 1})).await;
    // One of two is not enough to say what the account's next number is.
    let held = world.plan(&world.payment(&payee, XRP, None)).await;
    assert!(matches!(held, Err(Hold::Node(_))), "{held:?}");
    let health = world.road.health().await;
    assert!(health[0].state.as_ref().unwrap_err().contains("network"), "{health:?}");
    assert!(health[1].state.is_ok());
    let alone = road(world.ledger.urls(), 1);
    assert!(alone.plan(&world.payment(&payee, XRP, None), &world.lane()).await.is_ok());
    assert_eq!(network().as_str(), "31337");
}

#[tokio::test]
async fn a_hanging_server_does_not_stop_a_development_deployment() {
    let world = World::with(100 * XRP).await;
    let payee = world.payee(1).await;
    world.fault(1, json!({"hang": ["*"]})).await;
    let alone = road(world.ledger.urls(), 1);
    assert!(alone.plan(&world.payment(&payee, XRP, None), &world.lane()).await.is_ok());
}
