use proptest::prelude::*;

use super::world::*;
use crate::ids::{Address, ChainId};
use crate::policy::file::*;
use crate::policy::*;

/// Takes every spelling but one.
fn spelling(_: &ChainId, text: &str) -> Result<Address, String> {
    if text == "0xbad" {
        return Err("the checksum is wrong".to_owned());
    }
    text.parse().map_err(|bad: crate::ids::BadName| bad.to_string())
}

fn no_book() -> Book {
    Book::default()
}

const HEAD: &str = r#"environment = "development"
book_cooling = "1d"
network = [{ chain_id = "60", family = "evm", network_id = "31337" }]
coin = [
  { name = "ETH", chain_id = "60", decimals = 18 },
  { name = "USDT-ERC20", chain_id = "60", token_id = "0xdAC17F958D2ee523a2206206994597C13D831ec7", decimals = 6 },
]
fee = [{ chain_id = "60", cap = "0.01", window = "24h", window_sum = "0.5" }]
"#;

#[test]
fn what_people_write_is_what_is_signed() {
    let text = format!(
        r#"{HEAD}
[[rule]]
id = "ourselves"
recipient = "internal"
outcome = "deny"

[[rule]]
id = "small"
recipient = "external"
max = {{ USDT-ERC20 = "100" }}
window = {{ length = "24h", count = 10, sums = {{ USDT-ERC20 = "500" }} }}
budget = {{ "60@0xdAC17F958D2ee523a2206206994597C13D831ec7" = "2000.0" }}
caller_signed = false
outcome = "auto"

[[rule]]
id = "normal"
outcome = "approve"
steps = [{{ group = "treasury", quorum = 2 }}, {{ group = "directors", quorum = 1 }}]
expires = "1h"
"#
    );
    let read = read_rules("rules.toml", &text).unwrap();
    assert_eq!(read.document, rules());
    assert_eq!(read.lines.of(&About::Rule("normal".parse().unwrap())), Some(25));
}

#[test]
fn an_auto_rule_asks_for_the_callers_signature_unless_it_says_no() {
    let read = |outcome: &str, more: &str| {
        let text = format!("{HEAD}[[rule]]\nid = \"x\"\noutcome = \"{outcome}\"\n{more}");
        read_rules("rules.toml", &text).unwrap().document.rules[0].caller_signed
    };
    assert!(read("auto", ""));
    assert!(!read("auto", "caller_signed = false"));
    assert!(!read("deny", ""));
}

#[test]
fn errors_name_file_line_and_reason() {
    let cases = [
        ("outcome = \"maybe\"", 11, "\"maybe\" is not deny, auto or approve"),
        ("outcome = \"deny\"\ncoins = [\"BTC\"]", 12, "the coin \"BTC\" is not listed"),
        ("outcome = \"deny\"\nmax = { ETH = \"1,5\" }", 12, "must be a plain decimal"),
        ("outcome = \"deny\"\nmax = { ETH = 1.5 }", 12, "invalid type"),
        ("outcome = \"deny\"\nmax = { USDT-ERC20 = \"0.0000001\" }", 12, "more than 6 decimal places"),
        ("outcome = \"deny\"\nhours = \"8-18\"", 12, "such as 08:00-18:00"),
        ("outcome = \"deny\"\nrecipient = \"everyone\"", 12, "or group: and a group"),
        ("outcome = \"deny\"\nprojects = [0]", 12, "positive"),
        ("outcome = \"deny\"\ncolour = \"red\"", 12, "unknown field `colour`"),
        ("outcome = \"deny\"\nexpires = \"1h\"", 12, "only approve"),
        ("outcome = \"approve\"", 11, "approve needs steps"),
        ("outcome = \"deny\"\nkind = \"gift\"", 12, "unknown variant `gift`"),
        ("outcome = \"deny\"\nmax = { ETH = \"1\", \"60@60\" = \"2\" }", 12, "twice"),
    ];
    for (lines, line, reason) in cases {
        let text = format!("{HEAD}[[rule]]\nid = \"x\"\n{lines}\n");
        let error = read_rules("my/rules.toml", &text).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("my/rules.toml", line), "{lines}: {error}");
        assert!(error.reason.contains(reason), "{lines}: {error}");
    }
    let error = read_rules("rules.toml", "environment = \n").unwrap_err();
    assert_eq!(error.line, 1);
    let error =
        read_people("people.toml", "admin_quorum = 2\nbook = { group = \"T\", quorum = 1 }").unwrap_err();
    assert_eq!(error.line, 2);
    assert!(error.reason.contains("a group's name"), "{error}");
}

#[test]
fn the_default_rules_are_without_errors_and_refuse_everything() {
    let read = read_rules("rules.default.toml", DEFAULT_RULES).unwrap();
    let findings = check(&read.document, &people(), &no_book());
    assert_eq!(check::errors(findings), []);
    let to = address();
    for recipient in [Recipient::Internal, Recipient::FirstTime, Recipient::Known] {
        let case = Case { recipient, ..case(&to) };
        match decide(&read.document, &people(), &no_book(), &case, &unused) {
            Verdict::Refused { .. } | Verdict::Decided { outcome: Outcome::Deny, .. } => {}
            other => panic!("{recipient:?}: {other}"),
        }
    }
}

