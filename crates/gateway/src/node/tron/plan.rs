//! Before a transaction is made: is there money, is there energy, and what may it burn.

use chain::TokenRef;
use chain::tron::{ACCOUNT_BOUND_SUN, BYTE_BOUND_SUN, Build as Bytes, build, transfer_calldata};
use payout::coin::CoinId;
use payout::ids::TokenId;
use payout::intent::{Intent, Kind};
use payout::money::Amount;

use super::TronRoad;
use super::client::{Node, State};
use super::energy::{Need, Source};
use super::reply::{Block, DryRun, Parameters};
use crate::clock;
use crate::node::pool::Named as _;
use crate::node::road::{Hold, Lane, NodeError, Plan};

/// Energy above the estimate, in percent: state that the estimate saw may change until the transaction runs, and so may
/// the factor that busy contracts pay. Unused energy costs nothing.
const MARGIN_PERCENT: u64 = 20;
/// The same for a recipient that holds the token: should its balance be zero by then, the transfer costs about double.
const EMPTIED_PERCENT: u64 = 120;
/// How many nodes are asked where one that lies could burn money.
const OPINIONS: usize = 2;
/// Bandwidth of a token's transfer at its largest, and of a transfer of TRX, bytes.
const TOKEN_BYTES: u64 = 400;
const TRX_BYTES: u64 = 300;
/// Blocks need 19 more on them to be solidified, 3 s each; and a little more, ms.
const SOLID_LAG_MS: i64 = 90_000;
/// How far the chain may be ahead of our clock, ms.
const AHEAD_MS: i64 = 30_000;

/// Estimates, checks and builds. Takes nothing.
pub(super) async fn plan(road: &TronRoad, intent: &Intent, lane: &Lane) -> Result<Plan, Hold> {
    if intent.kind != Kind::Payout {
        return Err(Hold::Unbuildable(format!("TRON has no {}", intent.kind)));
    }
    // Tokens that ended payouts have kept move nothing, and nothing waits for them here.
    let in_flight = lane.taken.iter().filter(|taken| !taken.amount.is_zero()).count();
    if in_flight >= usize::from(road.lane_window) {
        return Err(Hold::LaneFull { limit: road.lane_window });
    }
    match TokenRef::of(&intent.chain_id, &intent.token_id) {
        TokenRef::Native => trx(road, intent, lane).await,
        TokenRef::Contract(contract) => token(road, intent, lane, &contract).await,
    }
}

/// A transfer of TRX.
async fn trx(road: &TronRoad, intent: &Intent, lane: &Lane) -> Result<Plan, Hold> {
    if intent.to == intent.from {
        return Err(Hold::WouldFail("TRX can't be sent to the paying address itself".to_owned()));
    }
    let (solid, prices, balance, recipients) = tokio::join!(
        road.pool.first(|node| solid_block(node, road.lag_limit_ms)),
        prices(road),
        road.pool.first(|node| node.balance_of(&lane.from, &TokenRef::Native)),
        road.pool.opinions(OPINIONS, |node| node.account(State::Head, &intent.to)),
    );
    let (solid, prices, balance) = (solid?, prices?, balance?);
    // A node that lags knows a new account late: one that says "none" is believed, it only costs more.
    let mut activates = false;
    let mut asked = Err(NodeError::TooFew { needed: 1, answered: 0 });
    for opinion in recipients {
        match opinion {
            Ok(account) => {
                activates |= account.is_none();
                if account.is_some_and(|account| account.is_contract) {
                    let why = "the recipient is a contract, and TRX can't be sent to it by a transfer";
                    return Err(Hold::WouldFail(why.to_owned()));
                }
                asked = Ok(());
            }
            Err(error) if asked.is_err() => asked = Err(error),
            Err(_) => {}
        }
    }
    asked?;
    let cost = if activates { prices.account_sun } else { TRX_BYTES * prices.byte_sun };
    let needs = intent.amount.checked_add(Amount::from_u128(cost.into()));
    lane.enough(native(intent), spare(lane, intent, balance, None), needs)?;
    finish(road, intent, lane, &solid, None)
}

