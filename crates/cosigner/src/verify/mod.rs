//! What a co-signer checks before it contributes, in the order that the design fixes; the first that fails is the
//! refusal. A file a check:
//!
//! | | file | check | *never*, that is for ever | *later*, everything else |
//! | --- | --- | --- | --- | --- |
//! | 0 | `subject` | session | | the intent or its target can't be read |
//! | 1 | `session` | session, peers | | wrong, too few, unknown or banned participants |
//! | 2 | `policy` | policy | another deployment; rules version 0 | a version not held; a newer one exists |
//! | 3 | `frozen` | frozen | | frozen; paused on this host; quarantined |
//! | 4 | `stops` | journal | stopped by who may; refused here for ever before | |
//! | 5 | `target` | journal | the intents themselves contradict each other | target's text missing; never signed for |
//! | 6 | `terms` | rule | contradicts its own kind, or the version named: network, coin, amount text, spelling, fee cap, expiry; a demo on a real network | contradicts the newest version only |
//! | 7 | `rule`, `caller` | rule | the named rule is not there, denies, or can't match | counters, people, book, newest rules |
//! | 8 | `approvals` | approvals | a rejection or withdrawal by who may is among the acts | not enough yet; ones that don't count |
//! | 9 | `time` | time | | clocks apart; made in the future; expired unseen |
//! | 10 | `bytes` | bytes | | **always later**: wrong bytes say nothing about the intent |
//! | 11 | `address` | address | the wallet whose key is held here has another address | no share, not active, another key, an old epoch |
//! | 12 | [`crate::journal::Demand`] | journal, budget | our own journal has another payout under its number, or a later attempt; an amount that no coin has | others' journals say so; a used token; limits, budgets, fees |
//!
//! *Never* ends a payout, so it is said only of what concerns the intent itself and no later event can mend, and only on
//! evidence of our own: a hostile gateway must not be able to kill a good payout by sending bad bytes, a bad token or bad
//! approvals for it, nor a compromised co-signer by lying in its journal. The promise counts only once it is journaled
//! ([`crate::journal::Journal::refuse_for_ever`]), and that only if somebody stands behind the intent (`vouched`).

mod address;
mod approvals;
mod bytes;
mod caller;
mod context;
mod derived;
mod frozen;
mod ours;
mod policy;
mod rule;
mod session;
mod stops;
mod subject;
mod target;
mod terms;
mod time;
mod verified;
mod vouched;

use wire::message::{Check, Refusal, SignRequest};

pub use bytes::LAPSES_WITHIN_MS;
pub use caller::CALLER_WINDOW_MS;
pub use context::{Context, Session, WalletKey};
pub use ours::{OWN_ADDRESSES, learn_own_addresses};
pub use stops::StopOrder;
pub use time::SEEN_WITHIN_MS;
pub use verified::{Outline, Sighted, Verified};
pub use vouched::{Vouched, vouched};

use crate::journal::{LONGEST, paper};
use crate::refuse::later;
use subject::Subject;

/// Reads and decodes a request without judging it: what [`crate::journal::Journal::claim`] needs to make the session
/// visible before the journals are exchanged.
///
/// # Errors
/// The refusal to answer with, where there is nothing that could be claimed.
pub fn outline(ctx: &Context<'_>, participants: &[u8], request: &SignRequest) -> Result<Outline, Refusal> {
    let subject = Subject::read(request)?;
    let named = policy::check(ctx, &subject)?;
    let terms = terms::check(ctx, named, &subject.intent)?;
    let decoded = bytes::decode(&terms, &request.unsigned)?;
    let limits = rule::limits(ctx, &subject.intent);
    let demand = verified::demand(ctx, participants, &subject, request, &terms, &decoded, limits)?;
    Ok(Outline { demand })
}

/// Every check, over the merged journals.
///
/// # Errors
/// The first refusal.
pub fn verify(ctx: &Context<'_>, session: &Session<'_>, request: &SignRequest) -> Result<Verified, Refusal> {
    let subject = Subject::read(request)?;
    session::check(ctx, session, &subject)?;
    let named = policy::check(ctx, &subject)?;
    frozen::check(ctx)?;
    stops::check(ctx.policy, ctx.union, &subject)?;
    let believed = ctx.union.among(session.participants);
    target::check(ctx, believed, &subject)?;
    let terms = terms::check(ctx, named, &subject.intent)?;
    let decision = rule::check(ctx, named, &subject, request)?;
    approvals::check(ctx, &decision.outcome, &subject, request)?;
    time::check(ctx, session, &subject, decision.dated)?;
    let decoded = bytes::decode(&terms, &request.unsigned)?;
    bytes::check(ctx, session.participants, believed, &terms, &subject, &decoded)?;
    let (key, path) = address::check(ctx, &terms, &subject)?;
    let participants = session.participants;
    let demand = verified::demand(ctx, participants, &subject, request, &terms, &decoded, decision.limits)?;
    demand.fits(ctx.union, [])?;
    let too_long =
        || later(Check::Session, format!("the request has over {LONGEST} bytes: it could not be kept"));
    let paper = paper(request).ok_or_else(too_long)?;
    Ok(Verified { subject, demand, digest: decoded.digest, path, epoch: key.epoch, paper })
}

/// The checks of an approved intent that is only shown: is it approved, and in time? There are no bytes yet.
///
/// A freeze does not matter: what was approved in time was approved in time.
///
/// # Errors
/// The first refusal.
pub fn sight(ctx: &Context<'_>, request: &SignRequest) -> Result<Sighted, Refusal> {
    let subject = Subject::read(request)?;
    let named = policy::check(ctx, &subject)?;
    stops::check(ctx.policy, ctx.union, &subject)?;
    target::check(ctx, ctx.proven(), &subject)?;
    terms::check(ctx, named, &subject.intent)?;
    let decision = rule::check(ctx, named, &subject, request)?;
    approvals::check(ctx, &decision.outcome, &subject, request)?;
    time::check_sight(ctx, &subject, decision.dated)?;
    Ok(Sighted { quota: rule::quota(&subject.intent, &decision), intent: subject.digest })
}

#[cfg(test)]
mod tests;
