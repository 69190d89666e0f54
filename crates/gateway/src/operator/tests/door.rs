//! Who is let in: signature, deployment, time, replay, role.

use payout::ids::Digest;
use payout::policy::Role;
use reqwest::{Method, StatusCode};

use super::house::{House, ROLES, key, name, refused, serve};
use crate::clock;
use crate::operator::payouts::list::ListQuery;
use crate::operator::signature::{Nonce, SIGNATURE, SignedRequest, WINDOW_MS};

/// A request by hand, so that each part can be changed after it was signed.
struct Raw {
    method: Method,
    target: String,
    body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

impl Raw {
    fn signed(house: &House, who: &str, off_ms: i64) -> Self {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).unwrap();
        let signed = SignedRequest {
            method: "GET",
            target: "/bursar/v1/payouts?limit=5",
            body: b"",
            time: clock::now().plus(off_ms),
            nonce: Nonce::from_bytes(nonce),
            deployment: house.gateway.genesis.deployment(),
        };
        let headers = signed.headers(&key(who), &name(who)).to_vec();
        Self { method: Method::GET, target: signed.target.to_owned(), body: Vec::new(), headers }
    }

    async fn send(&self, house: &House) -> StatusCode {
        self.send_to(house.address).await
    }

    async fn send_to(&self, address: std::net::SocketAddr) -> StatusCode {
        let mut request =
            reqwest::Client::new().request(self.method.clone(), format!("http://{address}{}", self.target));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(self.body.clone()).send().await.unwrap().status()
    }
}

#[tokio::test]
async fn a_signed_request_is_let_in_and_says_who_asked() {
    let house = House::new().await;
    let me = house.client("vera").me().await.unwrap();
    assert_eq!(me.principal.id, name("vera"));
    assert_eq!(me.deployment, house.gateway.genesis.deployment());
    assert_eq!(Raw::signed(&house, "vera", 0).send(&house).await, StatusCode::OK);
}

