//! Callbacks and verification requests to the byte; their signatures were computed with Python's hashlib.

use super::super::Nonce;
use super::super::notice::{Callback, Route, Verification, VerificationAnswer, is_acknowledged};
use super::*;
use crate::ids::{Cid, ProjectId};
use crate::life::Status;
use crate::time::Millis;

fn callback(route: Route) -> Callback {
    Callback {
        pid: ProjectId::new(1_382_528_827_416_576).unwrap(),
        cid: Cid::new(1_382_688_606_330_880).unwrap(),
        chain_id: "195".parse().unwrap(),
        token_id: "195".parse().unwrap(),
        currency: "195@195".to_owned(),
        route,
        amount: "1.1".to_owned(),
        third_party_id: "c9231e604da54469a735af3f449c880f".parse().unwrap(),
        remark: None,
        status: Status::Succeeded,
        txid: Some("ab12".to_owned()),
        block_height: Some(45),
        block_time: Millis::new(1_688_004_243_000),
        memo: None,
    }
}

fn body(callback: &Callback) -> String {
    callback.to_body(&keys()[0], &nonce(), now())
}

fn nonce() -> Nonce {
    "hwlkk6".parse().unwrap()
}

fn now() -> Millis {
    Millis::new(1_688_004_300_000).unwrap()
}

#[test]
fn a_payout_callback_is_this_to_the_byte() {
    let route = Route::Payout { address: "TXsmKpEuW7qWnXzJLGP9eDLvWPR2GRn1FS".parse().unwrap() };
    assert_eq!(
        body(&callback(route)),
        concat!(
            r#"{"address":"TXsmKpEuW7qWnXzJLGP9eDLvWPR2GRn1FS","amount":"1.1","block_height":"45","block_time":1688004243000,"#,
            r#""chain_id":"195","cid":1382688606330880,"currency":"195@195","memo":null,"nonce":"hwlkk6","pid":1382528827416576,"#,
            r#""remark":null,"sign":"e1808208e6ac14c18e5f956597d4c4b7","status":6,"third_party_id":"c9231e604da54469a735af3f449c880f","#,
            r#""timestamp":1688004300000,"token_id":"195","txid":"ab12"}"#
        )
    );
}

#[test]
fn a_callback_has_the_contracts_17_keys_and_no_other() {
    let route = Route::Payout { address: "TTo".parse().unwrap() };
    let ended = Callback {
        status: Status::ApprovalRejected,
        txid: None,
        block_height: None,
        block_time: None,
        ..callback(route)
    };
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&body(&ended)).unwrap();
    let mut expected = [
        "pid",
        "cid",
        "chain_id",
        "token_id",
        "currency",
        "address",
        "amount",
        "third_party_id",
        "remark",
        "status",
        "txid",
        "block_height",
        "block_time",
        "memo",
        "nonce",
        "timestamp",
        "sign",
    ];
    expected.sort_unstable();
    assert!(object.keys().eq(expected), "{object:?}");
    assert!(object["txid"].is_null() && object["block_time"].is_null());
}

#[test]
fn a_sub_address_callback_names_both_addresses() {
    let route =
        Route::SubAddress { from_address: "TFrom".parse().unwrap(), to_address: "TTo".parse().unwrap() };
    let text = body(&callback(route));
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(object.len(), 18);
    assert!(!object.contains_key("address"));
    assert_eq!(object["sign"], "d04b20ae7a30fd6b2f6b9be500247473");
}

#[test]
fn what_we_sign_we_would_accept() {
    let route = Route::Payout { address: "TTo".parse().unwrap() };
    let remark = Some("备注 \"quoted\" / 😀".to_owned());
    let text = body(&Callback { remark, ..callback(route) });
    assert_eq!(sign::verify(&Body::parse(text.as_bytes()).unwrap(), &keys()), Ok(()));
}

#[test]
fn a_verification_request_is_this_to_the_byte() {
    let verification = Verification {
        pid: ProjectId::new(1_382_528_827_416_576).unwrap(),
        cid: Cid::new(1_382_688_606_330_880).unwrap(),
        third_party_id: "a1".parse().unwrap(),
        chain_id: "60".parse().unwrap(),
        token_id: "60".parse().unwrap(),
        from_address: "0xaa".parse().unwrap(),
        to_address: "0xbb".parse().unwrap(),
        amount: "1.1".to_owned(),
        remark: Some("备注".to_owned()),
        memo: None,
    };
    assert_eq!(
        verification.to_body(&keys()[0], &nonce(), now()),
        concat!(
            r#"{"amount":"1.1","chain_id":"60","cid":1382688606330880,"from_address":"0xaa","memo":null,"nonce":"hwlkk6","#,
            r#""pid":1382528827416576,"remark":"备注","sign":"4e3ad3b1a9f7b646c3d4029bb20d4f29","third_party_id":"a1","#,
            r#""timestamp":1688004300000,"to_address":"0xbb","token_id":"60"}"#
        )
    );
}

#[test]
fn only_ok_and_deny_are_answers() {
    for (body, answer) in [
        ("ok", VerificationAnswer::Ok),
        (" ok\n", VerificationAnswer::Ok),
        ("\"ok\"", VerificationAnswer::Ok),
        ("deny", VerificationAnswer::Deny),
        ("\"deny\"", VerificationAnswer::Deny),
        ("OK", VerificationAnswer::Unclear),
        ("okay", VerificationAnswer::Unclear),
        ("", VerificationAnswer::Unclear),
        ("{\"result\":\"ok\"}", VerificationAnswer::Unclear),
        ("not ok", VerificationAnswer::Unclear),
    ] {
        assert_eq!(VerificationAnswer::read(body.as_bytes()), answer, "{body:?}");
    }
}

#[test]
fn a_callback_has_arrived_when_the_reply_is_success_trimmed_and_unquoted() {
    for yes in ["success", " success\r\n", "\"success\"", "'success'", "\" success \""] {
        assert!(is_acknowledged(yes.as_bytes()), "{yes:?}");
    }
    for no in ["", "\"", "Success", "successful", "ok", "\"success", "{\"code\":\"success\"}"] {
        assert!(!is_acknowledged(no.as_bytes()), "{no:?}");
    }
}
