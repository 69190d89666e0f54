//! Ninth: time. Ours is the greater of clock and newest journal entry; peers whose time is far off are not signed with.
//! Expiry ends the time to approve only: it is compared with the earliest sight in the journals that can be believed.

use payout::intent::Intent;
use payout::time::Millis;
use wire::message::{Check, Refusal};

use super::context::{Context, Session};
use super::subject::Subject;
use crate::journal::AHEAD_MS;
use crate::refuse::later;

/// The most that two participants' times may differ, ms.
pub const CLOCKS_MS: i64 = AHEAD_MS;

pub(crate) fn check(ctx: &Context<'_>, session: &Session<'_>, subject: &Subject) -> Result<(), Refusal> {
    let now = ctx.now(session.participants);
    for (peer, theirs) in session.clocks {
        let apart = ctx.clock.since(*theirs).abs();
        if apart > CLOCKS_MS {
            return Err(later(Check::Time, format!("the clock of co-signer {peer} is {apart} ms off ours")));
        }
        // An entry may be dated ahead of our clock, by as much again.
        let ahead = now.since(*theirs);
        if ahead > CLOCKS_MS + AHEAD_MS {
            let reason = format!("the journals held here are {ahead} ms ahead of co-signer {peer}'s clock");
            return Err(later(Check::Time, reason));
        }
    }
    begun(&subject.intent, now)?;
    let expiry = subject.intent.expiry;
    let faults = ctx.policy.roster().faults_assumed();
    let seen = ctx.union.first_sight(&subject.digest, faults).unwrap_or(now).min(now);
    if seen <= expiry {
        return Ok(());
    }
    Err(later(
        Check::Time,
        format!(
            "it expired at {expiry} and no co-signer saw it approved before: withdraw it, or approve a next attempt"
        ),
    ))
}

/// For a sight: in time is now, or the entry that some journal has already.
pub(crate) fn check_sight(ctx: &Context<'_>, subject: &Subject) -> Result<(), Refusal> {
    check(ctx, &Session { participants: &[], clocks: &[] }, subject)
}

fn begun(intent: &Intent, now: Millis) -> Result<(), Refusal> {
    let ahead = intent.created.since(now);
    if ahead <= CLOCKS_MS {
        return Ok(());
    }
    Err(later(Check::Time, format!("the intent was made {ahead} ms in the future")))
}
