//! What is looked at before co-signers are asked again: the chain may have decided meanwhile.
//!
//! From the first session on a signature may exist that never came back here; it, an earlier version or a void may have
//! landed. The first time that co-signers are asked, none of that is possible, and nothing is looked at.

use payout::life::{Build, Event, State};
use store::{PayoutRow, Wait};

use super::{advance, after, hold, pace, wait};
use crate::clock;
use crate::engine::family::Family;
use crate::engine::{Next, StepError, lane, lapse, remedy};
use crate::node::{Chance, Sighting};
use crate::state::Gateway;

/// What is to be done in place of asking; `None` to ask.
pub(super) async fn look(
    gateway: &Gateway,
    row: &PayoutRow,
    build: &Build,
) -> Result<Option<Next>, StepError> {
    let lapsed = lapse::lapsed(gateway, &row.payout.intent, build);
    let is_built = matches!(row.payout.state, State::Built { .. });
    if is_built {
        if lapsed {
            return lapse::forget(gateway, row).await.map(Some);
        }
        // Looked at before: it said then what it waits for.
        if row.wait.is_none() || !row.payout.intent.kind.spends_targets_token() {
            return Ok(None);
        }
    } else if let Some(next) = on_chain(gateway, row, build).await? {
        return Ok(Some(next));
    } else if lapsed {
        let reason = "its bytes lapsed before a signature came back; the proof that none landed is awaited";
        return wait_for_chain(gateway, row, wait(reason, "none: it ends by itself")).await;
    }
    let Some(family) = Family::of(gateway, row).await? else { return Ok(None) };
    // It was never given to a co-signer: what it is about may have ended meanwhile.
    if is_built && let Some(how) = family.over() {
        return remedy::end(gateway, row, how).await.map(Some);
    }
    match family.led_by_another(row) {
        None => Ok(None),
        Some(why) => {
            let wait = wait(why, "none: whichever lands ends both");
            let due_at = pace::again(row, clock::now(), 2000);
            hold(gateway, row, wait, due_at).await.map(Some)
        }
    }
}

/// Whether the chain has decided already, and stores how.
async fn on_chain(gateway: &Gateway, row: &PayoutRow, build: &Build) -> Result<Option<Next>, StepError> {
    let intent = &row.payout.intent;
    let Some(road) = gateway.nodes.road(&intent.chain_id) else { return Ok(None) };
    if gateway.memory.outages.now(&intent.chain_id).is_some() {
        return Ok(None);
    }
    let sighting = match road.look(intent, build, &row.payout.state.versions()).await {
        Ok(sighting) => sighting,
        Err(error) => {
            gateway.memory.outages.failed(&intent.chain_id, &error);
            return Ok(None);
        }
    };
    gateway.memory.outages.works(&intent.chain_id);
    let end = match sighting {
        Sighting::Succeeded(Chance { txid, block }) => Event::Succeeded { txid, block },
        Sighting::Dead(death) => Event::Died { death },
        Sighting::Included { waits, .. } => {
            let reason = format!("{} is used on chain; not final yet: {waits}", build.token);
            return wait_for_chain(gateway, row, wait(reason, "none: it is final by itself")).await;
        }
        Sighting::Doubt(why) => {
            let next_action = "compare the nodes; nothing is concluded meanwhile";
            return wait_for_chain(gateway, row, wait(format!("in doubt: {why}"), next_action)).await;
        }
        Sighting::Missing => {
            // What was sent keeps its place until a higher offer takes it.
            if let State::Outbidding { tx, .. } = &row.payout.state
                && let Err(error) = road.broadcast(tx).await
            {
                tracing::debug!(cid = %row.cid(), %error, "what was sent before could not be sent again");
            }
            return Ok(None);
        }
        Sighting::Pending => return Ok(None),
    };
    let events = match &row.payout.state {
        State::Signing { .. } => vec![Event::TokenUsed, end],
        _ => vec![end],
    };
    let ended = gateway.store.advance(advance(row.cid(), row.version, events, clock::now(), None)).await?;
    after(gateway, &ended);
    lane::freed(gateway, intent).await;
    Ok(Some(Next::Advanced))
}

async fn wait_for_chain(gateway: &Gateway, row: &PayoutRow, wait: Wait) -> Result<Option<Next>, StepError> {
    hold(gateway, row, wait, pace::again(row, clock::now(), 1000)).await.map(Some)
}
