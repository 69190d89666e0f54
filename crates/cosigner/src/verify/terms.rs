//! Sixth: the intent's own words against the tables of the rules: coin, network, amount, fee cap, expiry.
//!
//! The version that an intent names never changes, so a contradiction with it is for ever; one with the newest may pass.

use payout::coin::{Coin, CoinId, Network};
use payout::ids::Address;
use payout::intent::{Intent, Kind};
use payout::policy::{Environment, FeeLimit, Rules, is_development};
use wire::message::{Check, Refusal};

use super::context::Context;
use crate::refuse::{later, never};

/// The tables' rows for an intent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) network: &'a Network,
    /// The fee limit of the newest version: its window is what counts. The cap of both was compared.
    pub(crate) fee: &'a FeeLimit,
}

pub(crate) fn check<'a>(ctx: &Context<'a>, named: &'a Rules, intent: &Intent) -> Result<Terms<'a>, Refusal> {
    if let Some(why) = intent.contradiction() {
        return Err(wrong(format!("the intent contradicts itself: {why}")));
    }
    let newest = ctx.policy.newest_rules();
    let network = named.network(&intent.chain_id).ok_or_else(|| {
        wrong(format!("chain {} is not in the rules that the intent names", intent.chain_id))
    })?;
    if network.network_id != intent.network_id {
        return Err(wrong(format!(
            "chain {} is network {}, the intent says {}",
            intent.chain_id, network.network_id, intent.network_id
        )));
    }
    if ctx.policy.environment() == Environment::Demo && !is_development(network) {
        return Err(wrong(format!("a demo never signs for network {}", network.network_id)));
    }
    let id = CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() };
    let coin = named
        .coin(&id)
        .ok_or_else(|| wrong(format!("the coin {id} is not in the rules that the intent names")))?;
    if newest.coin(&id).is_none() || newest.network(&intent.chain_id).is_none() {
        return Err(later(Check::Rule, format!("the coin {id} is not in the newest rules")));
    }
    amount(intent, coin)?;
    for (field, address) in [("from", &intent.from), ("to", &intent.to)] {
        canonical(network, field, address)?;
    }
    fee(named, intent, never)?;
    let fee = fee(newest, intent, later)?;
    expiry(named, intent)?;
    Ok(Terms { network, fee })
}

fn amount(intent: &Intent, coin: &Coin) -> Result<(), Refusal> {
    if intent.amount.is_zero() && intent.kind == Kind::Payout {
        return Err(wrong("the amount is zero"));
    }
    let text = intent.amount.to_decimal(coin.decimals);
    if text == intent.amount_text {
        return Ok(());
    }
    Err(wrong(format!(
        "{} base units of {} are {text}, the intent says {:?}",
        intent.amount, coin.name, intent.amount_text
    )))
}

/// One address, one spelling: else two texts could name one recipient.
fn canonical(network: &Network, field: &str, address: &Address) -> Result<(), Refusal> {
    match chain::family(network.family).parse_address(&network.network_id, address.as_str()) {
        Ok(canonical) if canonical == *address => Ok(()),
        Ok(canonical) => Err(wrong(format!("{field} is spelled {address}, canonical is {canonical}"))),
        Err(error) => Err(wrong(format!("{field} is no address of the network: {error}"))),
    }
}

fn fee<'r>(
    rules: &'r Rules,
    intent: &Intent,
    refuse: fn(Check, String) -> Refusal,
) -> Result<&'r FeeLimit, Refusal> {
    let limit = rules.fee(&intent.chain_id).ok_or_else(|| {
        refuse(Check::Rule, format!("the rules allow no fees on chain {}", intent.chain_id))
    })?;
    let most = limit.most(intent.kind);
    if intent.fee_cap > most {
        let reason = format!("the intent's fee cap is {}, the rules allow {most}", intent.fee_cap);
        return Err(refuse(Check::Rule, reason));
    }
    Ok(limit)
}

/// An intent can't give itself more time than its rule gives.
fn expiry(named: &Rules, intent: &Intent) -> Result<(), Refusal> {
    // A rule that is not there is refused by the next check, in better words.
    let Some(rule) = named.rule(&intent.rule) else { return Ok(()) };
    let latest = rule.outcome.expiry(intent.created);
    if intent.expiry <= latest {
        return Ok(());
    }
    Err(wrong(format!("the intent expires at {}, its rule gives it until {latest}", intent.expiry)))
}

fn wrong(reason: impl Into<String>) -> Refusal {
    never(Check::Rule, reason)
}
