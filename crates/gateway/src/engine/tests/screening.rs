//! The external check against real receivers: it lets on, ends, or holds, and never fails open.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::post;
use payout::life::{Rejection, Requirement, Screening, State, Status, Withdrawal};
use payout::policy::Environment;
use store::PayoutRow;

use super::house::{API_KEY, House, Plans};
use crate::clock;
use crate::engine::{Next, screen};

/// A receiver on this machine, and the bodies that came.
pub(crate) struct Receiver {
    pub(crate) url: String,
    pub(crate) bodies: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    pub(crate) fn count(&self) -> usize {
        self.bodies.lock().unwrap().len()
    }
}

/// A receiver that answers every POST to `/` as `answer` does.
pub(crate) async fn receiver<F, R>(answer: impl Fn() -> F + Clone + Send + Sync + 'static) -> Receiver
where
    F: Future<Output = R> + Send,
    R: IntoResponse + Send,
{
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&bodies);
    let handle = move |body: Bytes| {
        log.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
        let answer = answer.clone();
        async move { answer().await }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(handle))).await });
    Receiver { url, bodies }
}

async fn screened(url: &str) -> (House, PayoutRow) {
    let mut plans = Plans { verification_url: Some(url.to_owned()), ..Plans::default() };
    plans.config.screening.timeout_ms = 300;
    let house = House::with(plans).await;
    let row = house.accept(Requirement::Nobody, Screening::Asked).await;
    (house, row)
}

#[tokio::test]
async fn ok_lets_it_on_after_a_signed_question() {
    let receiver = receiver(|| async { " \"ok\"\n" }).await;
    let (house, row) = screened(&receiver.url).await;
    assert_eq!(screen::step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    assert_eq!(house.row(row.cid()).await.payout.state, State::Queued);
    let body = receiver.bodies.lock().unwrap()[0].clone();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["cid"], row.cid().get());
    assert_eq!(body["amount"], "1.50");
    assert_eq!(body["from_address"], super::house::PAYER);
    assert_eq!(body.as_object().unwrap().len(), 13);
    verify_sign(&body);
}

/// Checks a body's signature with the contract's own rule, written here once more.
pub(crate) fn verify_sign(body: &serde_json::Value) {
    let mut text = API_KEY.to_owned();
    let sorted: std::collections::BTreeMap<_, _> = body.as_object().unwrap().iter().collect();
    for (key, value) in sorted {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if key != "sign" && value != "null" && !value.is_empty() {
            text.push_str(key);
            text.push_str(&value);
        }
    }
    use md5::Digest as _;
    assert_eq!(body["sign"], hex::encode(md5::Md5::digest(text)));
}

#[tokio::test]
async fn deny_ends_it_at_4() {
    let receiver = receiver(|| async { "deny" }).await;
    let (house, row) = screened(&receiver.url).await;
    assert_eq!(screen::step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    let state = house.row(row.cid()).await.payout.state;
    assert_eq!(state, State::Rejected { by: Rejection::Screening });
}

/// Takes the step and checks that the payout waits at 0, and that nothing was let on.
async fn stays_shut(url: &str, because: &str) {
    let (house, row) = screened(url).await;
    let before = clock::now();
    assert_eq!(screen::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert_eq!(held.status, Status::AwaitingApproval);
    assert!(matches!(held.payout.state, State::Screening { .. }));
    let wait = held.wait.unwrap();
    assert!(wait.next_action.contains(because), "{}", wait.next_action);
    assert!(held.due_at.since(before) >= 2000, "the next try comes after the first pause");
}

#[tokio::test]
async fn anything_but_ok_and_deny_is_no_answer() {
    for answer in ["", "OK", "okay", "ok ok", "{\"result\":\"ok\"}", "true", "deny!"] {
        let receiver = receiver(move || async move { answer }).await;
        stays_shut(&receiver.url, "it answered HTTP 200").await;
    }
}

#[tokio::test]
async fn ok_with_an_error_status_is_no_answer() {
    let receiver = receiver(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "ok") }).await;
    stays_shut(&receiver.url, "it answered HTTP 500").await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = receiver(|| async { "ok" }).await;
    let target = other.url.clone();
    let first = receiver(move || {
        let target = target.clone();
        async move { Redirect::temporary(&target) }
    })
    .await;
    stays_shut(&first.url, "it answered HTTP 307").await;
    assert_eq!(other.count(), 0);
}

#[tokio::test]
async fn a_slow_answer_is_none() {
    let receiver = receiver(|| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        "ok"
    })
    .await;
    stays_shut(&receiver.url, "no answer within 300 ms").await;
}

#[tokio::test]
async fn a_huge_answer_that_begins_with_ok_is_none() {
    let receiver = receiver(|| async { format!("ok{}", " ".repeat(100_000)) }).await;
    stays_shut(&receiver.url, "and more").await;
}

#[tokio::test]
async fn nobody_there_is_no_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    stays_shut(&url, "refused").await;
}

#[tokio::test]
async fn plain_http_is_not_asked_in_production() {
    let receiver = receiver(|| async { "ok" }).await;
    let plans = Plans {
        environment: Environment::Production,
        verification_url: Some(receiver.url.clone()),
        ..Plans::default()
    };
    let house = House::with(plans).await;
    let row = house.accept(Requirement::Nobody, Screening::Asked).await;
    assert_eq!(screen::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    assert!(house.row(row.cid()).await.wait.unwrap().next_action.contains("must be https"));
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn a_private_address_is_not_asked_unless_the_project_says_so() {
    let receiver = receiver(|| async { "ok" }).await;
    let plans = Plans {
        verification_url: Some(receiver.url.clone()),
        allow_private_callbacks: false,
        ..Plans::default()
    };
    let house = House::with(plans).await;
    let row = house.accept(Requirement::Nobody, Screening::Asked).await;
    assert_eq!(screen::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    assert!(house.row(row.cid()).await.wait.unwrap().next_action.contains("private address"));
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn a_project_whose_url_was_taken_out_holds_and_does_not_pass() {
    let house = House::new().await;
    let row = house.accept(Requirement::Nobody, Screening::Asked).await;
    assert_eq!(screen::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert!(matches!(held.payout.state, State::Screening { .. }));
    assert!(held.wait.unwrap().next_action.contains("no verification URL"));
}

#[tokio::test]
async fn after_the_quick_tries_it_is_held_with_an_alert() {
    let receiver = receiver(|| async { "what?" }).await;
    let mut plans = Plans { verification_url: Some(receiver.url.clone()), ..Plans::default() };
    plans.config.screening.pauses_s = Vec::new();
    let house = House::with(plans).await;
    let row = house.accept(Requirement::Nobody, Screening::Asked).await;
    assert_eq!(screen::step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert!(held.due_at.since(clock::now()) > 200_000, "and asked again only seldom");
    assert!(house.gateway.metrics.text().contains("outcome=\"alert\""));
    assert_eq!(held.status, Status::AwaitingApproval);
}

#[tokio::test]
async fn a_check_that_never_answers_ends_with_the_time_to_approve() {
    let house = House::new().await;
    let late = |intent: &mut payout::intent::Intent| intent.expiry = intent.created;
    let row = house.accept_with(Requirement::Nobody, Screening::Asked, late, None, store::Call::V2).await;
    assert_eq!(screen::step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    let state = house.row(row.cid()).await.payout.state;
    assert_eq!(state, State::Withdrawn { by: Withdrawal::Expired });
}
