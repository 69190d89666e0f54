//! What gas costs today, what to offer for it, and whether an offer that was made is still enough.

use chain::evm::{Fee, GasTerms, nonce_of, token_for_nonce};
use chain::{Decoded, FeeTerms};
use payout::ids::Address;
use payout::life::Build;
use payout::money::Amount;
use ruint::aliases::U256;

use super::EvmRoad;
use super::rpc::At;
use crate::config::Fees;
use crate::node::road::{Hold, NodeError, Standing};

/// The base fee may double while people and co-signers are at work; above that the offer is raised on the same nonce.
const BASE_FEE_FACTOR: u128 = 2;

/// What gas costs now, wei per unit.
#[derive(Debug)]
pub(super) enum Prices {
    /// Before EIP-1559.
    Legacy { gas_price: Amount },
    /// Since.
    Eip1559 { base: Option<u128>, tip: Amount },
}

/// Today's prices.
pub(super) async fn today(road: &EvmRoad) -> Result<Prices, NodeError> {
    match road.fees {
        Fees::Legacy => {
            let gas_price = road.pool.first(|node| node.gas_price()).await?;
            Ok(Prices::Legacy { gas_price })
        }
        Fees::Eip1559 => {
            let (head, tip) =
                road.pool.first(|node| async move { tokio::try_join!(node.head(), node.tip()) }).await?;
            Ok(Prices::Eip1559 { base: head.base_fee, tip })
        }
    }
}

/// The prices to offer: room for the base fee to double, less room where the cap demands it, and a hold where even
/// today's price is over the cap.
pub(super) fn offer(prices: &Prices, gas_limit: u64, cap: Amount) -> Result<Fee, Hold> {
    let most = most(gas_limit, cap);
    let over = |price| over(price, gas_limit, cap);
    match prices {
        Prices::Legacy { gas_price } => {
            let gas_price = gas_price.as_u128().ok_or_else(|| over(u128::MAX))?;
            if gas_price > most { Err(over(gas_price)) } else { Ok(Fee::Legacy { gas_price }) }
        }
        Prices::Eip1559 { base: None, .. } => {
            Err(Hold::Unbuildable("the chain has no base fee: set fees = \"legacy\"".to_owned()))
        }
        Prices::Eip1559 { base: Some(base), tip } => {
            let tip = tip.as_u128().ok_or_else(|| over(u128::MAX))?;
            let least = base.checked_add(tip).ok_or_else(|| over(u128::MAX))?;
            if least > most {
                return Err(over(least));
            }
            let roomy = base.saturating_mul(BASE_FEE_FACTOR).saturating_add(tip);
            Ok(Fee::Eip1559 { max_fee_per_gas: roomy.min(most), max_priority_fee_per_gas: tip })
        }
    }
}

/// An offer that nodes take in place of each of `rivals`, today's offer if that is more.
pub(super) fn outbid(prices: &Prices, rivals: &[Fee], gas_limit: u64, cap: Amount) -> Result<Fee, Hold> {
    let mut fee = offer(prices, gas_limit, cap)?;
    for rival in rivals {
        let least = rival.replacement().ok_or_else(|| over(u128::MAX, gas_limit, cap))?;
        fee = match fee {
            Fee::Eip1559 { max_fee_per_gas, max_priority_fee_per_gas } => Fee::Eip1559 {
                max_fee_per_gas: max_fee_per_gas.max(least.max_fee_per_gas()),
                max_priority_fee_per_gas: max_priority_fee_per_gas.max(least.max_priority_fee_per_gas()),
            },
            Fee::Legacy { gas_price } => Fee::Legacy { gas_price: gas_price.max(least.max_fee_per_gas()) },
        };
    }
    if fee.max_fee_per_gas() > most(gas_limit, cap) {
        return Err(over(fee.max_fee_per_gas(), gas_limit, cap));
    }
    Ok(fee)
}

/// The most per unit of gas that a cap allows.
fn most(gas_limit: u64, cap: Amount) -> u128 {
    cap.as_u256()
        .checked_div(U256::from(gas_limit))
        .and_then(|price| u128::try_from(price).ok())
        .unwrap_or(u128::MAX)
}

fn over(price: u128, gas_limit: u64, cap: Amount) -> Hold {
    let fee = Amount::from_u128(price).checked_mul(gas_limit.into()).unwrap_or(cap);
    Hold::FeeOverCap { fee, cap }
}

