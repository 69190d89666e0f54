//! Nodes that count an address's transactions wrong.

use testbed::proxy::Fault;

use crate::house::House;

#[tokio::test]
async fn a_count_that_is_too_high_takes_no_nonce() {
    let house = House::start().await;
    house.one.behave(&[Fault::Counts { off_by: 7 }]);
    let sent = house.sends().await;
    let reason = house.holds(&sent, "eth_getTransactionCount").await;
    assert!(reason.contains("says 7") && reason.contains("says 0"), "{reason}");
    assert_eq!(house.world.why(sent.cid).await.token, None);
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_count_that_is_too_low_at_one_node_makes_nobody_use_a_nonce_twice() {
    let house = House::start().await;
    let first = house.sends().await;
    house.is_paid(&first).await;
    house.one.behave(&[Fault::Counts { off_by: -5 }]);
    let second = house.sends().await;
    // Built and sent by what the other says. The end waits: by the first node's count it can't have landed.
    house.holds(&second, "has used 0").await;
    house.has_sent(2).await;
    house.recover();
    house.is_paid(&second).await;
    house.has_sent(2).await;
}

#[tokio::test]
async fn counts_that_are_too_low_everywhere_make_nobody_use_a_nonce_twice() {
    let house = House::start().await;
    for _ in 0..2 {
        let sent = house.sends().await;
        house.is_paid(&sent).await;
    }
    house.both(&[Fault::Counts { off_by: -5 }]);
    let sent = house.sends().await;
    house.holds(&sent, "has used 0").await;
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(3).await;
}
