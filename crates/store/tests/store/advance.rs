//! Moving payouts on.

use payout::approval::{Act, ActNonce, SignedAct};
use payout::intent::{Intent, Kind};
use payout::key::SecretKey;
use payout::life::{
    Event, Payout, Rejection, Requirement, Screening, Status, Step, StepQuorum, verify_history,
};
use store::{Advance, AdvanceError, Hold, PayoutRow, Wait};

use crate::house::{House, advance, at, build, building, network, payer, person, project, recipient};
use crate::refused;

#[tokio::test]
async fn a_whole_life_is_kept_as_a_history_that_verifies() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let end = house.succeeded(&row, 7).await;
    assert_eq!(end.status, Status::Succeeded);
    assert_eq!(house.store.payout(row.cid()).await.unwrap().unwrap(), end);

    let history = house.store.history(row.cid()).await.unwrap();
    assert_eq!(history.len(), 6);
    assert_eq!(verify_history(row.cid(), &history), Ok(end.payout.clone()));
    let mut forged = history;
    forged.remove(2);
    assert!(verify_history(row.cid(), &forged).is_err());
}

#[tokio::test]
async fn a_stale_version_is_refused_and_changes_nothing() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    house.store.advance(building(&row, 1)).await.unwrap();
    refused!(house.advance(&row, vec![Event::SigningStarted]).await, AdvanceError::Stale);
    assert_eq!(house.store.history(row.cid()).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_writers_with_one_version_one_wins() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let calls: Vec<_> = (0..32)
        .map(|nonce| {
            let (store, advance) = (house.store.clone(), building(&row, nonce));
            tokio::spawn(async move { store.advance(advance).await })
        })
        .collect();
    let mut won = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => won += 1,
            Err(AdvanceError::Stale) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(house.number("SELECT count(*) FROM tokens").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_serves_one_intent_however_many_want_it() {
    let house = House::new().await;
    let mut rows = Vec::new();
    for n in 0..16 {
        rows.push(house.accepted(&format!("n-{n}")).await);
    }
    let calls: Vec<_> = rows
        .iter()
        .map(|row| {
            let (store, advance) = (house.store.clone(), building(row, 7));
            tokio::spawn(async move { store.advance(advance).await })
        })
        .collect();
    let mut won = None;
    let mut lost = Vec::new();
    for (row, call) in rows.iter().zip(calls) {
        match call.await.unwrap() {
            Ok(row) => assert!(won.replace(row.digest).is_none(), "two took it"),
            Err(AdvanceError::TokenTaken { by }) => lost.push((row.cid(), by)),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(lost.len(), 15);
    assert!(lost.iter().all(|(_, by)| Some(*by) == won));
    for (cid, _) in lost {
        assert_eq!(house.store.history(cid).await.unwrap().len(), 1, "a loser wrote something");
    }
}

#[tokio::test]
async fn the_database_itself_keeps_tokens_and_intents_one_to_one() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    house.store.advance(building(&row, 7)).await.unwrap();
    let insert = |token: &str, intent: &str| {
        format!(
            "INSERT INTO tokens SELECT network_id, from_address, {token}, position, {intent}, cid, taken FROM tokens"
        )
    };
    assert!(house.sql(&insert("token", "'other'")).await.unwrap_err().contains("UNIQUE"));
    assert!(house.sql(&insert("'nonce:8'", "intent")).await.unwrap_err().contains("UNIQUE"));
}

#[tokio::test]
async fn bytes_need_their_own_token() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let without = Advance { take: None, ..building(&row, 7) };
    refused!(house.store.advance(without).await, AdvanceError::TokenMismatch(_));
    let mut other = building(&row, 7);
    other.take = building(&row, 8).take;
    refused!(house.store.advance(other).await, AdvanceError::TokenMismatch(_));
    let mut early = advance(&row, Vec::new());
    early.take = building(&row, 7).take;
    refused!(house.store.advance(early).await, AdvanceError::TokenMismatch(_));
}

#[tokio::test]
async fn a_void_spends_its_targets_token_and_no_other() {
    let house = House::new().await;
    let target = house.accepted("n-1").await;
    house.sent(&target, 7).await;
    let mut request = house.request("void of n-1");
    let asked = request.options[0].payout.intent.clone();
    let asked = Intent { kind: Kind::Void, target: Some(target.digest), ..asked };
    request.options[0].payout = Payout::accept(asked, Requirement::Nobody, Screening::None);
    let cid = house.store.accept(request).await.unwrap();
    let void = house.store.payout(cid).await.unwrap().unwrap();
    assert_eq!(house.store.payouts_targeting(&target.digest).await.unwrap(), vec![void.clone()]);

    let elsewhere = advance(&void, vec![Event::Built { build: build(8) }]);
    refused!(house.store.advance(elsewhere).await, AdvanceError::TokenMismatch(_));
    house.advance(&void, vec![Event::Built { build: build(7) }]).await.unwrap();
}

#[tokio::test]
async fn an_illegal_event_writes_nothing_and_disturbs_nobody() {
    let house = House::new().await;
    let (one, two) = (house.accepted("n-1").await, house.accepted("n-2").await);
    let (bad, good) =
        tokio::join!(house.advance(&one, vec![Event::Broadcast]), house.store.advance(building(&two, 1)));
    refused!(bad, AdvanceError::Illegal(_));
    assert!(good.is_ok());
    assert_eq!(house.store.payout(one.cid()).await.unwrap().unwrap(), one);
}

#[tokio::test]
async fn a_hold_says_why_and_leaves_no_history() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let wait = Wait { reason: "no funds".to_owned(), next_action: "fund the wallet".to_owned() };
    let hold = |row: &PayoutRow, ms| Hold {
        cid: row.cid(),
        version: row.version,
        wait: wait.clone(),
        due_at: at(ms + 1000),
        now: at(ms),
    };
    let held = house.store.hold(hold(&row, 20)).await.unwrap();
    assert_eq!((held.wait.clone(), held.waiting_since), (Some(wait.clone()), Some(at(20))));
    let again = house.store.hold(hold(&held, 30)).await.unwrap();
    assert_eq!(again.waiting_since, Some(at(20)), "the same reason keeps its beginning");
    assert_eq!(house.store.history(row.cid()).await.unwrap().len(), 1);
    let moved = house.store.advance(building(&again, 1)).await.unwrap();
    assert_eq!((moved.wait, moved.waiting_since), (None, None));
}

#[tokio::test]
async fn an_ended_payout_cannot_be_held() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let end = house.advance(&row, vec![Event::Rejected { by: Rejection::Screening }]).await.unwrap();
    let wait = Wait { reason: "x".to_owned(), next_action: "y".to_owned() };
    let hold = Hold { cid: end.cid(), version: end.version, wait, due_at: at(99), now: at(20) };
    refused!(house.store.hold(hold).await, AdvanceError::Illegal(_));
}

