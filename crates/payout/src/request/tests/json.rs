//! The strict reader, alone and against `serde_json`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::super::fields::{PayoutV1, PayoutV2};
use super::super::json::{self, MAX_BODY_BYTES, MAX_KEY_BYTES, MAX_KEYS, Token};
use super::*;

fn one(value: &str) -> Result<Token, Rejected> {
    json::parse(format!("{{\"key\":{value}}}").as_bytes()).map(|fields| fields[0].1.clone())
}

#[test]
fn each_value_keeps_its_literal_text() {
    for number in ["0", "-0", "-1", "12", "1.10", "1.0e-5", "1E+5", "1e05", "9007199254740993", "0.0"] {
        assert_eq!(one(number), Ok(Token::Number(number.to_owned())));
    }
    assert_eq!(one("true"), Ok(Token::True));
    assert_eq!(one("false"), Ok(Token::False));
    assert_eq!(one("null"), Ok(Token::Null));
    assert_eq!(one("\" a \""), Ok(Token::Str(" a ".to_owned())));
}

#[test]
fn strings_are_unescaped() {
    for (escaped, meant) in [
        (r#""\u5907\u6CE8""#, "备注"),
        (r#""http:\/\/a\/b""#, "http://a/b"),
        (r#""\"\\""#, "\"\\"),
        (r#""\ud83d\ude00""#, "😀"),
        ("\"😀\"", "😀"),
    ] {
        assert_eq!(one(escaped), Ok(Token::Str(meant.to_owned())));
    }
}

#[test]
fn whitespace_may_stand_between_tokens() {
    let fields = json::parse(b" \t\r\n{ \"a\" : 1 ,\n\"b\" : \"c\" } \n").unwrap();
    assert_eq!(fields.len(), 2);
    assert_eq!(json::parse(b"{ }"), Ok(Vec::new()));
}

#[test]
fn malformed_numbers_are_refused() {
    for number in ["01", "-", "-01", "1.", ".5", "+1", "1e", "1e+", "0x1", "NaN", "Infinity", "1_000", "00"] {
        let rejected = one(number).expect_err(number);
        assert_eq!(rejected.code, Code::Param, "{number}");
    }
}

#[test]
fn nested_values_are_refused_by_name() {
    for nested in ["{}", "[]", "[1]", r#"{"a":1}"#, "[[[[[[[[[["] {
        assert_param(one(nested), "key");
    }
}

#[test]
fn halves_of_surrogate_pairs_are_refused() {
    for half in [
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83dx""#,
        r#""\ud83d\n""#,
        r#""\ud83d\ud83d""#,
        r#""\ud83d\u0041""#,
    ] {
        assert_param(one(half), "key");
    }
}

#[test]
fn malformed_escapes_are_refused() {
    for text in
        [r#""\x41""#, r#""\u12""#, r#""\u12g4""#, r#""\u+123""#, r#""\U0041""#, r#""\é""#, r#""\"#, r#""\u""#]
    {
        assert_param(one(text), "key");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    for bytes in [&b"\x80"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xff", b"\xc3"] {
        let body = [b"{\"key\":\"", bytes, b"\"}"].concat();
        assert_param(json::parse(&body), "body");
    }
    assert_param(json::parse(b"\xef\xbb\xbf{}"), "body");
}

#[test]
fn what_is_not_one_flat_object_is_refused() {
    for text in [
        "",
        " ",
        "null",
        "1",
        "\"a\"",
        "[]",
        "{",
        "}",
        "{}}",
        "{} {}",
        "{},",
        "{\"a\"}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1}x",
        "{\"a\":1}\0",
        "// c\n{}",
        "{\"a\":1;\"b\":2}",
    ] {
        let rejected = json::parse(text.as_bytes()).expect_err(text);
        assert_eq!(rejected.code, Code::Param, "{text:?}");
    }
}

#[test]
fn sizes_are_bounded() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BODY_BYTES));
    assert_param(json::parse(long.as_bytes()), "body");
    let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BODY_BYTES - 8));
    assert!(json::parse(fits.as_bytes()).is_ok());

    let keys = |count: usize| {
        format!("{{{}}}", (0..count).map(|i| format!("\"k{i}\":1")).collect::<Vec<_>>().join(","))
    };
    assert!(json::parse(keys(MAX_KEYS).as_bytes()).is_ok());
    assert_param(json::parse(keys(MAX_KEYS + 1).as_bytes()), "body");

    let key = |length: usize| format!("{{\"{}\":1}}", "k".repeat(length));
    assert!(json::parse(key(MAX_KEY_BYTES).as_bytes()).is_ok());
    assert!(json::parse(key(MAX_KEY_BYTES + 1).as_bytes()).is_err());
}

#[test]
fn a_message_repeats_little_of_the_callers_text() {
    let rejected = json::parse(format!("{{\"{}\":[]}}", "k".repeat(128)).as_bytes()).unwrap_err();
    assert!(rejected.msg.len() < 128, "{}", rejected.msg);
}

/// Pieces of JSON strings, in the ways that they can be spelled, hostile ones included.
fn string_source() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-z0-9 _@:.-]{1,6}",
        2 => any::<char>().prop_filter("must be escaped", |c| *c != '"' && *c != '\\').prop_map(String::from),
        2 => prop::sample::select(vec!["\\\"", "\\\\", "\\/", "\\u5907", "\\ud83d\\ude00", "\\u0041", "备注", "😀"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["\\n", "\\t", "\\u0000", "\\u0080", "\\ud800", "\\x", "\\u12"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn value_source() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => string_source(),
        3 => "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        1 => "[-+0-9.eE]{1,6}",
        2 => prop::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["[]", "{}", "[1]", "nul", "True"]).prop_map(str::to_owned),
    ]
}

