//! Two hundred payouts of one wallet on their way at once: on XRP on tickets that people have ordered before, on TRON by
//! nature. The ledger stands still until all are sent, so that none can end before the last is on its way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use payout::life::State;
use serde_json::json;
use testbed::deployment::cast::{OPERATOR, PROJECT, TREASURY, WALLET};
use testbed::deployment::{Plan, Tuning};
use testbed::ledgers::{Chains, Ledgers, tron, xrp};
use testbed::vendor::Order;

use crate::command::bursar;
use crate::world::{PATIENCE, World, plan};

const MANY: u32 = 200;
/// Payouts that are asked for at once.
const AT_ONCE: usize = 16;

/// A gateway that has so many in flight, and asks the stand-ins no oftener than needed.
fn wide() -> Plan {
    let tuning = Tuning {
        sessions: 8,
        parallel: 64,
        lane_window: 201,
        poll_ms: 2000,
        // None waits for its turn: a higher offer is not what they wait for.
        outbid_after_s: 600,
        ..Tuning::DEFAULT
    };
    Plan { chains: Chains::All, tuning, log: "warn", ..plan(2, 3) }
}

fn ledgers(world: &World) -> &Ledgers {
    world.stage.deployment.ledgers().unwrap()
}

/// Asks for all of them: their numbers, in the order of the orders.
async fn accepted(world: &World, orders: &[Order]) -> Vec<i64> {
    futures::stream::iter(orders).map(|order| world.accepted(order)).buffered(AT_ONCE).collect().await
}

/// Waits until all are sent. The ledger stands still: what is sent stays so.
async fn all_on_their_way(world: &World, cids: &[i64]) {
    for cid in cids {
        world.reaches(*cid, &[1]).await;
    }
    let statuses = futures::stream::iter(cids).map(|cid| world.status(*cid)).buffered(AT_ONCE);
    assert!(statuses.all(|status| async move { status == 1 }).await, "not all at once");
}

/// Waits until all are paid and told, each once: their transactions, in the order of the numbers.
async fn all_paid(world: &World, cids: &[i64]) -> Vec<String> {
    let mut txids = Vec::new();
    for cid in cids {
        assert_eq!(world.reaches(*cid, &[6, 7]).await, 6, "payout {cid}: {:#?}", world.why(*cid).await);
        assert_eq!(world.told(*cid).await, 6);
        assert_eq!(world.stage.receiver.of(*cid).len(), 1);
        txids.push(world.query(*cid).await["txid"].as_str().unwrap().to_owned());
    }
    txids
}

/// The token that a payout has taken.
async fn token(world: &World, cid: i64) -> String {
    let sheet = world.person(OPERATOR).read(cid).await.unwrap();
    match sheet.state {
        State::Sent { tx, .. } => tx.build.token.as_str().to_owned(),
        other => panic!("payout {cid} is {other:?}"),
    }
}

/// An operation of the wallet, from its order on the command line to its end: its number.
async fn ordered(world: &World, words: &[&str]) -> i64 {
    let deployment = &world.stage.deployment;
    let project = PROJECT.to_string();
    let words = [&["wallet"], words, &["--project", &project, "--yes"]].concat();
    let answer = bursar(deployment, OPERATOR, &words).unwrap();
    let cid = &answer["cid"];
    let cid = cid.as_i64().or_else(|| cid.as_str()?.parse().ok()).unwrap();
    world.waits_for(cid, "1 more of treasury must approve").await;
    // Whoever orders does not approve.
    let approve = ["payout", "approve", &cid.to_string(), "--yes"];
    assert!(bursar(deployment, OPERATOR, &approve).is_err());
    assert_eq!(world.status(cid).await, 0);
    bursar(deployment, TREASURY[0], &approve).unwrap();
    world.reaches(cid, &[6]).await;
    assert!(world.why(cid).await.story.contains("done by"));
    cid
}

