use proptest::prelude::*;

use super::world::*;
use crate::ids::Attempt;
use crate::intent::Kind;
use crate::money::Amount;
use crate::policy::*;

fn ask(rules: &Rules, book: &Book, case: &Case<'_>, used: RuleUse) -> Verdict {
    decide(rules, &people(), book, case, &|_| Some(used))
}

/// The verdict of the house's rules on a case.
fn verdict(change: impl FnOnce(&mut Case<'_>)) -> Verdict {
    let to = address();
    let mut case = case(&to);
    change(&mut case);
    ask(&rules(), &Book::default(), &case, RuleUse::default())
}

/// Why a single automatic rule does not match.
fn unmet(rule: Rule, change: impl FnOnce(&mut Case<'_>), book: &Book) -> Unmet {
    let to = address();
    let mut case = case(&to);
    change(&mut case);
    let rules = Rules { rules: vec![rule], ..rules() };
    match ask(&rules, book, &case, RuleUse::default()) {
        Verdict::Refused { unmet } => unmet[0].1.clone(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn without_rules_everything_is_refused() {
    let to = address();
    let rules = Rules { rules: vec![], ..rules() };
    assert_eq!(
        ask(&rules, &Book::default(), &case(&to), RuleUse::default()),
        Verdict::Refused { unmet: vec![] }
    );
}

#[test]
fn the_first_rule_that_matches_decides() {
    assert_eq!(deciding(&verdict(|_| ())), "small");
    assert_eq!(deciding(&verdict(|case| case.amount = tokens(101))), "normal");
    assert_eq!(deciding(&verdict(|case| case.recipient = Recipient::Internal)), "ourselves");
}

#[test]
fn a_verdict_says_why_no_rule_above_matched() {
    let verdict = verdict(|case| case.amount = tokens(101));
    assert_eq!(
        verdict.to_string(),
        "rule normal decides: approve by 2 of treasury, then 1 of directors\n  \
         not ourselves: the recipient is not one of our own addresses\n  \
         not small: amount 101 USDT-ERC20 is over the rule's 100 USDT-ERC20"
    );
}

#[test]
fn each_condition_keeps_out_what_it_names() {
    let none = Book::default();
    let base = || small();
    let other_wallet = crate::ids::WalletId::new(8).unwrap();
    assert!(matches!(unmet(base(), |case| case.kind = Kind::Void, &none), Unmet::Kind { .. }));
    assert!(matches!(unmet(Rule { projects: vec![project(2)], ..base() }, |_| (), &none), Unmet::Project(_)));
    assert!(matches!(unmet(Rule { wallets: vec![other_wallet], ..base() }, |_| (), &none), Unmet::Wallet(_)));
    assert!(matches!(unmet(Rule { coins: vec![eth()], ..base() }, |_| (), &none), Unmet::Coin(_)));
    let nobody = "1@1".parse().unwrap();
    assert!(matches!(unmet(base(), |case| case.coin = nobody, &none), Unmet::UnknownCoin { .. }));
    assert_eq!(unmet(base(), |case| case.coin = eth(), &none), Unmet::NoAmountForCoin(eth()));
    assert!(matches!(unmet(base(), |case| case.amount = tokens(101), &none), Unmet::TooLarge { .. }));
    let least = AmountRange { min: Some(tokens(60)), max: Some(tokens(100)) };
    let at_least = Rule { amounts: [(usdt(), least)].into(), ..base() };
    assert!(matches!(unmet(at_least, |_| (), &none), Unmet::TooSmall { .. }));
    let first = Rule { recipient: RecipientCondition::FirstTime, ..base() };
    assert_eq!(unmet(first, |_| (), &none), Unmet::RecipientIsKnown);
}

#[test]
fn the_end_of_an_amount_range_belongs_to_it() {
    assert_eq!(deciding(&verdict(|case| case.amount = tokens(100))), "small");
    let more = Amount::from_u128(100_000_001);
    assert_eq!(deciding(&verdict(|case| case.amount = more)), "normal");
}

#[test]
fn hours_count_from_the_intents_making_and_may_run_over_midnight() {
    let none = Book::default();
    let night = Rule { hours: Some(Hours { from: 22 * 60, to: 6 * 60 }), ..small() };
    assert!(matches!(unmet(night.clone(), |_| (), &none), Unmet::Hours { minute: 720, .. }));
    let to = address();
    let rules = Rules { rules: vec![night], ..rules() };
    for (hour, inside) in [(-12, true), (9, false), (10, true), (-6, false), (-7, true)] {
        let case = Case { at: at(NOON + hour * HOUR), ..case(&to) };
        let verdict = ask(&rules, &none, &case, RuleUse::default());
        assert_eq!(deciding(&verdict) == "small", inside, "noon {hour:+} h");
    }
}

#[test]
fn a_payee_counts_after_the_cooling_time_and_only_in_its_group() {
    let rule = || Rule { recipient: RecipientCondition::Group("acme".parse().unwrap()), ..small() };
    let group = || "acme".parse().unwrap();
    assert_eq!(unmet(rule(), |_| (), &Book::default()), Unmet::NotInGroup(group()));
    let other = Book { payees: vec![payee("others", 0)] };
    assert_eq!(unmet(rule(), |_| (), &other), Unmet::NotInGroup(group()));
    let listed = NOON - 24 * HOUR;
    let fresh = Book { payees: vec![payee("acme", listed + 1)] };
    assert!(
        matches!(unmet(rule(), |_| (), &fresh), Unmet::Cooling { counts_from, .. } if counts_from == at(NOON + 1))
    );
    let to = address();
    let cooled = Book { payees: vec![payee("acme", listed)] };
    let rules = Rules { rules: vec![rule()], ..rules() };
    assert_eq!(deciding(&ask(&rules, &cooled, &case(&to), RuleUse::default())), "small");
}

#[test]
fn a_payout_without_an_applicants_signature_is_one_of_the_api() {
    let none = Book::default();
    let person = Rule { applicant: ApplicantCondition::Person, ..small() };
    assert!(matches!(unmet(person, |_| (), &none), Unmet::Applicant { .. }));
    let api = Rule { applicant: ApplicantCondition::Api, ..small() };
    let (to, otto) = (address(), name("otto"));
    let rules = Rules { rules: vec![api], ..rules() };
    assert_eq!(deciding(&ask(&rules, &none, &case(&to), RuleUse::default())), "small");
    let applied_for = Case { applicant: Some(&otto), ..case(&to) };
    assert_eq!(deciding(&ask(&rules, &none, &applied_for, RuleUse::default())), "refused");
}

#[test]
fn a_callers_signature_counts_for_its_own_projects_only() {
    let none = Book::default();
    let signed = Rule { caller_signed: true, ..small() };
    assert_eq!(unmet(signed.clone(), |_| (), &none), Unmet::NotCallerSigned);
    let (to, shop, tom) = (address(), name("shop"), name("tom"));
    let rules = Rules { rules: vec![signed], ..rules() };
    let by = |who, of| Case { caller: Some(who), project: project(of), ..case(&to) };
    assert_eq!(deciding(&ask(&rules, &none, &by(&shop, 1), RuleUse::default())), "small");
    assert_eq!(deciding(&ask(&rules, &none, &by(&shop, 2), RuleUse::default())), "refused");
    assert_eq!(deciding(&ask(&rules, &none, &by(&tom, 1), RuleUse::default())), "refused");
}

#[test]
fn an_auto_rule_without_its_limits_counts_for_nothing() {
    let none = Book::default();
    let lacking: [(&str, Rule); 4] = [
        ("amounts", Rule { amounts: [].into(), ..small() }),
        (
            "a cap",
            Rule { amounts: [(usdt(), AmountRange { min: Some(tokens(1)), max: None })].into(), ..small() },
        ),
        ("a window", Rule { window: None, ..small() }),
        ("a budget", Rule { budget: [].into(), ..small() }),
    ];
    for (what, rule) in lacking {
        assert_eq!(unmet(rule, |_| (), &none), Unmet::Unlimited(usdt()), "{what}");
    }
}

#[test]
fn a_second_attempt_is_never_automatic() {
    let verdict = verdict(|case| case.attempt = Attempt::new(2).unwrap());
    assert_eq!(deciding(&verdict), "normal");
}

#[test]
fn a_used_up_rule_leaves_the_payout_to_the_next() {
    let to = address();
    let used = [
        RuleUse { window_count: 10, ..RuleUse::default() },
        RuleUse { window_sum: tokens(451), ..RuleUse::default() },
        RuleUse { total: tokens(1951), ..RuleUse::default() },
        RuleUse { total: Amount::from_u256(ruint::aliases::U256::MAX), ..RuleUse::default() },
    ];
    for used in used {
        assert_eq!(deciding(&ask(&rules(), &Book::default(), &case(&to), used)), "normal", "{used:?}");
    }
    let just = RuleUse { window_count: 9, window_sum: tokens(450), total: tokens(1950) };
    assert_eq!(deciding(&ask(&rules(), &Book::default(), &case(&to), just)), "small");
}

#[test]
fn a_missing_figure_holds_the_payout() {
    let to = address();
    let verdict = decide(&rules(), &people(), &Book::default(), &case(&to), &|_| None);
    assert!(matches!(verdict, Verdict::Held { rule, .. } if rule.as_str() == "small"));
}

#[test]
fn a_deny_is_never_used_up() {
    let to = address();
    let limited = Rule { outcome: Outcome::Deny, ..small() };
    let rules = Rules { rules: vec![limited, rule("rest", approve(&[step("treasury", 1)]))], ..rules() };
    let full = RuleUse { window_count: 99, ..RuleUse::default() };
    let verdict = ask(&rules, &Book::default(), &case(&to), full);
    assert!(matches!(verdict, Verdict::Decided { outcome: Outcome::Deny, .. }));
}

#[test]
fn candidates_end_with_the_first_rule_that_needs_no_counter() {
    let to = address();
    let found = candidates(&rules(), &people(), &Book::default(), &case(&to));
    let names: Vec<&str> = found.list.iter().map(|candidate| candidate.rule.as_str()).collect();
    assert_eq!(names, ["small", "normal"]);
    assert!(!found.list[0].limits.is_empty());
    assert!(found.list[1].limits.is_empty());
    let window_start = found.list[0].limits.window_start(at(NOON));
    assert_eq!(window_start, Some(at(NOON - 24 * HOUR)));
}

proptest! {
    /// Payouts of random sizes at random times: whatever comes, what the rule let through never passes a limit.
    #[test]
    fn no_sequence_of_payouts_passes_a_limit(
        payouts in prop::collection::vec((1u128..120, 0i64..30 * HOUR), 1..80),
    ) {
        let to = address();
        let rules = rules();
        let mut now = NOON;
        let mut let_through: Vec<(i64, Amount)> = Vec::new();
        let sum = |payouts: &[(i64, Amount)]| {
            payouts.iter().try_fold(Amount::ZERO, |sum, (_, amount)| sum.checked_add(*amount)).unwrap()
        };
        for (amount, wait) in payouts {
            now += wait / 8;
            let case = Case { amount: tokens(amount), at: at(now), ..case(&to) };
            let usage = |candidate: &Candidate| {
                let start = candidate.limits.window_start(at(now)).unwrap();
                let inside: Vec<_> =
                    let_through.iter().copied().filter(|(when, _)| at(*when) > start).collect();
                Some(RuleUse {
                    window_count: u32::try_from(inside.len()).unwrap(),
                    window_sum: sum(&inside),
                    total: sum(&let_through),
                })
            };
            let verdict = decide(&rules, &people(), &Book::default(), &case, &usage);
            if deciding(&verdict) == "small" {
                let_through.push((now, tokens(amount)));
            }
        }
        prop_assert!(sum(&let_through) <= tokens(2000));
        for (end, _) in &let_through {
            let window: Vec<_> =
                let_through.iter().copied().filter(|(at, _)| at <= end && *at > end - 24 * HOUR).collect();
            prop_assert!(window.len() <= 10);
            prop_assert!(sum(&window) <= tokens(500));
        }
    }
}
