//! Stops, freezes, pauses and the end of the process.

use std::time::Duration;

use payout::approval::{Act, Freeze, FreezeOrder};
use wire::message::{Check, Condition, FromCosigner, StopAct, ToCosigner};

use super::hall::Hall;
use crate::desk::cosigner::now;
use crate::desk::{INBOX, PAUSE, StopFile};
use crate::house;

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_acknowledged_and_nothing_is_signed_after_it() {
    let mut hall = Hall::with_wallet(2, 3).await;
    let intent = hall.intent(1);
    let act = house::act("tom", Act::Reject, &intent);
    let stop = StopAct { intent: intent.canonical(), act };
    hall.hub.say(1, &ToCosigner::Stop { acts: vec![stop], freezes: vec![] });
    let (index, said) = hall.hub.heard().await;
    let digest = Some(intent.digest());
    assert_eq!((index, said), (1, FromCosigner::StopSeen { intent: digest, kind: "reject".to_owned() }));
    let request = hall.approved(&intent, 1);
    let label = hall.hub.open(&[1, 2], &request);
    let outcome = hall.hub.outcome(label, &[1, 2]).await;
    let FromCosigner::Refused { refusal, .. } = &outcome[&1] else { panic!("{outcome:?}") };
    assert_eq!(refusal.check, Check::Journal);
    // It can be proven to anybody.
    let never = refusal.never.as_ref().unwrap();
    never.verify(&house::cosigner_key(1).public()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_brought_by_hand_is_journaled_without_a_gateway() {
    let hall = Hall::with_wallet(2, 3).await;
    let intent = hall.intent(1);
    let act = house::act("tom", Act::Reject, &intent);
    let good = StopFile { acts: vec![StopAct { intent: intent.canonical(), act }], freezes: vec![] };
    let act = house::act("shop", Act::Withdraw, &intent);
    let bad = StopFile { acts: vec![StopAct { intent: intent.canonical(), act }], freezes: vec![] };
    let inbox = hall.folder(3).join(INBOX);
    std::fs::create_dir(&inbox).unwrap();
    for (name, orders) in [("a.json", &good), ("b.json", &bad)] {
        std::fs::write(inbox.join(name), serde_json::to_string(orders).unwrap()).unwrap();
    }
    std::fs::write(inbox.join("c.json"), "{}").unwrap();
    hall.until("the inbox is empty", |_| !inbox.join("c.json").exists()).await;
    assert!(inbox.join("done/a.json").exists());
    assert!(inbox.join("refused/b.json.reason").exists());
    let why = std::fs::read_to_string(inbox.join("refused/c.json.reason")).unwrap();
    assert!(why.contains("orders nothing"), "{why}");
    // And the others hear of it.
    hall.until("all journals have the stop", |hall| {
        (1..=3).all(|index| hall.chair(index).journal.with(|union| union.stops(&intent.digest()).len() == 1))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_stops_signing_until_a_quorum_lifts_it() {
    let mut hall = Hall::with_wallet(2, 3).await;
    let order = |who: &str, order, after: i64| {
        let reason = "stolen laptop".to_owned();
        let deployment = hall.house.genesis.deployment();
        let at = now().plus(after);
        FreezeOrder::sign(&house::key(who), house::name(who), deployment, order, reason, at)
    };
    let freeze = order("carol", Freeze::Freeze, 0);
    let lifts = vec![order("ann", Freeze::Lift, 1000), order("bob", Freeze::Lift, 1000)];
    let (slow, good) = (order("ann", Freeze::Freeze, 500), order("ann", Freeze::Freeze, 2000));
    hall.hub.say(2, &ToCosigner::Stop { acts: vec![], freezes: vec![freeze] });
    let (_, said) = hall.hub.heard().await;
    assert_eq!(said, FromCosigner::StopSeen { intent: None, kind: "freeze".to_owned() });
    hall.until("all say that they are frozen", |hall| {
        (1..=3).all(|index| {
            hall.hub
                .standing(index)
                .is_some_and(|standing| matches!(standing.condition, Condition::Frozen(_)))
        })
    })
    .await;
    let request = hall.approved(&hall.intent(1), 1);
    let label = hall.hub.open(&[1, 2], &request);
    for said in hall.hub.outcome(label, &[1, 2]).await.values() {
        assert!(!matches!(said, FromCosigner::Signed { .. }), "{said:?}");
    }
    hall.hub.say(1, &ToCosigner::Stop { acts: vec![], freezes: lifts });
    hall.until("all are ready again", |hall| {
        (1..=3).all(|index| {
            hall.hub.standing(index).is_some_and(|standing| standing.condition == Condition::Ready)
        })
    })
    .await;
    hall.sign(&[1, 2], 2).await;
    // A freeze that is dated before the lifts would stop nothing: it is not acknowledged.
    let refused = hall.chair(2).freeze(slow).await.unwrap_err();
    assert!(refused.contains("before lifts that are held"), "{refused}");
    hall.chair(2).freeze(good).await.unwrap();
    assert!(matches!(hall.chair(2).standing().condition, Condition::Frozen(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_host_can_pause_it() {
    let mut hall = Hall::with_wallet(2, 3).await;
    let path = hall.folder(2).join(PAUSE);
    std::fs::write(&path, "moving the server\n").unwrap();
    hall.until("2 is paused", |hall| {
        hall.hub.standing(2).is_some_and(|standing| {
            matches!(&standing.condition, Condition::Frozen(why) if why.contains("moving the server"))
        })
    })
    .await;
    let request = hall.approved(&hall.intent(1), 1);
    let label = hall.hub.open(&[1, 2], &request);
    let outcome = hall.hub.outcome(label, &[1, 2]).await;
    let FromCosigner::Refused { refusal, .. } = &outcome[&2] else { panic!("{outcome:?}") };
    assert_eq!(refusal.check, Check::Frozen);
    std::fs::remove_file(&path).unwrap();
    hall.until("2 is ready", |hall| {
        hall.hub.standing(2).is_some_and(|standing| standing.condition == Condition::Ready)
    })
    .await;
    hall.sign(&[1, 2], 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cosigner_stops_within_a_second_with_a_session_in_flight() {
    let mut hall = Hall::with_wallet(2, 3).await;
    hall.hub.relay_by(|_, _, _| false);
    let request = hall.approved(&hall.intent(1), 1);
    hall.hub.open(&[1, 2], &request);
    hall.until("the session is open", |hall| hall.chair(1).sessions.count() == 1).await;
    let took = hall.stop(1).await;
    assert!(took < Duration::from_millis(900), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_intent_that_is_shown_is_journaled_everywhere() {
    let mut hall = Hall::with_wallet(2, 3).await;
    let intent = hall.intent(1);
    let mut request_body = hall.approved(&intent, 1);
    request_body.unsigned.clear();
    hall.hub.say(1, &ToCosigner::Sight { request: 5, request_body });
    let (_, said) = hall.hub.heard().await;
    assert_eq!(said, FromCosigner::Sighted { request: 5, refusal: None });
    hall.until("all journals have the sight", |hall| {
        (1..=3).all(|index| {
            hall.chair(index).journal.with(|union| union.first_sight(&intent.digest(), 0).is_some())
        })
    })
    .await;
}