#[tokio::test]
async fn acts_are_kept_in_order_and_each_only_once() {
    let house = House::new().await;
    let mut request = house.request("n-1");
    let steps = Requirement::Steps(vec![StepQuorum { group: "finance".parse().unwrap(), quorum: 2 }]);
    let asked = request.options[0].payout.intent.clone();
    request.options[0].payout = Payout::accept(asked, steps, Screening::None);
    let cid = house.store.accept(request).await.unwrap();
    let row = house.store.payout(cid).await.unwrap().unwrap();

    let act = |name: &str, nonce: u8| {
        let key = SecretKey::from_seed(&[nonce; 32]);
        SignedAct::sign(&key, person(name), Act::Approve, row.digest, ActNonce::from_bytes([nonce; 32]))
    };
    let given = |name: &str| Event::ApprovalGiven { by: person(name) };
    let with = |row: &PayoutRow, event, act| Advance { acts: vec![act], ..advance(row, vec![event]) };
    let one = house.store.advance(with(&row, given("ann"), act("ann", 1))).await.unwrap();
    refused!(house.store.advance(with(&one, given("ann"), act("ann", 2))).await, AdvanceError::ActRepeated);
    let complete = Event::ApprovalComplete { by: person("ben") };
    let two = house.store.advance(with(&one, complete, act("ben", 3))).await.unwrap();
    assert_eq!(two.payout.step(), Some(Step::Build));
    assert_eq!(house.store.acts(cid).await.unwrap(), vec![act("ann", 1), act("ben", 3)]);
}

#[tokio::test]
async fn an_unknown_payout_is_told_as_such() {
    let house = House::new().await;
    let mut row = house.accepted("n-1").await;
    row.payout.intent.cid = house.store.mint_cid(at(0));
    refused!(house.advance(&row, vec![Event::Broadcast]).await, AdvanceError::Unknown(_));
}

#[tokio::test]
async fn tokens_are_ordered_by_number_and_leave_the_lane_when_their_payout_ends() {
    let house = House::new().await;
    for nonce in [9, 10, 11] {
        let row = house.accepted(&format!("n-{nonce}")).await;
        house.sent(&row, nonce).await;
    }
    let row = house.accepted("n-2").await;
    house.succeeded(&row, 2).await;
    let highest = house.store.highest_token(&network(), &payer()).await.unwrap().unwrap();
    assert_eq!((highest.token.as_str(), highest.status), ("nonce:11", Status::OnItsWay));
    let lane = house.store.tokens_in_flight(&network(), &payer()).await.unwrap();
    let lane: Vec<_> = lane.iter().map(|row| row.position.unwrap()).collect();
    assert_eq!(lane, [9, 10, 11]);
}

#[tokio::test]
async fn a_recipient_is_known_from_the_signature_on() {
    let house = House::new().await;
    let chain = "60".parse().unwrap();
    let known = async |project| house.store.known_recipient(project, &chain, &recipient()).await.unwrap();
    let row = house.accepted("n-1").await;
    house.store.advance(building(&row, 1)).await.unwrap();
    assert!(!known(None).await);
    let row = house.accepted("n-2").await;
    house.sent(&row, 2).await;
    let row = house.accepted("n-3").await;
    house.sent(&row, 3).await;
    assert!(known(None).await && known(Some(project())).await);
    assert!(!known(payout::ids::ProjectId::new(5)).await);
}
