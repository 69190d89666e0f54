//! What co-signers are given about a payout, so that they can check it without believing the gateway.

use payout::life::{self, Build};
use store::{PayoutRow, StoreError};
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
        Some(digest) => store.payout_by_intent(digest).await?,
    };
    let target = match target {
        None => None,
        Some(target) => {
            let build = newest_build(gateway, &target).await?;
            let unsigned = build.map_or_else(Vec::new, |build| build.unsigned);
            Some(Target { intent: target.payout.intent.canonical(), unsigned })
        }
    };
    Ok(SignRequest {
        intent: row.payout.intent.canonical(),
        acts,
        caller: caller.map(|proof| CallerProof { header: proof.header, body: proof.body }),
        unsigned,
        target,
    })
}

/// The newest bytes that were made for a payout. One that has ended has them in its history only.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn newest_build(gateway: &Gateway, row: &PayoutRow) -> Result<Option<Build>, StoreError> {
    if let Some(build) = row.payout.state.build() {
        return Ok(Some(build.clone()));
    }
    if !row.status.is_terminal() {
        return Ok(None);
    }
    Ok(life::newest_build(&gateway.store.history(row.cid()).await?).cloned())
}
