//! The caller's own signature, and what it vouches for.

use super::super::caller::{BadHeader, CallerSignature, Mismatch, Terms, matches_intent};
use super::*;
use crate::coin::{Coin, Family, Network};
use crate::ids::Address;
use crate::intent::{Intent, Kind};
use crate::key::{KeyError, SecretKey};
use crate::time::Millis;

/// By Python's `cryptography` over b"bursar/caller/v1\0" + sha256(b'{"a":1}'), seed 07 × 32.
const GOLDEN: &str = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c:2v8BMngcFIa/fYe3kLiJFtQOIkaY+uFHWE+/54bzPq1njQg26YJoWNzLu0uJE+RnMeEIDqrkpQj6E2WLw3/GCQ==";

#[test]
fn the_header_equals_one_made_with_pythons_cryptography() {
    let signature = CallerSignature::sign(&SecretKey::from_seed(&[7; 32]), br#"{"a":1}"#);
    assert_eq!(signature.to_string(), GOLDEN);
    assert_eq!(GOLDEN.parse(), Ok(signature));
    assert_eq!(signature.verify(br#"{"a":1}"#), Ok(()));
}

#[test]
fn a_signature_is_over_each_byte_of_the_body() {
    let signature: CallerSignature = GOLDEN.parse().unwrap();
    for other in [&br#"{"a":2}"#[..], br#"{"a": 1}"#, b"{\"a\":1}\n", b""] {
        assert_eq!(signature.verify(other), Err(KeyError::DoesNotVerify));
    }
}

#[test]
fn a_header_has_one_spelling() {
    let (key, signature) = GOLDEN.split_once(':').unwrap();
    let parse = |text: String| text.parse::<CallerSignature>();
    assert_eq!(parse(key.to_owned()), Err(BadHeader::Shape));
    assert_eq!(parse(format!("{}:{signature}", key.to_uppercase())), Err(BadHeader::Key(KeyError::BadKey)));
    assert_eq!(parse(format!("{}:{signature}", "00".repeat(32))), Err(BadHeader::Key(KeyError::BadKey)));
    for wrong in [
        signature.trim_end_matches('='),
        &signature.replace("GCQ==", "GCR=="),
        &signature.replace('+', "-").replace('/', "_"),
        "",
        "AAAA",
    ] {
        assert_eq!(parse(format!("{key}:{wrong}")), Err(BadHeader::Signature), "{wrong}");
    }
}

const USDT: &str = "0xdac17f958d2ee523a2206206994597c13d831ec7";
const FROM: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const TO: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

fn intent() -> Intent {
    let text = format!(
        r#"{{"version":"1","kind":"payout","deployment":"{zero}","project":"7","cid":"9","attempt":"1","third_party_id":"t-1",
        "wallet":"5","address_index":"0","network_id":"31337","chain_id":"60","token_id":"{USDT}","from":"{FROM}","to":"{TO}",
        "amount":"1100000","amount_text":"1.1","memo":null,"fee_cap":"1","rules_version":"1","rule":"r","applicant":null,
        "compliance_ref":null,"target":null,"operation":null,"operation_args":null,"created":"1","expiry":"2"}}"#,
        zero = "11".repeat(32)
    );
    serde_json::from_str(&text).unwrap()
}

fn coins() -> [Coin; 2] {
    let coin = |name: &str, token: &str, decimals| Coin {
        name: name.to_owned(),
        chain_id: "60".parse().unwrap(),
        token_id: token.parse().unwrap(),
        decimals,
    };
    [coin("Ethereum", "60", 18), coin("USDT-ERC20", USDT, 6)]
}

/// Stands in for the chain's parser: the two addresses, in any case.
fn canonical(text: &str) -> Option<Address> {
    [FROM, TO].into_iter().find(|known| known.eq_ignore_ascii_case(text)).map(|known| known.parse().unwrap())
}

fn compare(raw: &str, intent: &Intent) -> Result<Millis, Mismatch> {
    let networks = [Network {
        chain_id: "60".parse().unwrap(),
        family: Family::Evm,
        network_id: "31337".parse().unwrap(),
    }];
    let recipient = |to: &str, memo: Option<&str>| canonical(to).map(|to| (to, memo.map(ToOwned::to_owned)));
    let terms = Terms { coins: &coins(), networks: &networks, address: &canonical, recipient: &recipient };
    matches_intent(raw.as_bytes(), intent, &terms)
}

const FIELDS: &str = r#""wallet_id":5,"currency":"USDT-ERC20","from_address":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed","to_address":"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359","amount":"1.1","third_party_id":"t-1","remark":"x""#;

#[test]
fn an_intent_that_says_what_the_caller_signed_matches() {
    let asked = Millis::new(1_688_004_243_314).unwrap();
    assert_eq!(compare(&signed(FIELDS), &intent()), Ok(asked));
    // Other spellings of the same, and nothing where the caller left the choice.
    let loose = format!(
        r#""currency":"60@{}","to_address":"{}","amount":1.1,"third_party_id":"t-1""#,
        USDT.to_uppercase().replace("0X", "0x"),
        TO.to_lowercase()
    );
    assert_eq!(compare(&signed(&loose), &intent()), Ok(asked));
    let old = loose.replace("to_address", "address");
    assert_eq!(compare(&signed(&old), &intent()), Ok(asked));
}

#[test]
fn each_field_of_the_body_is_compared() {
    for (from, to, field) in [
        (r#""wallet_id":5"#, r#""wallet_id":6"#, "wallet_id"),
        (r#""currency":"USDT-ERC20""#, r#""currency":"Ethereum""#, "currency"),
        (r#""from_address":"0x5aAeb6"#, r#""from_address":"0x5aAeb7"#, "from_address"),
        (r#""to_address":"0xfB69"#, r#""to_address":"0xfB68"#, "to_address"),
        (TO, FROM, "to_address"),
        (r#""amount":"1.1""#, r#""amount":"1.2""#, "amount"),
        (r#""amount":"1.1""#, r#""amount":"1.100001""#, "amount"),
        (r#""third_party_id":"t-1""#, r#""third_party_id":"t-2""#, "third_party_id"),
        (r#""remark":"x""#, r#""memo":"x""#, "memo"),
    ] {
        let raw = signed(&altered(FIELDS, from, to));
        assert_eq!(compare(&raw, &intent()), Err(Mismatch::Field { field }), "{to}");
    }
    let raw = signed(FIELDS).replace(r#""pid":7"#, r#""pid":8"#);
    assert_eq!(compare(&raw, &intent()), Err(Mismatch::Field { field: "pid" }));
}

#[test]
fn each_field_of_the_intent_is_compared() {
    let raw = signed(FIELDS);
    let whole: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&intent().canonical()).unwrap();
    for (name, value, field) in [
        ("project", "8", "pid"),
        ("third_party_id", "t-2", "third_party_id"),
        ("wallet", "6", "wallet_id"),
        ("chain_id", "62", "currency"),
        ("network_id", "1", "currency"),
        ("token_id", "60", "currency"),
        ("from", TO, "from_address"),
        ("to", FROM, "to_address"),
        ("amount", "1100001", "amount"),
        ("memo", "1", "memo"),
    ] {
        let mut changed = whole.clone();
        changed.insert(name.to_owned(), value.into());
        let changed: Intent = serde_json::from_value(changed.into()).unwrap();
        assert_eq!(compare(&raw, &changed), Err(Mismatch::Field { field }), "{name}");
    }
}

#[test]
fn a_caller_vouches_for_payouts_of_its_own_only() {
    let void = Intent { kind: Kind::Void, ..intent() };
    assert_eq!(compare(&signed(FIELDS), &void), Err(Mismatch::Kind(Kind::Void)));
    let person = Intent { applicant: Some("ann".parse().unwrap()), ..intent() };
    assert_eq!(compare(&signed(FIELDS), &person), Err(Mismatch::Applicant));
}

#[test]
fn a_body_that_two_endpoints_would_read_differently_vouches_for_nothing() {
    let both = format!(r#"{FIELDS},"address":"{FROM}""#);
    assert_eq!(compare(&signed(&both), &intent()), Err(Mismatch::TwoRecipients));
}

#[test]
fn co_signers_parse_as_strictly_as_the_gateway() {
    for raw in [
        signed(FIELDS).replace(r#""remark":"x""#, r#""mem":"o1""#),
        signed(FIELDS).replace(r#""remark":"x""#, r#""amount":"1.2""#),
        signed(FIELDS).replace(r#""remark":"x""#, r#""remark":["x"]"#),
        String::new(),
    ] {
        assert!(matches!(compare(&raw, &intent()), Err(Mismatch::Body(_))), "{raw}");
    }
}
