//! Broadcast: send the stored signed bytes to the chain's nodes.
//!
//! A node's refusal proves nothing (it may know the transaction, or have seen its nonce used by it): what became of the
//! payment is found out by looking. An unreachable node is tried again, for ever.

use payout::life::{Event, State, Step};
use store::PayoutRow;

use super::pace::again;
use super::record::{advance, hold, wait};
use super::{Next, StepError, lane};
use crate::clock;
use crate::node::Sent;
use crate::state::Gateway;

/// Sends one signed payout.
pub(super) async fn step(gateway: &Gateway, row: PayoutRow) -> Result<Next, StepError> {
    let State::Signed { tx, .. } = &row.payout.state else { return Ok(Next::Nothing) };
    let intent = &row.payout.intent;
    let chain = &intent.chain_id;
    let Some(road) = gateway.nodes.road(chain) else {
        let reason = format!("this gateway has no nodes for chain {chain}");
        let next_action = "add a [[chain]] table to gateway.toml and start again";
        return hold(gateway, &row, wait(reason, next_action), again(&row, clock::now(), 5000)).await;
    };
    let refused = match gateway.memory.outages.now(chain) {
        Some(why) => why,
        None => match road.broadcast(tx).await {
            Ok(sent) => {
                crash::point!("broadcast sent");
                gateway.memory.outages.works(chain);
                if let Sent::Look(answer) = &sent {
                    tracing::info!(cid = %row.cid(), txid = %tx.txid, %answer, "a node did not take it: looking");
                }
                let next = advance(gateway, &row, Step::Broadcast, Event::Broadcast).await?;
                crash::point!("broadcast recorded");
                lane::freed(gateway, intent).await;
                return Ok(next);
            }
            Err(error) => {
                gateway.memory.outages.failed(chain, &error);
                error.to_string()
            }
        },
    };
    let reason = format!("signed, but not sent: {refused}");
    let next_action = "look at `bursar doctor`; the stored bytes are sent again by themselves";
    hold(gateway, &row, wait(reason, next_action), again(&row, clock::now(), 1000)).await
}
