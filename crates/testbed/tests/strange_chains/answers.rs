//! Nodes that are behind, elsewhere, or give no answer.

use testbed::anvil::{Anvil, Pace};
use testbed::deployment::cast::OPERATOR;
use testbed::proxy::Fault;

use crate::house::House;

#[tokio::test]
async fn what_one_node_calls_paid_waits_for_one_that_lags() {
    let house = House::start().await;
    house.two.behave(&[Fault::Lagging { blocks: 100_000 }]);
    let sent = house.sends().await;
    let reason = house.holds(&sent, "nodes differ").await;
    assert!(reason.contains("paid by") && reason.contains("does not know it"), "{reason}");
    // It has caught up, but for a little that passes by itself.
    house.two.behave(&[Fault::Lagging { blocks: 8 }]);
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn two_nodes_that_stand_still_end_nothing() {
    let house = House::start().await;
    let head =
        house.world.stage.deployment.anvil().rpc().quantity("eth_blockNumber", serde_json::json!([])).await;
    house.both(&[Fault::StandingStill { at: head.unwrap().saturating_to() }]);
    let sent = house.sends().await;
    house.holds(&sent, "sent again").await;
    // It was paid long ago; nobody who can be asked has seen it.
    house.has_sent(1).await;
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_node_of_another_network_is_no_witness_of_an_end() {
    let house = House::start().await;
    house.two.behave(&[Fault::OtherNetwork { id: 5 }]);
    let sent = house.sends().await;
    house.holds(&sent, "2 nodes must agree and only 1 gave an answer").await;
    let why = house.world.why(sent.cid).await;
    let said: Vec<String> = why.nodes.iter().filter_map(|node| node.error.clone()).collect();
    assert!(said.iter().any(|said| said.contains("is on network 5, not on 31337")), "{said:?}");
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn nothing_is_built_while_all_nodes_are_of_another_network() {
    let house = House::start_with(&[Fault::OtherNetwork { id: 1 }]).await;
    let sent = house.sends().await;
    house.holds(&sent, "is on network 1, not on 31337").await;
    assert_eq!(house.world.status(sent.cid).await, 5);
    assert_eq!(house.world.why(sent.cid).await.token, None, "no nonce is taken");
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn nodes_that_answer_nonsense_hold_a_payout_at_any_step() {
    let house = House::start_with(&[Fault::Nonsense]).await;
    let sent = house.sends().await;
    house.holds(&sent, "no JSON object").await;
    assert_eq!(house.world.status(sent.cid).await, 5);
    // Honest while it is built and signed, broken again before its block is final.
    house.world.blocks_every(0).await;
    house.recover();
    house.txid(&sent).await;
    house.both(&[Fault::InternalError]);
    house.world.blocks_every(1).await;
    house.holds(&sent, "HTTP 500").await;
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_node_that_hangs_is_no_witness_and_holds_up_nothing_else() {
    let house = House::start().await;
    house.two.behave(&[Fault::Hanging]);
    let sent = house.sends().await;
    // Signed and sent all the same.
    house.txid(&sent).await;
    house.holds(&sent, "2 nodes must agree and only 1 gave an answer").await;
    house.has_sent(1).await;
    // Operators are answered meanwhile.
    let operator = house.world.person(OPERATOR);
    operator.told(operator.client().status().await).unwrap();
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn nodes_of_two_chains_that_have_parted_end_nothing() {
    let house = House::start().await;
    let folder = tempfile::tempdir().unwrap();
    let other = Anvil::start(folder.path(), folder.path(), Pace::Quarter).await.unwrap();
    let coins = testbed::anvil::Sum { contract: None, base_units: 100 * testbed::anvil::COIN };
    other.fund(&house.world.stage.from, &[coins]).await.unwrap();
    house.two.stand_before(other.url());
    let sent = house.sends().await;
    // Both chains pay it, each in a block of its own.
    let reason = house.holds(&sent, "contradict each other").await;
    assert_eq!(reason.matches("paid by").count(), 2, "{reason}");
    house.two.stand_before(house.world.stage.deployment.anvil().url());
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}
