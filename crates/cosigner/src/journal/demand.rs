//! Whether something may be taken: the one place where one-to-one and all limits are decided.
//!
//! It runs twice for each session, always under the journal's lock: when the session is claimed, over what is held
//! then, and when it is reserved, over the merged journals and all sessions in flight that any participant knows of.

use std::collections::BTreeMap;

use payout::ids::Digest;
use payout::money::Amount;
use payout::policy::{FeeLimit, Limits, RuleUse, Unmet};
use payout::time::Millis;
use wire::message::{Check, Refusal};

use super::authors::{Authors, Believed, Who};
use super::ledger::countable;
use super::one_to_one::{Evidence, OneToOne};
use super::union::Union;
use crate::refuse::{later, never};
use wire::journal::Facts;

const HOUR_MS: i64 = 3_600_000;

/// What a session wants to take, and within which bounds. Made by [`crate::verify`] only.
#[derive(Debug, Clone)]
pub struct Demand {
    pub(crate) facts: Facts,
    /// The rule's limits for the coin in the newest rules; `None` if it has none.
    pub(crate) limits: Option<Limits>,
    /// The chain's fee limit in the newest rules.
    pub(crate) fee: FeeLimit,
    /// The time of the check: the greater of clock and newest entry.
    pub(crate) now: Millis,
    /// The journals that count: the participants'.
    pub(crate) believed: Believed,
}

impl Demand {
    /// What it takes.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Decides over the union and the sessions `in_flight`, this one not among them.
    pub(crate) fn fits<'a>(
        &self,
        union: &Union,
        in_flight: impl IntoIterator<Item = &'a Facts>,
    ) -> Result<(), Refusal> {
        let facts = &self.facts;
        if !countable(facts.amount) {
            let reason = format!("{} base units are more than any coin has", facts.amount);
            return Err(never(Check::Budget, reason));
        }
        if !countable(facts.fee) {
            // It is in the bytes, not in the intent: other bytes may do.
            let reason = format!("the bytes may burn {} base units, more than any coin has", facts.fee);
            return Err(later(Check::Budget, reason));
        }
        union.one_to_one(self.believed, facts).map_err(|(conflict, evidence)| {
            match (&conflict, evidence) {
                // The token is in the bytes, not in the intent: other bytes may do.
                (
                    super::Conflict::TokenTaken { .. } | super::Conflict::OtherToken { .. },
                    Evidence::Own | Evidence::Others,
                ) => later(Check::Journal, conflict.to_string()),
                // Only what our own journal says is certain; others' may lie.
                (_, Evidence::Own) => never(Check::Journal, conflict.to_string()),
                (_, Evidence::Others) => later(Check::Journal, conflict.to_string()),
            }
        })?;
        let others = self.others(in_flight)?;
        self.within_limits(union, &others)?;
        self.within_fees(union, &others)
    }

    /// The other sessions in flight, one an intent, each at its worst. All of them are believed: each is ours, or told by
    /// a participant.
    fn others<'a>(
        &self,
        in_flight: impl IntoIterator<Item = &'a Facts>,
    ) -> Result<BTreeMap<Digest, &'a Facts>, Refusal> {
        let told = Authors::INHERITED;
        let mut taken = OneToOne::new(Authors::default());
        let mut others = BTreeMap::<Digest, &Facts>::new();
        for other in in_flight {
            taken.record(other, told);
            let worst = others.entry(other.intent).or_insert(other);
            if worst.fee < other.fee {
                *worst = other;
            }
        }
        match taken.check(Believed(Who::AnyOf(told)), &self.facts) {
            Ok(()) => Ok(others),
            Err((conflict, _)) => Err(later(Check::Journal, format!("a session in flight: {conflict}"))),
        }
    }

    fn within_limits(&self, union: &Union, others: &BTreeMap<Digest, &Facts>) -> Result<(), Refusal> {
        let Some(limits) = &self.limits else { return Ok(()) };
        let Facts { rule, coin, intent, amount, .. } = &self.facts;
        let start = limits.window_start(self.now);
        let mut used = union.rule_use(self.believed, rule, coin, start, Some(intent));
        for other in others.values().filter(|other| other.rule == *rule && other.intent != *intent) {
            let amount = if *coin == other.coin { other.amount } else { Amount::ZERO };
            let counted = union.part_of_rule_use(self.believed, (rule, coin), start, &other.intent);
            add(&mut used, amount, &counted)
                .ok_or_else(|| later(Check::Budget, format!("rule {rule}: {}", Unmet::Overflow)))?;
        }
        limits.fit(*amount, &used).map_err(|unmet| later(Check::Budget, format!("rule {rule}: {unmet}")))
    }

    fn within_fees(&self, union: &Union, others: &BTreeMap<Digest, &Facts>) -> Result<(), Refusal> {
        let (facts, limit) = (&self.facts, &self.fee);
        let start = self.now.plus(-(i64::from(limit.window_hours) * HOUR_MS));
        let (mut burnt, mut own) = union.fee_use(self.believed, start, facts);
        own = own.max(facts.fee);
        let same_purse = |other: &&&Facts| other.wallet == facts.wallet && other.chain_id == facts.chain_id;
        for other in others.values().filter(same_purse) {
            if same_token(other, facts) {
                own = own.max(other.fee);
            } else {
                burnt = sum(burnt, other.fee)?;
            }
        }
        let would_be = sum(burnt, own)?;
        if would_be <= limit.window_sum {
            return Ok(());
        }
        Err(later(
            Check::Budget,
            format!(
                "fees of wallet {} on chain {} in {} h could be {would_be} base units, over the rules' {}",
                facts.wallet, facts.chain_id, limit.window_hours, limit.window_sum
            ),
        ))
    }
}

/// Adds a session in flight to what is used, as far as it is not counted there already: a journal may have told of it
/// for less.
fn add(used: &mut RuleUse, amount: Amount, counted: &RuleUse) -> Option<()> {
    let lacks = |counted| amount.checked_sub(counted).unwrap_or_default();
    used.window_count = used.window_count.checked_add(1_u32.saturating_sub(counted.window_count))?;
    used.window_sum = used.window_sum.checked_add(lacks(counted.window_sum))?;
    used.total = used.total.checked_add(lacks(counted.total))?;
    Some(())
}

fn same_token(one: &Facts, other: &Facts) -> bool {
    one.network_id == other.network_id && one.from == other.from && one.token == other.token
}

fn sum(a: Amount, b: Amount) -> Result<Amount, Refusal> {
    a.checked_add(b).ok_or_else(|| later(Check::Budget, "a sum of fees does not fit in 256 bits"))
}