/// Something like a flat object: mostly well-formed, sometimes with bytes changed.
fn object_source() -> impl Strategy<Value = Vec<u8>> {
    let space = || prop::sample::select(vec!["", "", "", " ", "\n", "\t"]);
    let field = (space(), string_source(), space(), value_source(), space())
        .prop_map(|(a, key, b, value, c)| format!("{a}{key}{b}:{value}{c}"));
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2);
    let change = prop_oneof![3 => Just(Vec::new()), 1 => changes];
    (prop::collection::vec(field, 0..4), change).prop_map(|(fields, changes)| {
        let mut bytes = format!("{{{}}}", fields.join(",")).into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_is_accepted_means_the_same_to_serde_json(raw in object_source()) {
        if let Ok(fields) = json::parse(&raw) {
            let other: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&raw).unwrap();
            prop_assert_eq!(other.len(), fields.len());
            for (key, token) in fields {
                let source = other[&key].get();
                match token {
                    Token::Str(text) => prop_assert_eq!(serde_json::from_str::<String>(source).unwrap(), text),
                    Token::Number(_) | Token::True | Token::False | Token::Null => prop_assert_eq!(source, token.text()),
                }
            }
        }
    }

    #[test]
    fn every_flat_object_without_control_characters_is_accepted(
        fields in prop::collection::btree_map("\\PC{0,8}", prop_oneof![
            "\\PC{0,20}".prop_map(serde_json::Value::String),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ], 0..6),
    ) {
        // `\PC` leaves out control characters, and also unassigned and private ones, which are fine.
        let text = serde_json::to_string(&fields).unwrap();
        prop_assert_eq!(json::parse(text.as_bytes()).unwrap().len(), fields.len());
    }

    #[test]
    fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = json::parse(&raw);
    }

    #[test]
    fn no_object_makes_a_request_panic(raw in object_source(), at in any::<prop::sample::Index>()) {
        let _ = Request::<PayoutV1>::parse(&raw);
        // A true body with something strange in the middle gets further.
        let mut body = V2.as_bytes().to_vec();
        body.splice(at.index(V2.len())..at.index(V2.len()), raw);
        let _ = Request::<PayoutV2>::parse(&body).map(|request| request.verify(&keys()));
    }
}