#[test]
fn the_rules_that_the_default_suggests_are_without_errors() {
    // Comments that are TOML: from `# [[rule]]` on, as long as lines start with `# ` and have a key.
    let suggested: String = DEFAULT_RULES
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(code)
                if code.starts_with("[[") || code.split_once(" = ").is_some_and(|(key, _)| is_key(key)) =>
            {
                code
            }
            _ => line,
        })
        .filter(|line| !line.starts_with("origin") && !line.starts_with("rp_id"))
        .map(|line| format!("{line}\n"))
        .collect();
    let read = read_rules("suggested", &suggested).unwrap();
    assert_eq!(read.document.rules.len(), 7);
    assert_eq!(check::errors(check(&read.document, &people(), &no_book())), []);
}

fn is_key(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[test]
fn findings_point_at_the_line_of_the_file() {
    let text = format!(
        "{HEAD}[[rule]]\nid = \"fine\"\noutcome = \"deny\"\n[[rule]]\nid = \"bare\"\noutcome = \"auto\"\n"
    );
    let read = read_rules("rules.toml", &text).unwrap();
    let mut findings = check(&read.document, &people(), &no_book());
    read.lines.place(ChainName::Rules, &mut findings);
    assert_eq!(findings[0].line, Some(13));
    assert_eq!(
        findings[0].to_string(),
        "error: rules line 13, rule bare: is auto without a window of count and sums"
    );
}

#[test]
fn written_rules_read_back_as_the_same_document() {
    let mut rules = rules();
    rules.wallets.push(wallet());
    rules.approver =
        Some(ApproverSite { origin: "https://a.example.com".to_owned(), rp_id: "example.com".to_owned() });
    rules.rules.push(Rule {
        kind: crate::intent::Kind::Void,
        projects: vec![project(1)],
        wallets: vec![wallet().id],
        coins: vec![eth()],
        applicant: ApplicantCondition::Person,
        recipient: RecipientCondition::Group("acme".parse().unwrap()),
        amounts: [(eth(), AmountRange { min: Some(tokens(1)), max: Some(tokens(2)) })].into(),
        hours: Some(Hours { from: 0, to: 1440 }),
        caller_signed: true,
        ..rule("odd", Outcome::Approve { steps: vec![step("treasury", 1)], expires_minutes: 90 })
    });
    let text = write_rules(&rules);
    assert_eq!(read_rules("x", &text).unwrap().document, rules, "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn written_people_read_back_as_the_same_document() {
    let mut people = people();
    people.groups.sort_by(|a, b| a.id.cmp(&b.id));
    let text = write_people(&people);
    let read = read_people("x", &text).unwrap();
    assert_eq!(read.document, people, "{text}");
    assert!(read.lines.of(&About::Group("treasury".parse().unwrap())).is_some());
}

#[test]
fn a_payee_without_a_date_keeps_the_one_it_has_or_gets_now() {
    let text = "[[payee]]\ngroup = \"acme\"\nchain_id = \"60\"\naddress = \"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359\"\n";
    let since = |listed: &Book| {
        read_book("book.toml", text, &spelling, listed, at(NOON)).unwrap().document.payees[0].since
    };
    assert_eq!(since(&no_book()), at(NOON));
    assert_eq!(since(&Book { payees: vec![payee("acme", 5)] }), at(5));
    assert_eq!(since(&Book { payees: vec![payee("others", 5)] }), at(NOON));
}

#[test]
fn an_address_that_is_none_is_named_with_its_line() {
    let text = "[[payee]]\ngroup = \"acme\"\nchain_id = \"60\"\naddress = \"0xbad\"\n";
    let error = read_book("book.toml", text, &spelling, &no_book(), at(NOON)).unwrap_err();
    assert_eq!(error.to_string(), "book.toml:4: the checksum is wrong");
}

#[test]
fn a_date_without_an_offset_is_refused() {
    let text =
        "[[payee]]\ngroup = \"a\"\nchain_id = \"60\"\naddress = \"0x1\"\nsince = 2026-07-01T12:00:00\n";
    let error = read_book("book.toml", text, &spelling, &no_book(), at(NOON)).unwrap_err();
    assert_eq!(error.line, 5);
    let dated = |since: &str| {
        let text = text.replace("2026-07-01T12:00:00", since);
        read_book("book.toml", &text, &spelling, &no_book(), at(0)).unwrap().document.payees[0].since
    };
    // date -u -d 2026-07-01T12:00:00Z +%s
    assert_eq!(dated("2026-07-01T12:00:00Z"), at(1_782_907_200_000));
    assert_eq!(dated("2026-07-01T14:00:00+02:00"), at(1_782_907_200_000));
    assert_eq!(dated("2026-07-01"), at(1_782_864_000_000));
    assert_eq!(dated("2024-02-29T23:59:59.123Z"), at(1_709_251_199_123));
}

proptest! {
    #[test]
    fn a_written_book_reads_back_as_the_same_document(
        payees in prop::collection::vec(("[a-z]{1,8}", "[ -~]{0,30}", 0i64..253_402_300_800_000), 0..6),
    ) {
        let entry = |(group, label, since): (String, String, i64)| Payee { label, ..payee(&group, since) };
        let book = Book { payees: payees.into_iter().map(entry).collect() };
        let text = write_book(&book);
        let read = read_book("x", &text, &spelling, &no_book(), at(0)).unwrap();
        prop_assert_eq!(read.document, book);
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "[ -~\n]{0,200}") {
        let _ = read_rules("x", &text);
        let _ = read_rules("x", &format!("{HEAD}{text}"));
        let _ = read_people("x", &text);
        let _ = read_book("x", &text, &spelling, &no_book(), at(0));
    }
}