/// A transfer of a token.
async fn token(road: &TronRoad, intent: &Intent, lane: &Lane, contract: &TokenId) -> Result<Plan, Hold> {
    let (solid, prices, trx, balance, resources, recipient, estimate) = tokio::join!(
        road.pool.first(|node| solid_block(node, road.lag_limit_ms)),
        prices(road),
        road.pool.first(|node| node.balance_of(&lane.from, &TokenRef::Native)),
        road.pool.first(|node| node.token_balance(State::Solid, &lane.from, contract)),
        road.pool.first(|node| node.resources(&lane.from)),
        road.pool.first(|node| node.token_balance(State::Head, &intent.to, contract)),
        estimate(road, intent, contract),
    );
    // Money before energy: a dry run for a payer without funds is only an obscure error.
    let coin = CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() };
    lane.enough(coin, spare_of_token(lane, intent, balance?), Some(intent.amount))?;
    let (solid, prices, trx, resources) = (solid?, prices?, trx?, resources?);
    let first_time = recipient?.is_zero();
    let estimate = estimate?;
    let overflow = || Hold::Unbuildable("the energy estimate overflows".to_owned());
    let with = |percent: u64| estimate.checked_mul(100 + percent).map(|energy| energy.div_ceil(100));
    let least = with(MARGIN_PERCENT).ok_or_else(overflow)?;
    let roomy = if first_time { Some(least) } else { with(EMPTIED_PERCENT) }.ok_or_else(overflow)?;
    let limit = energy_limit(&prices, least, roomy, intent.fee_cap)?;

    let in_flight = tokens_in_flight(lane, intent);
    let need = Need {
        from: &lane.from,
        energy: least,
        has: resources.energy,
        spoken_for: least.saturating_mul(in_flight),
        first_time,
        sun: prices.energy_sun,
        cap: intent.fee_cap,
    };
    let source = road.energy.cover(need).await?;
    let fee_limit = limit.checked_mul(prices.energy_sun).ok_or_else(overflow)?;
    let bandwidth = TOKEN_BYTES * prices.byte_sun;
    let burns = match source {
        Source::Held => bandwidth,
        Source::Burnt => fee_limit.saturating_add(bandwidth),
    };
    let has = spare(lane, intent, trx, (source == Source::Held).then_some(bandwidth));
    lane.enough(native(intent), has, Some(Amount::from_u128(burns.into())))?;
    finish(road, intent, lane, &solid, Some(fee_limit))
}

/// The most energy that the transfer may use: roomy where the cap allows it, and a hold where even the least is over it.
fn energy_limit(prices: &Parameters, least: u64, roomy: u64, cap: Amount) -> Result<u64, Hold> {
    let bandwidth = u128::from(TOKEN_BYTES * BYTE_BOUND_SUN);
    let fee = |energy: u64| u128::from(energy) * u128::from(prices.energy_sun) + bandwidth;
    let over = Hold::FeeOverCap { fee: Amount::from_u128(fee(least)), cap };
    // More than any balance of TRX can be is no limit.
    let most = cap.as_u128().unwrap_or(u128::MAX).saturating_sub(bandwidth) / u128::from(prices.energy_sun);
    let most = u64::try_from(most).unwrap_or(u64::MAX).min(prices.max_fee_limit / prices.energy_sun);
    if least > most { Err(over) } else { Ok(roomy.min(most)) }
}

/// How much energy the transfer needs: asked of two nodes, the larger answer counts.
///
/// One node that says too little would make a payment run out of energy: it would fail for good and burn its fee. One
/// that says too much costs nothing, because unused energy is not paid for, and the cap bounds it.
async fn estimate(road: &TronRoad, intent: &Intent, contract: &TokenId) -> Result<u64, Hold> {
    let calldata = transfer_calldata(&intent.to, intent.amount)
        .ok_or_else(|| Hold::Unbuildable("the recipient is no TRON address".to_owned()))?;
    let ask = async |node: &Node| {
        let signature = "transfer(address,uint256)";
        node.dry_run(State::Head, &intent.from, contract, signature, &calldata).await
    };
    let mut most = None;
    let mut unusable = NodeError::TooFew { needed: 1, answered: 0 };
    for opinion in road.pool.opinions(OPINIONS, ask).await {
        match opinion {
            Ok(DryRun::Fine { energy, .. }) => most = most.max(Some(energy)),
            Ok(DryRun::Fails(why)) => return Err(Hold::WouldFail(why)),
            Err(error) => unusable = error,
        }
    }
    most.ok_or(Hold::Node(unusable))
}

/// The chain's prices, of two nodes the higher ones; and whether co-signers count with as much.
async fn prices(road: &TronRoad) -> Result<Parameters, Hold> {
    let mut all: Option<Parameters> = None;
    let mut unusable = NodeError::TooFew { needed: 1, answered: 0 };
    for opinion in road.pool.opinions(OPINIONS, |node| node.parameters()).await {
        match opinion {
            Ok(other) => {
                all = Some(all.map_or(other, |one| Parameters {
                    energy_sun: one.energy_sun.max(other.energy_sun),
                    byte_sun: one.byte_sun.max(other.byte_sun),
                    account_sun: one.account_sun.max(other.account_sun),
                    max_fee_limit: one.max_fee_limit.min(other.max_fee_limit),
                }));
            }
            Err(error) => unusable = error,
        }
    }
    let prices = all.ok_or(Hold::Node(unusable))?;
    if prices.byte_sun > BYTE_BOUND_SUN || prices.account_sun > ACCOUNT_BOUND_SUN {
        return Err(Hold::Unbuildable(format!(
            "the chain asks {} sun for a byte and {} for an account; this version counts with at most {BYTE_BOUND_SUN} \
             and {ACCOUNT_BOUND_SUN}",
            prices.byte_sun, prices.account_sun
        )));
    }
    Ok(prices)
}

