//! Several nodes: two that must agree before anything is final.

use super::stand_in::{Chain, PAST, StandIn, TOKEN, Tx, intent, landed, ours, ours_on, paid, road};
use crate::node::{NodeError, Road as _, Sent, Sighting};

const TRX: &str = "195";

async fn by_two(one: Chain, two: Chain, token_id: &str) -> Result<Sighting, NodeError> {
    let (one, two) = (StandIn::start(one).await, StandIn::start(two).await);
    let ours = ours(token_id);
    road(vec![one.url(), two.url()], 2).look(&intent(token_id), &ours.build, &[&ours]).await
}

fn with_payment() -> Chain {
    Chain::default().with(paid(TRX, 55))
}

#[tokio::test]
async fn two_nodes_that_agree_make_it_final_however_far_each_has_got() {
    let further = Chain { solid: 90, head: 109, ..with_payment() };
    assert!(matches!(by_two(with_payment(), further, TRX).await.unwrap(), Sighting::Succeeded(_)));
    let further = Chain { solid: 300, head: 319, ..Chain::default() };
    assert!(matches!(by_two(Chain::default(), further, TRX).await.unwrap(), Sighting::Dead(_)));
}

#[tokio::test]
async fn one_node_alone_makes_nothing_final() {
    let node = StandIn::start(with_payment()).await;
    let seen = road(vec![node.url()], 2).look(&intent(TRX), &ours(TRX).build, &[&ours(TRX)]).await;
    assert!(matches!(seen, Err(NodeError::TooFew { needed: 2, answered: 1 })), "{seen:?}");
}

#[tokio::test]
async fn a_node_that_hides_a_payment_can_not_make_it_dead() {
    let seen = by_two(Chain::default(), with_payment(), TRX).await.unwrap();
    assert!(matches!(seen, Sighting::Doubt(_)), "{seen:?}");
    // Nor while the other has only not got past its end.
    let behind = Chain { solid: PAST - 1, ..Chain::default() };
    let seen = by_two(Chain::default(), behind, TRX).await.unwrap();
    assert!(!matches!(seen, Sighting::Dead(_) | Sighting::Succeeded(_)), "{seen:?}");
}

#[tokio::test]
async fn a_node_that_tells_no_logs_can_not_make_a_paid_payout_dead() {
    let paid_it = Chain::default().with(paid(TOKEN, 55));
    let without_logs = Chain::default().with(Tx { logged: None, ..paid(TOKEN, 55) });
    let seen = by_two(without_logs, paid_it, TOKEN).await.unwrap();
    assert!(matches!(seen, Sighting::Doubt(_)), "{seen:?}");
}

#[tokio::test]
async fn a_node_of_another_network_is_noticed_and_passed_over() {
    let foreign = StandIn::start(Chain { network: 728_126_428, ..with_payment() }).await;
    let home = StandIn::start(with_payment()).await;
    let road = road(vec![foreign.url(), home.url()], 1);
    let seen = road.look(&intent(TRX), &ours(TRX).build, &[&ours(TRX)]).await.unwrap();
    assert!(matches!(seen, Sighting::Succeeded(_)), "{seen:?}");
    let health = road.health().await;
    assert!(health[0].state.as_ref().unwrap_err().contains("is on network 728126428, not on 31338"));
    // The stand-in's blocks are of 2023.
    assert!(health[1].state.as_ref().unwrap_err().starts_with("lagging"));
}

#[tokio::test]
async fn a_payment_that_was_seen_and_went_with_a_fork_is_missing_again() {
    let young = Chain::young();
    let ours = ours_on(&young, TRX);
    let node = StandIn::start(young.clone().with(landed(ours.clone(), TRX, 54))).await;
    let road = road(vec![node.url()], 1);
    let look = async || road.look(&intent(TRX), &ours.build, &[&ours]).await.unwrap();
    assert!(matches!(look().await, Sighting::Included { height: 54, .. }));
    node.set(young);
    assert_eq!(look().await, Sighting::Missing);
}

#[tokio::test]
async fn a_duplicate_is_looked_into() {
    let node = StandIn::start(Chain::default()).await;
    let sent = road(vec![node.url()], 1).broadcast(&ours(TRX)).await.unwrap();
    assert_eq!(sent, Sent::Look("DUP_TRANSACTION_ERROR: Dup transaction.".to_owned()));
}
