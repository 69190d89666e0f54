use super::world::*;
use crate::policy::*;

fn findings(change: impl FnOnce(&mut Rules, &mut People, &mut Book)) -> Vec<String> {
    let (mut rules, mut people, mut book) = (rules(), people(), Book::default());
    change(&mut rules, &mut people, &mut book);
    check(&rules, &people, &book).iter().map(ToString::to_string).collect()
}

/// Whether a finding of this severity has these words.
fn says(findings: &[String], severity: &str, words: &str) -> bool {
    findings.iter().any(|finding| finding.starts_with(severity) && finding.contains(words))
}

#[track_caller]
fn refused(words: &str, change: impl FnOnce(&mut Rules, &mut People, &mut Book)) {
    let found = findings(change);
    assert!(says(&found, "error", words), "{words:?} is not among the errors of {found:#?}");
}

#[track_caller]
fn warned(words: &str, change: impl FnOnce(&mut Rules, &mut People, &mut Book)) {
    let found = findings(change);
    assert!(says(&found, "warning", words), "{words:?} is not among the warnings of {found:#?}");
    assert!(!found.iter().any(|finding| finding.starts_with("error")), "{found:#?}");
}

#[test]
fn a_sound_policy_has_one_warning_about_its_api_key() {
    assert_eq!(
        findings(|_, _, _| ()),
        ["warning: rules, rule small: is auto without caller_signed: the API key alone moves money"]
    );
}

#[test]
fn an_auto_rule_needs_cap_window_and_budget() {
    refused("without an amount cap", |rules, _, _| rules.rules[1].amounts.clear());
    refused("without a window", |rules, _, _| rules.rules[1].window = None);
    refused("without a budget", |rules, _, _| rules.rules[1].budget.clear());
    refused("for 60@60", |rules, _, _| {
        rules.rules[1].amounts.insert(eth(), at_most(tokens(1)));
    });
    refused("lets nothing through", |rules, _, _| rules.rules[1].window.as_mut().unwrap().count = 0);
}

#[test]
fn a_deny_has_no_limits() {
    refused("never used up", |rules, _, _| rules.rules[0].window = small().window);
    refused("leaving it out would evade", |rules, _, _| rules.rules[0].caller_signed = true);
}

#[test]
fn steps_must_be_ones_that_distinct_people_can_fill() {
    refused("does not exist", |rules, _, _| rules.rules[2].outcome = approve(&[step("nobody", 1)]));
    refused("in no step", |rules, _, _| rules.rules[2].outcome = approve(&[]));
    refused("is 0", |rules, _, _| rules.rules[2].outcome = approve(&[step("treasury", 0)]));
    refused("no set of distinct people", |rules, _, _| {
        rules.rules[2].outcome = approve(&[step("treasury", 4)]);
    });
    // Each group has enough for its own step, but two of the directors are the only two of the board.
    refused("no set of distinct people", |rules, people, _| {
        let members = people.group(&"directors".parse().unwrap()).unwrap().members.clone();
        people.groups.push(Group { id: "board".parse().unwrap(), members });
        rules.rules[2].outcome = approve(&[step("board", 1), step("directors", 2)]);
    });
    // Filling the first step greedily with tom would leave the second without anybody.
    let found = findings(|rules, people, _| {
        people.groups.push(Group { id: "tom-only".parse().unwrap(), members: vec![name("tom")] });
        rules.rules[2].outcome = approve(&[step("treasury", 2), step("tom-only", 1)]);
    });
    assert!(!says(&found, "error", ""), "{found:#?}");
}

#[test]
fn steps_that_key_holders_or_applicants_leave_empty_are_warned_of() {
    warned("without its key holders", |rules, people, _| {
        rules.rules[2].projects = vec![project(1)];
        for who in &mut people.principals {
            if TREASURY[..2].contains(&who.id.as_str()) {
                who.projects.push(project(1));
            }
        }
    });
    warned("when tom applies", |rules, _, _| {
        rules.rules[2].applicant = ApplicantCondition::Person;
        rules.rules[2].outcome = approve(&[step("treasury", 3)]);
    });
}

#[test]
fn a_rule_that_is_never_reached_is_warned_of() {
    warned("is never reached: normal comes first", |rules, _, _| {
        rules.rules.push(Rule { projects: vec![project(5)], ..rule("late", Outcome::Deny) });
    });
    let found = findings(|rules, _, _| {
        rules
            .rules
            .push(Rule { kind: crate::intent::Kind::Void, ..rule("late", approve(&[step("treasury", 1)])) })
    });
    assert!(!says(&found, "warning", "never reached"), "another kind: {found:#?}");
}

#[test]
fn names_that_are_unknown_or_twice_are_refused() {
    let nothing = || "1@1".parse().unwrap();
    refused("names the coin 1@1", |rules, _, _| rules.rules[0].coins = vec![nothing()]);
    refused("two rules of this name", |rules, _, _| rules.rules[1].id = "normal".parse().unwrap());
    refused("is listed twice", |rules, _, _| rules.coins.push(rules.coins[0].clone()));
    refused("two coins named ETH", |rules, _, _| rules.coins[1].name = "ETH".to_owned());
    refused("is on a chain that is not listed", |rules, _, _| rules.networks.clear());
    refused("lacks its native coin", |rules, _, _| {
        rules.coins.remove(0);
    });
    refused("has another chain id already", |rules, _, _| {
        let mut twin = rules.networks[0].clone();
        twin.chain_id = "61".parse().unwrap();
        rules.networks.push(twin);
    });
    warned("no payee of the address book is in acme", |rules, _, _| {
        rules.rules[2].recipient = RecipientCondition::Group("acme".parse().unwrap());
    });
}

