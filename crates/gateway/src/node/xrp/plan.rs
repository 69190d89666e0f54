//! Before a token is taken, and on one that is taken: is the recipient able to receive, is there money, what does it cost,
//! and which ticket or number is free.

use std::collections::BTreeSet;

use chain::xrp::{Act, Build as Bytes, Fee, Spend, build, spend_of, token_for};
use payout::coin::{CoinId, Family};
use payout::intent::{Intent, Kind};
use payout::life::Token;
use payout::money::Amount;

use super::ledger::{self, Payer};
use super::recipient::{self, Deposit};
use super::reply::State;
use super::{XrpRoad, price};
use crate::node::road::{Hold, Lane, Place, Plan, Shortage};

/// Asks, checks, picks a token and builds. Takes nothing.
pub(super) async fn plan(road: &XrpRoad, intent: &Intent, lane: &Lane) -> Result<Plan, Hold> {
    match intent.kind {
        Kind::Payout | Kind::Maintenance => {}
        Kind::Void | Kind::RaiseCap => {
            return Err(Hold::Unbuildable(format!("a {} takes no token of its own", intent.kind)));
        }
    }
    let ready = ready(road, intent, lane, &[]).await?;
    let token = next_token(intent, lane, &ready.payer, road.lane_window)?;
    ready.bytes(road, intent, lane, token)
}

/// Asks, checks and builds on a token that is taken. Takes nothing.
pub(super) async fn rebuild(road: &XrpRoad, intent: &Intent, place: &Place) -> Result<Plan, Hold> {
    let Place { lane, token, rivals } = place;
    if spend_of(token).is_none() {
        return Err(Hold::Unbuildable(format!("{token} is no token of this ledger")));
    }
    let rivals: Vec<Fee> = rivals.iter().filter_map(|rival| price::terms(road, rival)).collect();
    let ready = ready(road, intent, lane, &rivals).await?;
    if ready.payer.has_used(token) {
        return Err(Hold::TokenUsed(token.clone()));
    }
    ready.bytes(road, intent, lane, token.clone())
}

/// All that bytes need but a token.
struct Ready {
    act: Act,
    payer: Payer,
    fee: Fee,
}

async fn ready(road: &XrpRoad, intent: &Intent, lane: &Lane, rivals: &[Fee]) -> Result<Ready, Hold> {
    let act = Act::of(intent).map_err(|error| Hold::Unbuildable(error.to_string()))?;
    // All at once: a lane plans one payout at a time, so its pace is the servers' round trip.
    let (state, payer, fees) = tokio::join!(
        road.pool.first(|server| server.state()),
        ledger::payer(road, &lane.from),
        road.pool.first(|server| server.fees()),
    );
    let state = state?;
    let native = CoinId::native(&intent.chain_id);
    let Some(payer) = payer? else {
        let needs = intent.amount.checked_add(state.reserve_base).unwrap_or(intent.amount);
        let from = lane.from.clone();
        return Err(Hold::Funds(Box::new(Shortage { from, coin: native, has: Amount::ZERO, needs })));
    };
    if let Act::Pay { to, tag, amount } = &act {
        let deposit = Deposit { from: &lane.from, to, tag: *tag, amount: *amount };
        recipient::takes(road, &state, deposit).await?;
    }
    let fee = price::offer(&fees?, state.validated, rivals, intent.fee_cap)?;
    if let Act::CreateTickets(count) = &act {
        payer.has_room(lane, *count)?;
    }
    let (keep, moved) = bound(&state, &payer, lane, &act);
    let needs = moved.and_then(|moved| moved.checked_add(Amount::from_u128(fee.drops.into())));
    ledger::enough(lane, &payer, native, keep, needs)?;
    Ok(Ready { act, payer, fee })
}

/// What has to stay in the account, and what leaves it beside the fee or is bound in it for good.
fn bound(state: &State, payer: &Payer, lane: &Lane, act: &Act) -> (Option<Amount>, Option<Amount>) {
    let owned = payer.account.owned.checked_add(payer.tickets_to_come(lane));
    let reserve = owned.and_then(|owned| ledger::reserve(state, owned));
    match act {
        Act::Pay { amount, .. } => (reserve, Some(*amount)),
        Act::CreateTickets(count) => (reserve, state.reserve_increment.checked_mul((*count).into())),
        // A fee may come out of the reserve: what stands in the way of all others must not wait for money.
        Act::Nothing | Act::SetFlag(_) | Act::ClearFlag(_) => (Some(Amount::ZERO), Some(Amount::ZERO)),
    }
}

impl Ready {
    /// The bytes, decoded back and compared.
    fn bytes(self, road: &XrpRoad, intent: &Intent, lane: &Lane, token: Token) -> Result<Plan, Hold> {
        let Self { act, payer: _, fee } = self;
        let unbuildable = |error: &dyn std::error::Error| Hold::Unbuildable(error.to_string());
        let public_key = lane
            .public_key
            .ok_or_else(|| Hold::Unbuildable("the rules list no key for the paying address".to_owned()))?;
        let network_id = road.network_id.clone();
        let unsigned =
            build(&Bytes { network_id, token, public_key, act, fee }).map_err(|e| unbuildable(&e))?;
        let decoded = chain::family(Family::Xrp)
            .decode(&road.network_id, &unsigned)
            .map_err(|error| unbuildable(&error))?;
        Plan::checked(intent, unsigned, decoded)
    }
}

/// The lowest free ticket. Without any, the account's next sequence number, if nothing in flight waits for one: behind
/// a payment by number every later one would wait. A maintenance takes the number first, so that tickets stay for
/// payouts.
fn next_token(intent: &Intent, lane: &Lane, payer: &Payer, window: u16) -> Result<Token, Hold> {
    let taken: BTreeSet<Spend> = lane.taken.iter().filter_map(|taken| spend_of(&taken.token)).collect();
    let unused = |spend: &&Spend| !payer.has_used(&token_for(**spend));
    let in_flight = taken.iter().filter(unused).count();
    if in_flight >= usize::from(window) {
        return Err(Hold::LaneFull { limit: window });
    }
    let tickets = payer.tickets.iter().map(|number| Spend::Ticket(*number));
    let ticket = tickets.into_iter().find(|ticket| !taken.contains(ticket));
    let by_number = taken.iter().filter(unused).any(|spend| matches!(spend, Spend::Sequence(_)));
    let sequence = (!by_number).then_some(Spend::Sequence(payer.account.sequence));
    let free = match intent.kind {
        Kind::Maintenance => sequence.or(ticket),
        Kind::Payout | Kind::Void | Kind::RaiseCap => ticket.or(sequence),
    };
    let limit = u16::try_from(in_flight).unwrap_or(window);
    free.map(token_for).ok_or(Hold::LaneFull { limit })
}
