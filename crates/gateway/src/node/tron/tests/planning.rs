//! What a plan comes to.

use std::collections::BTreeSet;

use chain::{Effect, FeeTerms, ValidUntil};
use payout::intent::{Intent, Kind};
use payout::money::Amount;

use super::stand_in::{Chain, FROM, StandIn, TOKEN, intent, road};
use crate::clock;
use crate::node::{Hold, Lane, NodeError, Plan, Road as _, Taken};

const TRX: &str = "195";

fn lane() -> Lane {
    Lane { from: FROM.parse().unwrap(), taken: Vec::new(), highest: None, public_key: None }
}

fn taken(coin: &str, amount: u128, max_fee: u128) -> Taken {
    Taken {
        token: payout::life::Token::new(format!("tx:{amount:064x}")),
        coin: coin.parse().unwrap(),
        amount: Amount::from_u128(amount),
        max_fee: Amount::from_u128(max_fee),
        operation: None,
    }
}

async fn planned(chains: Vec<Chain>, intent: &Intent, lane: &Lane) -> Result<Plan, Hold> {
    let mut urls = Vec::new();
    for chain in chains {
        urls.push(StandIn::start(chain).await.url());
    }
    let witnesses = urls.len();
    road(urls, witnesses).plan(intent, lane).await
}

async fn by_one(chain: Chain, token_id: &str) -> Result<Plan, Hold> {
    planned(vec![chain], &intent(token_id), &lane()).await
}

fn decoded(plan: &Plan) -> chain::Decoded {
    chain::family(payout::coin::Family::Tron).decode(&"31338".parse().unwrap(), &plan.build.unsigned).unwrap()
}

fn fee_limit(plan: &Plan) -> Option<u64> {
    let FeeTerms::Tron(fee) = decoded(plan).fee else { panic!("another family's fee") };
    fee.fee_limit
}

#[tokio::test]
async fn a_plan_pays_what_was_asked_for_within_minutes() {
    for token_id in [TRX, TOKEN] {
        let plan = by_one(Chain::alive(), token_id).await.unwrap();
        let decoded = decoded(&plan);
        let Effect::Transfer { to, amount, .. } = decoded.effect else { panic!("no payment") };
        assert_eq!((to, amount), (intent(token_id).to, intent(token_id).amount));
        let Some(ValidUntil::Time(end)) = decoded.valid_until else { panic!("no end") };
        assert!((290_000..=300_000).contains(&end.since(clock::now())));
        assert_eq!(plan.build.max_fee, decoded.max_fee);
        assert!(decoded.max_fee <= intent(token_id).fee_cap);
    }
}

#[tokio::test]
async fn equal_payments_at_once_are_different_transactions() {
    let node = StandIn::start(Chain::alive()).await;
    let road = road(vec![node.url()], 1);
    let (intent, lane) = (intent(TRX), lane());
    let plans = futures::future::join_all((0..50).map(|_| road.plan(&intent, &lane))).await;
    let tokens: BTreeSet<_> = plans.into_iter().map(|plan| plan.unwrap().build.token).collect();
    assert_eq!(tokens.len(), 50);
}

#[tokio::test]
async fn trx_to_a_new_address_costs_an_account() {
    let poor = |trx: u64, recipient| Chain { trx, recipient, ..Chain::alive() };
    assert!(by_one(poor(1_101_000, None), TRX).await.is_ok());
    let held = by_one(poor(1_100_999, None), TRX).await;
    assert!(
        matches!(&held, Err(Hold::Funds(shortage)) if shortage.needs == Amount::from_u128(1_101_000)),
        "{held:?}"
    );
    assert!(by_one(poor(301_000, Some(0)), TRX).await.is_ok());
    assert!(by_one(poor(300_999, Some(0)), TRX).await.is_err());
    // One node that knows of no account yet is believed.
    let (known, unknown) = (poor(1_100_999, Some(1)), poor(1_100_999, None));
    assert!(planned(vec![known, unknown], &intent(TRX), &lane()).await.is_err());
}

#[tokio::test]
async fn trx_is_sent_neither_to_a_contract_nor_to_the_payer() {
    let held = by_one(Chain { recipient_is_contract: true, ..Chain::alive() }, TRX).await;
    assert!(matches!(held, Err(Hold::WouldFail(_))), "{held:?}");
    let to_itself = Intent { to: FROM.parse().unwrap(), ..intent(TRX) };
    let held = planned(vec![Chain::alive()], &to_itself, &lane()).await;
    assert!(matches!(held, Err(Hold::WouldFail(_))), "{held:?}");
}

#[tokio::test]
async fn a_new_account_over_the_fee_cap_is_held_with_its_price() {
    let capped = Intent { fee_cap: Amount::from_u128(1_099_999), ..intent(TRX) };
    let held = planned(vec![Chain::alive()], &capped, &lane()).await;
    assert!(
        matches!(&held, Err(Hold::FeeOverCap { fee, .. }) if *fee == Amount::from_u128(1_100_000)),
        "{held:?}"
    );
}

