//! Signed bytes that are lost on their way, or whose answer is.

use testbed::proxy::Fault;

use crate::house::House;

/// A payment that both nodes take in this manner: it says that it waits, in these words, while the chain has so many of
/// the wallet's transactions, and is paid once when they have recovered.
async fn held_and_paid(fault: Fault, words: &str, on_chain: u64) {
    let house = House::start().await;
    house.both(&[fault]);
    let sent = house.sends().await;
    house.holds(&sent, words).await;
    house.has_sent(on_chain).await;
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_payment_whose_answer_was_lost_is_found_and_not_paid_again() {
    held_and_paid(Fault::AnswerLost, "signed, but not sent", 1).await;
}

#[tokio::test]
async fn a_payment_that_nodes_took_and_kept_to_themselves_is_sent_again() {
    held_and_paid(Fault::Dropping, "sent again", 0).await;
}

#[tokio::test]
async fn one_node_that_passes_it_on_is_enough() {
    let house = House::start().await;
    house.one.behave(&[Fault::Dropping]);
    let sent = house.sends().await;
    house.is_paid(&sent).await;
    house.one.behave(&[Fault::Refusing { message: "transaction underpriced" }]);
    let sent = house.sends().await;
    house.is_paid(&sent).await;
    house.has_sent(2).await;
}

#[tokio::test]
async fn nodes_that_call_the_nonce_used_prove_nothing() {
    held_and_paid(Fault::Refusing { message: "nonce too low" }, "sent again", 0).await;
}
