//! When co-signers refuse: wait, or the end.
//!
//! A refusal that may pass later ends nothing. The end (status 2) needs signed *never* entries from so many co-signers
//! that no quorum is left, even if as many of them as the deployment assumes go back on their word.

use std::collections::{BTreeMap, BTreeSet};

use payout::life::{Event, State};
use store::{Never, PayoutRow, StoreError};
use wire::message::{Check, NeverProof, Refusal};

use super::{REFUSED_MS, advance, after, hold, pace, wait};
use crate::clock;
use crate::engine::{Next, StepError};
use crate::state::Gateway;

/// How long the end of a payout waits for the word of a co-signer that was lost in the middle of a session, ms.
const HEARD_OUT_MS: i64 = 30_000;

/// The *never* entries about this payout's intent that are on record and hold: one a co-signer.
pub(super) async fn nevers(gateway: &Gateway, row: &PayoutRow) -> Result<Vec<Never>, StoreError> {
    let mut valid = BTreeMap::new();
    for never in gateway.store.nevers(&row.digest).await? {
        // Whoever can write to the database can't end a payout by it.
        let proof = NeverProof {
            index: never.index,
            intent: never.intent,
            reason: never.reason.clone(),
            at: never.at,
            signature: never.signature,
        };
        let seat = gateway.genesis.roster.seat(never.index);
        let holds = never.intent == row.digest && seat.is_some_and(|seat| proof.verify(&seat.key).is_ok());
        if holds {
            valid.insert(never.index, never);
        } else {
            tracing::error!(cid = %row.cid(), index = never.index, "the database holds a never that does not verify");
        }
    }
    Ok(valid.into_values().collect())
}

/// Ends the payout if nobody is left to sign it. Not at once if a co-signer was lost in the middle of a session: it has
/// that long to come back and say that it did not contribute, because only then is the token free for another payout,
/// and a hole in a lane needs people to void it. `None` as long as there is somebody to ask.
pub(super) async fn end_if_nobody_is_left(
    gateway: &Gateway,
    row: &PayoutRow,
    nevers: &[Never],
) -> Result<Option<Next>, StepError> {
    if matches!(row.payout.state, State::Outbidding { .. }) {
        // An earlier offer is signed and may land: only the chain ends it.
        return Ok(None);
    }
    let Some(why) = nobody_left(gateway, nevers) else { return Ok(None) };
    let unheard = unheard(gateway, row, nevers).await?;
    let now = clock::now();
    let decided = nevers.iter().map(|never| never.at).max();
    let waited = decided.map_or(HEARD_OUT_MS, |decided| now.since(decided));
    let Some(first) = unheard.first() else { return end(gateway, row, why).await.map(Some) };
    // A clock that is far off must not keep a payout from its end.
    if !(-HEARD_OUT_MS..HEARD_OUT_MS).contains(&waited) {
        return end(gateway, row, why).await.map(Some);
    }
    if gateway.hub.connected().contains(first) {
        return Ok(None);
    }
    let reason =
        format!("nobody signs it any more ({why}); co-signer {first} has yet to say that it did not");
    let next_action =
        "bring it back: without its word the token stays used, and a void has to move the lane on";
    hold(gateway, row, wait(reason, next_action), now.plus(REFUSED_MS)).await.map(Some)
}

/// Who may have contributed, as far as is known.
async fn unheard(gateway: &Gateway, row: &PayoutRow, nevers: &[Never]) -> Result<BTreeSet<u8>, StoreError> {
    let promised = nevers.iter().map(|never| never.index).collect();
    let sessions = gateway.store.sessions(row.cid()).await?;
    let own = sessions.iter().filter(|session| session.intent == row.digest);
    Ok(own.flat_map(|session| session.may_have_contributed(&promised)).collect())
}

/// Why nobody is left to sign, if that is so.
fn nobody_left(gateway: &Gateway, nevers: &[Never]) -> Option<String> {
    let roster = &gateway.genesis.roster;
    let needed = needed(roster.share_count(), roster.threshold, roster.faults_assumed());
    (nevers.len() >= usize::from(needed)).then(|| {
        let reasons = nevers.iter().map(|never| format!("co-signer {}: {}", never.index, never.reason));
        reasons.collect::<Vec<_>>().join("; ")
    })
}

/// n − t + 1 leave no quorum; f of them may be lying.
const fn needed(share_count: u8, threshold: u8, faults: u8) -> u8 {
    share_count.saturating_sub(threshold).saturating_add(1).saturating_add(faults)
}

/// Keeps what was refused for ever, and ends the payout if that is enough; otherwise it waits.
pub(super) async fn take(
    gateway: &Gateway,
    row: &PayoutRow,
    refusals: &[(u8, Refusal)],
) -> Result<Next, StepError> {
    let proofs = refusals.iter().filter_map(|(_, refusal)| refusal.never.clone());
    let kept = proofs.map(|NeverProof { index, intent, reason, at, signature }| {
        gateway.store.record_never(Never { index, intent, reason, at, signature })
    });
    futures::future::try_join_all(kept).await?;
    if let Some(next) = end_if_nobody_is_left(gateway, row, &nevers(gateway, row).await?).await? {
        return Ok(next);
    }
    let reasons: Vec<_> =
        refusals.iter().map(|(index, refusal)| format!("co-signer {index} refuses ({refusal})")).collect();
    let next = refusals.iter().map(|(_, refusal)| refusal.check).max().map_or("none", next_action);
    let due_at = pace::again(row, clock::now(), REFUSED_MS);
    hold(gateway, row, wait(reasons.join("; "), next), due_at).await
}

/// Ends the payout: status 2. The store frees its token if no session of it ever passed the checks.
async fn end(gateway: &Gateway, row: &PayoutRow, why: String) -> Result<Next, StepError> {
    let refused = Event::SignatureRefused { why };
    let events = match row.payout.state {
        State::Built { .. } => vec![Event::SigningStarted, refused],
        _ => vec![refused],
    };
    let ended = gateway.store.advance(advance(row.cid(), row.version, events, clock::now(), None)).await?;
    after(gateway, &ended);
    Ok(Next::Advanced)
}

/// What somebody can do about a check that fails.
const fn next_action(check: Check) -> &'static str {
    match check {
        Check::Session => "none: they are asked again",
        Check::Peers => "look at `bursar status`: a ban is lifted by a refresh that the admins order",
        Check::Policy => "none: the policy is on its way to them; if it stays, compare the policy's versions",
        Check::Frozen => "the admins' quorum lifts the freeze, or the owner ends the quarantine",
        Check::Journal => "look at `bursar why`: the journals speak against it",
        Check::Rule => "withdraw it, or publish rules that allow it and pay again",
        Check::Approvals => "see who has yet to approve",
        Check::Time => "set the clocks of gateway and co-signers; an expired approval needs a new attempt",
        Check::Bytes | Check::Address => {
            "look for a fault or an intruder in the gateway before anything else"
        }
        Check::Budget => "wait until the window moves on, or let the admins publish a higher limit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_nevers_that_no_quorum_is_left_even_if_those_assumed_faulty_lie() {
        assert_eq!(needed(3, 2, 0), 2);
        assert_eq!(needed(4, 3, 1), 3);
        assert_eq!(needed(5, 4, 2), 4);
        assert_eq!(needed(2, 2, 1), 2);
    }
}
