//! Fifth: what a void, a raise_cap or a later attempt refers to. The intents themselves say what they are; where they
//! contradict each other, nothing that happens later can mend it.

use payout::intent::{Intent, Kind};
use wire::message::{Check, Refusal};

use super::context::Context;
use super::subject::{Subject, TargetIntent};
use crate::journal::Believed;
use crate::refuse::{later, never};

pub(crate) fn check(ctx: &Context<'_>, believed: Believed, subject: &Subject) -> Result<(), Refusal> {
    let intent = &subject.intent;
    let first = intent.attempt == payout::ids::Attempt::FIRST;
    match (intent.kind, intent.target) {
        (Kind::Payout, None) if first => Ok(()),
        (Kind::Maintenance, None) if first => Ok(()),
        (Kind::Maintenance, None) => {
            contradiction("a maintenance operation is ordered anew, not attempted again")
        }
        (Kind::Payout, Some(_)) if first => contradiction("a first attempt refers to no other intent"),
        (Kind::Maintenance, Some(_)) => contradiction("a maintenance operation refers to no other intent"),
        (Kind::Payout | Kind::Void | Kind::RaiseCap, None) => {
            contradiction(format!("{} must name the intent that it refers to", name(intent)))
        }
        (Kind::Payout | Kind::Void | Kind::RaiseCap, Some(named)) => {
            let target = subject.target.as_ref().ok_or_else(|| {
                later(Check::Session, format!("the text of the target {named} was not brought along"))
            })?;
            same_payment(intent, &target.intent)?;
            match intent.kind {
                Kind::Payout => next_attempt(ctx, believed, intent, target),
                Kind::RaiseCap => raised(ctx, intent, target),
                Kind::Void | Kind::Maintenance => same_attempt(intent, target),
            }
        }
    }
}

fn name(intent: &Intent) -> String {
    match intent.kind {
        Kind::Payout => format!("attempt {}", intent.attempt),
        kind => format!("a {kind}"),
    }
}

/// Everything that says what is paid and from where; times, fee cap, rule and applicant may differ. A void or raised cap
/// has numbers of its own at the gateway; the journal counts it under its target's.
fn same_payment(intent: &Intent, target: &Intent) -> Result<(), Refusal> {
    match (intent.kind, target.kind) {
        // What a maintenance waits for stands in the way of later ones just the same.
        (_, Kind::Payout) | (Kind::Void, Kind::Maintenance) => {}
        _ => return contradiction(format!("the target is a {}, not a payout", target.kind)),
    }
    let differences = [
        ("deployment", intent.deployment != target.deployment),
        ("project", intent.project != target.project),
        ("cid", intent.kind == Kind::Payout && intent.cid != target.cid),
        ("third_party_id", intent.kind == Kind::Payout && intent.third_party_id != target.third_party_id),
        ("wallet", intent.wallet != target.wallet),
        ("address_index", intent.address_index != target.address_index),
        ("network_id", intent.network_id != target.network_id),
        ("chain_id", intent.chain_id != target.chain_id),
        ("token_id", intent.token_id != target.token_id),
        ("from", intent.from != target.from),
        ("to", intent.to != target.to),
        ("amount", intent.amount != target.amount),
        ("memo", intent.memo != target.memo),
    ];
    match differences.iter().find(|(_, differs)| *differs) {
        None => Ok(()),
        Some((field, _)) => contradiction(format!("{field} is not the one of the target")),
    }
}

fn same_attempt(intent: &Intent, target: &TargetIntent) -> Result<(), Refusal> {
    if intent.attempt == target.intent.attempt {
        return Ok(());
    }
    contradiction(format!(
        "it is about attempt {}, its target is attempt {}",
        intent.attempt, target.intent.attempt
    ))
}

fn raised(ctx: &Context<'_>, intent: &Intent, target: &TargetIntent) -> Result<(), Refusal> {
    same_attempt(intent, target)?;
    if intent.fee_cap <= target.intent.fee_cap {
        return contradiction(format!(
            "the fee cap {} is not above the target's {}",
            intent.fee_cap, target.intent.fee_cap
        ));
    }
    // Until the payout has a token there is nothing to raise. A lie about it loosens nothing: whatever is signed is the
    // payout's one payment all the same.
    match ctx.union.token_of(ctx.union.anybody(), &target.digest) {
        Some(_) => Ok(()),
        None => Err(later(Check::Journal, "the payout whose cap is raised was never signed for")),
    }
}

fn next_attempt(
    ctx: &Context<'_>,
    believed: Believed,
    intent: &Intent,
    target: &TargetIntent,
) -> Result<(), Refusal> {
    let (this, before) = (intent.attempt.get(), target.intent.attempt.get());
    if before.checked_add(1) != Some(this) {
        return contradiction(format!(
            "attempt {this} must follow attempt {}, its target is {before}",
            this - 1
        ));
    }
    let mut signed = ctx.union.payouts_numbered(believed, intent.cid, target.intent.attempt);
    match signed.find(|payout| **payout != target.digest) {
        None => Ok(()),
        Some(other) => Err(later(
            Check::Journal,
            format!("attempt {before} was signed for as {other}, the target is {}", target.digest),
        )),
    }
}

fn contradiction<T>(reason: impl Into<String>) -> Result<T, Refusal> {
    Err(never(Check::Journal, reason))
}