/// The newest solidified block, unless it is old: a node that lags names a block that is good, and a time that is not.
async fn solid_block(node: &Node, lag_limit_ms: i64) -> Result<Block, NodeError> {
    let block = node.newest(State::Solid).await?;
    let age = clock::now().since(block.time);
    let odd = |why: String| NodeError::Nonsense { node: node.name().to_owned(), method: "getblock", why };
    if age > lag_limit_ms + SOLID_LAG_MS {
        return Err(odd(format!("its newest solidified block {} is {} s old", block.number, age / 1000)));
    }
    if age < -AHEAD_MS {
        return Err(odd(format!("its newest solidified block is {} s ahead of our clock", -age / 1000)));
    }
    Ok(block)
}

/// The bytes, decoded back and compared: what leaves here does what was approved, or nothing leaves.
fn finish(
    road: &TronRoad,
    intent: &Intent,
    lane: &Lane,
    solid: &Block,
    fee_limit: Option<u64>,
) -> Result<Plan, Hold> {
    let refuse = |error: &dyn std::fmt::Display| Hold::Unbuildable(error.to_string());
    let reference = solid.reference().ok_or_else(|| refuse(&"the reference block's id is none"))?;
    loop {
        let timestamp = road.next_timestamp();
        let bytes = Bytes {
            network_id: road.network_id.clone(),
            reference,
            timestamp,
            expiration: timestamp.plus(road.expiry_ms),
            from: intent.from.clone(),
            to: intent.to.clone(),
            token: TokenRef::of(&intent.chain_id, &intent.token_id),
            amount: intent.amount,
            fee_limit,
        };
        let unsigned = build(&bytes).map_err(|error| refuse(&error))?;
        let decoded = chain::family(payout::coin::Family::Tron)
            .decode(&road.network_id, &unsigned)
            .map_err(|error| refuse(&error))?;
        if decoded.max_fee > intent.fee_cap {
            return Err(Hold::FeeOverCap { fee: decoded.max_fee, cap: intent.fee_cap });
        }
        let plan = Plan::checked(intent, unsigned, decoded)?;
        // Another gateway may have made the same payment to the same payee in the same millisecond.
        if lane.taken.iter().all(|taken| taken.token != plan.build.token) {
            return Ok(plan);
        }
    }
}

fn native(intent: &Intent) -> CoinId {
    CoinId::native(&intent.chain_id)
}

/// How many payments of tokens are on their way: each has a claim on the address's energy.
fn tokens_in_flight(lane: &Lane, intent: &Intent) -> u64 {
    let native = native(intent);
    lane.taken.iter().filter(|taken| taken.coin != native).count() as u64
}

/// What the address finally holds of TRX beyond the payments in flight: all of those that are not final count in full,
/// since a solidified balance has them still. `held` is what a token's transfer burns where its energy is there.
fn spare(lane: &Lane, intent: &Intent, balance: Amount, held: Option<u64>) -> Amount {
    let native = native(intent);
    lane.taken.iter().fold(balance, |spare, taken| {
        let spent = if taken.coin == native {
            taken.amount.checked_add(taken.max_fee)
        } else {
            Some(held.map_or(taken.max_fee, |burns| taken.max_fee.min(Amount::from_u128(burns.into()))))
        };
        spent.and_then(|spent| spare.checked_sub(spent)).unwrap_or(Amount::ZERO)
    })
}

/// What the address finally holds of the intent's token beyond the payments in flight.
fn spare_of_token(lane: &Lane, intent: &Intent, balance: Amount) -> Amount {
    let same = lane.taken.iter().filter(|taken| taken.coin.token_id == intent.token_id);
    same.fold(balance, |spare, taken| spare.checked_sub(taken.amount).unwrap_or(Amount::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Parameters =
        Parameters { energy_sun: 100, byte_sun: 1000, account_sun: 1_100_000, max_fee_limit: 15_000_000_000 };

    #[test]
    fn the_energy_limit_is_roomy_under_the_cap_and_holds_above_it() {
        let limit = |cap| energy_limit(&PRICES, 78_000, 143_000, Amount::from_u128(cap));
        assert_eq!(limit(100_000_000).unwrap(), 143_000);
        assert_eq!(limit(10_400_000).unwrap(), 100_000);
        assert_eq!(limit(8_200_000).unwrap(), 78_000);
        let held = limit(8_199_999);
        assert!(matches!(held, Err(Hold::FeeOverCap { fee, .. }) if fee == Amount::from_u128(8_200_000)));
        assert!(limit(0).is_err());
        assert_eq!(
            energy_limit(&PRICES, 78_000, 143_000, Amount::from_u256(ruint::aliases::U256::MAX)).unwrap(),
            143_000
        );
    }

    #[test]
    fn the_chains_highest_fee_limit_is_kept() {
        let prices = Parameters { max_fee_limit: 7_900_000, ..PRICES };
        let cap = Amount::from_u128(100_000_000);
        assert_eq!(energy_limit(&prices, 78_000, 143_000, cap).unwrap(), 79_000);
        assert!(energy_limit(&prices, 79_001, 143_000, cap).is_err());
    }
}
