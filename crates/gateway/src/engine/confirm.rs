//! Confirm: look what became of a sent payment, until its end is final.
//!
//! Success is the recipient's effect in a final block; death is proof that it can never come. Everything else, a node
//! that knows nothing included, is a wait: the stored bytes are sent again, and nothing is signed anew.

use payout::life::{Event, SignedTx, State, Step};
use payout::time::Millis;
use store::PayoutRow;

use super::pace::{again, on_chain};
use super::record::{advance, hold, wait};
use super::{Next, StepError, lane};
use crate::clock;
use crate::node::{Chance, Road, Sighting};
use crate::state::Gateway;

/// Looks after one sent payout.
pub(super) async fn step(gateway: &Gateway, row: PayoutRow) -> Result<Next, StepError> {
    let State::Sent { tx, since, .. } = &row.payout.state else { return Ok(Next::Nothing) };
    let intent = &row.payout.intent;
    let chain = &intent.chain_id;
    let Some(road) = gateway.nodes.road(chain) else {
        let reason = format!("this gateway has no nodes for chain {chain}");
        let next_action = "add a [[chain]] table to gateway.toml and start again";
        return hold(gateway, &row, wait(reason, next_action), again(&row, clock::now(), 5000)).await;
    };
    if let Some(why) = gateway.memory.outages.now(chain) {
        return unanswered(gateway, &row, why).await;
    }
    let sighting = match road.look(intent, &tx.build, &row.payout.state.versions()).await {
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
            return stay(gateway, &row, road.as_ref(), tx, *since, waiting).await;
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
    tx: &SignedTx,
    since: Millis,
    sighting: Sighting,
) -> Result<Next, StepError> {
    let intent = &row.payout.intent;
    let ahead = async || lane::ahead(gateway, intent, &tx.build.token).await;
    let joined = |what: &str, ahead: Option<String>| match ahead {
        Some(ahead) => format!("{what}, {ahead}"),
        None => what.to_owned(),
    };
    let (reason, next_action) = match sighting {
        Sighting::Missing => {
            let what = match road.broadcast(tx).await {
                Ok(_) => "no node knew it: the stored bytes were sent again".to_owned(),
                Err(error) => format!("no node knows it, and it can't be sent: {error}"),
            };
            (joined(&what, ahead().await?), "none: it is sent again until it is final")
        }
        Sighting::Pending => {
            (joined("sent, not in a block yet", ahead().await?), "none: a stuck one can be raised or voided")
        }
        Sighting::Included { height: _, waits } => {
            // Its token is used: another payout has a place in the lane.
            lane::freed(gateway, intent).await;
            (format!("not final yet: {waits}"), "none: it is final by itself")
        }
        Sighting::Doubt(why) => return doubt(gateway, row, why).await,
        Sighting::Succeeded(_) | Sighting::Dead(_) => return Ok(Next::Nothing),
    };
    let due_at = on_chain(since, clock::now(), road.poll_ms());
    hold(gateway, row, wait(reason, next_action), due_at).await
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
