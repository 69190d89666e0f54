//! Servers of the XRP Ledger that lose, forget, lag, lie and disagree, and ledgers that end a payment otherwise than it was
//! meant. What one server concludes is tested in `tests/xrp_road`; here a whole deployment tells its caller nothing that
//! is not so.

use serde_json::{Value, json};
use testbed::ledgers::Xrp;

use crate::house::{House, Sent};

/// More submissions than there are.
const ALL: u32 = 1_000_000;
/// Ledgers that bytes are valid for, and one more.
const LIFE: usize = 61;

impl House {
    fn xrp(&self) -> &Xrp {
        &self.ledgers().xrp
    }

    /// Switches faults of one server, or of the ledger behind both.
    async fn xrp_fault(&self, server: usize, faults: Value) {
        self.xrp().fault(server, &faults).await.unwrap();
    }

    async fn both_xrp(&self, faults: Value) {
        for server in 0..2 {
            self.xrp_fault(server, faults.clone()).await;
        }
    }

    async fn sends_xrp(&self) -> Sent {
        self.sends_of("XRP", "1").await
    }

    /// A payment that is in the open ledger, which does not close.
    async fn has_xrp_in_an_open_ledger(&self) -> Sent {
        self.xrp_fault(0, json!({"halt": true})).await;
        let sent = self.sends_xrp().await;
        self.world.waits_for(sent.cid, "not in a block yet").await;
        sent
    }
}

#[tokio::test]
async fn an_xrp_payment_whose_answer_was_lost_or_that_servers_forgot_is_paid_once() {
    let house = House::start_on_all_chains().await;
    house.both_xrp(json!({"answer_lost": 1})).await;
    let sent = house.sends_xrp().await;
    house.is_paid(&sent).await;
    house.has_sent(1).await;

    // Taken by both, and in no ledger: sent again and again, at last by two servers at once.
    house.xrp_fault(0, json!({"drop": ALL})).await;
    let sent = house.sends_xrp().await;
    house.holds(&sent, "sent again").await;
    house.has_sent(1).await;
    house.xrp_fault(0, json!({"drop": null})).await;
    house.is_paid(&sent).await;
    house.has_sent(2).await;

    // Until its bytes have lapsed: others on the same token pay it, once.
    house.xrp_fault(0, json!({"drop": ALL})).await;
    let sent = house.sends_xrp().await;
    let (first, token) = (house.txid(&sent).await, house.world.why(sent.cid).await.token);
    house.world.waits_for(sent.cid, "sent again").await;
    house.xrp().close(LIFE).await.unwrap();
    house.xrp_fault(0, json!({"drop": null})).await;
    house.is_paid(&sent).await;
    assert_ne!(house.world.query(sent.cid).await["txid"], first.as_str());
    assert_eq!(house.world.why(sent.cid).await.token, token);
    house.has_sent(3).await;
}

#[tokio::test]
async fn an_xrp_payment_that_a_validated_ledger_ended_with_tec_has_failed_and_not_before() {
    let house = House::start_on_all_chains().await;
    house.xrp_fault(0, json!({"tec": ["tecNO_DST_INSUF_XRP"]})).await;
    let sent = house.has_xrp_in_an_open_ledger().await;
    house.is_silent(&sent).await;
    // One server calls it paid, and the other knows better.
    house.xrp_fault(0, json!({"lie": "paid"})).await;
    house.is_silent(&sent).await;
    house.xrp_fault(0, json!({"lie": null, "halt": null})).await;
    house.has_failed(&sent).await;
    house.has_sent(1).await;
    // Its number is used: the next payment has the next one.
    let next = house.sends_xrp().await;
    house.is_paid(&next).await;
    house.has_sent(2).await;
}

#[tokio::test]
async fn no_xrp_payment_ends_while_its_two_servers_differ() {
    let house = House::start_on_all_chains().await;
    // In no validated ledger: one server says that it is paid.
    house.xrp_fault(1, json!({"lie": "paid"})).await;
    let sent = house.has_xrp_in_an_open_ledger().await;
    house.is_silent(&sent).await;
    // Paid: one server knows nothing of it, and says that it looked everywhere.
    house.xrp_fault(1, json!({"lie": "not_found"})).await;
    house.xrp_fault(0, json!({"halt": null})).await;
    house.holds(&sent, "not in this server's history").await;
    // Or says that it is of another network, or nothing at all.
    house.xrp_fault(1, json!({"lie": null, "network_id": 1})).await;
    house.holds(&sent, "2 nodes must agree and only 1 gave an answer").await;
    house.xrp_fault(1, json!({"network_id": null, "down": true})).await;
    house.holds(&sent, "2 nodes must agree and only 1 gave an answer").await;
    house.xrp_fault(1, json!({"down": null})).await;
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn an_xrp_payment_is_held_while_servers_lack_its_ledger_or_lag() {
    let house = House::start_on_all_chains().await;
    let sent = house.has_xrp_in_an_open_ledger().await;
    let open = house.xrp().height().await.unwrap() + 1;
    // Both have lost a part of their history: `searched_all` is false, and the number is used by something unknown.
    house.both_xrp(json!({"gap": [open, open]})).await;
    house.xrp_fault(0, json!({"halt": null})).await;
    house.holds(&sent, "not in this server's history").await;
    house.xrp_fault(0, json!({"gap": null})).await;
    house.holds(&sent, "not in this server's history").await;
    house.xrp_fault(1, json!({"gap": null})).await;
    house.is_paid(&sent).await;
    house.has_sent(1).await;
    // One is so far behind that it knows nothing of the payment, and has its number unused.
    let sent = house.has_xrp_in_an_open_ledger().await;
    house.xrp_fault(1, json!({"lag": 28})).await;
    house.xrp_fault(0, json!({"halt": null})).await;
    house.world.waits_for(sent.cid, "does not know it").await;
    house.is_silent(&sent).await;
    // It catches up by itself.
    house.is_paid(&sent).await;
    house.has_sent(2).await;
}
