use std::collections::BTreeMap;

use proptest::prelude::*;

use super::world::*;
use crate::ids::{Address, RuleId};
use crate::policy::*;

/// Counters by rule.
type Counters = BTreeMap<RuleId, RuleUse>;

fn check_named(
    named: &Rules,
    newest: &Rules,
    case: &Case<'_>,
    rule: &str,
    counters: &Counters,
) -> Result<Outcome, RuleGap> {
    let usage = |rule: &RuleId, _: &Limits| counters.get(rule).copied().unwrap_or_default();
    let (people, book) = (people(), Book::default());
    check_rule(Held { named, newest, people: &people, book: &book }, case, &rule.parse().unwrap(), &usage)
}

fn finality(checked: Result<Outcome, RuleGap>) -> Finality {
    checked.expect_err("the rule does not carry it").finality
}

fn with(rules: Vec<Rule>) -> Rules {
    Rules { rules, ..super::world::rules() }
}

fn used_up() -> Counters {
    [("small".parse().unwrap(), RuleUse { window_count: 10, ..RuleUse::default() })].into()
}

#[test]
fn the_rule_that_decided_is_accepted() {
    let to = address();
    let rules = rules();
    assert_eq!(check_named(&rules, &rules, &case(&to), "small", &Counters::new()), Ok(Outcome::Auto));
}

#[test]
fn a_rule_that_does_not_exist_never_carries_a_payout() {
    let to = address();
    let rules = rules();
    assert_eq!(finality(check_named(&rules, &rules, &case(&to), "other", &Counters::new())), Finality::Never);
}

#[test]
fn a_rule_whose_conditions_do_not_hold_never_carries_a_payout() {
    let to = address();
    let rules = rules();
    let large = Case { amount: tokens(101), ..case(&to) };
    assert_eq!(finality(check_named(&rules, &rules, &large, "small", &Counters::new())), Finality::Never);
}

#[test]
fn a_stricter_rule_than_the_first_is_accepted_whatever_the_counters_say() {
    // At accept the automatic rule was used up; at signing it has room again. Two people more were asked, so what?
    let to = address();
    let rules = rules();
    let expected = rules.rules[2].outcome.clone();
    assert_eq!(check_named(&rules, &rules, &case(&to), "normal", &Counters::new()), Ok(expected.clone()));
    assert_eq!(check_named(&rules, &rules, &case(&to), "normal", &used_up()), Ok(expected));
}

#[test]
fn a_laxer_rule_than_the_first_waits_until_the_first_is_used_up() {
    let to = address();
    let asking = Rule { outcome: approve(&[step("treasury", 2)]), ..small() };
    let later = Rule { id: "later".parse().unwrap(), ..small() };
    let rules = with(vec![asking, later]);
    assert_eq!(finality(check_named(&rules, &rules, &case(&to), "later", &Counters::new())), Finality::Later);
    assert_eq!(check_named(&rules, &rules, &case(&to), "later", &used_up()), Ok(Outcome::Auto));
}

#[test]
fn a_rule_behind_one_without_limits_never_carries_a_payout() {
    let to = address();
    let behind = rule("behind", approve(&[step("treasury", 2), step("directors", 2)]));
    let rules = with(vec![rules().rules.pop().unwrap(), behind]);
    assert_eq!(
        finality(check_named(&rules, &rules, &case(&to), "behind", &Counters::new())),
        Finality::Never
    );
}

#[test]
fn a_deny_is_not_skipped_however_its_counters_stand() {
    let to = address();
    let deny = Rule { outcome: Outcome::Deny, ..small() };
    let rules = with(vec![deny.clone(), rule("normal", approve(&[step("treasury", 2)]))]);
    // Whether a recipient is an outside one may change with the wallets.
    assert_eq!(finality(check_named(&rules, &rules, &case(&to), "normal", &used_up())), Finality::Later);
    let deny = Rule { recipient: RecipientCondition::Any, ..deny };
    let rules = with(vec![deny, rule("normal", approve(&[step("treasury", 2)]))]);
    assert_eq!(finality(check_named(&rules, &rules, &case(&to), "normal", &used_up())), Finality::Never);
    assert_eq!(finality(check_named(&rules, &rules, &case(&to), "small", &used_up())), Finality::Never);
    let gap = check_named(&rules, &rules, &case(&to), "normal", &used_up()).unwrap_err();
    assert_eq!(gap.to_string(), "rule small of the rules that the intent names denies it");
}

