//! Single tries: what is posted, and which answers count.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Redirect;
use payout::life::Status;
use store::{Call, CallbackRow, CallbackState, Delivery, DeliveryLog, PayoutRow};

use super::succeeded;
use crate::callback::deliver::deliver;
use crate::callback::{TestError, test};
use crate::clock;
use crate::engine::tests::house::{House, Plans, name, project};
use crate::engine::tests::screening::{receiver, verify_sign};

async fn claim(house: &House) -> Delivery {
    // Later than any pause, so that the next try is due.
    let now = clock::now().plus(200_000_000);
    house.gateway.store.claim_callbacks(1, 1000, now).await.unwrap().pop().expect("a callback is due")
}

async fn stored(house: &House, row: &PayoutRow) -> (CallbackRow, Vec<DeliveryLog>) {
    let store = &house.gateway.store;
    let callback = store.callback(row.cid()).await.unwrap().unwrap();
    (callback, store.deliveries(row.cid()).await.unwrap())
}

/// One try at a receiver: the callback and the log after it.
async fn tried(house: &House, url: &str) -> (CallbackRow, Vec<DeliveryLog>) {
    let row = succeeded(house, url, 0, Call::V2).await;
    deliver(&house.gateway, &claim(house).await).await.unwrap();
    stored(house, &row).await
}

async fn patient_house() -> House {
    let mut plans = Plans::default();
    plans.config.callback.timeout_ms = 400;
    House::with(plans).await
}

#[tokio::test]
async fn success_is_delivered_with_the_contracts_keys() {
    let receiver = receiver(|| async { "\"success\"\n" }).await;
    let house = House::new().await;
    let (callback, log) = tried(&house, &receiver.url).await;
    assert_eq!((callback.state, callback.attempt), (CallbackState::Delivered, 1));
    assert_eq!((log.len(), log[0].http_status, log[0].reply_head.as_str()), (1, Some(200), "\"success\""));
    let body: serde_json::Value = serde_json::from_str(&receiver.bodies.lock().unwrap()[0]).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 17);
    assert_eq!(body["status"], 6);
    assert_eq!(body["txid"], "0x00");
    assert_eq!(body["block_height"], "42");
    assert_eq!(body["block_time"], 1_700_000_000_000_i64);
    assert_eq!(body["amount"], "1.50");
    assert_eq!(body["remark"], "rent");
    verify_sign(&body);
}

#[tokio::test]
async fn a_sub_address_withdrawal_names_both_addresses() {
    let receiver = receiver(|| async { "success" }).await;
    let house = House::new().await;
    succeeded(&house, &receiver.url, 0, Call::Sub).await;
    deliver(&house.gateway, &claim(&house).await).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&receiver.bodies.lock().unwrap()[0]).unwrap();
    assert_eq!(body["from_address"], crate::engine::tests::house::PAYER);
    assert_eq!(body["to_address"], "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359");
    assert!(body.get("address").is_none());
    verify_sign(&body);
}

#[tokio::test]
async fn each_try_has_a_fresh_nonce_and_signature() {
    let receiver = receiver(|| async { "busy" }).await;
    let house = House::new().await;
    succeeded(&house, &receiver.url, 0, Call::V2).await;
    for _ in 0..2 {
        deliver(&house.gateway, &claim(&house).await).await.unwrap();
    }
    let bodies = receiver.bodies.lock().unwrap().clone();
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let (one, two) = (read(&bodies[0]), read(&bodies[1]));
    assert_ne!(one["nonce"], two["nonce"]);
    assert_ne!(one["sign"], two["sign"]);
    verify_sign(&two);
}

#[tokio::test]
async fn anything_but_success_with_2xx_is_tried_again() {
    let house = patient_house().await;
    let wrong = receiver(|| async { "SUCCESS" }).await;
    let (callback, log) = tried(&house, &wrong.url).await;
    assert_eq!(callback.state, CallbackState::Pending);
    assert_eq!(log[0].reply_head, "SUCCESS");
    assert!(
        (4000..=5000).contains(&callback.due_at.unwrap().since(clock::now())),
        "about 5 s after the first"
    );

    let house = patient_house().await;
    let error = receiver(|| async { (StatusCode::BAD_GATEWAY, "success") }).await;
    let (callback, log) = tried(&house, &error.url).await;
    assert_eq!((callback.state, log[0].http_status), (CallbackState::Pending, Some(502)));
}

#[tokio::test]
async fn a_redirect_is_refused() {
    let house = patient_house().await;
    let other = receiver(|| async { "success" }).await;
    let target = other.url.clone();
    let first = receiver(move || {
        let target = target.clone();
        async move { Redirect::permanent(&target) }
    })
    .await;
    let (callback, log) = tried(&house, &first.url).await;
    assert_eq!((callback.state, log[0].http_status), (CallbackState::Pending, Some(308)));
    assert_eq!(other.count(), 0);
}

