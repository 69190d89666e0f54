//! Building a void or a raised cap: its bytes spend the token of the payout that it is about, and outbid whatever is on
//! its way there.

use payout::intent::Kind;
use payout::life::{Event, Step, Token, Withdrawal};
use store::PayoutRow;

use super::family::Family;
use super::outbid::{Coin, others, remedies};
use super::pace::again;
use super::record::{advance, hold, wait};
use super::request::newest_build;
use super::{Next, StepError, build, lane};
use crate::clock;
use crate::node::{Hold, Place, Plan, Road, Sighting};
use crate::state::Gateway;

/// Builds one that is approved, says what it waits for, or ends it because there is nothing left to do.
pub(super) async fn build(gateway: &Gateway, row: &PayoutRow) -> Result<Next, StepError> {
    let intent = &row.payout.intent;
    let Some(road) = gateway.nodes.road(&intent.chain_id) else {
        return build::without_nodes(gateway, row).await;
    };
    let road = road.as_ref();
    let Some(family) = Family::of(gateway, row).await? else {
        return end(gateway, row, "what it was about is not in the database".to_owned()).await;
    };
    if let Some(how) = family.over() {
        return end(gateway, row, how).await;
    }
    let token = gateway.store.token_of(&family.root.digest).await?.map(|row| row.token);
    let Some(token) = token else {
        let how = format!("payout {} holds no token any more", family.root.cid());
        return end(gateway, row, how).await;
    };
    if intent.kind == Kind::RaiseCap && family.root.status.is_terminal() {
        return end(gateway, row, format!("payout {} has ended unsigned", family.root.cid())).await;
    }
    if let Some(why) = family.led_by_another(row) {
        let wait = wait(why, "none: it is built if the other one ends without landing");
        return hold(gateway, row, wait, again(row, clock::now(), 5000)).await;
    }
    let place = Place {
        lane: others(gateway, row, &token).await?,
        rivals: family.rivals(gateway, row).await?,
        token: token.clone(),
    };
    let reason = match road.rebuild(intent, &place).await {
        Ok(plan) => return store(gateway, row, &family, plan).await,
        Err(Hold::TokenUsed(token)) => return used(gateway, row, road, &family, token).await,
        Err(reason) => reason,
    };
    let (why, next_action) = match &reason {
        Hold::FeeOverCap { fee, cap } => {
            let coin = Coin::of(gateway, row);
            let why = format!(
                "to outbid what was sent it could burn {}, over its cap of {}",
                coin.show(*fee),
                coin.show(*cap)
            );
            (why, remedies(row))
        }
        other => (other.to_string(), other.next_action().to_owned()),
    };
    hold(gateway, row, wait(why, next_action), again(row, clock::now(), 2000)).await
}

/// Stores the bytes. The token is its target's.
async fn store(gateway: &Gateway, row: &PayoutRow, family: &Family, plan: Plan) -> Result<Next, StepError> {
    let next = advance(gateway, row, Step::Build, Event::Built { build: plan.build }).await?;
    gateway.memory.lanes.desk(&row.payout.intent).forget(&family.root.digest).await;
    gateway.memory.seen.forget(&row.digest);
    Ok(next)
}

/// The chain has used the token before anything was built on it here: it is over as soon as that is final.
async fn used(
    gateway: &Gateway,
    row: &PayoutRow,
    road: &dyn Road,
    family: &Family,
    token: Token,
) -> Result<Next, StepError> {
    // A token that is held has had bytes: its payout's.
    let Some(theirs) = newest_build(gateway, &family.root).await? else {
        return end(gateway, row, format!("{token} was used on chain")).await;
    };
    let waits = match road.look(&row.payout.intent, &theirs, &[]).await {
        Ok(Sighting::Dead(_) | Sighting::Succeeded(_)) => {
            return end(gateway, row, format!("{token} was used on chain")).await;
        }
        Ok(Sighting::Included { waits, .. } | Sighting::Doubt(waits)) => waits,
        Ok(Sighting::Missing | Sighting::Pending) => "no node finds by what".to_owned(),
        Err(error) => error.to_string(),
    };
    let reason = format!("{token} is used on chain already: {waits}");
    hold(gateway, row, wait(reason, Hold::TokenUsed(token).next_action()), again(row, clock::now(), 2000))
        .await
}

/// There is nothing left to do, and nobody was asked to sign.
pub(super) async fn end(gateway: &Gateway, row: &PayoutRow, how: String) -> Result<Next, StepError> {
    let event = Event::Withdrawn { by: Withdrawal::TargetEnded { how } };
    let next = advance(gateway, row, Step::Build, event).await?;
    lane::freed(gateway, &row.payout.intent).await;
    Ok(next)
}
