//! Ninth: time. Ours is the greater of clock and newest journal entry; peers whose time is far off are not signed with.
//! Expiry ends the time to approve only: it is compared with the earliest sight in the journals that can be believed.
//! So is the time at which an intent was made, where it matters and nobody but the gateway says so: a gateway that dates
//! a payout back must have shown it then.

use payout::intent::Intent;
use payout::time::{CLOCK_SKEW_MS, Millis};
use wire::message::{Check, Refusal};

use super::context::{Context, Session};
use super::rule::Dated;
use super::subject::Subject;
use crate::refuse::later;

/// How long after it was made an intent must have been seen first if its rule asks for hours and nobody signed its
/// time, ms. A gateway shows it at once; one that was away for longer leaves it to people.
pub const SEEN_WITHIN_MS: i64 = 10 * 60 * 1000;

pub(crate) fn check(
    ctx: &Context<'_>,
    session: &Session<'_>,
    subject: &Subject,
    dated: Dated,
) -> Result<(), Refusal> {
    let now = ctx.now(session.participants);
    for (peer, theirs) in session.clocks {
        let apart = ctx.clock.since(*theirs).abs();
        if apart > CLOCK_SKEW_MS {
            return Err(later(Check::Time, format!("the clock of co-signer {peer} is {apart} ms off ours")));
        }
        // An entry may be dated ahead of our clock, by as much again.
        let ahead = now.since(*theirs);
        if ahead > 2 * CLOCK_SKEW_MS {
            let reason = format!("the journals held here are {ahead} ms ahead of co-signer {peer}'s clock");
            return Err(later(Check::Time, reason));
        }
    }
    begun(&subject.intent, now)?;
    let expiry = subject.intent.expiry;
    let faults = ctx.policy.roster().faults_assumed();
    let seen = ctx.union.first_sight(&subject.digest, faults).unwrap_or(now).min(now);
    if seen > expiry {
        return Err(later(
            Check::Time,
            format!(
                "it expired at {expiry} and no co-signer saw it approved before: withdraw it, or approve a next attempt"
            ),
        ));
    }
    let created = subject.intent.created;
    if dated == Dated::ByGateway && seen.since(created) > SEEN_WITHIN_MS {
        let minutes = SEEN_WITHIN_MS / 60_000;
        return Err(later(
            Check::Time,
            format!(
                "it was made at {created} and first seen at {seen}: its rules have hours, nobody signed its time, and \
                 over {minutes} minutes lie between: withdraw it and ask again, or let people approve it"
            ),
        ));
    }
    Ok(())
}

/// For a sight: in time is now, or the entry that some journal has already.
pub(crate) fn check_sight(ctx: &Context<'_>, subject: &Subject, dated: Dated) -> Result<(), Refusal> {
    check(ctx, &Session { participants: &[], clocks: &[] }, subject, dated)
}

fn begun(intent: &Intent, now: Millis) -> Result<(), Refusal> {
    let ahead = intent.created.since(now);
    if ahead <= CLOCK_SKEW_MS {
        return Ok(());
    }
    Err(later(Check::Time, format!("the intent was made {ahead} ms in the future")))
}
