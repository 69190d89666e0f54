//! The envelope and the types of each call's parameters.

use super::super::fields::{
    AddressCreate, AddressInner, AddressLegal, AddressQuestion, AmountText, BatchAddressCreate, Coins,
    PayoutCall, PayoutQuery, PayoutV1, PayoutV2, SubAddressInfo, SubAddressWithdrawal,
};
use super::super::{Envelope, Nonce};
use super::*;
use crate::ids::Cid;
use crate::time::Millis;

fn envelope(pid: &str, nonce: &str, timestamp: &str, sign: &str) -> Result<Envelope, Rejected> {
    let raw = format!(r#"{{"pid":{pid},"nonce":{nonce},"timestamp":{timestamp},"sign":{sign}}}"#);
    Request::<Coins>::parse(raw.as_bytes()).map(|request| request.envelope().clone())
}

#[test]
fn a_project_is_a_number_or_a_string_of_digits() {
    for pid in ["1382528827416576", "\"1382528827416576\""] {
        let envelope = envelope(pid, "\"hwlkk6\"", "1688004243314", "\"aB\"").unwrap();
        assert_eq!(envelope.pid.get(), 1_382_528_827_416_576);
        assert_eq!(envelope.nonce.as_str(), "hwlkk6");
        assert_eq!(envelope.timestamp.get(), 1_688_004_243_314);
        assert_eq!(envelope.sign, "ab");
    }
    assert!(envelope("9223372036854775807", "\"hwlkk6\"", "\"1\"", "\"a\"").is_ok());
}

#[test]
fn what_is_no_positive_64_bit_integer_is_no_id() {
    for pid in [
        "0",
        "-1",
        "1.0",
        "1e3",
        "9223372036854775808",
        "true",
        "\"0\"",
        "\"-1\"",
        "\"01\"",
        "\" 1\"",
        "\"+1\"",
        "\"1.0\"",
        "\"0x1\"",
        "\"١\"",
        "\"a\"",
    ] {
        assert_param(envelope(pid, "\"hwlkk6\"", "1", "\"a\""), "pid");
    }
    assert_param(envelope("1", "\"hwlkk6\"", "1.5", "\"a\""), "timestamp");
    assert_param(envelope("1", "\"hwlkk6\"", "-1", "\"a\""), "timestamp");
}

#[test]
fn a_nonce_has_six_characters() {
    for nonce in ["\"hwlkk\"", "\"hwlkk66\"", "123456", "false"] {
        assert_param(envelope("1", nonce, "1", "\"a\""), "nonce");
    }
    assert!(envelope("1", "\"备注备注备注\"", "1", "\"a\"").is_ok());
}

#[test]
fn the_common_parameters_are_missed_in_this_order() {
    let absent = ["null", "\"\""];
    for empty in absent {
        assert_param(envelope(empty, empty, empty, empty), "pid");
        assert_param(envelope("1", empty, empty, empty), "nonce");
        assert_param(envelope("1", "\"hwlkk6\"", empty, empty), "timestamp");
        assert_param(envelope("1", "\"hwlkk6\"", "1", empty), "sign");
    }
    assert_param(Request::<Coins>::parse(b"{}"), "pid");
}

#[test]
fn types_are_looked_at_before_the_signature() {
    let wrong_amount = altered(V2, r#""amount": "1.1""#, r#""amount": true"#);
    assert_param(Request::<PayoutV2>::parse(wrong_amount.as_bytes()), "amount");
}

#[test]
fn the_window_is_open_on_both_sides() {
    let envelope = envelope("1", "\"hwlkk6\"", "1000", "\"a\"").unwrap();
    let at = |ms| envelope.in_window(Millis::new(ms).unwrap(), 300);
    assert_eq!((at(700), at(1000), at(1300)), (Ok(()), Ok(()), Ok(())));
    assert_code(at(699), Code::OutsideWindow);
    assert_code(at(1301), Code::OutsideWindow);
}

#[test]
fn fresh_nonces_have_six_plain_characters() {
    let nonce = Nonce::from_random([0, 31, 32, 255, 128, 7]);
    assert_eq!(nonce.as_str().parse(), Ok(nonce));
}

#[test]
fn a_v2_payout_reads_every_parameter() {
    let (_, PayoutV2(call)) = verified(V2.as_bytes()).unwrap().into_parts();
    assert_eq!(
        call,
        PayoutCall {
            wallet_id: crate::ids::WalletId::new(11_434_198_045_401_088),
            currency: "144@144".to_owned(),
            from_address: Some("rhAZ673nG6fSXovPAkw3EcrhKyWwXducoi".to_owned()),
            to_address: "rn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc".to_owned(),
            amount: AmountText::Text("1.1".to_owned()),
            callback_url: Some("http://xxx.com/payout/callback".to_owned()),
            third_party_id: "c9231e604da54469a735af3f449c880f".parse().unwrap(),
            remark: Some("payout".to_owned()),
            memo: Some("123".to_owned()),
        }
    );
}

#[test]
fn optional_parameters_may_be_missing_null_or_empty() {
    for absent in [
        "",
        r#","wallet_id":null,"from_address":null,"callback_url":null,"remark":null,"memo":null"#,
        r#","wallet_id":"","from_address":"","callback_url":"","remark":"","memo":"""#,
    ] {
        let fields =
            format!(r#""currency":"60@60","to_address":"0xaa","amount":"1","third_party_id":"t"{absent}"#);
        let PayoutV2(call) = called(&fields).unwrap();
        assert_eq!((call.wallet_id, call.from_address, call.callback_url), (None, None, None));
        assert_eq!((call.remark, call.memo), (None, None));
    }
}

/// Each of `fields` left out, null, empty and of a wrong type.
#[track_caller]
fn assert_required<C: Call + std::fmt::Debug>(fields: &[(&str, &str)]) {
    let body = |change: Option<(usize, &str)>| {
        let with = |i: usize, value: &'_ str| {
            change.filter(|(at, _)| *at == i).map_or(value.to_owned(), |(_, v)| v.to_owned())
        };
        fields
            .iter()
            .enumerate()
            .map(|(i, (name, value))| format!("\"{name}\":{}", with(i, value)))
            .collect::<Vec<_>>()
            .join(",")
    };
    assert!(called::<C>(&body(None)).is_ok());
    for (i, (name, _)) in fields.iter().enumerate() {
        for wrong in ["null", "\"\"", "true"] {
            assert_param(called::<C>(&body(Some((i, wrong)))), name);
        }
    }
}

#[test]
fn required_parameters_are_required_and_typed() {
    let payout = [("currency", "\"60@60\""), ("amount", "\"1\""), ("third_party_id", "\"t\"")];
    assert_required::<PayoutV1>(&[&payout[..], &[("address", "\"0xaa\"")]].concat());
    assert_required::<PayoutV2>(&[&payout[..], &[("to_address", "\"0xaa\"")]].concat());
    let sub = [("to_address", "\"0xaa\""), ("from_address", "\"0xbb\"")];
    assert_required::<SubAddressWithdrawal>(&[&payout[..], &sub].concat());
    assert_required::<SubAddressInfo>(&[("cid", "1")]);
    let address = [("chain_id", "\"60\""), ("address", "\"0xaa\"")];
    assert_required::<AddressLegal>(&address);
    assert_required::<AddressInner>(&address);
    assert_required::<AddressCreate>(&[("chain_id", "\"60\"")]);
    assert_required::<BatchAddressCreate>(&[("chain_id", "\"60\""), ("number", "\"2\"")]);
}

#[test]
fn texts_are_strings() {
    for name in ["from_address", "callback_url", "remark", "memo"] {
        let fields =
            format!(r#""currency":"60@60","to_address":"0xaa","amount":"1","third_party_id":"t","{name}":1"#);
        assert_param(called::<PayoutV2>(&fields), name);
    }
}

#[test]
fn a_wallet_is_a_number_or_a_string_of_digits() {
    let with = |wallet: &str| {
        called::<PayoutV2>(&format!(
            r#""wallet_id":{wallet},"currency":"60@60","to_address":"0xaa","amount":"1","third_party_id":"t""#
        ))
    };
    assert!(with("5").is_ok() && with("\"5\"").is_ok());
    for wrong in ["0", "-5", "5.0", "\"5 \"", "false"] {
        assert_param(with(wrong), "wallet_id");
    }
}

#[test]
fn a_business_number_has_1_to_128_characters() {
    let with = |id: &str| {
        called::<PayoutV1>(&format!(
            r#""currency":"60@60","address":"0xaa","amount":"1","third_party_id":"{id}""#
        ))
    };
    assert!(with(&"备".repeat(128)).is_ok());
    assert_param(with(&"备".repeat(129)), "third_party_id");
    assert!(with(" ").is_ok());
}

#[test]
fn a_payout_is_asked_for_by_our_number_or_the_callers() {
    let cid = |id| PayoutQuery::ByCid(Cid::new(id).unwrap());
    assert_eq!(called(r#""cid":1382688606330880"#), Ok(cid(1_382_688_606_330_880)));
    assert_eq!(called(r#""cid":"7""#), Ok(cid(7)));
    assert_eq!(called(r#""third_party_id":"t""#), Ok(PayoutQuery::ByThirdPartyId("t".parse().unwrap())));
    assert_eq!(called(r#""cid":7,"third_party_id":"t""#), Ok(cid(7)));
    assert_param(called::<PayoutQuery>(""), "cid");
    assert_param(called::<PayoutQuery>(r#""cid":-7"#), "cid");
}

#[test]
fn a_chain_is_a_string_or_an_integer() {
    for chain in ["60", "\"60\""] {
        let call = called(&format!(r#""chain_id":{chain},"address":"0xaa""#));
        let question = AddressQuestion { chain_id: "60".to_owned(), address: "0xaa".to_owned() };
        assert_eq!(call, Ok(AddressLegal(question)));
    }
    for wrong in ["60.0", "6e1", "-60", "false"] {
        assert_param(called::<AddressInner>(&format!(r#""chain_id":{wrong},"address":"0xaa""#)), "chain_id");
    }
}

#[test]
fn a_deposit_notice_is_refused_rather_than_promised() {
    let callback = r#""chain_id":60,"callback_url":"https://a.example""#;
    assert_param(called::<AddressCreate>(callback), "callback_url");
    assert_param(called::<BatchAddressCreate>(&format!(r#"{callback},"number":"2""#)), "callback_url");
    let absent = r#""chain_id":60,"callback_url":"","alias":"hot""#;
    assert_eq!(
        called(absent),
        Ok(AddressCreate { chain_id: "60".to_owned(), alias: Some("hot".to_owned()) })
    );
}

#[test]
fn a_call_without_parameters_has_only_the_common_ones() {
    assert_eq!(called(""), Ok(Coins));
}
