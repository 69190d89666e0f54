//! Confirm: look what became of a sent payment, until its end is final.
//!
//! Success is the recipient's effect in a final block; death is proof that it can never come. Everything else, a node
//! that knows nothing included, is a wait: the stored bytes are sent again, and nothing is signed anew.

use payout::life::{Event, State, Step};
use store::PayoutRow;

use super::outbid::{self, Looked};
use super::pace::{again, on_chain};
use super::record::{advance, hold, wait};
use super::{Next, StepError, build, lane};
use crate::clock;
use crate::node::{Chance, Road, Sighting};
use crate::state::Gateway;

/// Looks after one sent payout.
pub(super) async fn step(gateway: &Gateway, row: PayoutRow) -> Result<Next, StepError> {
    let build = match &row.payout.state {
        State::Sent { tx, .. } => &tx.build,
        State::Overtaken { build } => build,
        _ => return Ok(Next::Nothing),
    };
    let intent = &row.payout.intent;
    let chain = &intent.chain_id;
    let Some(road) = gateway.nodes.road(chain) else {
        return build::without_nodes(gateway, &row).await;
    };
    if let Some(why) = gateway.memory.outages.now(chain) {
        return unanswered(gateway, &row, why).await;
    }
    let sighting = match road.look(intent, build, &row.payout.state.versions()).await {
        Ok(sighting) => sighting,
        Err(error) => {
            gateway.memory.outages.failed(chain, &error);
            return unanswered(gateway, &row, error.to_string()).await;
        }
    };
    gateway.memory.outages.works(chain);
    match &sighting {
        Sighting::Included { .. } => crash::point!("inclusion seen"),
        Sighting::Succeeded(_) | Sighting::Dead(_) => crash::point!("finality seen"),
        Sighting::Missing | Sighting::Pending | Sighting::Doubt(_) => {}
    }
    let event = match sighting {
        Sighting::Succeeded(Chance { txid, block }) => Event::Succeeded { txid, block },
        Sighting::Dead(death) => Event::Died { death },
        waiting
        @ (Sighting::Missing | Sighting::Pending | Sighting::Included { .. } | Sighting::Doubt(_)) => {
            return stay(gateway, &row, road.as_ref(), waiting).await;
        }
    };
    let next = advance(gateway, &row, Step::Confirm, event).await?;
    crash::point!("end stored");
    lane::freed(gateway, intent).await;
    Ok(next)
}

/// Not final: why, and when to look again.
async fn stay(
    gateway: &Gateway,
    row: &PayoutRow,
    road: &dyn Road,
    sighting: Sighting,
) -> Result<Next, StepError> {
    let (tx, earlier, since) = match &row.payout.state {
        State::Sent { tx, earlier, since } => (tx, earlier, *since),
        _ => return overtaken(gateway, row, sighting).await,
    };
    let said = match sighting {
        Sighting::Missing => match road.broadcast(tx).await {
            Ok(_) => "no node knew it: the stored bytes were sent again".to_owned(),
            Err(error) => format!("no node knows it, and it can't be sent: {error}"),
        },
        Sighting::Pending => {
            // An earlier offer may be all that the nodes know.
            if !earlier.is_empty()
                && let Err(error) = road.broadcast(tx).await
            {
                tracing::debug!(cid = %row.cid(), %error, "the newest offer could not be sent again");
            }
            "sent, not in a block yet".to_owned()
        }
        Sighting::Included { height: _, waits } => {
            // Its token is used: another payout has a place in the lane.
            lane::freed(gateway, &row.payout.intent).await;
            let wait = wait(format!("not final yet: {waits}"), "none: it is final by itself");
            return hold(gateway, row, wait, on_chain(since, clock::now(), road.poll_ms())).await;
        }
        Sighting::Doubt(why) => return doubt(gateway, row, why).await,
        Sighting::Succeeded(_) | Sighting::Dead(_) => return Ok(Next::Nothing),
    };
    let next_token = match outbid::consider(gateway, row, road, tx, since).await? {
        Looked::Outbid(next) => return Ok(next),
        Looked::Says(wait) => {
            return hold(gateway, row, wait, on_chain(since, clock::now(), road.poll_ms())).await;
        }
        Looked::Behind(next_token) => Some(next_token),
        Looked::Quiet => None,
    };
    let intent = &row.payout.intent;
    let ahead = match (lane::ahead(gateway, intent, &tx.build.token).await?, next_token) {
        (None, Some(next_token)) => Some(lane::holder(gateway, intent, &next_token).await?),
        (ahead, _) => ahead,
    };
    let wait = match ahead {
        Some(ahead) => wait(format!("{said}, {ahead}"), "none: it goes on when those before it are taken"),
        None => wait(said, "none: it is sent again until it is final"),
    };
    hold(gateway, row, wait, on_chain(since, clock::now(), road.poll_ms())).await
}

/// Its token was used and no signature of it ever came back: only the chain can say what became of it.
async fn overtaken(gateway: &Gateway, row: &PayoutRow, sighting: Sighting) -> Result<Next, StepError> {
    let reason = match sighting {
        Sighting::Doubt(why) => return doubt(gateway, row, why).await,
        Sighting::Included { waits, .. } => format!("its token is used on chain; not final yet: {waits}"),
        Sighting::Missing | Sighting::Pending => {
            "its token was used on chain, and no node says so now".to_owned()
        }
        Sighting::Succeeded(_) | Sighting::Dead(_) => return Ok(Next::Nothing),
    };
    let wait = wait(reason, "none: it ends when what used its token is final");
    hold(gateway, row, wait, again(row, clock::now(), 1000)).await
}

/// Nodes that contradict each other, or the token's contract: people have to look. Nothing is concluded.
async fn doubt(gateway: &Gateway, row: &PayoutRow, why: String) -> Result<Next, StepError> {
    gateway.metrics.step(Step::Confirm, "alert");
    tracing::error!(alert = "doubt", cid = %row.cid(), %why, "what became of a payout is in doubt");
    let next_action =
        "compare the nodes; a wrong one has to leave the configuration. Nothing is concluded meanwhile";
    hold(gateway, row, wait(format!("in doubt: {why}"), next_action), again(row, clock::now(), 5000)).await
}

async fn unanswered(gateway: &Gateway, row: &PayoutRow, why: String) -> Result<Next, StepError> {
    let reason = format!("sent; what became of it is not known: {why}");
    let next_action = "look at `bursar doctor`: the chain's nodes do not answer";
    hold(gateway, row, wait(reason, next_action), again(row, clock::now(), 1000)).await
}
