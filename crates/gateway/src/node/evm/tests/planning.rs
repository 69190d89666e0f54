//! Which nonce a plan takes when nodes name different ones.

use payout::intent::Intent;

use super::stand_in::{Chain, FROM, StandIn, intent, payment, road};
use crate::node::{Hold, Lane, NodeError, Plan, Road as _};

/// An address of which we have taken the nonces up to `highest`.
fn lane(highest: Option<u64>) -> Lane {
    let highest = highest.map(chain::evm::token_for_nonce);
    Lane { from: FROM.parse().unwrap(), public_key: None, taken: Vec::new(), highest }
}

fn affordable() -> Intent {
    Intent { fee_cap: payout::money::Amount::from_u128(100_000_000), ..intent("60") }
}

/// What a plan comes to when the first node counts `first` transactions and the second `second`.
async fn planned(lane: &Lane, first: u64, second: u64) -> Result<Plan, Hold> {
    let counting = |count: u64| Chain::default().with(80, payment("bb", count - 1));
    let (one, two) = (StandIn::start(counting(first)).await, StandIn::start(counting(second)).await);
    road(vec![one.url(), two.url()], 2).plan(&affordable(), lane).await
}

#[tokio::test]
async fn a_nonce_that_our_own_record_explains_needs_one_node() {
    let plan = planned(&lane(Some(4)), 5, 4).await.unwrap();
    assert_eq!(plan.build.token, chain::evm::token_for_nonce(5));
}

#[tokio::test]
async fn a_node_alone_can_not_make_us_leave_a_gap() {
    let held = planned(&lane(Some(4)), 1000, 5).await;
    assert!(matches!(&held, Err(Hold::Node(NodeError::Nonsense { .. }))), "{held:?}");
    let held = planned(&lane(None), 1000, 5).await;
    assert!(matches!(&held, Err(Hold::Node(NodeError::Nonsense { .. }))), "{held:?}");
}

#[tokio::test]
async fn an_address_that_was_used_before_us_goes_on_where_the_nodes_agree() {
    let plan = planned(&lane(None), 9, 9).await.unwrap();
    assert_eq!(plan.build.token, chain::evm::token_for_nonce(9));
}
