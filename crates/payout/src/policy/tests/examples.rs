use super::world::*;
use crate::ids::{Address, ChainId};
use crate::policy::examples::{read_examples, try_examples};
use crate::policy::*;

fn spelling(_: &ChainId, text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| "no address".to_owned())
}

fn failures(text: &str) -> Vec<Option<String>> {
    let rules = rules();
    let examples = read_examples("rules.test.toml", text, &rules, &spelling).unwrap();
    let tried = try_examples(&rules, &people(), &Book::default(), &examples);
    tried.into_iter().map(|tried| tried.failure).collect()
}

#[test]
fn examples_that_come_out_as_expected_pass() {
    let text = r#"
[[payout]]
name = "a small payout is automatic"
project = 1
coin = "USDT-ERC20"
amount = "50"
expect = "auto"
rule = "small"

[[payout]]
name = "the eleventh of a day asks people"
project = 1
coin = "USDT-ERC20"
amount = "50"
used = { small = { window_count = 10, window_sum = "100", total = "100" } }
expect = "approve"

[[payout]]
name = "nothing goes to ourselves"
project = 1
coin = "ETH"
amount = "1"
recipient = "internal"
expect = "deny"

[[payout]]
name = "a void is nobody's business here"
kind = "void"
project = 1
coin = "ETH"
amount = "0"
expect = "refused"
"#;
    assert_eq!(failures(text), [None, None, None, None]);
}

#[test]
fn examples_that_come_out_otherwise_say_how() {
    let text = r#"
[[payout]]
name = "wrong outcome"
project = 1
coin = "USDT-ERC20"
amount = "101"
expect = "auto"

[[payout]]
name = "wrong rule"
project = 1
coin = "USDT-ERC20"
amount = "101"
expect = "approve"
rule = "small"
"#;
    assert_eq!(
        failures(text),
        [
            Some("expected auto, but it is approve".to_owned()),
            Some("expected rule small to decide, but it is normal".to_owned()),
        ]
    );
}

#[test]
fn an_example_that_can_not_be_read_is_named_with_its_line() {
    let text = "[[payout]]\nname = \"x\"\nproject = 1\ncoin = \"BTC\"\namount = \"1\"\nexpect = \"deny\"\n";
    let error = read_examples("rules.test.toml", text, &rules(), &spelling).unwrap_err();
    assert_eq!(error.to_string(), "rules.test.toml:4: the coin \"BTC\" is not listed");
}

#[test]
fn an_example_without_a_date_is_at_noon() {
    let rules = Rules {
        rules: vec![Rule { hours: Some(Hours { from: 720, to: 721 }), ..rule("noon", Outcome::Deny) }],
        ..rules()
    };
    let text = "[[payout]]\nname = \"x\"\nproject = 1\ncoin = \"ETH\"\namount = \"1\"\nexpect = \"deny\"\n";
    let examples = read_examples("x", text, &rules, &spelling).unwrap();
    assert_eq!(try_examples(&rules, &people(), &Book::default(), &examples)[0].failure, None);
}