#[test]
fn a_limit_that_is_reached_holds_and_ends_nothing() {
    let to = address();
    let rules = rules();
    assert_eq!(finality(check_named(&rules, &rules, &case(&to), "small", &used_up())), Finality::Later);
}

#[test]
fn the_newest_limits_apply_in_both_directions() {
    let to = address();
    let old = rules();
    let spent: Counters =
        [("small".parse().unwrap(), RuleUse { total: tokens(1990), ..RuleUse::default() })].into();
    let mut refilled = old.clone();
    refilled.rules[1].budget.insert(usdt(), tokens(3000));
    assert_eq!(check_named(&old, &refilled, &case(&to), "small", &spent), Ok(Outcome::Auto));
    assert_eq!(finality(check_named(&refilled, &old, &case(&to), "small", &spent)), Finality::Later);
}

#[test]
fn a_newer_deny_holds_what_older_rules_let_through() {
    let to = address();
    let old = rules();
    let mut newest = old.clone();
    newest.rules.insert(0, rule("stop", Outcome::Deny));
    assert_eq!(finality(check_named(&old, &newest, &case(&to), "small", &Counters::new())), Finality::Later);
    // A deny that comes after the rule is the house's last word on the rest, and takes nothing away.
    let mut newest = old.clone();
    newest.rules.push(rule("rest", Outcome::Deny));
    assert_eq!(check_named(&old, &newest, &case(&to), "small", &Counters::new()), Ok(Outcome::Auto));
}

#[test]
fn a_rule_that_was_removed_holds_its_payouts() {
    let to = address();
    let mut newest = rules();
    newest.rules.remove(1);
    assert_eq!(
        finality(check_named(&rules(), &newest, &case(&to), "small", &Counters::new())),
        Finality::Later
    );
}

#[test]
fn an_old_version_does_not_evade_what_the_newest_asks() {
    let to = address();
    let lax = with(vec![rule("normal", approve(&[step("treasury", 1)]))]);
    let strict = with(vec![rule("normal", approve(&[step("treasury", 2), step("directors", 1)]))]);
    let asked = strict.rules[0].outcome.clone();
    assert_eq!(check_named(&lax, &strict, &case(&to), "normal", &Counters::new()), Ok(asked.clone()));
    assert_eq!(check_named(&strict, &lax, &case(&to), "normal", &Counters::new()), Ok(asked));
    let others = with(vec![rule("normal", approve(&[step("directors", 2)]))]);
    assert_eq!(finality(check_named(&lax, &others, &case(&to), "normal", &Counters::new())), Finality::Later);
    let mut capped = rules();
    capped.rules[1].amounts.insert(usdt(), at_most(tokens(10)));
    assert_eq!(
        finality(check_named(&rules(), &capped, &case(&to), "small", &Counters::new())),
        Finality::Later
    );
}

#[test]
fn a_rule_that_newer_rules_put_before_holds_unless_it_asks_less() {
    let to = address();
    let old = with(vec![rule("normal", approve(&[step("treasury", 2)]))]);
    let before = |outcome| {
        let mut newest = old.clone();
        newest.rules.insert(0, rule("before", outcome));
        newest
    };
    let less = before(approve(&[step("treasury", 1)]));
    assert!(check_named(&old, &less, &case(&to), "normal", &Counters::new()).is_ok());
    let more = before(approve(&[step("directors", 1)]));
    assert_eq!(finality(check_named(&old, &more, &case(&to), "normal", &Counters::new())), Finality::Later);
}

fn first_time_rules() -> Rules {
    let first =
        Rule { recipient: RecipientCondition::FirstTime, ..rule("first", approve(&[step("treasury", 2)])) };
    with(vec![first, small()])
}

#[test]
fn a_known_claim_needs_a_payment_in_the_journal() {
    let to = address();
    let rules = first_time_rules();
    let unknown = Case { recipient: Recipient::FirstTime, ..case(&to) };
    assert_eq!(finality(check_named(&rules, &rules, &unknown, "small", &Counters::new())), Finality::Later);
    assert_eq!(check_named(&rules, &rules, &case(&to), "small", &Counters::new()), Ok(Outcome::Auto));
}

