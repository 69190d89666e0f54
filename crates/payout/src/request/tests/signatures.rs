//! The vectors of the wire contract, section 2, and the ways in which clients vary.

use super::super::fields::{PayoutCall, PayoutV1, PayoutV2};
use super::super::{Body, Code};
use super::*;

#[test]
fn the_contracts_first_vector_verifies() {
    assert!(verified::<PayoutV1>(V1.as_bytes()).is_ok());
}

#[test]
fn the_contracts_second_and_third_vector_verify() {
    let second = V1
        .replace("mb8udu", "hwlkk6")
        .replace("19faf9d3c8f34caf926f332f3021e887", "c9231e604da54469a735af3f449c880f")
        .replace("1688003966801", "1688004243314")
        .replace("c9bae061ae3f5f8d3bfde817f6966c36", "d6eef2de79e39f434a38efb910213ba6");
    assert!(verified::<PayoutV1>(second.as_bytes()).is_ok());
    let third = second
        .replace("http://192.168.2.29:9099/callback", "https://your-domain.com/callback")
        .replace("d6eef2de79e39f434a38efb910213ba6", "f76fb193e9d34d2e59fef64e3418f79b");
    assert!(verified::<PayoutV1>(third.as_bytes()).is_ok());
}

#[test]
fn the_contracts_vector_of_a_number_past_two_to_the_53_verifies() {
    let body = Body::parse(br#"{"cid":9007199254740993,"sign":"84ebf6a4564c37ddf28ce80a64aadcba"}"#).unwrap();
    assert_eq!(sign::verify(&body, &[ApiKey::new("key".to_owned()).unwrap()]), Ok(()));
}

#[test]
fn the_vendors_v2_example_verifies_with_its_true_signature_only() {
    assert!(verified::<PayoutV2>(V2.as_bytes()).is_ok());
    let published = V2.replace("84ef5ab680531a3a59272efb7e10b993", "d6eef2de79e39f434a38efb910213ba6");
    assert_code(verified::<PayoutV2>(published.as_bytes()), Code::Signature);
}

#[test]
fn the_signed_text_is_this_to_the_byte() {
    let body = Body::parse(V2.as_bytes()).unwrap();
    assert_eq!(
        sign::signed_text(&body),
        "amount1.1callback_urlhttp://xxx.com/payout/callbackcurrency144@144from_addressrhAZ673nG6fSXovPAkw3EcrhKyWwXducoi\
         memo123noncehwlkk6pid1382528827416576remarkpayoutthird_party_idc9231e604da54469a735af3f449c880f\
         timestamp1688004243314to_addressrn5Jyu5J6PG64543KdGvS25rQBYFQo7GLcwallet_id11434198045401088"
    );
}

#[test]
fn null_and_empty_are_left_out_and_a_space_zero_and_false_are_kept() {
    let body = Body::parse(br#"{"z":false,"e":"","n":null,"b":0,"a":" ","c":"0","sign":"x"}"#).unwrap();
    assert_eq!(sign::signed_text(&body), "a b0c0zfalse");
}

#[test]
fn unknown_parameters_are_signed_too() {
    let with_extra = altered(V1, r#""pid""#, r#""zone":"eu","pid""#);
    assert_code(verified::<PayoutV1>(with_extra.as_bytes()), Code::Signature);
    assert!(called::<PayoutV1>(&(v1_fields("\"1\"") + r#","zone":"eu""#)).is_ok());
}

#[test]
fn names_are_sorted_bytewise_with_capitals_first() {
    let body = Body::parse("{\"b\":1,\"a_b\":2,\"aB\":3,\"B\":4,\"ä\":5}".as_bytes()).unwrap();
    assert_eq!(sign::signed_text(&body), "B4aB3a_b2b1ä5");
}

#[test]
fn a_signature_in_upper_case_verifies_and_has_the_same_replay_key() {
    let upper = V1.replace("c9bae061ae3f5f8d3bfde817f6966c36", "C9BAE061AE3F5F8D3BFDE817F6966C36");
    let verified = verified::<PayoutV1>(upper.as_bytes()).unwrap();
    assert_eq!(verified.envelope().sign, "c9bae061ae3f5f8d3bfde817f6966c36");
}

#[test]
fn a_text_that_is_no_signature_is_a_signature_error() {
    for wrong in [
        "c9bae061ae3f5f8d3bfde817f6966c3",
        "c9bae061ae3f5f8d3bfde817f6966c366",
        "x9bae061ae3f5f8d3bfde817f6966c36",
        " c9bae061ae3f5f8d3bfde817f6966c36",
        "00000000000000000000000000000000",
    ] {
        let body = V1.replace("c9bae061ae3f5f8d3bfde817f6966c36", wrong);
        assert_code(verified::<PayoutV1>(body.as_bytes()), Code::Signature);
    }
}

#[test]
fn without_a_key_nothing_verifies() {
    let request = Request::<PayoutV1>::parse(V1.as_bytes()).unwrap();
    assert_code(request.verify(&[]), Code::Signature);
}

#[test]
fn while_a_key_is_replaced_both_verify() {
    let new = ApiKey::new("a-new-key".to_owned()).unwrap();
    for keys in [[keys()[0].clone(), new.clone()], [new.clone(), keys()[0].clone()]] {
        assert!(Request::<PayoutV1>::parse(V1.as_bytes()).unwrap().verify(&keys).is_ok());
    }
    assert_code(Request::<PayoutV1>::parse(V1.as_bytes()).unwrap().verify(&[new]), Code::Signature);
}

#[test]
fn escapes_are_decoded_before_they_are_signed() {
    // Signed by Python's hashlib over "…remark备注/a…"; PHP writes both escapes.
    let body = r#"{"address":"TXsmKpEuW7qWnXzJLGP9eDLvWPR2GRn1FS","amount":"1.0e-5","currency":"195@195","nonce":"mb8udu",
        "pid":1382528827416576,"remark":"\u5907\u6ce8\/a","third_party_id":"t1","timestamp":1688003966801,
        "sign":"d5b7dd1aa1f1ae1ff5a117295ab9207d"}"#;
    assert!(verified::<PayoutV1>(body.as_bytes()).is_ok());
}

/// The body above with the amount as PHP's `json_encode` writes the float 0.00001.
fn php(sign: &str) -> String {
    format!(
        r#"{{"address":"TXsmKpEuW7qWnXzJLGP9eDLvWPR2GRn1FS","amount":1.0e-5,"currency":"195@195","nonce":"mb8udu",
        "pid":1382528827416576,"remark":"\u5907\u6ce8\/a","third_party_id":"t1","timestamp":1688003966801,"sign":"{sign}"}}"#
    )
}

#[test]
fn phps_number_verifies_in_each_way_that_clients_sign_it() {
    for (way, sign) in [
        ("1.0e-5", "d5b7dd1aa1f1ae1ff5a117295ab9207d"),
        ("1.0E-5", "ba86d7b1e758798c5df3f9e3da720b8c"),
        ("0.00001", "640d175a7dbe190a50cb0036d5e308b2"),
        ("0.000010", "f3cdec04a3c5260334aa788fb4a7f3ee"),
    ] {
        let call = verified::<PayoutV1>(php(sign).as_bytes());
        let PayoutV1(PayoutCall { amount, .. }) =
            call.unwrap_or_else(|e| panic!("{way}: {e}")).into_parts().1;
        assert_eq!(amount.echo(), "0.00001");
    }
}

#[test]
fn a_number_signed_with_another_value_is_refused() {
    // Python's hashlib over the same text with amount0.00002.
    assert_code(verified::<PayoutV1>(php("49f44be0c0a2c5cb84fcae41ca73fedb").as_bytes()), Code::Signature);
}

fn v1_fields(amount: &str) -> String {
    format!(r#""currency":"60@60","address":"0xaa","amount":{amount},"third_party_id":"t""#)
}

/// A v1 body that sends `sent` where the client signed `meant`.
fn sent_and_signed(name: &str, sent: &str, meant: &str) -> String {
    let fields = |value: &str| {
        if name == "amount" {
            v1_fields(value)
        } else {
            v1_fields("\"1\"") + &format!(r#","{name}":{value}"#)
        }
    };
    let true_body = signed(&fields(&format!("\"{meant}\"")));
    altered(&true_body, &format!("\"{name}\":\"{meant}\""), &format!("\"{name}\":{sent}"))
}

#[test]
fn numbers_verify_in_rfc_8785s_rendering() {
    // RFC 8785, appendix B, and ECMAScript's exponents.
    for (sent, meant) in [
        ("333333333.33333329", "333333333.3333333"),
        ("1E30", "1e+30"),
        ("1E30", "1E+30"),
        ("4.50", "4.5"),
        ("2e-3", "0.002"),
        ("0.000000000000000000000000001", "1e-27"),
        ("1.0", "1"),
        ("-0.0", "0"),
    ] {
        let body = sent_and_signed("zone", sent, meant);
        assert!(verified::<PayoutV1>(body.as_bytes()).is_ok(), "{sent} signed as {meant}");
    }
}

#[test]
fn an_amount_is_never_vouched_for_by_a_rendering_of_another_value() {
    // Both literals are the same double, whose rendering is 1.1; one of them is not what the caller signed.
    let moved = sent_and_signed("amount", "1.10000000000000001", "1.1");
    assert_code(verified::<PayoutV1>(moved.as_bytes()), Code::Signature);
    let same = sent_and_signed("amount", "1.10", "1.1");
    assert!(verified::<PayoutV1>(same.as_bytes()).is_ok());
}

#[test]
fn an_integer_is_never_rendered_in_another_way() {
    // As a double this is 9007199254740992.
    let body = sent_and_signed("zone", "9007199254740993", "9007199254740992");
    assert_code(verified::<PayoutV1>(body.as_bytes()), Code::Signature);
}

#[test]
fn a_number_with_a_huge_exponent_costs_nothing_and_verifies_as_it_stood() {
    for number in ["1e999999999", "1e-999999999", "0e99999999999999999999", "1.5e2147483648"] {
        let body = signed(&(v1_fields("\"1\"") + &format!(r#","zone":{number}"#)));
        assert!(verified::<PayoutV1>(body.as_bytes()).is_ok(), "{number}");
        let body = body.replace(r#""pid":7"#, r#""pid":8"#);
        assert_code(verified::<PayoutV1>(body.as_bytes()), Code::Signature);
    }
}

#[test]
fn an_api_key_has_characters_and_is_never_printed() {
    assert!(ApiKey::new(String::new()).is_err());
    assert!(ApiKey::new("a b".to_owned()).is_err());
    assert!(ApiKey::new("k".repeat(129)).is_err());
    assert!(!format!("{:?}", keys()).contains("f502"));
    assert!(keys()[0].is_published_example());
}
