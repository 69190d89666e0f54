//! Tests of the requests and replies, by subject.

mod attacks;
mod caller;
mod calls;
mod json;
mod notices;
mod replies;
mod signatures;
mod values;

use super::fields::Call;
use super::sign::{self, ApiKey};
use super::{Body, Code, Rejected, Request, Verified};

const V2: &str = r#"{"pid": 1382528827416576, "wallet_id": 11434198045401088, "currency": "144@144", "from_address": "rhAZ673nG6fSXovPAkw3EcrhKyWwXducoi",
 "to_address": "rn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc", "amount": "1.1", "remark": "payout", "memo": "123",
 "third_party_id": "c9231e604da54469a735af3f449c880f", "callback_url": "http://xxx.com/payout/callback",
 "nonce": "hwlkk6", "timestamp": 1688004243314, "sign": "84ef5ab680531a3a59272efb7e10b993"}"#;

const V1: &str = r#"{"pid":1382528827416576,"currency":"195@195","address":"TXsmKpEuW7qWnXzJLGP9eDLvWPR2GRn1FS",
 "amount":"1.1","remark":"payout","third_party_id":"19faf9d3c8f34caf926f332f3021e887",
 "callback_url":"http://192.168.2.29:9099/callback","nonce":"mb8udu","timestamp":1688003966801,
 "sign":"c9bae061ae3f5f8d3bfde817f6966c36"}"#;

fn keys() -> [ApiKey; 1] {
    [ApiKey::new(ApiKey::PUBLISHED_EXAMPLE.to_owned()).unwrap()]
}

/// Both parts up to the signature.
fn verified<C: Call>(raw: &[u8]) -> Result<Verified<C>, Rejected> {
    Request::parse(raw)?.verify(&keys())
}

/// The call in a body that is signed here, whatever it says.
fn called<C: Call>(fields: &str) -> Result<C, Rejected> {
    verified(signed(fields).as_bytes()).map(|verified| verified.into_parts().1)
}

/// A whole body around a call's own fields (`"a":"b","c":1`), with a true signature.
fn signed(fields: &str) -> String {
    let comma = if fields.is_empty() { "" } else { "," };
    let open = format!(r#"{{"pid":7,"nonce":"abcdef","timestamp":1688004243314{comma}{fields}"#);
    let body = Body::parse(format!("{open}}}").as_bytes()).expect("a test signs well-formed bodies only");
    let texts = body.present().map(|(name, token)| (name, token.text().into()));
    format!(r#"{open},"sign":"{}"}}"#, sign::sign(&keys()[0], texts))
}

/// `raw` with one piece of text exchanged; the signature stays.
fn altered(raw: &str, from: &str, to: &str) -> String {
    assert_eq!(raw.matches(from).count(), 1, "{from:?} must occur once");
    raw.replace(from, to)
}

#[track_caller]
fn assert_param<T: std::fmt::Debug>(result: Result<T, Rejected>, field: &str) {
    let rejected = result.expect_err("must be refused");
    assert_eq!(rejected.code, Code::Param, "{rejected}");
    let start = format!("Param Error: {field} ");
    assert!(rejected.msg.starts_with(&start), "{rejected} does not name {field}");
}

#[track_caller]
fn assert_code<T: std::fmt::Debug>(result: Result<T, impl Into<Rejected>>, code: Code) {
    let rejected: Rejected = result.expect_err("must be refused").into();
    assert_eq!((rejected.code, rejected.msg.as_str()), (code, code.msg()));
}
