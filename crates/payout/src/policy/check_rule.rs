//! What a co-signer checks of the rule that an intent names.
//!
//! The gateway decided when it accepted; the co-signer must not take its word. It can't repeat the decision either:
//! counters have moved on, the recipient may have been paid meanwhile, newer rules may be published. What it can check
//! is that nobody was asked less than the rules ask:
//!
//! 1. The rule is in the version that the intent names, its conditions hold, and each rule before it is out of the way.
//! 2. The same under the newest version, whose limits alone count: admins refill and tighten by publishing.
//! 3. The outcome is the stricter of the two; where neither covers the other, the payout waits for people.
//!
//! *Out of the way* is a rule before the named one
//! - whose conditions do not hold, counters aside; or
//! - whose outcome the named rule's covers: whoever satisfies the named rule has satisfied this one too, so skipping it
//!   spares nobody a question (this is what makes an `auto` that was used up at accept and has room again harmless); or
//! - whose limits are used up by the co-signers' own counters.
//!
//! A matching `deny` is never out of the way, and neither, in the named version, is a rule without limits.
//!
//! **First-time recipients.** `case.recipient` is what the co-signer's journals say: [`Recipient::Known`] only with an
//! entry of a payment to that address, else [`Recipient::FirstTime`]. The named rule's own condition `first_time` is
//! also met by a recipient that is known by now, because it may have been paid between accept and signing. A rule
//! before it that asks for `first_time` is out of the way only for a recipient that the journals know.
//!
//! **Finality.** [`Finality::Never`] ends a payout, so it is said only of what no later event can change: the named
//! version and the intent are fixed; people, book, journals and newest version are not.
//!
//! [`Recipient::Known`]: super::Recipient::Known
//! [`Recipient::FirstTime`]: super::Recipient::FirstTime

use std::fmt;

use serde::{Deserialize, Serialize};

use super::condition::{Case, Documents, FirstTime};
use super::document::{Book, Outcome, People, RecipientCondition, Rule, Rules};
use super::limits::{Limits, RuleUse};
use crate::ids::RuleId;
use crate::life::StepQuorum;

/// Whether a refusal can pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finality {
    /// It may be accepted later: the payout waits.
    Later,
    /// It will not be accepted whatever happens.
    Never,
}

/// Why a rule does not carry an intent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct RuleGap {
    /// Whether that can change.
    pub finality: Finality,
    /// In words.
    pub why: String,
}

/// The documents by which a rule that an intent names is checked.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The rules of the version that the intent names.
    pub named: &'a Rules,
    /// The newest rules.
    pub newest: &'a Rules,
    /// The newest people.
    pub people: &'a People,
    /// The newest address book.
    pub book: &'a Book,
}

/// Checks the rule that an intent names, under the version that it names and the newest; returns the outcome that must
/// be satisfied. The module's text has the exact meaning.
///
/// `usage` is what the co-signers' merged journals say of a rule's limits, this intent not included.
///
/// # Errors
/// [`RuleGap`] says why the rule does not carry the intent.
pub fn check_rule(
    held: Held<'_>,
    case: &Case<'_>,
    rule: &RuleId,
    usage: &dyn Fn(&RuleId, &Limits) -> RuleUse,
) -> Result<Outcome, RuleGap> {
    let Held { named, newest, people, book } = held;
    let question = Question { case, rule, usage };
    let then = question.holds_in(Documents { rules: named, people, book }, Version::Named)?;
    let now = question.holds_in(Documents { rules: newest, people, book }, Version::Newest)?;
    let limits = Limits::of(newest, now, &case.coin)
        .ok_or_else(|| later(format!("the coin {} is not in the newest rules", case.coin)))?;
    if !limits.is_empty() {
        let used = usage(rule, &limits);
        limits.fit(case.amount, &used).map_err(|unmet| later(format!("rule {rule}: {unmet}")))?;
    }
    stricter(&then.outcome, &now.outcome).cloned().ok_or_else(|| {
        later(format!("rule {rule} asks other people in the newest rules; the payout needs a new attempt"))
    })
}

