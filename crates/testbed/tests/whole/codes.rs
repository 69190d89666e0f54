//! Every code of the wire contract, provoked over HTTP. E0032 needs a chain with destination tags: `tests/chains`.

use futures::StreamExt;
use gateway::operator::projects::ProjectChange;
use payout::ids::ProjectId;
use serde_json::{Value, json};
use testbed::deployment::Deployment;
use testbed::deployment::cast::PROJECT;
use testbed::vendor::{fresh_id, now_ms, sign};

use crate::world::World;

const PAYOUT: &str = "/api/v2/payout";

#[tokio::test]
async fn each_wrong_request_has_its_own_code() {
    let world = World::start().await;
    let vendor = world.vendor();
    let good = || world.order("0.01").fields();
    let with = |key: &str, value: Value| {
        let mut fields = good();
        fields[key] = value;
        fields
    };
    let cases = [
        ("A0400", PAYOUT, with("amount", json!(true))),
        ("A0400", PAYOUT, with("third_party_id", Value::Null)),
        ("A0400", PAYOUT, with("memo", json!("123"))),
        ("A0400", PAYOUT, with("mem", json!("o123"))),
        ("A0400", PAYOUT, with("callback_url", json!("ftp://127.0.0.1/"))),
        ("A0401", PAYOUT, with("timestamp", json!(now_ms() - 600_000))),
        ("B0001", PAYOUT, with("sign", json!("00000000000000000000000000000000"))),
        ("E0003", PAYOUT, with("pid", json!(4711))),
        ("E0005", PAYOUT, with("currency", json!("60@0x0000000000000000000000000000000000000001"))),
        ("E0005", "/api/v1/address/legal", json!({"chain_id": "195", "address": "x"})),
        ("E0006", PAYOUT, with("amount", json!("0"))),
        ("E0006", PAYOUT, with("amount", json!("-1"))),
        ("E0007", PAYOUT, with("amount", json!("0.0000000000000000001"))),
        ("E0008", PAYOUT, with("to_address", json!("0x12"))),
        ("E0008", PAYOUT, with("from_address", json!("0x000000000000000000000000000000000000dEaD"))),
        ("E0010", PAYOUT, with("wallet_id", json!(4711))),
        // More tokens than any rule lets through.
        ("E0011", PAYOUT, world.stage.order(&world.stage.coin("USDT-ERC20"), "20000").fields()),
        ("E0014", "/api/v1/payout/query", json!({"cid": 4711})),
        ("E0014", "/api/v1/payout/query", json!({"third_party_id": fresh_id()})),
        ("E0016", PAYOUT, with("amount", json!("1e3"))),
        ("E0016", PAYOUT, with("amount", json!("01"))),
        ("E0021", PAYOUT, with("remark", json!("x".repeat(257)))),
        ("E0002", "/api/v1/address/create", json!({"chain_id": "60", "alias": "x".repeat(41)})),
        ("E0027", "/api/v1/batch/address/create", json!({"chain_id": "60", "number": "101"})),
    ];
    for (code, path, fields) in cases {
        let reply = vendor.call(path, fields.clone()).await.unwrap();
        assert_eq!(reply.code, code, "{path} {fields} -> {reply:?}");
        assert_eq!(reply.data, Value::Null);
    }
}

#[tokio::test]
async fn a_body_that_is_no_flat_object_is_refused_before_its_signature_is_looked_at() {
    let world = World::start().await;
    let vendor = world.vendor();
    for body in ["", "[]", "{", "{\"pid\":1,\"pid\":1}", "{\"pid\":{\"a\":1}}", "null"] {
        let reply = vendor.post(PAYOUT, body.to_owned(), &[]).await.unwrap();
        assert_eq!(reply.code, "A0400", "{body}: {reply:?}");
        assert!(reply.msg.starts_with("Param Error: "), "{reply:?}");
    }
}

#[tokio::test]
async fn the_same_business_number_is_taken_once_and_the_same_request_too() {
    let world = World::start().await;
    let vendor = world.vendor();
    let order = world.order("0.01");
    let body = Value::Object(vendor.signed(order.fields())).to_string();
    let first = vendor.post(PAYOUT, body.clone(), &[]).await.unwrap();
    assert_eq!(first.code, "00000");
    let again = vendor.post(PAYOUT, body, &[]).await.unwrap();
    assert_eq!(again.code, "A0402", "{again:?}");
    let renewed = vendor.payout(&order).await.unwrap();
    assert_eq!((renewed.code.as_str(), renewed.msg.as_str()), ("E0009", "Duplicate business number"));
}

