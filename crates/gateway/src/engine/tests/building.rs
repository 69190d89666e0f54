//! Build: what a payout waits for, and in which order tokens are taken.

use payout::life::{Event, Requirement, Screening, State, Status, Withdrawal};
use payout::money::Amount;
use store::{Pause, PauseScope};

use super::house::{House, coin, dead_node, name, project};
use crate::clock;
use crate::engine::{Next, build};
use crate::node::{Hold, Shortage};

#[tokio::test]
async fn a_payout_that_no_quorum_has_seen_takes_no_token() {
    let house = House::new().await;
    let row = house.accept(Requirement::Nobody, Screening::None).await;
    assert_eq!(build::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert_eq!(held.payout.state, State::Queued);
    assert!(held.wait.unwrap().reason.starts_with("2 co-signers must have seen it, 0 have; co-1"));
    assert!(house.road.lanes.lock().unwrap().is_empty(), "no node was asked");
}

#[tokio::test]
async fn a_plan_becomes_a_build_with_its_token() {
    let house = House::new().await;
    let row = house.queued().await;
    assert_eq!(build::step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    let built = house.row(row.cid()).await;
    assert!(matches!(&built.payout.state, State::Built { build } if build.token.as_str() == "nonce:0"));
    assert_eq!((built.wait, built.lease_until), (None, None));
}

#[tokio::test]
async fn an_empty_wallet_holds_with_its_figures_and_burns_nothing() {
    let house = House::new().await;
    let row = house.queued().await;
    house.road.plans.lock().unwrap().push_back(Err(Hold::Funds(Box::new(Shortage {
        from: row.payout.intent.from.clone(),
        coin: coin(),
        has: Amount::from_u128(5),
        needs: Amount::from_u128(9),
    }))));
    assert_eq!(build::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert_eq!(held.status, Status::AwaitingSignature);
    let wait = held.wait.clone().unwrap();
    assert!(wait.reason.contains("has 5 of 60@60") && wait.reason.contains("needs 9"), "{}", wait.reason);
    assert!(wait.next_action.contains("fund the paying address"));
    assert!(held.due_at.since(clock::now()) > 3000);
    // The money comes: it goes on by itself.
    assert_eq!(build::step(&house.gateway, held).await.unwrap(), Next::Advanced);
}

#[tokio::test]
async fn payouts_in_flight_are_shown_to_the_next_plan() {
    let house = House::new().await;
    for _ in 0..3 {
        let row = house.queued().await;
        assert_eq!(build::step(&house.gateway, row).await.unwrap(), Next::Advanced);
    }
    let last = house.road.lanes.lock().unwrap().last().unwrap().clone();
    let mut tokens: Vec<String> = last.taken.iter().map(|taken| taken.token.to_string()).collect();
    tokens.sort();
    assert_eq!(tokens, ["nonce:0", "nonce:1"]);
    assert!(last.taken.iter().all(|taken| taken.amount == Amount::from_u128(1_500_000_000_000_000_000)));
    assert!(last.taken.iter().all(|taken| taken.max_fee == Amount::from_u128(21)));
}

#[tokio::test]
async fn what_another_gateway_took_is_shown_to_the_plan_too() {
    let house = House::new().await;
    house.signed(0).await;
    let row = house.queued().await;
    assert_eq!(build::step(&house.gateway, row).await.unwrap(), Next::Advanced);
    let lanes = house.road.lanes.lock().unwrap();
    assert_eq!(lanes[0].taken.len(), 1);
    assert_eq!(lanes[0].taken[0].token.as_str(), "nonce:0");
}

#[tokio::test]
async fn many_at_once_take_each_a_token_of_their_own() {
    let house = House::new().await;
    let mut rows = Vec::new();
    for _ in 0..12 {
        rows.push(house.queued().await);
    }
    let all = futures::future::join_all(rows.into_iter().map(|row| build::step(&house.gateway, row))).await;
    assert!(all.iter().all(|next| matches!(next, Ok(Next::Advanced))), "{all:?}");
    assert_eq!(house.road.lanes.lock().unwrap().len(), 12, "no plan was made twice");
}

#[tokio::test]
async fn a_token_of_an_ended_payout_is_kept_clear_of() {
    let house = House::new().await;
    // Final, so no longer in flight; a node that lags behind still names its nonce as the next.
    let row = house.sent(0).await;
    let block = super::house::block();
    house.happen(&row, Event::Succeeded { txid: "0x00".to_owned(), block }).await;
    let row = house.queued().await;
    assert_eq!(build::step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    let built = house.row(row.cid()).await;
    assert!(matches!(&built.payout.state, State::Built { build } if build.token.as_str() == "nonce:1"));
}

#[tokio::test]
async fn a_payout_that_was_withdrawn_before_signing_leaves_its_token_to_the_next() {
    let house = House::new().await;
    let row = house.queued().await;
    build::step(&house.gateway, row.clone()).await.unwrap();
    let built = house.row(row.cid()).await;
    house.happen(&built, Event::Withdrawn { by: Withdrawal::Principal { by: name("dora") } }).await;
    let next = house.queued().await;
    build::step(&house.gateway, next.clone()).await.unwrap();
    let built = house.row(next.cid()).await;
    assert!(matches!(&built.payout.state, State::Built { build } if build.token.as_str() == "nonce:0"));
}

#[tokio::test]
async fn a_full_lane_names_its_head_and_calls_the_oldest_first() {
    let house = House::new().await;
    let head = house.sent(0).await;
    let (old, young) = (house.queued().await, house.queued().await);
    house.road.plans.lock().unwrap().push_back(Err(Hold::LaneFull { limit: 1 }));
    build::step(&house.gateway, old.clone()).await.unwrap();
    let reason = house.row(old.cid()).await.wait.unwrap().reason;
    assert!(reason.contains(&format!("payout {} at nonce:0", head.cid())), "{reason}");
    // The younger one does not ask the node, and does not overtake.
    build::step(&house.gateway, young.clone()).await.unwrap();
    assert_eq!(house.road.lanes.lock().unwrap().len(), 1);
    assert_eq!(house.row(young.cid()).await.wait.unwrap().reason, reason);

    let before = house.row(old.cid()).await.due_at;
    assert!(before > clock::now());
    crate::engine::lane::freed(&house.gateway, &head.payout.intent).await;
    assert!(house.row(old.cid()).await.due_at <= clock::now());
    assert!(house.row(young.cid()).await.due_at > clock::now());
}

#[tokio::test]
async fn a_pause_holds_with_its_reason_until_it_is_lifted() {
    let house = House::new().await;
    let now = clock::now();
    for scope in
        [PauseScope::Chain("60".parse().unwrap()), PauseScope::Coin(coin()), PauseScope::Project(project())]
    {
        let row = house.queued().await;
        let pause =
            Pause { scope, reason: "audit".to_owned(), by: name("dora"), now, until: now.plus(3_600_000) };
        let pause = house.gateway.store.pause(pause).await.unwrap();
        assert_eq!(build::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
        let held = house.row(row.cid()).await;
        assert!(held.wait.as_ref().unwrap().reason.contains("paused by dora: audit"));
        house.gateway.store.lift_pause(pause.id, name("dora"), clock::now()).await.unwrap();
        assert_eq!(build::step(&house.gateway, held).await.unwrap(), Next::Advanced);
    }
}

#[tokio::test]
async fn a_pause_of_another_wallet_holds_nobody_else() {
    let house = House::new().await;
    let now = clock::now();
    let scope = PauseScope::Wallet(payout::ids::WalletId::new(6).unwrap());
    let pause =
        Pause { scope, reason: "audit".to_owned(), by: name("dora"), now, until: now.plus(3_600_000) };
    house.gateway.store.pause(pause).await.unwrap();
    let row = house.queued().await;
    assert_eq!(build::step(&house.gateway, row).await.unwrap(), Next::Advanced);
}

#[tokio::test]
async fn a_dead_node_is_asked_by_one_payout_and_not_by_all() {
    let house = House::new().await;
    house.road.plans.lock().unwrap().push_back(Err(Hold::Node(dead_node())));
    for _ in 0..3 {
        let row = house.queued().await;
        assert_eq!(build::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
        let wait = house.row(row.cid()).await.wait.unwrap();
        assert!(wait.reason.contains("node-a is on network 1"), "{}", wait.reason);
    }
    assert_eq!(house.road.lanes.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_chain_without_nodes_says_what_to_configure() {
    let house = House::new().await;
    let row = house
        .accept_with(
            Requirement::Nobody,
            Screening::None,
            |intent| intent.chain_id = "61".parse().unwrap(),
            None,
            store::Call::V2,
        )
        .await;
    house.gateway.memory.seen.add(row.digest);
    assert_eq!(build::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    assert!(house.row(row.cid()).await.wait.unwrap().next_action.contains("[[chain]]"));
}

#[tokio::test]
async fn the_pause_between_looks_grows_with_the_wait() {
    let house = House::new().await;
    let mut row = house.queued().await;
    row.waiting_since = Some(clock::now().plus(-40_000));
    let now = clock::now();
    let due = crate::engine::pace::again(&row, now, 1000);
    assert!((19_000..=21_000).contains(&due.since(now)), "{}", due.since(now));
    row.waiting_since = Some(now.plus(-4_000_000));
    assert_eq!(crate::engine::pace::again(&row, now, 1000).since(now), 30_000);
    row.waiting_since = None;
    assert_eq!(crate::engine::pace::again(&row, now, 1000).since(now), 1000);
}