#[test]
fn a_first_time_claim_survives_that_the_recipient_was_paid_meanwhile() {
    let to = address();
    let rules = first_time_rules();
    assert!(check_named(&rules, &rules, &case(&to), "first", &Counters::new()).is_ok());
    let inside = Case { recipient: Recipient::Internal, ..case(&to) };
    assert!(check_named(&rules, &rules, &inside, "first", &Counters::new()).is_err());
}

#[test]
fn what_depends_on_the_book_or_on_callers_is_not_refused_for_ever() {
    let to = address();
    let listed =
        with(vec![Rule { recipient: RecipientCondition::Group("acme".parse().unwrap()), ..small() }]);
    assert_eq!(
        finality(check_named(&listed, &listed, &case(&to), "small", &Counters::new())),
        Finality::Later
    );
    let signed = with(vec![Rule { caller_signed: true, ..small() }]);
    assert_eq!(
        finality(check_named(&signed, &signed, &case(&to), "small", &Counters::new())),
        Finality::Later
    );
}

#[test]
fn steps_cover_steps_only_in_their_order() {
    const ONE: (&str, u8) = ("treasury", 1);
    const TWO: (&str, u8) = ("treasury", 2);
    const DIRECTOR: (&str, u8) = ("directors", 1);
    let asks = |steps: &[(&str, u8)]| {
        approve(&steps.iter().map(|(group, quorum)| step(group, *quorum)).collect::<Vec<_>>())
    };
    assert!(covers(&asks(&[TWO, DIRECTOR]), &asks(&[ONE, DIRECTOR])));
    assert!(covers(&asks(&[ONE, DIRECTOR]), &asks(&[DIRECTOR])));
    assert!(!covers(&asks(&[DIRECTOR, ONE]), &asks(&[ONE, DIRECTOR])));
    assert!(!covers(&asks(&[ONE]), &asks(&[TWO])));
    assert!(!covers(&asks(&[ONE]), &asks(&[ONE, ONE])));
    assert!(covers(&asks(&[ONE]), &Outcome::Auto));
    assert!(!covers(&Outcome::Auto, &asks(&[ONE])));
    assert!(!covers(&Outcome::Deny, &Outcome::Deny));
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let group = prop_oneof![Just("treasury"), Just("directors")];
    let step = (group, 1u8..3).prop_map(|(group, quorum)| step(group, quorum));
    prop_oneof![
        1 => Just(Outcome::Deny),
        3 => Just(Outcome::Auto),
        3 => prop::collection::vec(step, 1..3).prop_map(|steps| approve(&steps)),
    ]
}

fn recipient() -> impl Strategy<Value = RecipientCondition> {
    prop_oneof![
        4 => Just(RecipientCondition::Any),
        4 => Just(RecipientCondition::External),
        1 => Just(RecipientCondition::Internal),
        2 => Just(RecipientCondition::FirstTime),
    ]
}

/// Mostly with the limits that an automatic rule needs, so that most of them can match.
fn some_rule() -> impl Strategy<Value = Rule> {
    let often = || prop::bool::weighted(0.8);
    let limits = (often(), often(), 1u32..4, 20u128..200, 20u128..400);
    let max = prop::option::weighted(0.8, 30u128..150);
    (outcome(), recipient(), max, limits, prop::bool::weighted(0.1)).prop_map(
        |(outcome, recipient, max, (window, budget, count, sum, total), caller_signed)| Rule {
            recipient,
            amounts: max.map(|max| (usdt(), at_most(tokens(max)))).into_iter().collect(),
            window: window.then(|| Window { hours: 24, count, sums: [(usdt(), tokens(sum))].into() }),
            budget: budget.then(|| (usdt(), tokens(total))).into_iter().collect(),
            caller_signed,
            ..rule("x", outcome)
        },
    )
}

fn some_rules() -> impl Strategy<Value = Rules> {
    prop::collection::vec(some_rule(), 1..6).prop_map(|mut list| {
        for (index, rule) in list.iter_mut().enumerate() {
            rule.id = format!("r{index}").parse().unwrap();
        }
        with(list)
    })
}

