//! Accepting.

use payout::intent::Intent;
use payout::life::{Payout, Status, Step, verify_history};
use store::{AcceptRefusal, CallerProof};

use crate::house::{House, at, intent, number, option, project, replay, request_with, unlimited};
use crate::refused;

#[tokio::test]
async fn an_accepted_payout_reads_back_as_it_was_given() {
    let house = House::new().await;
    let mut request = house.request("n-1");
    request.caller = Some(CallerProof { header: "k:sig".to_owned(), body: vec![0xff, 0, b'{'] });
    let asked = request.options[0].payout.clone();
    let terms = request.terms.clone();
    let cid = house.store.accept(request).await.unwrap();

    let row = house.store.payout(cid).await.unwrap().unwrap();
    assert_eq!(row.payout, asked);
    assert_eq!(row.digest, asked.intent.digest());
    assert_eq!(row.terms, terms);
    assert_eq!((row.status, row.payout.step()), (Status::AwaitingSignature, Some(Step::Build)));
    assert_eq!(row.created, at(0));
    let by_number = house.store.payout_by_business_number(project(), &number("n-1")).await.unwrap();
    assert_eq!(by_number, Some(row.clone()));
    assert_eq!(house.store.payout_by_intent(&row.digest).await.unwrap(), Some(row));
    assert_eq!(house.store.caller(cid).await.unwrap().unwrap().body, vec![0xff, 0, b'{']);
    let history = house.store.history(cid).await.unwrap();
    assert_eq!(verify_history(cid, &history), Ok(asked));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_identical_accepts_at_once_make_one_payout() {
    fifty_identical_accepts_make_one_payout().await;
}

#[tokio::test]
async fn fifty_identical_accepts_in_one_batch_make_one_payout() {
    fifty_identical_accepts_make_one_payout().await;
}

async fn fifty_identical_accepts_make_one_payout() {
    let house = House::new().await;
    let calls = (0..50).map(|_| {
        let (store, mut request) = (house.store.clone(), house.request("same"));
        request.replay = Some(replay("nonce0"));
        tokio::spawn(async move { store.accept(request).await })
    });
    let (mut made, mut replayed) = (0, 0);
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => made += 1,
            Err(AcceptRefusal::Replayed) => replayed += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((made, replayed), (1, 49));
    assert_eq!(house.number("SELECT count(*) FROM payouts").await, 1);
    assert_eq!(house.number("SELECT count(*) FROM history").await, 1);
    assert_eq!(house.number("SELECT count(*) FROM usages").await, 1);
}

#[tokio::test]
async fn a_second_use_of_a_business_number_creates_nothing_and_uses_nothing_up() {
    let house = House::new().await;
    house.accepted("n-1").await;
    let mut second = house.request("n-1");
    second.replay = Some(replay("fresh0"));
    refused!(house.store.accept(second.clone()).await, AcceptRefusal::DuplicateBusinessNumber);
    // The refused request's replay key is free: the same request again is refused for the same reason.
    refused!(house.store.accept(second).await, AcceptRefusal::DuplicateBusinessNumber);
    assert_eq!(house.number("SELECT count(*) FROM replays").await, 0);
    assert_eq!(house.number("SELECT count(*) FROM usages").await, 1);
}

#[tokio::test]
async fn another_project_may_use_the_same_number() {
    let house = House::new().await;
    house.accepted("n-1").await;
    let mut request = house.request("n-1");
    request.project = payout::ids::ProjectId::new(5).unwrap();
    request.options[0].payout.intent.project = request.project;
    house.store.accept(request).await.unwrap();
}

#[tokio::test]
async fn refusals_come_in_the_order_replay_duplicate_rule() {
    let house = House::new().await;
    let mut first = house.request("n-1");
    first.replay = Some(replay("nonce0"));
    house.store.accept(first.clone()).await.unwrap();

    let mut again = request_with("n-1", Vec::new());
    again.replay = Some(replay("nonce0"));
    refused!(house.store.accept(again.clone()).await, AcceptRefusal::Replayed);
    again.replay = Some(replay("nonce1"));
    refused!(house.store.accept(again.clone()).await, AcceptRefusal::DuplicateBusinessNumber);
    again.third_party_id = number("n-2");
    refused!(house.store.accept(again).await, AcceptRefusal::NoRule { .. });
}

#[tokio::test]
async fn a_replay_key_is_forgotten_after_its_time() {
    let house = House::new().await;
    let mut first = house.request("n-1");
    first.replay = Some(replay("nonce0"));
    house.store.accept(first).await.unwrap();
    assert_eq!(house.number("SELECT count(*) FROM replays").await, 1);
    let mut later = house.request("n-2");
    later.now = at(300_001);
    house.store.accept(later).await.unwrap();
    assert_eq!(house.number("SELECT count(*) FROM replays").await, 0);
}

#[tokio::test]
async fn options_of_two_payouts_are_refused() {
    let house = House::new().await;
    let (one, two) = (house.store.mint_cid(at(0)), house.store.mint_cid(at(0)));
    let options = vec![option(one, "n", "a", unlimited(), 1), option(two, "n", "b", unlimited(), 1)];
    refused!(house.store.accept(request_with("n", options)).await, AcceptRefusal::Inconsistent);
    assert_eq!(house.number("SELECT count(*) FROM payouts").await, 0);
}

// On one thread, all that are spawned queue up before the writer runs: they are one batch.
#[tokio::test]
async fn one_command_that_reuses_a_cid_does_not_spoil_the_others_of_its_batch() {
    let house = House::new().await;
    let taken = house.accepted("first").await;
    let calls: Vec<_> = (0..40)
        .map(|n| {
            let (store, name) = (house.store.clone(), format!("n-{n}"));
            let cid = if n == 20 { taken.cid() } else { store.mint_cid(at(0)) };
            let request = request_with(&name, vec![option(cid, &name, "small", unlimited(), 1)]);
            tokio::spawn(async move { store.accept(request).await })
        })
        .collect();
    let mut refused = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => {}
            Err(AcceptRefusal::Inconsistent) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 1);
    assert_eq!(house.number("SELECT count(*) FROM payouts").await, 40);
    assert_eq!(house.number("SELECT count(*) FROM usages").await, 40);
}

#[tokio::test]
async fn a_denied_payout_has_a_number_status_4_and_a_callback() {
    let house = House::new().await;
    let mut request = house.request("n-1");
    let asked: Intent = intent(request.options[0].payout.intent.cid, "n-1");
    request.options[0].payout = Payout::denied(asked, "inside".to_owned());
    let cid = house.store.accept(request).await.unwrap();
    assert_eq!(house.store.payout(cid).await.unwrap().unwrap().status, Status::ApprovalRejected);
    assert_eq!(house.store.callback(cid).await.unwrap().unwrap().status, Status::ApprovalRejected);
}
