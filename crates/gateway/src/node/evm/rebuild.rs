//! Bytes on a nonce that is taken already: a higher offer for the payment that has it, or a void of it.

use chain::evm::{Build as Bytes, Fee, nonce_of};
use chain::{Effect, TokenRef};
use payout::coin::CoinId;
use payout::intent::{Intent, Kind};
use payout::money::Amount;

use super::rpc::At;
use super::{EvmRoad, gas, plan, price};
use crate::node::road::{Hold, Place, Plan};

/// Estimates, checks and builds. Takes nothing: the token is taken.
pub(super) async fn rebuild(road: &EvmRoad, intent: &Intent, place: &Place) -> Result<Plan, Hold> {
    let Place { lane, token, rivals } = place;
    let nonce = nonce_of(token).ok_or_else(|| Hold::Unbuildable(format!("{token} is no EVM token")))?;
    let coin = match intent.kind {
        Kind::Payout | Kind::RaiseCap => TokenRef::of(&intent.chain_id, &intent.token_id),
        Kind::Void => TokenRef::Native,
        Kind::Maintenance => return Err(Hold::Unbuildable("a maintenance is not built here".to_owned())),
    };
    let call = gas::call_of(intent, &coin)?;
    let (used, native_balance, token_balance, gas, prices) = tokio::join!(
        road.pool.first(|node| node.nonce(&lane.from, At::Latest)),
        road.pool.first(|node| node.balance_of(&lane.from, &TokenRef::Native)),
        plan::token_balance(road, lane, &coin),
        gas::estimate(road, &call),
        price::today(road),
    );
    let used = used?;
    if used > nonce {
        return Err(Hold::TokenUsed(token.clone()));
    }
    let fees: Vec<Fee> = rivals.iter().filter_map(|rival| Some(price::terms(rival)?.fee)).collect();
    let gas_limit = at_least(gas, gas_so_far(intent, place))?;
    let fee = price::outbid(&prices?, &fees, gas_limit, intent.fee_cap)?;

    let native = CoinId::native(&intent.chain_id);
    if let Some(balance) = token_balance? {
        let coin = CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() };
        let has = plan::spare(lane, &coin, used, balance);
        lane.enough(coin, has, Some(intent.amount))?;
    }
    let moved =
        if intent.kind != Kind::Void && coin == TokenRef::Native { intent.amount } else { Amount::ZERO };
    let max_fee = Amount::from_u128(fee.max_fee_per_gas()).checked_mul(gas_limit.into());
    let needs = max_fee.and_then(|fee| fee.checked_add(moved));
    lane.enough(native.clone(), plan::spare(lane, &native, used, native_balance?), needs)?;

    let (to, amount) = match intent.kind {
        Kind::Void => (intent.from.clone(), Amount::ZERO),
        Kind::Payout | Kind::RaiseCap | Kind::Maintenance => (intent.to.clone(), intent.amount),
    };
    let network_id = road.network_id.clone();
    plan::finish(intent, &Bytes { network_id, nonce, to, token: coin, amount, gas_limit, fee })
}

/// The most gas that bytes with the same effect were given before.
fn gas_so_far(intent: &Intent, place: &Place) -> Option<u64> {
    let same = |effect: &Effect| matches!(effect, Effect::Void { .. }) == (intent.kind == Kind::Void);
    let alike = place
        .rivals
        .iter()
        .filter(|rival| price::decoded(rival).is_some_and(|decoded| same(&decoded.effect)));
    alike.filter_map(|rival| Some(price::terms(rival)?.gas_limit)).max()
}

/// The estimate, or what was given before if that is more. A payment that the chain would refuse today is on its way all
/// the same, and stands before all others of its address: it is moved on, and fails or not by what the chain says then.
fn at_least(estimate: Result<u64, Hold>, before: Option<u64>) -> Result<u64, Hold> {
    match (estimate, before) {
        (Ok(gas), Some(before)) => Ok(gas.max(before)),
        (Ok(gas), None) => Ok(gas),
        (Err(Hold::WouldFail(_)), Some(before)) => Ok(before),
        (Err(error), _) => Err(error),
    }
}
