//! Seventh: the rule that the intent names decides it, under that version and the newest.

use std::cell::RefCell;

use payout::coin::CoinId;
use payout::intent::Intent;
use payout::policy::{self, Case, Limits, Outcome, Recipient, RuleUse, Rules};
use wire::message::{Check, Refusal, SignRequest};

use super::caller;
use super::context::Context;
use super::subject::Subject;
use crate::refuse::later;

/// What the rule asks for, and what it allows.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) outcome: Outcome,
    /// The rule's limits for the coin in the newest rules, to be decided last and under the journal's lock.
    pub(crate) limits: Option<Limits>,
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
    let case = Case::of(intent, recipient(ctx, intent), caller.as_ref());
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
    let outcome = policy::check_rule(named, newest, people, ctx.policy.book(), &case, &intent.rule, &usage)
        .map_err(|gap| {
        let reason = match doubt {
            Some(doubt) => format!("{gap}; the caller's signature does not count: {doubt}"),
            None => gap.why,
        };
        Refusal { check: Check::Rule, finality: gap.finality, reason, never: None }
    })?;
    Ok(Decision { outcome, limits: limits.into_inner() })
}

/// What the journals say of the recipient. Which addresses are a project's own only the gateway knows; the paying
/// address itself is one for certain.
fn recipient(ctx: &Context<'_>, intent: &Intent) -> Recipient {
    if intent.to == intent.from {
        Recipient::Internal
    } else if ctx.union.paid(&intent.chain_id, &intent.to, ctx.policy.roster().threshold) {
        Recipient::Known
    } else {
        Recipient::FirstTime
    }
}

/// The limits of the intent's rule in the newest rules, before anything is judged.
pub(crate) fn limits(ctx: &Context<'_>, intent: &Intent) -> Option<Limits> {
    let newest = ctx.policy.newest_rules();
    let coin = CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() };
    newest.rule(&intent.rule).and_then(|rule| Limits::of(newest, rule, &coin))
}