/// Whether an offer that is on its way is enough today.
pub(super) async fn standing(
    road: &EvmRoad,
    from: &Address,
    own: &Build,
    rivals: &[Build],
) -> Result<Standing, NodeError> {
    let (next, prices) = tokio::join!(road.pool.first(|node| node.nonce(from, At::Latest)), today(road));
    let (next, prices) = (next?, prices?);
    let Some((nonce, terms)) = nonce_of(&own.token).zip(terms(own)) else { return Ok(Standing::Fair) };
    if next > nonce {
        return Ok(Standing::Used);
    }
    if next < nonce {
        return Ok(Standing::NotItsTurn { next: token_for_nonce(next) });
    }
    let rivals: Vec<Fee> = rivals.iter().filter_map(|rival| Some(self::terms(rival)?.fee)).collect();
    Ok(compared(&prices, &terms, &rivals))
}

fn compared(prices: &Prices, own: &GasTerms, rivals: &[Fee]) -> Standing {
    let asks = match prices {
        Prices::Legacy { gas_price } => gas_price.as_u128().unwrap_or(u128::MAX),
        Prices::Eip1559 { base, tip } => base.unwrap_or(0).saturating_add(tip.as_u128().unwrap_or(u128::MAX)),
    };
    let tip = match prices {
        Prices::Legacy { .. } => 0,
        Prices::Eip1559 { tip, .. } => tip.as_u128().unwrap_or(u128::MAX),
    };
    let enough = own.fee.max_fee_per_gas() >= asks && own.fee.max_priority_fee_per_gas() >= tip;
    if enough && rivals.iter().all(|rival| own.fee.outbids(rival)) {
        return Standing::Fair;
    }
    let whole = |price: u128| Amount::from_u128(price).checked_mul(own.gas_limit.into()).unwrap_or_default();
    Standing::TooLow { asks: whole(asks), offers: whole(own.fee.max_fee_per_gas()) }
}

/// What bytes of ours offer; `None` for what is not ours to read.
pub(super) fn terms(build: &Build) -> Option<GasTerms> {
    let decoded = decoded(build)?;
    match decoded.fee {
        FeeTerms::Evm(terms) => Some(terms),
        FeeTerms::Xrp(_) | FeeTerms::Tron(_) => None,
    }
}

/// What bytes of ours do.
pub(super) fn decoded(build: &Build) -> Option<Decoded> {
    chain::evm::decode(&build.unsigned).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fees(max_fee_per_gas: u128, max_priority_fee_per_gas: u128) -> Fee {
        Fee::Eip1559 { max_fee_per_gas, max_priority_fee_per_gas }
    }

    #[test]
    fn the_offer_leaves_room_for_a_rising_base_fee_and_stays_under_the_cap() {
        let prices = Prices::Eip1559 { base: Some(100), tip: Amount::from_u128(10) };
        let cap = |wei: u128| Amount::from_u128(wei);
        let offered = |wei| offer(&prices, 10, cap(wei)).map(|fee| fee.max_fee_per_gas());
        assert_eq!(offered(10_000).unwrap(), 210);
        assert_eq!(offered(1_500).unwrap(), 150);
        assert_eq!(offered(1_100).unwrap(), 110);
        assert!(matches!(offered(1_099), Err(Hold::FeeOverCap { .. })));
    }

    #[test]
    fn an_offer_outbids_every_rival_and_stays_under_the_cap() {
        let prices = Prices::Eip1559 { base: Some(100), tip: Amount::from_u128(10) };
        let offered = |rivals: &[Fee], cap| outbid(&prices, rivals, 10, Amount::from_u128(cap));
        assert_eq!(offered(&[], 10_000).unwrap(), fees(210, 10));
        assert_eq!(offered(&[fees(210, 10)], 10_000).unwrap(), fees(237, 12));
        assert_eq!(offered(&[fees(80, 50), fees(300, 20)], 10_000).unwrap(), fees(338, 57));
        for (rivals, cap) in [(vec![fees(210, 10)], 2_370), (vec![], 1_100)] {
            assert!(offered(&rivals, cap).is_ok(), "{cap}");
            let over = offered(&rivals, cap - 1);
            assert!(
                matches!(over, Err(Hold::FeeOverCap { fee, .. }) if fee == Amount::from_u128(cap)),
                "{over:?}"
            );
        }
    }

    #[test]
    fn an_offer_is_too_low_when_the_price_or_a_rival_has_passed_it() {
        let prices = |base, tip| Prices::Eip1559 { base: Some(base), tip: Amount::from_u128(tip) };
        let own = GasTerms { gas_limit: 10, fee: fees(200, 10) };
        assert_eq!(compared(&prices(190, 10), &own, &[]), Standing::Fair);
        let low = Standing::TooLow { asks: Amount::from_u128(2_010), offers: Amount::from_u128(2_000) };
        assert_eq!(compared(&prices(191, 10), &own, &[]), low);
        assert!(matches!(compared(&prices(100, 11), &own, &[]), Standing::TooLow { .. }));
        assert!(matches!(compared(&prices(100, 10), &own, &[fees(190, 9)]), Standing::TooLow { .. }));
        assert_eq!(compared(&prices(100, 10), &own, &[fees(177, 8)]), Standing::Fair);
    }
}
