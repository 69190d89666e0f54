//! Bytes that are worth something for minutes only, on chains whose transactions name the time of their end.
//!
//! Bytes that lapse at a block's height are not judged here: nodes refuse them, and they are then built again on the same
//! token ([`super::outbid`]).

use chain::ValidUntil;
use payout::intent::Intent;
use payout::life::{Build, Event, Step};
use store::PayoutRow;

use super::record::advance;
use super::{Next, StepError, lane};
use crate::clock;
use crate::state::Gateway;

/// What a signature and the way into a block may take, ms: bytes with less left are not worth asking for.
const NEEDS_MS: i64 = 20_000;

/// Whether it is too late to have bytes signed.
pub(super) fn lapsed(gateway: &Gateway, intent: &Intent, build: &Build) -> bool {
    match valid_until(gateway, intent, build) {
        Some(ValidUntil::Time(until)) => until.since(clock::now()) < NEEDS_MS,
        Some(ValidUntil::Height(_)) | None => false,
    }
}

/// Whether bytes have an end.
pub(super) fn can_lapse(gateway: &Gateway, intent: &Intent, build: &Build) -> bool {
    valid_until(gateway, intent, build).is_some()
}

fn valid_until(gateway: &Gateway, intent: &Intent, build: &Build) -> Option<ValidUntil> {
    let policy = gateway.policy();
    let network = policy.newest_rules().network(&intent.chain_id)?;
    chain::family(network.family).decode(&network.network_id, &build.unsigned).ok()?.valid_until
}

/// Gives up bytes that no co-signer was asked for: the payout is built again.
pub(super) async fn forget(gateway: &Gateway, row: &PayoutRow) -> Result<Next, StepError> {
    let next = advance(gateway, row, Step::Sign, Event::Lapsed).await?;
    crash::point!("lapsed bytes forgotten");
    gateway.memory.lanes.desk(&row.payout.intent).forget(&row.digest).await;
    lane::freed(gateway, &row.payout.intent).await;
    Ok(next)
}
