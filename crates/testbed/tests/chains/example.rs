//! The vendor's own example.

use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};
use testbed::deployment::cast::{API_KEY, FINANCE, PROJECT, TREASURY, WALLET};
use testbed::ledgers::xrp::{self, Receipt};
use testbed::vendor::sign;

use crate::world::World;

/// The vendor's example of a payout, as it is published (wire contract, section 2). Its `sign` is copied from an older
/// example and does not verify.
const EXAMPLE: &str = r#"{"pid": 1382528827416576, "wallet_id": 11434198045401088, "currency": "144@144", "from_address": "rhAZ673nG6fSXovPAkw3EcrhKyWwXducoi",
 "to_address": "rn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc", "amount": "1.1", "remark": "payout", "memo": "123",
 "third_party_id": "c9231e604da54469a735af3f449c880f", "callback_url": "http://xxx.com/payout/callback",
 "nonce": "hwlkk6", "timestamp": 1688004243314, "sign": "d6eef2de79e39f434a38efb910213ba6"}"#;
/// What its `sign` should be.
const SIGN: &str = "84ef5ab680531a3a59272efb7e10b993";

/// What a caller has to change.
const CHANGED: [&str; 7] = ["pid", "wallet_id", "from_address", "callback_url", "nonce", "timestamp", "sign"];

/// What curl prints for a body.
fn curl(url: &str, body: &str) -> Value {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--max-time", "20", "--noproxy", "*"]);
    curl.args(["--header", "Content-Type: application/json", "--data", body, url]);
    let output = curl.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_vendors_own_example_sent_by_curl_is_approved_and_paid_with_its_tag_and_told() {
    let world = World::on_all_chains().await;
    let example: Map<String, Value> = serde_json::from_str(EXAMPLE).unwrap();
    assert_eq!(sign(API_KEY, &example), SIGN);
    let to = example["to_address"].as_str().unwrap();

    let mut fields = example.clone();
    fields.retain(|key, _| !CHANGED.contains(&key.as_str()));
    fields.insert("wallet_id".to_owned(), WALLET.into());
    fields.insert("from_address".to_owned(), world.payer(xrp::CHAIN).into());
    fields.insert("callback_url".to_owned(), world.stage.receiver.url().into());
    let body = world.vendor().signed(Value::Object(fields));
    assert!(body.keys().eq(example.keys()), "{body:?}");
    let url = format!("{}/api/v2/payout", world.vendor().base_url());
    let reply = curl(&url, &Value::Object(body).to_string());
    assert_eq!((&reply["code"], &reply["msg"]), (&json!("00000"), &json!("ok")), "{reply}");
    let cid = reply["data"]["cid"].as_i64().unwrap();

    // More than any automatic rule lets through.
    assert_eq!(world.status(cid).await, 0);
    assert_eq!(world.xrp().balance(to).await.unwrap(), 0);
    for name in [TREASURY[0], FINANCE[0], FINANCE[1]] {
        world.person(name).approve(cid).await.unwrap();
    }
    assert_eq!(world.reaches(cid, &[2, 3, 4, 6, 7]).await, 6);
    assert_eq!(world.told(cid).await, 6);

    let told = world.query(cid).await;
    let txid = told["txid"].as_str().unwrap();
    let expected = Receipt { txid: txid.to_owned(), drops: 1_100_000, tag: Some(123) };
    assert_eq!(world.xrp().received(to).await.unwrap(), [expected]);

    let callback = world.stage.receiver.of(cid).remove(0).body;
    for (key, value) in [
        ("pid", json!(PROJECT)),
        ("cid", json!(cid)),
        ("chain_id", json!("144")),
        ("token_id", json!("144")),
        ("currency", json!("144@144")),
        ("address", json!("rn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc")),
        ("amount", json!("1.1")),
        ("third_party_id", json!("c9231e604da54469a735af3f449c880f")),
        ("remark", json!("payout")),
        ("memo", json!("123")),
        ("status", json!(6)),
    ] {
        assert_eq!(callback[key], value, "{key}");
        if key != "cid" {
            assert_eq!(told[key], value, "{key}");
        }
    }
    for key in ["txid", "block_height", "block_time"] {
        assert_eq!(callback[key], told[key], "{key}");
    }
    let ledger = world.xrp().call("tx", json!({"transaction": txid})).await.unwrap();
    assert_eq!(told["block_height"], ledger["ledger_index"].to_string());
    // The ledger counts seconds from the year 2000.
    let closed_ms = (ledger["date"].as_i64().unwrap() + 946_684_800) * 1000;
    assert_eq!(told["block_time"], closed_ms);
}