#[tokio::test]
async fn energy_is_limited_by_the_larger_of_two_estimates_and_has_room_for_an_emptied_recipient() {
    let needing = |needs| Chain { needs: Some(needs), ..Chain::alive() };
    let plan = planned(vec![needing(50_000), needing(60_000)], &intent(TOKEN), &lane()).await.unwrap();
    assert_eq!(fee_limit(&plan), Some(60_000 * 220 / 100 * 100));
    // A first transfer's estimate is the larger one already.
    let first = Chain { needs: Some(130_000), recipient_tokens: 0, ..Chain::alive() };
    assert_eq!(fee_limit(&by_one(first, TOKEN).await.unwrap()), Some(130_000 * 120 / 100 * 100));
}

#[tokio::test]
async fn energy_over_the_fee_cap_is_held_with_its_price() {
    let dear = Chain { needs: Some(200_000), ..Chain::alive() };
    let held = by_one(dear, TOKEN).await;
    // 200,000 and a fifth at 100 sun, and 400 bytes at 1000.
    let price = Amount::from_u128(24_400_000);
    assert!(matches!(&held, Err(Hold::FeeOverCap { fee, .. }) if *fee == price), "{held:?}");
}

#[tokio::test]
async fn a_transfer_that_would_fail_is_not_signed() {
    let held = by_one(Chain { needs: None, ..Chain::alive() }, TOKEN).await;
    assert!(matches!(&held, Err(Hold::WouldFail(why)) if why == "REVERT opcode executed"), "{held:?}");
}

#[tokio::test]
async fn payments_in_flight_are_spoken_for_until_they_are_final() {
    let lane = |taken: Vec<Taken>| Lane { taken, ..lane() };
    let in_tokens = lane(vec![taken("195@TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", 999_999_001, 1)]);
    let held = planned(vec![Chain::alive()], &intent(TOKEN), &in_tokens).await;
    assert!(
        matches!(&held, Err(Hold::Funds(shortage)) if shortage.has == Amount::from_u128(999)),
        "{held:?}"
    );
    let in_trx = lane(vec![taken("195@195", 98_000_000, 1_900_000)]);
    let held = planned(vec![Chain::alive()], &intent(TRX), &in_trx).await;
    assert!(
        matches!(&held, Err(Hold::Funds(shortage)) if shortage.has == Amount::from_u128(100_000)),
        "{held:?}"
    );
}

#[tokio::test]
async fn with_energy_at_hand_a_payment_needs_trx_for_its_bandwidth_only() {
    let staked = |energy, trx| Chain { energy, trx, ..Chain::alive() };
    assert!(by_one(staked(78_000, 400_000), TOKEN).await.is_ok());
    assert!(by_one(staked(78_000, 399_999), TOKEN).await.is_err());
    let held = by_one(staked(77_999, 400_000), TOKEN).await;
    assert!(matches!(held, Err(Hold::Funds(_))), "{held:?}");
}

#[tokio::test]
async fn prices_above_what_co_signers_count_with_hold() {
    let held = by_one(Chain { byte_sun: 1001, ..Chain::alive() }, TRX).await;
    assert!(matches!(held, Err(Hold::Unbuildable(_))), "{held:?}");
}

#[tokio::test]
async fn a_node_that_lags_or_lives_ahead_names_no_reference() {
    let shifted = |by: i64| {
        let chain = Chain::alive();
        Chain { start: chain.start + by, ..chain }
    };
    for odd in [-160_000, 60_000] {
        let held = by_one(shifted(odd), TRX).await;
        assert!(matches!(held, Err(Hold::Node(NodeError::Nonsense { .. }))), "{held:?}");
        assert!(planned(vec![shifted(odd), Chain::alive()], &intent(TRX), &lane()).await.is_ok());
    }
}

#[tokio::test]
async fn a_full_window_holds_and_nothing_but_a_payout_is_planned() {
    let full = |from| Lane { taken: (from..16 + from).map(|n| taken("195@195", n, 1)).collect(), ..lane() };
    let held = planned(vec![Chain::alive()], &intent(TRX), &full(1)).await;
    assert!(matches!(held, Err(Hold::LaneFull { limit: 16 })), "{held:?}");
    // One of them moves nothing: the token of a payout that has ended.
    assert!(planned(vec![Chain::alive()], &intent(TRX), &full(0)).await.is_ok());
    let void = Intent { kind: Kind::Void, ..intent(TRX) };
    let held = planned(vec![Chain::alive()], &void, &lane()).await;
    assert!(matches!(held, Err(Hold::Unbuildable(_))), "{held:?}");
}
