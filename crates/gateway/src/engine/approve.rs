//! Approve: wait for people and machines, or for the end of their time.
//!
//! The step itself only watches the clock. Approvals and stops come through [`act`], are checked under the newest people
//! chain, and are stored together with what they mean for the payout. An approval, a stop and the end of the time that
//! meet each other are decided by the row's version: one is first, the others read again and find out.

mod act;
mod redeliver;

use payout::life::{Event, State, Step, Withdrawal};
use payout::policy::{ActError, Progress, progress};
use store::{PayoutRow, Wait};

use super::record::{advance, hold, wait};
use super::{Next, StepError};
use crate::clock;
use crate::state::Gateway;

pub use act::{ActRefusal, Acted, Effect, act};
pub(super) use redeliver::redeliver;

/// Ends a payout whose time to be approved is over; otherwise says what it waits for until then.
pub(super) async fn step(gateway: &Gateway, row: PayoutRow) -> Result<Next, StepError> {
    let State::Approving { steps } = &row.payout.state else { return Ok(Next::Nothing) };
    let intent = &row.payout.intent;
    if clock::now() >= intent.expiry {
        let event = Event::Withdrawn { by: Withdrawal::Expired };
        return advance(gateway, &row, Step::Approve, event).await;
    }
    let acts = gateway.store.acts(row.cid()).await?;
    let policy = gateway.policy();
    let found = progress(steps, policy.people(), intent, &row.digest, &acts);
    if let Ok(Progress { complete: true, given, .. }) = &found
        && let Some(last) = given.last()
    {
        // The people chain has changed so that what was given is enough.
        let event = Event::ApprovalComplete { by: last.clone() };
        return advance(gateway, &row, Step::Approve, event).await;
    }
    hold(gateway, &row, awaited(&row, &found), intent.expiry).await
}

/// What an approving payout waits for.
fn awaited(row: &PayoutRow, found: &Result<Progress, ActError>) -> Wait {
    let State::Approving { steps } = &row.payout.state else {
        return wait("not waiting for approvals", "none");
    };
    match found {
        Ok(found) => match steps.get(found.step) {
            Some(step) => {
                let cid = row.cid();
                wait(
                    format!(
                        "step {} of {}: {} more of {} must approve",
                        found.step + 1,
                        steps.len(),
                        found.missing,
                        step.group
                    ),
                    format!("they run `bursar payout approve {cid}` or `bursar payout reject {cid}`"),
                )
            }
            None => wait("all approvals are given", "none"),
        },
        Err(why) => wait(format!("approvals do not count: {why}"), "withdraw it, or let it expire"),
    }
}
