//! Several nodes: failover, and two that must agree before anything is final.

use super::stand_in::{Chain, StandIn, Tx, intent, ours, payment, road};
use crate::node::{NodeError, Road as _, Sighting};

fn paid() -> Chain {
    Chain::default().with(80, payment("aa", 7))
}

async fn by_two(one: Chain, two: Chain) -> Result<Sighting, NodeError> {
    let (one, two) = (StandIn::start(one).await, StandIn::start(two).await);
    road(vec![one.url(), two.url()], 2).look(&intent("60"), &ours().build, &[&ours()]).await
}

#[tokio::test]
async fn two_nodes_that_agree_make_it_final() {
    assert!(matches!(by_two(paid(), paid()).await.unwrap(), Sighting::Succeeded(_)));
}

#[tokio::test]
async fn one_node_alone_makes_nothing_final() {
    let node = StandIn::start(paid()).await;
    let seen = road(vec![node.url()], 2).look(&intent("60"), &ours().build, &[&ours()]).await;
    assert!(matches!(seen, Err(NodeError::TooFew { needed: 2, answered: 1 })), "{seen:?}");
}

#[tokio::test]
async fn a_node_that_claims_success_is_not_believed_while_the_other_knows_nothing() {
    let seen = by_two(paid(), Chain::default()).await.unwrap();
    assert!(matches!(seen, Sighting::Included { .. }), "{seen:?}");
}

#[tokio::test]
async fn nodes_that_contradict_each_other_leave_it_in_doubt() {
    let reverted = Chain::default().with(80, Tx { success: false, ..payment("aa", 7) });
    assert!(matches!(by_two(paid(), reverted).await.unwrap(), Sighting::Doubt(_)));
    let forked = Chain { fork: 1, ..paid() };
    assert!(matches!(by_two(paid(), forked).await.unwrap(), Sighting::Doubt(_)));
}

#[tokio::test]
async fn a_node_of_another_network_is_noticed_and_passed_over() {
    let foreign = StandIn::start(Chain { network: 1, ..paid() }).await;
    let ours_ = StandIn::start(paid()).await;
    let road = road(vec![foreign.url(), ours_.url()], 1);
    assert!(matches!(
        road.look(&intent("60"), &ours().build, &[&ours()]).await.unwrap(),
        Sighting::Succeeded(_)
    ));
    let health = road.health().await;
    assert!(health[0].state.as_ref().unwrap_err().contains("is on network 1, not on 31337"));
}

#[tokio::test]
async fn a_dead_node_is_passed_over_and_an_old_head_is_called_lagging() {
    let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", dead.local_addr().unwrap()).parse().unwrap();
    drop(dead);
    let alive = StandIn::start(Chain::default()).await;
    let road = road(vec![url, alive.url()], 1);
    assert_eq!(road.look(&intent("60"), &ours().build, &[&ours()]).await.unwrap(), Sighting::Missing);
    alive.set(paid());
    assert!(matches!(
        road.look(&intent("60"), &ours().build, &[&ours()]).await.unwrap(),
        Sighting::Succeeded(_)
    ));
    let health = road.health().await;
    assert!(health[0].state.is_err());
    // The stand-in's blocks are of 2023.
    assert!(health[1].state.as_ref().unwrap_err().starts_with("lagging"));
}

#[tokio::test]
async fn a_third_node_that_lags_does_not_hold_up_two_that_agree() {
    let (lagging, one, two) =
        (StandIn::start(Chain::default()).await, StandIn::start(paid()).await, StandIn::start(paid()).await);
    let road = road(vec![lagging.url(), one.url(), two.url()], 2);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(road.look(&intent("60"), &ours().build, &[&ours()]).await.unwrap());
    }
    assert_eq!(seen[0], Sighting::Missing, "the lagging node is asked first");
    assert!(seen.iter().any(|seen| matches!(seen, Sighting::Succeeded(_))), "{seen:?}");
}

#[tokio::test]
async fn a_third_node_that_hangs_does_not_hold_up_two_that_agree() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap()).parse().unwrap();
    let (one, two) = (StandIn::start(paid()).await, StandIn::start(paid()).await);
    let road = road(vec![one.url(), two.url(), url], 2);
    let start = std::time::Instant::now();
    let seen = road.look(&intent("60"), &ours().build, &[&ours()]).await.unwrap();
    assert!(matches!(seen, Sighting::Succeeded(_)), "{seen:?}");
    assert!(start.elapsed() < std::time::Duration::from_secs(4), "{:?}", start.elapsed());
    drop(silent);
}
