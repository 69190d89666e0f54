//! Tenth: the unsigned bytes, decoded here, do exactly what the intent says. Wrong bytes say nothing about the intent:
//! the right ones may still come.

use chain::{Decoded, ValidUntil};
use payout::intent::{Intent, Kind};
use payout::time::Millis;
use wire::message::{Check, Refusal};

use super::context::Context;
use super::subject::{Subject, TargetIntent};
use super::terms::Terms;
use crate::journal::Believed;
use crate::refuse::later;

/// How far ahead of our time bytes may lapse, ms: what may land for longer can't be proven dead for as long, and money
/// waits with it. A chain's nodes allow a day.
pub const LAPSES_WITHIN_MS: i64 = 10 * 60 * 1000;

/// The bytes' meaning. Nothing is compared yet.
pub(crate) fn decode(terms: &Terms<'_>, unsigned: &[u8]) -> Result<Decoded, Refusal> {
    chain::family(terms.network.family)
        .decode(&terms.network.network_id, unsigned)
        .map_err(|error| later(Check::Bytes, format!("the bytes are not signed: {error}")))
}

pub(crate) fn check(
    ctx: &Context<'_>,
    participants: &[u8],
    believed: Believed,
    terms: &Terms<'_>,
    subject: &Subject,
    decoded: &Decoded,
) -> Result<(), Refusal> {
    chain::compare(&subject.intent, decoded).map_err(|mismatch| later(Check::Bytes, mismatch.to_string()))?;
    lapses(decoded.valid_until, ctx.now(participants))?;
    match (subject.intent.kind, &subject.target) {
        // A payout that no co-signer ever signed for can be voided as well, if its bytes say which token it had.
        (Kind::Void, Some(target)) if ctx.union.token_of(believed, &target.digest).is_none() => {
            let theirs = decode(terms, &target.unsigned)?;
            chain::compare(&target.intent, &theirs).map_err(|mismatch| {
                later(Check::Bytes, format!("the target's bytes are not the target's: {mismatch}"))
            })?;
            if theirs.token == decoded.token {
                return Ok(());
            }
            Err(later(
                Check::Bytes,
                format!("the payout has {}, the void spends {}", theirs.token, decoded.token),
            ))
        }
        (Kind::Payout, Some(target)) => no_more(ctx, believed, terms, &subject.intent, target, decoded),
        _ => Ok(()),
    }
}

/// A later attempt pays once more while the bytes of the one before it can still land. Where bytes name the time of their
/// end, the attempt must have been made after it, so that those who approved it could know what had become of the other.
fn no_more(
    ctx: &Context<'_>,
    believed: Believed,
    terms: &Terms<'_>,
    intent: &Intent,
    before: &TargetIntent,
    decoded: &Decoded,
) -> Result<(), Refusal> {
    let mut signed = ctx.union.tokens_of(believed, &before.digest).peekable();
    if signed.peek().is_none() || !matches!(decoded.valid_until, Some(ValidUntil::Time(_))) {
        return Ok(());
    }
    let theirs = decode(terms, &before.unsigned)?;
    // Everybody's: a journal that lies must not stand for the honest ones.
    if let Some(other) = signed.find(|token| **token != theirs.token) {
        let found = &theirs.token;
        return Err(later(
            Check::Bytes,
            format!("the attempt before was signed for as {other}, the bytes brought along are {found}"),
        ));
    }
    match theirs.valid_until {
        Some(ValidUntil::Time(until)) if intent.created.min(ctx.clock) <= until => Err(later(
            Check::Bytes,
            format!(
                "the attempt before can land until {until}, this one was made at {}: withdraw it, and approve one that \
                 is made afterwards",
                intent.created
            ),
        )),
        Some(ValidUntil::Time(_) | ValidUntil::Height(_)) | None => Ok(()),
    }
}

/// Bytes that lapse at a time do so soon, but not before they can land. Heights are not judged: we know of no block.
fn lapses(until: Option<ValidUntil>, now: Millis) -> Result<(), Refusal> {
    let Some(ValidUntil::Time(until)) = until else { return Ok(()) };
    let left = until.since(now);
    if left <= 0 {
        return Err(later(Check::Bytes, format!("the bytes lapsed at {until}, it is {now}")));
    }
    if left > LAPSES_WITHIN_MS {
        let minutes = LAPSES_WITHIN_MS / 60_000;
        return Err(later(
            Check::Bytes,
            format!("the bytes lapse at {until}, over {minutes} minutes from {now}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_lapse_soon_but_not_yet() {
        let at = |ms| Millis::new(ms).unwrap();
        let now = at(1_700_000_000_000);
        let lapse = |left| lapses(Some(ValidUntil::Time(now.plus(left))), now);
        assert_eq!(lapse(1), Ok(()));
        assert_eq!(lapse(LAPSES_WITHIN_MS), Ok(()));
        assert!(lapse(LAPSES_WITHIN_MS + 1).unwrap_err().reason.contains("over 10 minutes"));
        assert!(lapse(0).unwrap_err().reason.contains("lapsed at"));
        assert_eq!(lapses(Some(ValidUntil::Height(1)), now), Ok(()));
        assert_eq!(lapses(None, now), Ok(()));
    }
}
