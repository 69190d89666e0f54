//! Signed bytes that are lost on their way, or whose answer is.

use testbed::proxy::Fault;

use crate::house::House;

#[tokio::test]
async fn a_payment_whose_answer_was_lost_is_found_and_not_paid_again() {
    let house = House::start().await;
    house.both(&[Fault::AnswerLost]);
    let sent = house.sends().await;
    house.holds(&sent, "signed, but not sent").await;
    // The chain has it.
    house.has_sent(1).await;
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_payment_that_nodes_took_and_kept_to_themselves_is_sent_again() {
    let house = House::start().await;
    house.both(&[Fault::Dropping]);
    let sent = house.sends().await;
    house.holds(&sent, "sent again").await;
    house.has_sent(0).await;
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
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
    let house = House::start().await;
    house.both(&[Fault::Refusing { message: "nonce too low" }]);
    let sent = house.sends().await;
    house.holds(&sent, "sent again").await;
    house.has_sent(0).await;
    house.recover();
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}
