//! Memos: destination tags on XRP, and nothing on TRON.

use serde_json::{Value, json};
use testbed::ledgers::xrp::{self, x_address};
use testbed::vendor::{Order, random};

use crate::world::World;

/// An account of somebody that exists, so that small amounts reach it: its id and its classic address.
async fn somebody(world: &World) -> ([u8; 20], String) {
    let id = random();
    let account = xrp::account(&id);
    world.xrp().fund(&account, 100 * xrp::XRP).await.unwrap();
    (id, account)
}

#[tokio::test]
async fn a_bad_memo_gets_the_contracts_code_and_changes_nothing() {
    let world = World::on_all_chains().await;
    let (id, account) = somebody(&world).await;
    let before = world.holdings().await;
    let on_xrp = |to: &str, memo: Value| {
        let mut fields = Order { to: to.to_owned(), ..world.order_of("XRP", "0.5") }.fields();
        fields["memo"] = memo;
        fields
    };
    let on_tron = |coin: &str, memo: &str| {
        let mut fields = world.order_of(coin, "0.5").fields();
        fields["memo"] = memo.into();
        fields
    };
    let tagged = x_address(&id, Some(77));
    let long = "1".repeat(1000);
    let no_tags = [
        "hello",
        "-1",
        "4294967295",
        "4294967296",
        "00000000123",
        &long,
        " ",
        "+1",
        "1.0",
        "1e2",
        "0x7b",
        "１２",
    ];
    let mut cases: Vec<(&str, Value)> =
        no_tags.iter().map(|memo| ("E0032", on_xrp(&account, json!(memo)))).collect();
    cases.extend([
        ("E0032", on_xrp(&tagged, json!("hello"))),
        ("A0400", on_xrp(&account, json!(123))),
        ("A0400", on_xrp(&tagged, json!("78"))),
        ("A0400", on_xrp(&tagged, json!("0"))),
        ("A0400", on_xrp(&x_address(&id, Some(0)), json!("77"))),
        // A control character, in any field.
        ("A0400", on_xrp(&account, json!("123\n"))),
        // Another network's X-address is no address of this one.
        ("E0008", on_xrp("X7AcgcsBL6XDcUb289X4mJ8djcdyKaGZMhc9YTE92ehJ2Fu", json!("1"))),
    ]);
    for coin in ["TRX", "USDT-TRC20"] {
        cases.extend(["123", "0", "hello", " "].map(|memo| ("A0400", on_tron(coin, memo))));
    }
    for (code, fields) in cases {
        let reply = world.vendor().call("/api/v2/payout", fields.clone()).await.unwrap();
        assert_eq!(reply.code, code, "{fields}: {reply:?}");
        assert_eq!(reply.data, Value::Null);
        if code == "A0400" {
            assert!(reply.msg.starts_with("Param Error: memo "), "{fields}: {}", reply.msg);
        }
        let number = fields["third_party_id"].as_str().unwrap();
        assert!(!world.has(number).await, "{fields}");
    }
    assert_eq!(world.holdings().await, before);
    assert_eq!(world.stage.receiver.received(), []);
    // The first payout of the wallet, whatever was refused before it.
    let cid = world.accepted(&Order { to: account, ..world.order_of("XRP", "0.5") }).await;
    assert_eq!(world.reaches(cid, &[6]).await, 6);
    assert_eq!(world.xrp().sent(&world.payer(xrp::CHAIN)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_tag_is_paid_however_it_is_said_and_zero_is_one_and_none_is_none() {
    let world = World::on_all_chains().await;
    let (id, account) = somebody(&world).await;
    let tagged = |tag| x_address(&id, Some(tag));
    // The recipient's text, the memo, the tag on the ledger.
    let cases = [
        (account.clone(), json!(null), None),
        (account.clone(), json!(""), None),
        (account.clone(), json!("0"), Some(0)),
        (account.clone(), json!("0123"), Some(123)),
        (account.clone(), json!("4294967294"), Some(4_294_967_294)),
        (tagged(77), json!(null), Some(77)),
        (tagged(77), json!("77"), Some(77)),
        (tagged(0), json!(null), Some(0)),
        (tagged(0), json!("0"), Some(0)),
        (x_address(&id, None), json!("5"), Some(5)),
        (x_address(&id, None), json!(null), None),
    ];
    let mut asked = Vec::new();
    for (to, memo, tag) in cases {
        let mut fields = Order { to: to.clone(), ..world.order_of("XRP", "0.01") }.fields();
        fields["memo"] = memo.clone();
        let reply = world.vendor().call("/api/v2/payout", fields).await.unwrap();
        assert_eq!(reply.code, "00000", "{to} {memo}: {reply:?}");
        asked.push((reply.cid().unwrap(), to, memo, tag));
    }
    for (cid, to, memo, tag) in asked {
        assert_eq!(world.reaches(cid, &[2, 3, 4, 6, 7]).await, 6);
        assert_eq!(world.told(cid).await, 6);
        let told = world.query(cid).await;
        let received = world.xrp().received(&account).await.unwrap();
        let receipt = received.iter().find(|receipt| told["txid"] == receipt.txid).unwrap();
        assert_eq!((receipt.tag, receipt.drops), (tag, 10_000), "{to} {memo}");
        // One recipient has one spelling, whatever the request's.
        assert_eq!(told["address"], account, "{to} {memo}");
        assert_eq!(told["memo"], tag.map_or(Value::Null, |tag| tag.to_string().into()), "{to} {memo}");
        assert_eq!(told["memo"], world.stage.receiver.of(cid).remove(0).body["memo"]);
    }
}