#[tokio::test]
async fn a_request_that_was_changed_after_it_was_signed_is_refused() {
    let house = House::new().await;
    let changes: [fn(&mut Raw); 6] = [
        |raw| raw.target = "/bursar/v1/payouts?limit=6".to_owned(),
        |raw| raw.target = "/bursar/v1/projects".to_owned(),
        |raw| raw.method = Method::POST,
        |raw| raw.body = b"{}".to_vec(),
        |raw| raw.headers[1].1 = clock::now().plus(5).to_string(),
        |raw| raw.headers[0].1 = "ann".to_owned(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut raw = Raw::signed(&house, "vera", 0);
        change(&mut raw);
        // POST is another endpoint of the same path: it must fall at the signature, not at the role.
        assert_eq!(raw.send(&house).await, StatusCode::UNAUTHORIZED, "change {number}");
    }
}

#[tokio::test]
async fn a_missing_or_doubled_header_is_refused() {
    let house = House::new().await;
    for index in 0..4 {
        let mut raw = Raw::signed(&house, "vera", 0);
        let doubled = raw.headers[index].clone();
        raw.headers.push(doubled);
        assert_eq!(raw.send(&house).await, StatusCode::UNAUTHORIZED, "doubled {index}");
        let mut raw = Raw::signed(&house, "vera", 0);
        raw.headers.remove(index);
        assert_eq!(raw.send(&house).await, StatusCode::UNAUTHORIZED, "without {index}");
    }
    let mut raw = Raw::signed(&house, "vera", 0);
    let upper = raw.headers.iter_mut().find(|(name, _)| *name == SIGNATURE).unwrap();
    upper.1 = upper.1.to_uppercase();
    assert_eq!(raw.send(&house).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_request_is_taken_once_even_by_a_gateway_that_was_started_again() {
    let house = House::new().await;
    let raw = Raw::signed(&house, "vera", 0);
    assert_eq!(raw.send(&house).await, StatusCode::OK);
    assert_eq!(raw.send(&house).await, StatusCode::UNAUTHORIZED);
    let again = serve(&house.gateway).await;
    assert_eq!(raw.send_to(again).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn of_many_copies_at_once_one_is_taken() {
    let house = House::new().await;
    let raw = Raw::signed(&house, "vera", 0);
    let all = futures::future::join_all((0..8).map(|_| raw.send(&house))).await;
    assert_eq!(all.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{all:?}");
}

#[tokio::test]
async fn a_request_outside_the_minute_is_refused() {
    let house = House::new().await;
    // The test's own time passes between signing and checking, so the edge is looked at from both sides with room.
    for off in [-WINDOW_MS + 5_000, WINDOW_MS - 5_000] {
        assert_eq!(Raw::signed(&house, "vera", off).send(&house).await, StatusCode::OK, "{off}");
    }
    for off in [-WINDOW_MS - 1_000, WINDOW_MS + 5_000] {
        assert_eq!(Raw::signed(&house, "vera", off).send(&house).await, StatusCode::UNAUTHORIZED, "{off}");
    }
}

#[tokio::test]
async fn a_body_that_comes_after_the_minute_brings_nothing_in() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let house = House::new().await;
    let room_ms = 300;
    let signed = SignedRequest {
        method: "GET",
        target: "/bursar/v1/me",
        body: b"{}",
        time: clock::now().plus(room_ms - WINDOW_MS),
        nonce: Nonce::from_bytes([3; 16]),
        deployment: house.gateway.genesis.deployment(),
    };
    let mut head =
        format!("GET {} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nconnection: close\r\n", signed.target);
    for (name, value) in signed.headers(&key("vera"), &name("vera")) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = tokio::net::TcpStream::connect(house.address).await.unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    stream.write_all(signed.body).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test]
async fn a_request_for_another_deployment_is_worthless_here() {
    let house = House::new().await;
    let elsewhere = house.client_with("ann", key("ann")).pinned(Digest::from_bytes([9; 32]));
    assert_eq!(refused(elsewhere.me().await).0, 401);
    // Unpinned, the client asks the gateway, and is let in.
    assert!(house.client_with("ann", key("ann")).me().await.is_ok());
}

#[tokio::test]
async fn strangers_and_wrong_keys_get_one_and_the_same_answer() {
    let house = House::new().await;
    let deployment = house.gateway.genesis.deployment();
    let stranger = house.client_with("zoe", key("zoe")).pinned(deployment);
    let thief = house.client_with("zoe", key("vera")).pinned(deployment);
    let (stranger, thief) = (refused(stranger.me().await), refused(thief.me().await));
    assert_eq!(stranger, thief);
    assert_eq!(stranger.0, 401);
}

#[tokio::test]
async fn each_endpoint_takes_its_role_and_those_above_it() {
    let house = House::new().await;
    for (who, role) in ROLES {
        let client = house.client(who);
        // What passes the door may fail after it, but not with 403.
        let passes = |status: u16| status != 403;
        let status = |answer: Result<(), crate::client::ClientError>| match answer {
            Ok(()) => 200,
            Err(error) => refused::<()>(Err(error)).0,
        };
        let sees = status(client.payouts(&ListQuery::default()).await.map(drop));
        assert_eq!(passes(sees), role >= Role::Viewer, "{who} lists");
        let runs = status(client.resume(1).await);
        assert_eq!(passes(runs), role >= Role::Operator, "{who} resumes");
        let resends = status(client.resend(payout::ids::Cid::new(1).unwrap()).await);
        assert_eq!(passes(resends), role >= Role::Operator, "{who} resends");
        let wallet = payout::ids::WalletId::new(1).unwrap();
        let orders = status(client.create_wallet(wallet).await.map(drop));
        assert_eq!(passes(orders), role >= Role::Admin, "{who} orders a ceremony");
        let confirms = status(client.confirm_change(1).await.map(drop));
        assert_eq!(passes(confirms), role >= Role::Admin, "{who} confirms");
        let publishes = status(client.publish(Digest::from_bytes([1; 32])).await.map(drop));
        assert_eq!(passes(publishes), role >= Role::Approver, "{who} publishes");
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_says_so_in_json() {
    let house = House::new().await;
    let url = format!("http://{}/bursar/v1/nothing", house.address);
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let fault: crate::operator::fault::FaultBody = answer.json().await.unwrap();
    assert!(!fault.next.is_empty());
}
