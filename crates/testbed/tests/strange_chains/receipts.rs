//! Receipts that are not true.

use testbed::proxy::fault::Outcome;
use testbed::proxy::{Fault, Lie};

use crate::house::House;

/// A payout while the second node tells this lie, then while neither does.
async fn lied_to(lie: Lie, coin: &str, amount: &str, words: &str) {
    let house = House::start().await;
    house.two.behave(&[Fault::Receipt(lie)]);
    let sent = house.sends_of(coin, amount).await;
    house.holds(&sent, words).await;
    assert_eq!(house.world.status(sent.cid).await, 1);
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_node_that_calls_a_payment_failed_that_was_paid_is_not_believed() {
    lied_to(Lie::StatusFlipped, "Ethereum", "0.1", "contradict each other").await;
}

#[tokio::test]
async fn a_node_that_leaves_the_transfer_out_of_a_receipt_is_not_believed() {
    lied_to(Lie::WithoutLogs, "USDC-ERC20", "0.5", "contradict each other").await;
}

#[tokio::test]
async fn a_node_that_puts_a_payment_into_a_block_that_is_none_is_not_believed() {
    lied_to(Lie::BlockThatIsNone, "Ethereum", "0.1", "nodes differ").await;
}

#[tokio::test]
async fn a_node_that_puts_a_payment_into_another_block_is_not_believed() {
    lied_to(Lie::BlockBefore, "Ethereum", "0.1", "does not hold it").await;
}

#[tokio::test]
async fn a_node_that_answers_with_the_receipt_of_another_payment_is_no_witness() {
    lied_to(Lie::OfAnother, "Ethereum", "0.1", "2 nodes must agree and only 1 gave an answer").await;
}

/// Neither node passes the payment on, and one has a receipt for it all the same.
async fn made_up(status: Outcome) {
    let house = House::start().await;
    house.one.behave(&[Fault::Dropping, Fault::Receipt(Lie::MadeUp { status })]);
    house.two.behave(&[Fault::Dropping]);
    let sent = house.sends().await;
    house.holds(&sent, "does not hold it").await;
    house.has_sent(0).await;
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_receipt_of_success_for_a_payment_that_never_landed_ends_nothing() {
    made_up(Outcome::Success).await;
}

#[tokio::test]
async fn a_receipt_of_failure_for_a_payment_that_never_landed_ends_nothing() {
    made_up(Outcome::Failure).await;
}
