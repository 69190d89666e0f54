//! The checks of values, one by one.

use proptest::prelude::*;

use super::super::check::{self, MemoRule};
use super::super::decimal::Decimal;
use super::super::fields::{AmountText, PayoutV1};
use super::*;
use crate::coin::{Coin, Family, Network};
use crate::money::Amount;

fn text(text: &str) -> AmountText {
    AmountText::Text(text.to_owned())
}

fn number(literal: &str) -> AmountText {
    let fields = format!(r#""currency":"60@60","address":"0xaa","amount":{literal},"third_party_id":"t""#);
    let PayoutV1(call) = called(&fields).unwrap();
    call.amount
}

#[test]
fn an_amount_is_a_plain_decimal() {
    assert_eq!(check::amount(&text("1.1"), 6), Ok(Amount::from_u128(1_100_000)));
    assert_eq!(check::amount(&text("0.000001"), 6), Ok(Amount::from_u128(1)));
    for malformed in
        ["1e3", "+1", " 1", "1 ", "01", "1.", ".5", "1,5", "abc", "--1", "-", "-01", "-.5", "- 1", "١"]
    {
        assert_code(check::amount(&text(malformed), 6), Code::Amount);
    }
}

#[test]
fn zero_and_negative_amounts_have_their_code() {
    for amount in ["0", "0.0", "0.00000000000", "-1", "-0", "-0.5", "-0.0000000000001"] {
        assert_code(check::amount(&text(amount), 6), Code::AmountNotPositive);
        assert_code(check::amount(&number(amount), 6), Code::AmountNotPositive);
    }
}

#[test]
fn an_amount_with_too_many_places_has_its_code() {
    assert_code(check::amount(&text("1.0000001"), 6), Code::AmountAccuracy);
    assert_code(check::amount(&number("1.0000001"), 6), Code::AmountAccuracy);
    assert_code(check::amount(&number("1e-7"), 6), Code::AmountAccuracy);
}

#[test]
fn an_amount_that_no_balance_can_be_is_an_amount_error() {
    assert_code(check::amount(&text(&"9".repeat(80)), 6), Code::Amount);
    assert_code(check::amount(&number("1e80"), 6), Code::Amount);
}

#[test]
fn a_number_is_converted_exactly_and_echoed_as_a_plain_decimal() {
    for (literal, echo, base_units) in [
        ("1", "1", 1_000_000),
        ("1.10", "1.1", 1_100_000),
        ("1.0e-5", "0.00001", 10),
        ("1.0E-5", "0.00001", 10),
        ("1e3", "1000", 1_000_000_000),
        ("1.25e+1", "12.5", 12_500_000),
        ("100", "100", 100_000_000),
        ("0.1", "0.1", 100_000),
        ("123456789.123456", "123456789.123456", 123_456_789_123_456),
        ("1000e-3", "1", 1_000_000),
        ("1.0000000000", "1", 1_000_000),
    ] {
        let amount = number(literal);
        assert_eq!(amount.echo(), echo, "{literal}");
        assert_eq!(check::amount(&amount, 6), Ok(Amount::from_u128(base_units)), "{literal}");
    }
    assert_eq!(text("1.10").echo(), "1.10");
}

#[test]
fn an_exponent_cannot_blow_up() {
    for (literal, code) in [
        ("1e999999999", Code::Amount),
        ("1e99999999999999999999999", Code::Amount),
        ("1e-999999999", Code::AmountAccuracy),
        ("1e-99999999999999999999999", Code::AmountAccuracy),
        ("0e999999999", Code::AmountNotPositive),
        ("-1e999999999", Code::AmountNotPositive),
    ] {
        let amount = number(literal);
        assert!(amount.echo().len() <= 512);
        assert_code(check::amount(&amount, 18), code);
    }
}

proptest! {
    #[test]
    fn a_number_is_worth_what_its_plain_text_is_worth(
        whole in "0|[1-9][0-9]{0,30}", fraction in "[0-9]{1,18}", shift in 0usize..20, decimals in 0u8..=18,
    ) {
        // The same value with the point moved `shift` places to the right and an exponent that moves it back.
        let padded = format!("{fraction:0<width$}", width = shift.max(fraction.len()));
        let moved = format!("{whole}{}", &padded[..shift]);
        let moved = moved.trim_start_matches('0');
        let moved = if moved.is_empty() { "0" } else { moved };
        let rest = &padded[shift..];
        let point = if rest.is_empty() { "" } else { "." };
        let literal = format!("{moved}{point}{rest}e-{shift}");
        let plain = format!("{whole}.{fraction}");
        prop_assert_eq!(Decimal::parse(&literal), Decimal::parse(&plain));

        let trimmed = plain.trim_end_matches('0').trim_end_matches('.').to_owned();
        let value = Decimal::parse(&literal).unwrap();
        prop_assert_eq!(value.plain(), Some(trimmed.clone()));
        let as_number = AmountText::Number { literal, value };
        prop_assert_eq!(check::amount(&as_number, decimals), check::amount(&text(&trimmed), decimals));
    }

    #[test]
    fn no_literal_makes_a_decimal_panic(literal in "[-+0-9.eE]{0,12}") {
        if let Some(value) = Decimal::parse(&literal) {
            let _ = value.plain();
        }
        let _ = super::super::decimal::plain_renderings(&literal);
        let _ = super::super::decimal::rfc_8785(&literal);
    }
}

#[test]
fn a_destination_tag_is_digits_below_two_to_the_32_minus_1() {
    let memo = |text| check::memo(Some(text), MemoRule::DestinationTag);
    for tag in ["0", "123", "4294967294", "007"] {
        assert_eq!(memo(tag), Ok(()));
    }
    for wrong in ["4294967295", "4294967296", "-1", "+1", " 1", "1.0", "abc", "0x1", "00000000001", "١"] {
        assert_code(memo(wrong), Code::Memo);
    }
    assert_eq!(check::memo(None, MemoRule::DestinationTag), Ok(()));
}

#[test]
fn a_memo_where_there_is_none_is_refused_and_not_lost() {
    assert_param(check::memo(Some("123"), MemoRule::of(Family::Evm)), "memo");
    assert_eq!(check::memo(None, MemoRule::None), Ok(()));
    assert_eq!(check::memo(Some("invoice 7, 备注"), MemoRule::Comment), Ok(()));
    assert_param(check::memo(Some(&"x".repeat(493)), MemoRule::Comment), "memo");
}

#[test]
fn remarks_and_aliases_are_counted_in_characters() {
    assert_eq!(check::remark(Some(&"备".repeat(256))), Ok(()));
    assert_code(check::remark(Some(&"备".repeat(257))), Code::Remark);
    assert_eq!(check::alias(Some(&"😀".repeat(40))), Ok(()));
    assert_code(check::alias(Some(&"a".repeat(41))), Code::Alias);
    assert_eq!((check::remark(None), check::alias(None)), (Ok(()), Ok(())));
}

#[test]
fn a_batch_makes_1_to_100_addresses() {
    assert_eq!((check::address_count("1"), check::address_count("100")), (Ok(1), Ok(100)));
    for wrong in ["0", "101", "256", "-1", "+1", "01", " 1", "1.0", "1e1", "abc", "１"] {
        assert_code(check::address_count(wrong), Code::AddressCount);
    }
}

#[test]
fn callback_urls_are_absolute_and_http() {
    for url in [
        "http://192.168.2.29:9099/callback",
        "https://your-domain.com/callback",
        "HTTPS://example.com",
        "https://[2001:db8::1]:8443/a?b=c#d",
        "http://localhost/",
        "https://例え.jp/回调?x=@",
    ] {
        let parsed = check::callback_url(url).unwrap_or_else(|e| panic!("{url}: {e}"));
        assert_eq!(parsed.as_str(), url);
        assert_eq!(parsed.is_https(), url.to_lowercase().starts_with("https"));
    }
}

#[test]
fn callback_urls_with_two_meanings_are_refused() {
    for url in [
        "callback",
        "/callback",
        "//example.com/",
        "ftp://example.com/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http:example.com",
        "http:/example.com",
        "https://",
        "https:///path",
        "http://user@example.com/",
        "http://user:pass@example.com/",
        "http://@example.com/",
        "http://:@example.com",
        "http://good.example\\@evil.example/",
        "http:\\\\example.com/",
        "http://exa mple.com/",
        " http://example.com/",
        "http://example.com/ ",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:port/",
        "http://[::1/",
        "http://exa%00mple/",
    ] {
        assert_param(check::callback_url(url), "callback_url");
    }
    assert_param(check::callback_url("http://example.com/\u{a0}"), "callback_url");
    let long = format!("https://example.com/{}", "a".repeat(1005));
    assert_param(check::callback_url(&long), "callback_url");
}

const USDT: &str = "0xdac17f958d2ee523a2206206994597c13d831ec7";

fn networks() -> Vec<Network> {
    let network = |id: &str| Network {
        chain_id: id.parse().unwrap(),
        family: Family::Evm,
        network_id: "31337".parse().unwrap(),
    };
    vec![network("60"), network("62")]
}

fn coins() -> Vec<Coin> {
    let coin = |name: &str, chain: &str, token: &str, decimals| Coin {
        name: name.to_owned(),
        chain_id: chain.parse().unwrap(),
        token_id: token.parse().unwrap(),
        decimals,
    };
    vec![
        coin("Ethereum", "60", "60", 18),
        coin("USDT-ERC20", "60", USDT, 6),
        coin("Twin", "60", "0xaa", 6),
        coin("Twin", "62", "0xbb", 6),
        coin("Orphan", "63", "63", 18),
    ]
}

fn currency(text: &str) -> Result<String, Rejected> {
    check::currency(text, &coins(), &networks()).map(|coin| coin.id().to_string())
}

#[test]
fn a_coin_is_found_by_its_ids_or_its_name() {
    assert_eq!(currency("60@60").unwrap(), "60@60");
    assert_eq!(currency("Ethereum").unwrap(), "60@60");
    assert_eq!(currency("USDT-ERC20").unwrap(), format!("60@{USDT}"));
    assert_eq!(currency(&format!("60@{USDT}")).unwrap(), format!("60@{USDT}"));
}

#[test]
fn evm_token_ids_compare_without_case() {
    let mixed = "60@0xdAC17F958D2ee523a2206206994597C13D831ec7";
    assert_eq!(currency(mixed).unwrap(), format!("60@{USDT}"));
}

#[test]
fn what_names_no_coin_or_two_is_unsupported() {
    for text in [
        "61@61", "60@0xcc", "60", "ethereum", "60@60@60", "@", "60@", "@60", "Twin", "Orphan", "63@63",
        "60 @60",
    ] {
        assert_code(currency(text), Code::Coin);
    }
    assert_code(check::chain("61", &networks()), Code::Coin);
    assert_code(check::chain("060", &networks()), Code::Coin);
    assert!(check::chain("60", &networks()).is_ok());
}