/// Rules and newer ones: with a rule put before, with another outcome somewhere, or quite different.
fn two_versions() -> impl Strategy<Value = (Rules, Rules)> {
    let put_before = (some_rules(), some_rule(), 0usize..6).prop_map(|(named, mut new, place)| {
        let mut newest = named.clone();
        new.id = "new".parse().unwrap();
        newest.rules.insert(place.min(newest.rules.len()), new);
        (named, newest)
    });
    let changed = (some_rules(), outcome(), 0usize..6).prop_map(|(named, outcome, place)| {
        let mut newest = named.clone();
        let place = place % newest.rules.len();
        newest.rules[place].outcome = outcome;
        (named, newest)
    });
    prop_oneof![put_before, changed, (some_rules(), some_rules())]
}

fn counters() -> impl Strategy<Value = Counters> {
    let used = (0u32..3, 0u128..100, 0u128..300).prop_map(|(window_count, sum, total)| RuleUse {
        window_count,
        window_sum: tokens(sum),
        total: tokens(total),
    });
    prop::collection::vec(used, 6).prop_map(|list| {
        list.into_iter().enumerate().map(|(i, used)| (format!("r{i}").parse().unwrap(), used)).collect()
    })
}

fn question(to: &Address, amount: u128, recipient: u8) -> Case<'_> {
    let recipient = [Recipient::Internal, Recipient::FirstTime, Recipient::Known][usize::from(recipient)];
    Case { amount: tokens(amount), recipient, ..case(to) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// What the gateway decides, co-signers with the same counters accept, with the same outcome.
    #[test]
    fn cosigners_accept_what_an_honest_gateway_decides(
        rules in some_rules(), counters in counters(), amount in 1u128..120, who in 0u8..3, signed in any::<bool>(),
    ) {
        let (to, shop) = (address(), name("shop"));
        let case = Case { caller: signed.then_some(&shop), ..question(&to, amount, who) };
        let usage = |candidate: &Candidate| Some(counters.get(&candidate.rule).copied().unwrap_or_default());
        match decide(&rules, &people(), &Book::default(), &case, &usage) {
            Verdict::Decided { rule, outcome: Outcome::Deny, .. } => {
                prop_assert!(check_named(&rules, &rules, &case, rule.as_str(), &counters).is_err());
            }
            Verdict::Decided { rule, outcome, .. } => {
                prop_assert_eq!(check_named(&rules, &rules, &case, rule.as_str(), &counters), Ok(outcome));
            }
            Verdict::Refused { .. } => {
                for rule in &rules.rules {
                    let lenient = rule.recipient == RecipientCondition::FirstTime;
                    let checked = check_named(&rules, &rules, &case, rule.id.as_str(), &counters);
                    prop_assert!(checked.is_err() || lenient);
                }
            }
            Verdict::Held { .. } => prop_assert!(false, "all counters are known"),
        }
    }

    /// A gateway that names another rule than the one that decides never gets by with asking fewer people, and never
    /// past a deny.
    #[test]
    fn no_other_rule_asks_fewer_people(
        rules in some_rules(), counters in counters(), amount in 1u128..120, who in 0u8..2, other in 0usize..6,
    ) {
        let to = address();
        let case = question(&to, amount, who);
        let usage = |candidate: &Candidate| Some(counters.get(&candidate.rule).copied().unwrap_or_default());
        let verdict = decide(&rules, &people(), &Book::default(), &case, &usage);
        let named = format!("r{other}");
        if let Ok(asked) = check_named(&rules, &rules, &case, &named, &counters) {
            let Verdict::Decided { outcome, .. } = verdict else {
                return Err(TestCaseError::fail("accepted although no rule matches"));
            };
            prop_assert!(covers(&asked, &outcome), "{asked} instead of {outcome}");
        }
    }

    /// An older version in an intent gives nothing that the newest would not give too.
    #[test]
    fn no_older_version_asks_fewer_people_than_the_newest(
        (named, newest) in two_versions(), counters in counters(), amount in 1u128..120,
        who in 0u8..2, rule in 0usize..6,
    ) {
        let to = address();
        let case = question(&to, amount, who);
        let usage = |candidate: &Candidate| Some(counters.get(&candidate.rule).copied().unwrap_or_default());
        let rule = format!("r{rule}");
        if let Ok(asked) = check_named(&named, &newest, &case, &rule, &counters) {
            let Verdict::Decided { outcome, .. } =
                decide(&newest, &people(), &Book::default(), &case, &usage)
            else {
                return Err(TestCaseError::fail("accepted although no rule of the newest matches"));
            };
            prop_assert!(covers(&asked, &outcome), "{asked} instead of {outcome}");
        }
    }
}
