//! What a place in the next ledger costs, and whether bytes that were sent can still have one.

use chain::FeeTerms;
use chain::xrp::Fee;
use payout::ids::Address;
use payout::life::Build;
use payout::money::Amount;

use super::reply::Fees;
use super::{XrpRoad, ledger};
use crate::node::road::{Hold, NodeError, Standing};

/// Ledgers that signed bytes stay valid for, about four minutes: people are done by then, the co-signers have to sign and
/// the servers to take them. Bytes that lapse are built again on the same token.
pub(super) const LIFE_LEDGERS: u32 = 60;

/// Above the price of the moment, in percent: it may rise until the bytes are signed. Small as fees are here, it is cheaper
/// than signing twice.
const MARGIN_PERCENT: u128 = 20;

/// Fee and last ledger for new bytes, so that servers take them in place of each of `rivals`.
///
/// # Errors
/// [`Hold::FeeOverCap`].
pub(super) fn offer(fees: &Fees, validated: u32, rivals: &[Fee], cap: Amount) -> Result<Fee, Hold> {
    let over = |fee: Amount| Hold::FeeOverCap { fee, cap };
    let least = fees.open_ledger.max(fees.minimum).max(Amount::from_u128(1));
    let mut last_ledger = validated.saturating_add(LIFE_LEDGERS);
    let mut floor = least;
    for rival in rivals {
        let wanted = if rival.last_ledger > validated {
            // It may still land: servers take another one only for a quarter more.
            rival.replacement().ok_or_else(|| over(Amount::from_u128(u128::MAX)))?
        } else {
            rival.drops
        };
        floor = floor.max(Amount::from_u128(wanted.into()));
        last_ledger = last_ledger.max(rival.last_ledger);
    }
    if floor > cap {
        return Err(over(floor));
    }
    let roomy = least.as_u128().and_then(|fee| Some(fee.checked_mul(100 + MARGIN_PERCENT)?.div_ceil(100)));
    let fee = roomy.map_or(floor, Amount::from_u128).min(cap).max(floor);
    let drops = fee.as_u128().and_then(|fee| u64::try_from(fee).ok()).ok_or_else(|| over(fee))?;
    Ok(Fee { drops, last_ledger })
}

/// Whether an offer that is on its way is enough today, and valid.
pub(super) async fn standing(
    road: &XrpRoad,
    from: &Address,
    own: &Build,
    rivals: &[Build],
) -> Result<Standing, NodeError> {
    // Asked at every look of every payment in flight: what is only wanted for the rare answers comes after.
    let (state, fees) =
        tokio::join!(road.pool.first(|server| server.state()), road.pool.first(|server| server.fees()));
    let (state, fees) = (state?, fees?);
    let Some(terms) = terms(road, own) else { return Ok(Standing::Fair) };
    let rivals: Vec<Fee> = rivals.iter().filter_map(|rival| self::terms(road, rival)).collect();
    let standing = compared(&fees, state.validated, &terms, &rivals);
    if standing != Standing::Fair
        && ledger::payer(road, from).await?.is_some_and(|payer| payer.has_used(&own.token))
    {
        return Ok(Standing::Used);
    }
    Ok(standing)
}

fn compared(fees: &Fees, validated: u32, own: &Fee, rivals: &[Fee]) -> Standing {
    if own.last_ledger <= validated {
        return Standing::Lapsed { last: own.last_ledger.into() };
    }
    let offers = Amount::from_u128(own.drops.into());
    let asks = fees.open_ledger.max(fees.minimum);
    // What has lapsed is in nobody's way.
    let outbids = |rival: &Fee| rival.last_ledger <= validated || own.outbids(rival);
    if offers >= asks && rivals.iter().all(outbids) {
        return Standing::Fair;
    }
    Standing::TooLow { asks, offers }
}

/// What bytes of ours offer; `None` for what is not ours to read.
pub(super) fn terms(road: &XrpRoad, build: &Build) -> Option<Fee> {
    let decoded = chain::family(payout::coin::Family::Xrp).decode(&road.network_id, &build.unsigned).ok()?;
    match decoded.fee {
        FeeTerms::Xrp(fee) => Some(fee),
        FeeTerms::Evm(_) | FeeTerms::Tron(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fees(minimum: u128, open_ledger: u128) -> Fees {
        Fees { minimum: Amount::from_u128(minimum), open_ledger: Amount::from_u128(open_ledger) }
    }

    fn fee(drops: u64, last_ledger: u32) -> Fee {
        Fee { drops, last_ledger }
    }

    #[test]
    fn the_offer_is_a_little_over_the_price_and_stays_under_the_cap() {
        let offered = |open, cap| offer(&fees(10, open), 100, &[], Amount::from_u128(cap));
        assert_eq!(offered(10, 1000).unwrap(), fee(12, 160));
        assert_eq!(offered(10, 11).unwrap(), fee(11, 160));
        assert_eq!(offered(500, 500).unwrap(), fee(500, 160));
        assert!(matches!(offered(500, 499), Err(Hold::FeeOverCap { .. })));
        // An open ledger can't ask for less than servers relay.
        assert_eq!(offered(5, 1000).unwrap(), fee(12, 160));
    }

    #[test]
    fn an_offer_replaces_what_is_on_its_way_and_repeats_what_has_lapsed() {
        let offered = |rivals: &[Fee], cap| offer(&fees(10, 10), 100, rivals, Amount::from_u128(cap));
        assert_eq!(offered(&[fee(12, 150)], 1000).unwrap(), fee(15, 160));
        assert_eq!(offered(&[fee(12, 100)], 1000).unwrap(), fee(12, 160));
        assert_eq!(offered(&[fee(40, 90), fee(12, 200)], 1000).unwrap(), fee(40, 200));
        assert!(matches!(offered(&[fee(12, 150)], 14), Err(Hold::FeeOverCap { .. })));
        assert_eq!(offered(&[fee(12, 100)], 12).unwrap(), fee(12, 160));
        for (rivals, cap) in [(vec![fee(12, 150)], 1000), (vec![fee(12, 100), fee(7, 30)], 12)] {
            let new = offered(&rivals, cap).unwrap();
            assert!(rivals.iter().all(|rival| new.outbids(rival)), "{new:?}");
        }
    }

    #[test]
    fn an_offer_lapses_or_is_too_low_or_fair() {
        let prices = fees(10, 20);
        assert_eq!(compared(&prices, 100, &fee(20, 100), &[]), Standing::Lapsed { last: 100 });
        assert_eq!(compared(&prices, 100, &fee(20, 101), &[]), Standing::Fair);
        assert!(matches!(compared(&prices, 100, &fee(19, 101), &[]), Standing::TooLow { .. }));
        assert!(matches!(compared(&prices, 100, &fee(20, 101), &[fee(20, 101)]), Standing::TooLow { .. }));
        assert_eq!(compared(&prices, 100, &fee(20, 101), &[fee(20, 100)]), Standing::Fair);
    }
}