#[tokio::test]
async fn on_tickets_that_people_ordered_two_hundred_xrp_payouts_pass_one_that_is_stuck() {
    let world = World::start_with(wide()).await;
    let deployment = &world.stage.deployment;
    let ledger = &ledgers(&world).xrp;
    let (payee, unlucky) = (xrp::account(&[1; 20]), xrp::account(&[2; 20]));
    for account in [&payee, &unlucky] {
        ledger.fund(account, 10 * xrp::XRP).await.unwrap();
    }

    // A person orders the tickets, another one approves, and the co-signers sign.
    let (wallet, count) = (WALLET.to_string(), MANY.to_string());
    let tickets = ordered(&world, &["tickets", &wallet, "--count", &count, "--chain", xrp::CHAIN]).await;
    assert!(world.stage.receiver.of(tickets).is_empty(), "no caller asked for it");
    ordered(&world, &["flag", &wallet, "require-dest", "set"]).await;
    let own = &deployment.payout_addresses().unwrap()[xrp::CHAIN];
    let account = ledger.call("account_info", json!({"account": own, "ledger_index": "validated"})).await;
    assert_eq!(account.unwrap()["account_flags"]["requireDestinationTag"], true);

    // The first of all is taken by the servers and forgotten, again and again.
    ledger.fault(0, &json!({"halt": true, "forget": [unlucky]})).await.unwrap();
    let coin = world.stage.coin("XRP");
    let pay = |to: &str, drops: u32, tag: u32| Order {
        to: to.to_owned(),
        memo: Some(tag.to_string()),
        ..world.stage.order(&coin, &format!("0.{drops:06}"))
    };
    let stuck = world.accepted(&pay(&unlucky, 77, 77)).await;
    world.reaches(stuck, &[1]).await;
    let orders: Vec<Order> = (1..=MANY).map(|number| pay(&payee, 1000 + number, number)).collect();
    let cids = accepted(&world, &orders).await;
    all_on_their_way(&world, &cids).await;
    let mut tokens = BTreeSet::new();
    for cid in cids.iter().chain([&stuck]) {
        tokens.insert(token(&world, *cid).await);
    }
    let tickets = tokens.iter().filter(|token| token.starts_with("ticket:")).count();
    assert_eq!((tokens.len(), tickets), (201, 200), "the last goes by number");

    ledger.fault(0, &json!({"halt": false})).await.unwrap();
    let txids = all_paid(&world, &cids).await;
    assert_eq!(world.status(stuck).await, 1);
    let received = ledger.received(&payee).await.unwrap();
    let paid: BTreeMap<u32, (u64, String)> = received
        .iter()
        .filter_map(|receipt| Some((receipt.tag?, (receipt.drops, receipt.txid.to_uppercase()))))
        .collect();
    let expected: BTreeMap<u32, (u64, String)> = (1..=MANY)
        .zip(&txids)
        .map(|(number, txid)| (number, (u64::from(1000 + number), txid.to_uppercase())))
        .collect();
    assert_eq!(paid, expected);
    assert_eq!(received.iter().filter(|receipt| receipt.tag.is_some()).count(), paid.len(), "each once");

    // What made it stuck ends: it is paid as well, once.
    ledger.fault(0, &json!({"forget": null})).await.unwrap();
    all_paid(&world, &[stuck]).await;
    let received: Vec<(u64, Option<u32>)> =
        ledger.received(&unlucky).await.unwrap().iter().map(|receipt| (receipt.drops, receipt.tag)).collect();
    assert_eq!(received.iter().filter(|receipt| **receipt == (77, Some(77))).count(), 1, "{received:?}");
}

#[tokio::test]
async fn two_hundred_usdt_payouts_are_on_their_way_on_tron_at_once_and_each_is_paid_once() {
    let world = World::start_with(wide()).await;
    let chain = &ledgers(&world).tron;
    let payee = tron::address(&[1; 20]);
    chain.fund(&payee, tron::TRX, 1).await.unwrap();
    let before = chain.tokens(&payee).await.unwrap();
    // Payments name a solidified block: there has to be one after the first.
    let solid = async || chain.ask("/walletsolidity/getnowblock", &json!({})).await.unwrap();
    let start = Instant::now();
    while solid().await["block_header"]["raw_data"]["number"].is_null() {
        assert!(start.elapsed() < PATIENCE, "no block is solidified");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    chain.fault(0, &json!({"stopped": true})).await.unwrap();
    let coin = world.stage.coin("USDT-TRC20");
    let pay = |units: u32| Order { to: payee.clone(), ..world.stage.order(&coin, &format!("0.{units:06}")) };
    let units: Vec<u32> = (1..=MANY).map(|number| 1000 + number).collect();
    let orders: Vec<Order> = units.iter().map(|units| pay(*units)).collect();
    let cids = accepted(&world, &orders).await;
    all_on_their_way(&world, &cids).await;

    chain.fault(0, &json!({"stopped": false})).await.unwrap();
    let txids: BTreeSet<String> = all_paid(&world, &cids).await.into_iter().collect();
    assert_eq!(txids.len(), cids.len());
    let wallet = &world.stage.deployment.payout_addresses().unwrap()[tron::CHAIN];
    let mined = chain.mined().await.unwrap();
    let ours: Vec<_> = mined.iter().filter(|mined| mined.owner == *wallet).collect();
    assert!(ours.iter().all(|mined| mined.result == "SUCCESS"), "{ours:?}");
    assert_eq!(ours.len(), cids.len(), "each once");
    assert_eq!(ours.iter().map(|mined| mined.txid.clone()).collect::<BTreeSet<_>>(), txids);
    let paid: u64 = units.iter().map(|units| u64::from(*units)).sum();
    assert_eq!(chain.tokens(&payee).await.unwrap() - before, paid);
}