#[tokio::test]
async fn a_slow_receiver_is_cut_off() {
    let house = patient_house().await;
    let slow = receiver(|| async {
        tokio::time::sleep(Duration::from_secs(9)).await;
        "success"
    })
    .await;
    let begun = std::time::Instant::now();
    let (callback, log) = tried(&house, &slow.url).await;
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(callback.state, CallbackState::Pending);
    assert_eq!(log[0].error.as_deref(), Some("no answer within 400 ms"));
}

#[tokio::test]
async fn a_huge_reply_is_not_read_and_not_believed() {
    let house = patient_house().await;
    let huge = receiver(|| async { format!("success{}", " ".repeat(50_000_000)) }).await;
    let (callback, log) = tried(&house, &huge.url).await;
    assert_eq!(callback.state, CallbackState::Pending);
    assert_eq!(log[0].http_status, Some(200));
    assert!(log[0].reply_head.len() <= store::REPLY_HEAD_BYTES);
}

#[tokio::test]
async fn control_characters_of_a_reply_are_not_kept() {
    let house = patient_house().await;
    let rude = receiver(|| async { "\u{1b}[31mred\r\nfake log line" }).await;
    let (_, log) = tried(&house, &rude.url).await;
    assert_eq!(log[0].reply_head, "[31mredfake log line");
}

#[tokio::test]
async fn a_private_address_is_not_called_where_the_project_may_not() {
    let receiver = receiver(|| async { "success" }).await;
    let house = House::with(Plans { allow_private_callbacks: false, ..Plans::default() }).await;
    let (callback, log) = tried(&house, &receiver.url).await;
    assert_eq!((callback.state, receiver.count()), (CallbackState::Pending, 0));
    assert_eq!(log[0].error.as_deref(), Some("the URL must not point to a private address"));
}

#[tokio::test]
async fn after_the_last_try_it_is_failed_and_a_resend_starts_again() {
    let wrong = receiver(|| async { "no" }).await;
    let mut plans = Plans::default();
    plans.config.callback.pauses_s = vec![1, 1];
    let house = House::with(plans).await;
    let row = succeeded(&house, &wrong.url, 0, Call::V2).await;
    for expected in [CallbackState::Pending, CallbackState::Pending, CallbackState::Failed] {
        deliver(&house.gateway, &claim(&house).await).await.unwrap();
        assert_eq!(stored(&house, &row).await.0.state, expected);
    }
    let far = clock::now().plus(900_000_000);
    assert!(house.gateway.store.claim_callbacks(1, 1000, far).await.unwrap().is_empty());
    house.gateway.store.resend(row.cid(), name("dora"), clock::now()).await.unwrap();
    let again = claim(&house).await;
    assert_eq!(again.attempt, 1);
    deliver(&house.gateway, &again).await.unwrap();
    let (callback, log) = stored(&house, &row).await;
    assert_eq!((callback.state, log.len()), (CallbackState::Pending, 4));
}

#[tokio::test]
async fn a_callback_that_contradicts_its_payout_is_never_sent() {
    let receiver = receiver(|| async { "success" }).await;
    let house = House::new().await;
    let row = succeeded(&house, &receiver.url, 0, Call::V2).await;
    let delivery = Delivery { status: Status::Failed, ..claim(&house).await };
    deliver(&house.gateway, &delivery).await.unwrap();
    assert_eq!(receiver.count(), 0);
    let (_, log) = stored(&house, &row).await;
    assert!(log[0].error.as_ref().unwrap().contains("status is 6, the callback's is 7"));
}

#[tokio::test]
async fn a_sample_is_signed_and_stores_nothing() {
    let good = receiver(|| async { "success" }).await;
    let house = House::new().await;
    let tested = test(&house.gateway, project(), &good.url).await.unwrap();
    assert!(tested.delivered);
    let body: serde_json::Value = serde_json::from_str(&good.bodies.lock().unwrap()[0]).unwrap();
    assert_eq!((body["status"].as_i64(), body["remark"].as_str()), (Some(6), Some("test")));
    assert_eq!(body.as_object().unwrap().len(), 17);
    verify_sign(&body);
    assert!(house.gateway.store.callbacks(None, 10).await.unwrap().is_empty());

    let bad = receiver(|| async { "hm" }).await;
    let tested = test(&house.gateway, project(), &bad.url).await.unwrap();
    assert_eq!((tested.delivered, tested.reply_head.as_str()), (false, "hm"));
    let error = test(&house.gateway, project(), "ftp://x/").await.unwrap_err();
    assert!(matches!(error, TestError::BadUrl(_)), "{error}");
}
