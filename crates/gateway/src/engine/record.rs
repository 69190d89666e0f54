//! How a step writes what it found: one event, or the reason why there is none.

use payout::life::{Cause, Event, Happened, Step};
use payout::time::Millis;
use store::{Advance, Hold, PayoutRow, Wait};

use super::{Next, StepError};
use crate::clock;
use crate::state::Gateway;

/// Stores an event of `step`, and wakes whoever can go on from there.
///
/// # Errors
/// [`StepError`]; nothing was stored then.
pub async fn advance(
    gateway: &Gateway,
    row: &PayoutRow,
    step: Step,
    event: Event,
) -> Result<Next, StepError> {
    let now = clock::now();
    let happened = Happened { event, cause: Cause::Engine(step), at: now };
    let advanced = gateway
        .store
        .advance(Advance {
            cid: row.cid(),
            version: row.version,
            happened: vec![happened],
            take: None,
            acts: Vec::new(),
            wait: None,
            due_at: None,
            now,
        })
        .await?;
    after(gateway, &advanced);
    Ok(Next::Advanced)
}

/// Says where a payout has come, and wakes whoever can go on from there.
pub fn after(gateway: &Gateway, row: &PayoutRow) {
    let (cid, state, status) = (row.cid(), row.payout.state.name(), row.status.code());
    if row.status.is_terminal() {
        tracing::info!(%cid, state, status, "payout ended");
    } else {
        tracing::debug!(%cid, state, status, "payout moved");
    }
    gateway.wake.next(row.payout.step());
}

/// Stores why a payout waits, what somebody can do about it, and when it is looked at again.
///
/// # Errors
/// [`StepError`]; nothing was stored then.
pub async fn hold(gateway: &Gateway, row: &PayoutRow, wait: Wait, due_at: Millis) -> Result<Next, StepError> {
    let is_new = row.wait.as_ref().map(|before| &before.reason) != Some(&wait.reason);
    let Wait { reason, next_action } = wait;
    if is_new {
        tracing::debug!(cid = %row.cid(), state = row.payout.state.name(), %reason, "payout waits");
    }
    let hold = Hold {
        cid: row.cid(),
        version: row.version,
        wait: Wait { reason, next_action },
        due_at,
        now: clock::now(),
    };
    gateway.store.hold(hold).await?;
    if let Some(step) = row.payout.step() {
        gateway.wake.due(step, due_at);
    }
    Ok(Next::Held)
}

/// A reason and what can be done about it.
pub fn wait(reason: impl Into<String>, next_action: impl Into<String>) -> Wait {
    Wait { reason: reason.into(), next_action: next_action.into() }
}
