//! Seventh: the rule that the intent names decides it, under that version and the newest.

use std::cell::RefCell;

use payout::coin::CoinId;
use payout::intent::Intent;
use payout::policy::{self, Case, Held, Limits, Outcome, Recipient, RuleUse, Rules};
use wire::message::{Check, Refusal, SignRequest};

use super::context::Context;
use super::subject::Subject;
use super::{caller, ours};
use crate::journal::Quota;
use crate::refuse::later;

/// What the rule asks for, and what it allows.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) outcome: Outcome,
    /// The rule's limits for the coin in the newest rules, to be decided last and under the journal's lock.
    pub(crate) limits: Option<Limits>,
    /// Who says when it was made.
    pub(crate) dated: Dated,
}

/// Whose word the time of an intent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dated {
    /// People's or the caller's, who signed it; or no rule asks for hours.
    Signed,
    /// The gateway's alone, which chooses among a rule's hours by it.
    ByGateway,
}

pub(crate) fn check(
    ctx: &Context<'_>,
    named: &Rules,
    subject: &Subject,
    request: &SignRequest,
) -> Result<Decision, Refusal> {
    let Subject { intent, digest, .. } = subject;
    let people = ctx.policy.people();
    policy::applicant_signed(people, intent, digest, &request.acts)
        .map_err(|error| later(Check::Approvals, error.to_string()))?;
    let (caller, doubt) = match caller::verified(ctx, named, intent, request.caller.as_ref()) {
        Ok(caller) => (caller, None),
        Err(doubt) => (None, Some(doubt)),
    };
    let case = Case::of(intent, recipient(ctx, named, intent), caller.as_ref());
    let limits = RefCell::new(None);
    let usage = |rule: &payout::ids::RuleId, limit: &Limits| {
        if *rule == intent.rule {
            // Its own limits are decided at the end, together with everything that is in flight.
            *limits.borrow_mut() = Some(limit.clone());
            return RuleUse::default();
        }
        // That an earlier rule is used up spares the people whom it asks: nobody is believed who could make it look so.
        let start = limit.window_start(ctx.now(&[]));
        ctx.union.rule_use(ctx.proven(), rule, &case.coin, start, Some(digest))
    };
    let newest = ctx.policy.newest_rules();
    let held = Held { named, newest, people, book: ctx.policy.book() };
    let outcome = policy::check_rule(held, &case, &intent.rule, &usage).map_err(|gap| {
        let reason = match doubt {
            Some(doubt) => format!("{gap}; the caller's signature does not count: {doubt}"),
            None => gap.why,
        };
        Refusal { check: Check::Rule, finality: gap.finality, reason, never: None }
    })?;
    let signed = caller.is_some() || intent.applicant.is_some() || !outcome.steps().is_empty();
    let hours = has_hours(named, intent) || has_hours(newest, intent);
    let dated = if hours && !signed { Dated::ByGateway } else { Dated::Signed };
    Ok(Decision { outcome, limits: limits.into_inner(), dated })
}

/// Whether the hour matters to the intent's rule, or to one before it, which another hour passes over.
fn has_hours(rules: &Rules, intent: &Intent) -> bool {
    let last = rules.rules.iter().position(|rule| rule.id == intent.rule);
    rules.rules.iter().take(last.map_or(0, |last| last + 1)).any(|rule| rule.hours.is_some())
}

/// What the wallets' keys and the journals say of the recipient.
fn recipient(ctx: &Context<'_>, named: &Rules, intent: &Intent) -> Recipient {
    let ours = named
        .network(&intent.chain_id)
        .is_some_and(|network| ours::is_ours(network, &[ctx.policy.newest_rules(), named], &intent.to));
    if ours || intent.to == intent.from {
        Recipient::Internal
    } else if ctx.union.paid(&intent.chain_id, &intent.to, ctx.policy.roster().threshold) {
        Recipient::Known
    } else {
        Recipient::FirstTime
    }
}

/// How many sights of payouts like this one are journaled, if no person approved it.
pub(crate) fn quota(intent: &Intent, decision: &Decision) -> Option<Quota> {
    let window = decision.limits.as_ref().and_then(|limits| limits.window.as_ref());
    let window = window.filter(|_| decision.outcome.steps().is_empty())?;
    Some(Quota { rule: intent.rule.clone(), hours: window.hours, count: window.count })
}

/// The limits of the intent's rule in the newest rules, before anything is judged.
pub(crate) fn limits(ctx: &Context<'_>, intent: &Intent) -> Option<Limits> {
    let newest = ctx.policy.newest_rules();
    let coin = CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() };
    newest.rule(&intent.rule).and_then(|rule| Limits::of(newest, rule, &coin))
}
