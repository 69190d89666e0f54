//! Which rule decides: the first that matches, in order; none is a refusal.
//!
//! Matching has two halves. Conditions that no counter touches are judged by [`candidates`]; the store then decides in
//! one transaction which candidate's limits still fit, and counts. [`decide`] is both halves together, for those who
//! hold the counters in their hands.

use std::fmt;

use super::condition::{Case, Documents, FirstTime, Unmet, UnmetRule};
use super::document::{Book, Outcome, People, Rules};
use super::limits::{Limits, RuleUse};
use crate::ids::RuleId;

/// A rule that matches if its limits fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The rule.
    pub rule: RuleId,
    /// What it leads to.
    pub outcome: Outcome,
    /// Its limits for the coin; may be empty.
    pub limits: Limits,
    /// The rules before it that do not match whatever the counters say, in order.
    pub unmet_before: Vec<UnmetRule>,
}

/// The rules that may decide, in order: all but the last have limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidates {
    /// Up to and including the first without limits.
    pub list: Vec<Candidate>,
    /// The rules that do not match, in order, up to the same point.
    pub unmet: Vec<UnmetRule>,
}

/// What the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No rule matches.
    Refused {
        /// Why not, a reason each.
        unmet: Vec<UnmetRule>,
    },
    /// This rule matches.
    Decided {
        /// Which.
        rule: RuleId,
        /// What it leads to.
        outcome: Outcome,
        /// Why no rule before it matches, a reason each.
        unmet: Vec<UnmetRule>,
    },
    /// A figure is missing, so it can't be said whether this rule matches. The payout waits.
    Held {
        /// The rule.
        rule: RuleId,
        /// What is missing.
        missing: String,
    },
}

/// The rules whose conditions hold, counters aside, up to and including the first that has no limits.
pub fn candidates(rules: &Rules, people: &People, book: &Book, case: &Case<'_>) -> Candidates {
    let documents = Documents { rules, people, book };
    let mut found = Candidates::default();
    for rule in &rules.rules {
        let judged = documents.unmet(rule, case, FirstTime::Strict).and_then(|()| {
            Limits::of(rules, rule, &case.coin).ok_or_else(|| Unmet::UnknownCoin { coin: case.coin.clone() })
        });
        let limits = match judged {
            Ok(limits) => limits,
            Err(unmet) => {
                found.unmet.push((rule.id.clone(), unmet));
                continue;
            }
        };
        let decides = limits.is_empty();
        found.list.push(Candidate {
            rule: rule.id.clone(),
            outcome: rule.outcome.clone(),
            limits,
            unmet_before: found.unmet.clone(),
        });
        if decides {
            break;
        }
    }
    found
}

/// The verdict under counters that `usage` knows. It is asked only about candidates with limits; `None` says that a
/// figure is missing, which holds the payout.
pub fn decide(
    rules: &Rules,
    people: &People,
    book: &Book,
    case: &Case<'_>,
    usage: &dyn Fn(&Candidate) -> Option<RuleUse>,
) -> Verdict {
    let Candidates { list, unmet } = candidates(rules, people, book, case);
    let mut used_up: Vec<UnmetRule> = Vec::new();
    for candidate in list {
        if !candidate.limits.is_empty() {
            let Some(used) = usage(&candidate) else {
                let missing = format!("what rule {} has spent is not known", candidate.rule);
                return Verdict::Held { rule: candidate.rule, missing };
            };
            if let Err(reason) = candidate.limits.fit(case.amount, &used) {
                used_up.push((candidate.rule, reason));
                continue;
            }
        }
        let Candidate { rule, outcome, limits: _, unmet_before } = candidate;
        return Verdict::Decided { rule, outcome, unmet: in_order(rules, unmet_before, used_up) };
    }
    Verdict::Refused { unmet: in_order(rules, unmet, used_up) }
}

/// Reasons in the order of the rules.
fn in_order(rules: &Rules, mut unmet: Vec<UnmetRule>, used_up: Vec<UnmetRule>) -> Vec<UnmetRule> {
    unmet.extend(used_up);
    unmet.sort_by_key(|(id, _)| rules.rules.iter().position(|rule| rule.id == *id));
    unmet
}

/// A sentence a line: what decides, and the first unmet condition of each rule above.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unmet = match self {
            Self::Refused { unmet } => {
                f.write_str("no rule matches: refused")?;
                unmet
            }
            Self::Decided { rule, outcome, unmet } => {
                write!(f, "rule {rule} decides: {outcome}")?;
                unmet
            }
            Self::Held { rule, missing } => return write!(f, "held at rule {rule}: {missing}"),
        };
        for (rule, reason) in unmet {
            write!(f, "\n  not {rule}: {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        for (index, step) in self.steps().iter().enumerate() {
            let joint = if index == 0 { " by" } else { ", then" };
            write!(f, "{joint} {} of {}", step.quorum, step.group)?;
        }
        Ok(())
    }
}
