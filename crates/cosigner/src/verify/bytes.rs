//! Tenth: the unsigned bytes, decoded here, do exactly what the intent says. Wrong bytes say nothing about the intent:
//! the right ones may still come.

use chain::Decoded;
use payout::intent::Kind;
use wire::message::{Check, Refusal};

use super::context::Context;
use super::subject::Subject;
use super::terms::Terms;
use crate::journal::Believed;
use crate::refuse::later;

/// The bytes' meaning. Nothing is compared yet.
pub(crate) fn decode(terms: &Terms<'_>, unsigned: &[u8]) -> Result<Decoded, Refusal> {
    chain::family(terms.network.family)
        .decode(&terms.network.network_id, unsigned)
        .map_err(|error| later(Check::Bytes, format!("the bytes are not signed: {error}")))
}

pub(crate) fn check(
    ctx: &Context<'_>,
    believed: Believed,
    terms: &Terms<'_>,
    subject: &Subject,
    decoded: &Decoded,
) -> Result<(), Refusal> {
    chain::compare(&subject.intent, decoded).map_err(|mismatch| later(Check::Bytes, mismatch.to_string()))?;
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
        _ => Ok(()),
    }
}
