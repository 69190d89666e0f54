//! A higher offer for what was sent and is not taken: the same act, on the same token, under the same cap.
//!
//! Only where the price is what it waits for: its turn in the lane has come, no block has it, some time has passed, and
//! the chain asks for more than it offers. The bytes are stored first; co-signers are asked by the step *sign*. What was
//! sent before stays stored, and may land instead.

use payout::coin::CoinId;
use payout::intent::Kind;
use payout::life::{Cause, Event, Happened, SignedTx, Step, Token};
use payout::money::Amount;
use payout::policy::Unit;
use payout::time::Millis;
use store::{Advance, PayoutRow, Wait};

use super::family::Family;
use super::record::{self, wait};
use super::{Next, StepError, lapse, paused};
use crate::clock;
use crate::node::{Hold, Lane, Place, Road, Standing};
use crate::state::Gateway;

/// What came of looking at an offer.
pub(super) enum Looked {
    /// A higher one is stored.
    Outbid(Next),
    /// Nothing is to be said about it.
    Quiet,
    /// The chain has not used this token, which comes before it.
    Behind(Token),
    /// Why it is not raised, or will not help.
    Says(Wait),
}

/// Looks at the offer of something that was sent at `since` and is in no block.
pub(super) async fn consider(
    gateway: &Gateway,
    row: &PayoutRow,
    road: &dyn Road,
    tx: &SignedTx,
    since: Millis,
) -> Result<Looked, StepError> {
    let intent = &row.payout.intent;
    let patience = gateway.config.chain(&intent.chain_id).map_or(0, |chain| chain.outbid_after_s);
    let now = clock::now();
    let is_fresh = now.since(since) < i64::from(patience) * 1000;
    // What lapses is to be made anew as soon as it has.
    if is_fresh && !lapse::can_lapse(gateway, intent, &tx.build) {
        return Ok(Looked::Quiet);
    }
    let Some(family) = Family::of(gateway, row).await? else { return Ok(Looked::Quiet) };
    if let Some(why) = family.led_by_another(row) {
        return Ok(Looked::Says(wait(
            format!("sent, not in a block: {why}"),
            "none: whichever lands ends both",
        )));
    }
    let rivals = family.rivals(gateway, row).await?;
    let coin = Coin::of(gateway, row);
    let low = match road.standing(&intent.from, &tx.build, &rivals).await {
        Ok(Standing::Lapsed { last }) => {
            format!("sent, and in no block up to {last}, the last that could hold it")
        }
        Ok(_) if is_fresh => return Ok(Looked::Quiet),
        Ok(Standing::TooLow { asks, offers }) => {
            let (offers, asks) = (coin.show(offers), coin.show(asks));
            format!("sent, not in a block: it offers {offers} at most and the chain asks for {asks}")
        }
        Ok(Standing::NotItsTurn { next }) => return Ok(Looked::Behind(next)),
        Ok(Standing::Used | Standing::Fair | Standing::Fixed) => return Ok(Looked::Quiet),
        Err(error) => {
            tracing::debug!(cid = %row.cid(), %error, "what the chain asks for is not known");
            return Ok(Looked::Quiet);
        }
    };
    if let Some(pause) = paused::first(gateway, intent, now).await? {
        let Wait { reason, next_action } = paused::reason(&pause, now);
        return Ok(Looked::Says(wait(format!("{low}; no higher offer is made: {reason}"), next_action)));
    }
    let rivals = rivals.into_iter().chain([tx.build.clone()]).collect();
    let place =
        Place { lane: others(gateway, row, &tx.build.token).await?, token: tx.build.token.clone(), rivals };
    match road.rebuild(intent, &place).await {
        Ok(plan) => {
            let now = clock::now();
            tracing::info!(cid = %row.cid(), fee = %plan.build.max_fee, "it is built again: {low}");
            let event = Event::Outbid { build: plan.build };
            let outbid = gateway
                .store
                .advance(Advance {
                    cid: row.cid(),
                    version: row.version,
                    happened: vec![Happened { event, cause: Cause::Engine(Step::Confirm), at: now }],
                    take: None,
                    acts: Vec::new(),
                    wait: Some(wait(
                        low,
                        "none: co-signers are asked to sign it again on the same token, under its cap",
                    )),
                    due_at: None,
                    now,
                })
                .await?;
            crash::point!("bytes built again");
            gateway.memory.lanes.desk(intent).forget(&family.root.digest).await;
            record::after(gateway, &outbid);
            Ok(Looked::Outbid(Next::Advanced))
        }
        Err(Hold::FeeOverCap { fee, cap }) => {
            let (needed, most) = (coin.show(fee), coin.show(cap));
            let reason = format!("{low}; a higher offer could burn {needed}, over its cap of {most}");
            Ok(Looked::Says(wait(reason, remedies(row))))
        }
        Err(held) => Ok(Looked::Says(wait(format!("{low}; no higher offer: {held}"), held.next_action()))),
    }
}

/// The lane without what is on this token.
pub(super) async fn others(gateway: &Gateway, row: &PayoutRow, token: &Token) -> Result<Lane, StepError> {
    let desk = gateway.memory.lanes.desk(&row.payout.intent);
    let mut lane = desk.turn().await.view(gateway, &row.payout.intent).await?;
    lane.taken.retain(|taken| taken.token != *token);
    Ok(lane)
}

/// What people can do about it.
pub(super) fn remedies(row: &PayoutRow) -> String {
    let cid = row.cid();
    match row.payout.intent.kind {
        Kind::Void => "wait for a lower price, or void its target again with a higher --cap".to_owned(),
        Kind::Maintenance => {
            format!("wait for a lower price, or spend its token on nothing: `bursar payout void {cid}`")
        }
        Kind::Payout | Kind::RaiseCap => {
            let about = row.payout.intent.kind == Kind::RaiseCap;
            let it = if about { "its target".to_owned() } else { cid.to_string() };
            format!(
                "wait for a lower price, raise the cap: `bursar payout raise-cap {it} --cap FEE`, or spend its token on \
                 nothing: `bursar payout void {it}`"
            )
        }
    }
}

/// How fees of a payout's chain are written.
pub(super) struct Coin(Option<Unit>);

impl Coin {
    pub(super) fn of(gateway: &Gateway, row: &PayoutRow) -> Self {
        let native = CoinId::native(&row.payout.intent.chain_id);
        Self(gateway.policy().newest_rules().coin(&native).map(Unit::of))
    }

    pub(super) fn show(&self, fee: Amount) -> String {
        match &self.0 {
            Some(unit) => unit.show(fee),
            None => format!("{fee} base units"),
        }
    }
}
