//! Build: estimate fee and funds, take the next token of the lane, and store the unsigned bytes, in one transaction.
//!
//! Until then a payout burns nothing: what it lacks (money, a lower price, a place in the lane, a quorum that has seen
//! it, the end of a pause) it waits for at status 5, with that as its reason. It never does anything on a chain.

use payout::coin::CoinId;
use payout::ids::Digest;
use payout::intent::Intent;
use payout::life::{Build, Cause, Event, Happened, State, Step};
use store::{Advance, AdvanceError, PayoutRow, TokenTake};

use super::lane::{self, Desk, Known, operation_of};
use super::pace::again;
use super::record::{self, hold, wait};
use super::{Next, StepError, paused, remedy, sight};
use crate::clock;
use crate::node::{Hold, Plan, Taken};
use crate::state::Gateway;

/// How often a plan is made anew because its token turned out to be taken.
const TRIES: usize = 8;

/// Builds one queued payout, or says what it waits for.
pub(super) async fn step(gateway: &Gateway, row: PayoutRow) -> Result<Next, StepError> {
    if row.payout.state != State::Queued {
        return Ok(Next::Nothing);
    }
    let intent = &row.payout.intent;
    if let Err(shut) = gateway.gate.may_sign() {
        return hold(gateway, &row, shut.to_wait(), again(&row, clock::now(), 1000)).await;
    }
    // Seen first: a pause or an empty wallet must not let the time to approve run out at the co-signers.
    if let Some(reason) = sight::show(gateway, &row).await? {
        return hold(gateway, &row, reason, again(&row, clock::now(), 1000)).await;
    }
    let now = clock::now();
    if let Some(pause) = paused::first(gateway, intent, now).await? {
        let due_at = pause.until.min(again(&row, now, 5000));
        return hold(gateway, &row, paused::reason(&pause, now), due_at).await;
    }
    if let Some(why) = gateway.memory.outages.now(&intent.chain_id) {
        return hold(gateway, &row, node_is_out(&why), again(&row, now, 1000)).await;
    }
    if intent.kind.spends_targets_token() {
        return remedy::build(gateway, &row).await;
    }
    let desk = gateway.memory.lanes.desk(intent);
    let mut known = desk.turn().await;
    if desk.is_behind(row.cid())
        && let Some(why) = known.full_now()
    {
        let why = why.to_owned();
        drop(known);
        return queue(gateway, &row, &desk, why).await;
    }
    take_turn(gateway, &row, &desk, &mut known).await
}

fn node_is_out(why: &str) -> store::Wait {
    wait(why, "look at `bursar doctor`: the chain's nodes do not answer")
}

