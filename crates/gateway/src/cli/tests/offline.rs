//! From an empty folder to a genesis, without any server.

use super::Folder;
use crate::cli::answer::Outcome;
use crate::cli::failure::Kind;

#[test]
fn what_init_writes_is_checked_and_tested_without_errors() {
    let folder = Folder::new();
    let checked = folder.run(&["policy", "check"]).unwrap();
    assert_eq!(checked.outcome, Outcome::Done);
    insta::assert_snapshot!(checked.text, @r"
    warning: people: one admin alone can change every rule
    no errors; warnings: 1
    ");
    let tested = folder.run(&["policy", "test", &folder.in_house("rules.test.toml")]).unwrap();
    assert_eq!(tested.outcome, Outcome::Done);
    insta::assert_snapshot!(tested.text, @r"
    ok    a payout to one of our own addresses is denied
    ok    what no rule matches is refused
    2 passed, 0 failed
    ");
}

#[test]
fn an_installation_is_never_overwritten() {
    let folder = Folder::new();
    let before = folder.read("gateway.key");
    let again = folder.run(&["init", "--folder", &folder.path("house")]).unwrap_err();
    assert_eq!(again.kind, Kind::Refused);
    let key = folder.run(&["key", "new", "ann"]).unwrap_err();
    assert!(key.to_string().contains("never overwritten"), "{key}");
    assert_eq!(folder.read("gateway.key"), before);
}

#[test]
fn secrets_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    for file in ["gateway.key", "keys/ann.key"] {
        let mode = std::fs::metadata(folder.in_house(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert!(!folder.read("keys/ann.key").contains("a passphrase"));
}

#[test]
fn a_broken_rule_is_named_with_its_line() {
    let folder = Folder::new();
    let rules = folder.read("rules.toml");
    folder.write("rules.toml", &rules.replace("recipient = \"internal\"", "recipient = \"group:\""));
    let failure = folder.run(&["policy", "check"]).unwrap_err();
    assert_eq!(failure.kind, Kind::Refused);
    let line = 1 + rules.lines().position(|line| line == "recipient = \"internal\"").unwrap();
    assert!(failure.to_string().contains(&format!("rules.toml:{line}: ")), "{failure}");
}

#[test]
fn an_example_that_fails_shows_what_decided_instead() {
    let folder = Folder::new();
    let wrong = folder.read("rules.test.toml").replace("expect = \"refused\"", "expect = \"auto\"");
    folder.write("rules.test.toml", &wrong);
    let examples = folder.in_house("rules.test.toml");
    let tested = folder.run(&["policy", "test", &examples]).unwrap();
    assert_eq!(tested.outcome, Outcome::Refused);
    insta::assert_snapshot!(tested.text.replace(&examples, "FILE"), @r"
    ok    a payout to one of our own addresses is denied
    FAIL  what no rule matches is refused (FILE:17): expected auto, but it is refused
            no rule matches: refused
              not to-ourselves: the recipient is not one of our own addresses
    1 passed, 1 failed
    ");
}

#[test]
fn explain_says_which_rule_decides_and_why_none_above_it() {
    let folder = Folder::new();
    let rules = folder.read("rules.toml")
        + "\n[[rule]]\nid = \"normal\"\nmax = { ETH = \"10\" }\noutcome = \"approve\"\n\
           steps = [{ group = \"admins\", quorum = 1 }]\nexpires = \"24h\"\n";
    folder.write("rules.toml", &rules);
    let words = |amount| {
        [
            "policy",
            "explain",
            "--project",
            "1",
            "--coin",
            "ETH",
            "--to",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "--amount",
            amount,
        ]
    };
    insta::assert_snapshot!(folder.text(&words("1.5")), @r"
    rule normal decides: approve by 1 of admins
      not to-ourselves: the recipient is not one of our own addresses
    (counters taken as unused)
    ");
    insta::assert_snapshot!(folder.text(&words("11")), @r"
    no rule matches: refused
      not to-ourselves: the recipient is not one of our own addresses
      not normal: amount 11 ETH is over the rule's 10 ETH
    (counters taken as unused)
    ");
}

#[test]
fn a_genesis_is_built_from_the_files_and_reads_back_as_the_same_deployment() {
    let folder = Folder::new();
    let output = folder.in_house("genesis.json");
    let empty = folder.run(&["genesis", "build", "-o", &output]).unwrap_err();
    assert!(empty.to_string().contains("0 co-signers"), "{empty}");
    folder.enlist();
    let built = folder.run(&["genesis", "build", "-o", &output]).unwrap();
    let shown = folder.run(&["genesis", "show", &output]).unwrap();
    assert_eq!(built.json["deployment"], shown.json["deployment"]);
    assert_eq!(folder.run(&["genesis", "build", "-o", &output]).unwrap_err().kind, Kind::Refused);
    // One byte more is another file, not the same deployment.
    folder.write("genesis.json", &(folder.read("genesis.json") + "\n"));
    assert_eq!(folder.run(&["genesis", "show", &output]).unwrap_err().kind, Kind::Refused);
}