#[test]
fn people_must_be_able_to_form_their_quorums() {
    refused("admin_quorum is 0", |_, people, _| people.admin_quorum = 0);
    refused("only 3 admins", |_, people, _| people.admin_quorum = 4);
    refused("only 2 admins", |_, people, _| {
        people.admin_quorum = 3;
        people.principals[0].keys.clear();
    });
    refused("does not exist", |_, people, _| people.book = step("nobody", 1));
    refused("signs the address book by 4 of 3", |_, people, _| people.book = step("treasury", 4));
    refused("asks for payouts", |_, people, _| people.groups[0].members.push(name("shop")));
}

#[test]
fn keys_and_names_belong_to_one_principal() {
    refused("belongs to ann already", |_, people, _| people.principals[1].keys.push(key("ann").public()));
    refused("belongs to ann already", |_, people, _| people.principals[0].keys.push(key("ann").public()));
    refused("two principals of this name", |_, people, _| people.principals[1].id = name("ann"));
    refused("its member nobody is nobody", |_, people, _| people.groups[0].members.push(name("nobody")));
    refused("names tom twice", |_, people, _| people.groups[0].members.push(name("tom")));
}

#[test]
fn machines_and_people_keep_to_their_roles() {
    let role = |people: &mut People, who: &str, role| {
        people.principals.iter_mut().find(|p| p.id == name(who)).unwrap().roles.push(role);
    };
    refused("a machine can't be an admin", |_, people, _| role(people, "screener", Role::Admin));
    refused("only a machine can be a caller", |_, people, _| role(people, "tom", Role::Caller));
    refused("a caller can't be an approver too", |_, people, _| role(people, "shop", Role::Approver));
}

#[test]
fn numbers_out_of_their_range_are_refused() {
    refused("is more than the most", |rules, _, _| {
        rules.rules[1].amounts.insert(usdt(), AmountRange { min: Some(tokens(200)), max: Some(tokens(100)) });
    });
    refused("no span of a day", |rules, _, _| rules.rules[2].hours = Some(Hours { from: 60, to: 60 }));
    refused("no span of a day", |rules, _, _| rules.rules[2].hours = Some(Hours { from: 60, to: 1441 }));
    refused("between a minute and 90 days", |rules, _, _| {
        rules.rules[2].outcome = Outcome::Approve { steps: vec![step("treasury", 1)], expires_minutes: 0 };
    });
    refused("its window is between", |rules, _, _| rules.rules[1].window.as_mut().unwrap().hours = 0);
    refused("one fee may be more", |rules, _, _| rules.fees[0].cap = tokens(1_000_000_000_000_000));
    refused("the raised fee cap is not above", |rules, _, _| {
        rules.fees[0].raised_cap = Some(rules.fees[0].cap)
    });
    refused("one fee may be more", |rules, _, _| {
        rules.fees[0].raised_cap = Some(tokens(1_000_000_000_000_000));
    });
    refused("decimals", |rules, _, _| rules.coins[0].decimals = 37);
    refused("at most a year", |rules, _, _| rules.book_cooling_hours = 10_000);
}

#[test]
fn a_wallet_needs_a_sound_quorum_and_a_key_of_its_own() {
    refused("is not possible", |rules, _, _| {
        rules.wallets.push(Wallet { threshold: 2, share_count: 4, ..wallet() });
    });
    refused("has the key of another wallet", |rules, _, _| {
        rules.wallets = vec![wallet(), Wallet { id: crate::ids::WalletId::new(8).unwrap(), ..wallet() }];
    });
    refused("not a compressed point", |rules, _, _| {
        rules.wallets.push(Wallet { public_key: [4; 33], ..wallet() });
    });
}

#[test]
fn the_approvers_site_is_an_https_origin_under_its_rp_id() {
    let site = |origin: &str, rp_id: &str| {
        let found = findings(|rules, _, _| {
            rules.approver = Some(ApproverSite { origin: origin.to_owned(), rp_id: rp_id.to_owned() });
        });
        !says(&found, "error", "approver's origin")
    };
    assert!(site("https://approve.example.com", "example.com"));
    assert!(site("https://approve.example.com:8443", "approve.example.com"));
    assert!(site("http://localhost:8080", "localhost"), "in development");
    assert!(!site("http://approve.example.com", "example.com"));
    assert!(!site("https://badexample.com", "example.com"));
    assert!(!site("https://example.com/page", "example.com"));
    assert!(!site("https://example.com", ""));
}

#[test]
fn a_payee_is_listed_once_in_a_group() {
    refused("is in acme twice", |_, _, book| book.payees = vec![payee("acme", 1), payee("acme", 2)]);
    let found = findings(|_, _, book| book.payees = vec![payee("acme", 1), payee("others", 2)]);
    assert!(!says(&found, "error", ""), "{found:#?}");
}