#[tokio::test]
async fn a_refused_request_uses_up_neither_its_nonce_nor_its_number() {
    let world = World::start().await;
    let vendor = world.vendor();
    let order = world.order("0.01");
    let mut body = vendor.signed(order.fields());
    let amount = body.insert("amount".to_owned(), json!("0")).unwrap();
    body.insert("sign".to_owned(), sign(testbed::deployment::cast::API_KEY, &body).into());
    let refused = vendor.post(PAYOUT, Value::Object(body.clone()).to_string(), &[]).await.unwrap();
    assert_eq!(refused.code, "E0006");
    body.insert("amount".to_owned(), amount);
    body.insert("sign".to_owned(), sign(testbed::deployment::cast::API_KEY, &body).into());
    let taken = vendor.post(PAYOUT, Value::Object(body).to_string(), &[]).await.unwrap();
    assert_eq!(taken.code, "00000", "{taken:?}");
}

/// Its first letter behind `0x` is of the other case, so that the checksum is wrong.
fn with_a_letter_of_the_other_case(address: &str) -> String {
    let (at, letter) = address.char_indices().skip(2).find(|(_, c)| c.is_ascii_alphabetic()).unwrap();
    let other =
        if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
    format!("{}{other}{}", &address[..at], &address[at + 1..])
}

#[tokio::test]
async fn addresses_are_ours_once_they_were_made_and_every_coin_is_listed() {
    let world = World::start().await;
    let vendor = world.vendor();
    let made =
        vendor.call("/api/v1/address/create", json!({"chain_id": "60", "alias": "till"})).await.unwrap();
    let address = made.data["address"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
    let asked = |path: &'static str, address: &str| {
        let fields = json!({"chain_id": "60", "address": address});
        let vendor = vendor.clone();
        async move { vendor.call(path, fields).await.unwrap().data["result"].as_bool().unwrap() }
    };
    assert!(asked("/api/v1/address/inner", &address).await);
    assert!(asked("/api/v1/address/inner", &world.stage.from).await);
    assert!(!asked("/api/v1/address/inner", &world.order("1").to).await);
    assert!(asked("/api/v1/address/legal", &address).await);
    let wrong_checksum = with_a_letter_of_the_other_case(&address);
    assert!(!asked("/api/v1/address/legal", &wrong_checksum).await);
    assert!(!asked("/api/v1/address/legal", "nonsense").await);
    let many = json!({"chain_id": "60", "number": "3"});
    let many = vendor.call("/api/v1/batch/address/create", many).await.unwrap();
    assert_eq!(many.data.as_array().map(Vec::len), Some(3), "{many:?}");
    let coins = vendor.call("/api/v1/coins", json!({})).await.unwrap().data;
    let names: Vec<&str> = coins["payout_coins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|coin| coin["coin_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Ethereum", "USDT-ERC20", "USDC-ERC20", "FALSE-ERC20"]);
}

#[tokio::test]
async fn a_caller_that_asks_too_often_or_from_elsewhere_is_told_so() {
    let world = World::start().await;
    let project = ProjectId::new(PROJECT).unwrap();
    let change = async |settings| {
        world.stage.deployment.change_project(ProjectChange::Set { project, settings }).await.unwrap();
    };
    change(store::ProjectSettings { rate_limit_per_s: 1, ..Deployment::project_settings() }).await;
    let vendor = world.vendor();
    let asks = futures::stream::iter((0..1500).map(|_| vendor.query(4711))).buffer_unordered(32);
    let codes: Vec<String> = asks.map(|reply| reply.unwrap().code).collect().await;
    assert!(codes.iter().any(|code| code == "A0429"), "{codes:?}");

    change(store::ProjectSettings {
        ips: vec!["10.0.0.0/8".parse().unwrap()],
        ..Deployment::project_settings()
    })
    .await;
    let elsewhere = vendor.query(4711).await.unwrap();
    assert_eq!(elsewhere.code, "E0001", "{elsewhere:?}");
    assert_eq!(elsewhere.msg, "The IP is not added to the whitelist list 127.0.0.1");
    change(store::ProjectSettings { enabled: false, ..Deployment::project_settings() }).await;
    assert_eq!(vendor.query(4711).await.unwrap().code, "E0003");
}