/// Whether whoever satisfies `outcome` has satisfied `other` as well.
///
/// `auto` asks nobody. Steps cover steps if each step of `other` finds, in order, a step of the same group with at least
/// its quorum: acts that fill the one fill the other.
pub fn covers(outcome: &Outcome, other: &Outcome) -> bool {
    match (outcome, other) {
        (_, Outcome::Deny) | (Outcome::Deny, _) => false,
        (_, Outcome::Auto) => true,
        (Outcome::Auto, Outcome::Approve { .. }) => false,
        (Outcome::Approve { steps, .. }, Outcome::Approve { steps: others, .. }) => {
            let mut steps = steps.iter();
            let found = |other: &StepQuorum| {
                steps.any(|step| step.group == other.group && step.quorum >= other.quorum)
            };
            others.iter().all(found)
        }
    }
}

fn stricter<'a>(then: &'a Outcome, now: &'a Outcome) -> Option<&'a Outcome> {
    if covers(then, now) {
        Some(then)
    } else if covers(now, then) {
        Some(now)
    } else {
        None
    }
}

struct Question<'a> {
    case: &'a Case<'a>,
    rule: &'a RuleId,
    usage: &'a dyn Fn(&RuleId, &Limits) -> RuleUse,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Named,
    Newest,
}

impl Question<'_> {
    /// The rule, if it is there, its conditions hold, and no rule before it stands in its way.
    fn holds_in<'r>(&self, documents: Documents<'r>, version: Version) -> Result<&'r Rule, RuleGap> {
        let Self { case, rule: id, usage: _ } = self;
        let position = documents.rules.rules.iter().position(|rule| rule.id == **id);
        let position = position
            .ok_or_else(|| version.gap(Changes::Never, format!("there is no rule {id} in the {version}")))?;
        let (before, from) = documents.rules.rules.split_at(position);
        let rule = &from[0];
        documents.unmet(rule, case, FirstTime::Lenient).map_err(|unmet| {
            let changes = if unmet.is_final() { Changes::Never } else { Changes::Perhaps };
            version.gap(changes, format!("rule {id} of the {version} does not match: {unmet}"))
        })?;
        if rule.outcome == Outcome::Deny {
            return Err(version.gap(changes_of(rule), format!("rule {id} of the {version} denies it")));
        }
        for earlier in before {
            self.out_of_the_way(documents, version, earlier, rule)?;
        }
        Ok(rule)
    }

    fn out_of_the_way(
        &self,
        documents: Documents<'_>,
        version: Version,
        earlier: &Rule,
        rule: &Rule,
    ) -> Result<(), RuleGap> {
        let Self { case, rule: _, usage } = self;
        if documents.unmet(earlier, case, FirstTime::Strict).is_err() {
            return Ok(());
        }
        let id = &earlier.id;
        if earlier.outcome == Outcome::Deny {
            return Err(version.gap(changes_of(earlier), format!("rule {id} of the {version} denies it")));
        }
        // A coin that is not in these rules was unmet above.
        let limits = Limits::of(documents.rules, earlier, &case.coin).filter(|limits| !limits.is_empty());
        let covered = covers(&rule.outcome, &earlier.outcome);
        let Some(limits) = limits else {
            // No counter explains why it was passed over. Rules that are newer than the decision may come before it,
            // if whoever was asked satisfies them too.
            return if covered && version == Version::Newest {
                Ok(())
            } else {
                Err(version.gap(changes_of(earlier), format!("rule {id} of the {version} comes first")))
            };
        };
        if covered || limits.fit(case.amount, &usage(id, &limits)).is_err() {
            return Ok(());
        }
        Err(later(format!("rule {id} of the {version} comes first and is not used up")))
    }
}

/// Whether a fact about an intent and a fixed version of the rules can change.
#[derive(Clone, Copy)]
enum Changes {
    Never,
    Perhaps,
}

/// Whether a rule that matches now may cease to match: when it asks for the book, for who was paid, for whose wallets
/// there are, or for a caller who may be removed.
fn changes_of(rule: &Rule) -> Changes {
    match rule.recipient {
        RecipientCondition::Any if !rule.caller_signed => Changes::Never,
        RecipientCondition::Any
        | RecipientCondition::External
        | RecipientCondition::Internal
        | RecipientCondition::FirstTime
        | RecipientCondition::Group(_) => Changes::Perhaps,
    }
}

impl Version {
    fn gap(self, changes: Changes, why: String) -> RuleGap {
        match (self, changes) {
            (Self::Named, Changes::Never) => RuleGap { finality: Finality::Never, why },
            // The next version may say otherwise again.
            (Self::Newest, _) | (Self::Named, Changes::Perhaps) => later(why),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Named => "rules that the intent names",
            Self::Newest => "newest rules",
        })
    }
}

fn later(why: String) -> RuleGap {
    RuleGap { finality: Finality::Later, why }
}
