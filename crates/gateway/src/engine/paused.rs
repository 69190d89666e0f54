//! Pauses: an operator's act with a reason and an end. Nothing new is built or signed within one.

use payout::intent::Intent;
use payout::time::Millis;
use store::{PauseRow, PauseScope, StoreError, Wait};

use super::record::wait;
use crate::state::Gateway;

/// The first pause that holds this payout back.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn first(
    gateway: &Gateway,
    intent: &Intent,
    now: Millis,
) -> Result<Option<PauseRow>, StoreError> {
    let pauses = gateway.store.pauses(now).await?;
    Ok(pauses.into_iter().find(|pause| covers(&pause.scope, intent)))
}

/// What a paused payout waits for.
pub(super) fn reason(pause: &PauseRow, now: Millis) -> Wait {
    let minutes = pause.until.since(now).max(0) / 60_000 + 1;
    wait(
        format!("{} is paused by {}: {}", pause.scope, pause.by, pause.reason),
        format!("it goes on when the pause is lifted, and by itself in {minutes} min at the latest"),
    )
}

fn covers(scope: &PauseScope, intent: &Intent) -> bool {
    match scope {
        PauseScope::Chain(chain) => *chain == intent.chain_id,
        PauseScope::Coin(coin) => coin.chain_id == intent.chain_id && coin.token_id == intent.token_id,
        PauseScope::Wallet(wallet) => *wallet == intent.wallet,
        PauseScope::Project(project) => *project == intent.project,
    }
}
