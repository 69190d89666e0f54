//! What co-signers are given about a payout, so that they can check it without believing the gateway.

use payout::life::State;
use store::PayoutRow;
use wire::message::{CallerProof, SignRequest, Target};

use super::StepError;
use crate::state::Gateway;

/// The intent with everything that was signed about it. `unsigned` is empty where the intent is only shown.
///
/// # Errors
/// [`StepError::Store`].
pub async fn sign_request(
    gateway: &Gateway,
    row: &PayoutRow,
    unsigned: Vec<u8>,
) -> Result<SignRequest, StepError> {
    let store = &gateway.store;
    // Stops travel on their own: here is what speaks for the payout, in the order of its arrival.
    let mut acts = store.acts(row.cid()).await?;
    acts.retain(|act| act.intent == row.digest && !act.act.is_stop());
    let caller = store.caller(row.cid()).await?;
    let target = match &row.payout.intent.target {
        None => None,
        Some(digest) => store.payout_by_intent(digest).await?.map(|target| Target {
            intent: target.payout.intent.canonical(),
            unsigned: unsigned_of(&target.payout.state),
        }),
    };
    Ok(SignRequest {
        intent: row.payout.intent.canonical(),
        acts,
        caller: caller.map(|proof| CallerProof { header: proof.header, body: proof.body }),
        unsigned,
        target,
    })
}

/// The bytes that were made for a payout, as far as its state still holds them.
fn unsigned_of(state: &State) -> Vec<u8> {
    match state {
        State::Built { build } | State::Signing { build, .. } => build.unsigned.clone(),
        State::Signed { tx } | State::Sent { tx, .. } => tx.build.unsigned.clone(),
        State::Undecided { .. }
        | State::Screening { .. }
        | State::Approving { .. }
        | State::Queued
        | State::Succeeded { .. }
        | State::Failed { .. }
        | State::Refused { .. }
        | State::Rejected { .. }
        | State::Withdrawn { .. } => Vec::new(),
    }
}