/// Plans and takes, while nobody else does in this lane.
async fn take_turn(
    gateway: &Gateway,
    row: &PayoutRow,
    desk: &Desk,
    known: &mut Known,
) -> Result<Next, StepError> {
    let intent = &row.payout.intent;
    let Some(road) = gateway.nodes.road(&intent.chain_id) else {
        return without_nodes(gateway, row).await;
    };
    for _ in 0..TRIES {
        let was_remembered = known.is_remembered(gateway);
        let planned = road.plan(intent, known.recent(gateway, intent).await?).await;
        match &planned {
            Err(Hold::Node(error)) => gateway.memory.outages.failed(&intent.chain_id, error),
            Ok(_) | Err(_) => gateway.memory.outages.works(&intent.chain_id),
        }
        let Plan { build } = match planned {
            Ok(plan) => plan,
            // There may be money or a place by now.
            Err(Hold::Funds(_) | Hold::LaneFull { .. }) if was_remembered => {
                known.read_anew();
                continue;
            }
            Err(reason) => return wait_for(gateway, row, desk, known, reason).await,
        };
        let token = build.token.clone();
        let taken = Taken {
            token: token.clone(),
            coin: CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() },
            amount: intent.amount,
            max_fee: build.max_fee,
            operation: operation_of(intent),
        };
        match take(gateway, row, build).await {
            Ok(built) => {
                crash::point!("unsigned bytes stored");
                known.took(row.digest, taken);
                known.set_free();
                desk.leave(row.cid());
                gateway.memory.seen.forget(&row.digest);
                record::after(gateway, &built);
                // There was a place: there may be another.
                lane::freed(gateway, intent).await;
                return Ok(Next::Advanced);
            }
            // An ended payout's, which no node has to know of: the next plan keeps clear of it.
            Err(AdvanceError::TokenTaken { by }) => {
                tracing::debug!(cid = %row.cid(), %token, %by, "the planned token is taken");
                known.bar(token);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let reason = "the nodes name tokens of this address that were used before";
    let next_action = "look at `bursar doctor`: a node lags behind";
    hold(gateway, row, wait(reason, next_action), again(row, clock::now(), 1000)).await
}

/// Nobody can be asked about its chain.
pub(super) async fn without_nodes(gateway: &Gateway, row: &PayoutRow) -> Result<Next, StepError> {
    let reason = format!("this gateway has no nodes for chain {}", row.payout.intent.chain_id);
    let next_action = "add a [[chain]] table to gateway.toml and start again";
    hold(gateway, row, wait(reason, next_action), again(row, clock::now(), 5000)).await
}

/// The bytes and their token, in one transaction.
async fn take(gateway: &Gateway, row: &PayoutRow, build: Build) -> Result<PayoutRow, AdvanceError> {
    let now = clock::now();
    let take = Some(token_take(&row.payout.intent, row.digest, &build));
    let happened = Happened { event: Event::Built { build }, cause: Cause::Engine(Step::Build), at: now };
    gateway
        .store
        .advance(Advance {
            cid: row.cid(),
            version: row.version,
            happened: vec![happened],
            take,
            acts: Vec::new(),
            wait: None,
            due_at: None,
            now,
        })
        .await
}

fn token_take(intent: &Intent, intent_digest: Digest, build: &Build) -> TokenTake {
    TokenTake {
        network_id: intent.network_id.clone(),
        from: intent.from.clone(),
        token: build.token.clone(),
        intent: intent_digest,
    }
}

/// Why it can't be built now, and when to look again.
async fn wait_for(
    gateway: &Gateway,
    row: &PayoutRow,
    desk: &Desk,
    known: &mut Known,
    reason: Hold,
) -> Result<Next, StepError> {
    let next_action = reason.next_action();
    let least_ms = match &reason {
        Hold::LaneFull { .. } => {
            let head = lane::head(gateway, &row.payout.intent).await?;
            let why = head.map_or_else(|| reason.to_string(), |head| format!("{reason}; {head}"));
            known.set_full(why.clone());
            return queue(gateway, row, desk, why).await;
        }
        Hold::Node(error) => {
            let due_at = again(row, clock::now(), 1000);
            return hold(gateway, row, wait(error.to_string(), next_action), due_at).await;
        }
        Hold::Funds(_) | Hold::FeeOverCap { .. } | Hold::TokenUsed(_) => 5000,
        // Rented energy comes within seconds.
        Hold::Energy(_) => 2000,
        Hold::WouldFail(_) | Hold::NoRoom(_) | Hold::Unbuildable(_) => 15_000,
    };
    desk.leave(row.cid());
    hold(gateway, row, wait(reason.to_string(), next_action), again(row, clock::now(), least_ms)).await
}

/// Waits for a place in the lane. The first in the line looks often; the others are called.
async fn queue(gateway: &Gateway, row: &PayoutRow, desk: &Desk, why: String) -> Result<Next, StepError> {
    desk.enqueue(row.cid());
    let least_ms = if desk.is_behind(row.cid()) { 10_000 } else { 1000 };
    let next_action = "none: it goes on when one of them is final";
    hold(gateway, row, wait(why, next_action), again(row, clock::now(), least_ms)).await
}
