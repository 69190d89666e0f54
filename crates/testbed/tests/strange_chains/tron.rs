//! Nodes of TRON that lose, forget, lag, lie and disagree, and blocks that take a payment back, burn its energy or never take
//! it. What one node concludes is tested in `tests/tron_road`; here a whole deployment tells its caller nothing that is not
//! so.

use serde_json::{Value, json};
use testbed::deployment::Tuning;
use testbed::ledgers::Tron;

use crate::house::{House, Sent};

/// More broadcasts than there are.
const ALL: u32 = 1_000_000;

impl House {
    fn tron(&self) -> &Tron {
        &self.ledgers().tron
    }

    /// Switches faults of one node, or of the chain behind both.
    async fn tron_fault(&self, node: usize, faults: Value) {
        self.tron().fault(node, &faults).await.unwrap();
    }

    async fn sends_usdt(&self) -> Sent {
        self.sends_of("USDT-TRC20", "0.5").await
    }

    /// A payment that nodes hold, while no blocks come.
    async fn has_usdt_pending(&self) -> Sent {
        self.tron_fault(0, json!({"stopped": true})).await;
        let sent = self.sends_usdt().await;
        self.world.waits_for(sent.cid, "not in a block yet").await;
        sent
    }
}

#[tokio::test]
async fn a_tron_payment_that_was_lost_forgotten_or_forked_away_is_paid_once() {
    let house = House::start_on_all_chains().await;
    for node in 0..2 {
        house.tron_fault(node, json!({"lose": 1})).await;
    }
    let sent = house.sends_usdt().await;
    house.is_paid(&sent).await;
    house.has_sent(1).await;

    // Taken by both, and in no block: sent again and again, at last to two nodes at once.
    house.tron_fault(0, json!({"drop": ALL})).await;
    let sent = house.sends_of("TRX", "0.5").await;
    house.holds(&sent, "sent again").await;
    house.has_sent(1).await;
    house.tron_fault(0, json!({"drop": 0})).await;
    house.is_paid(&sent).await;
    house.has_sent(2).await;

    // In a block, which a fork takes back before it is solidified: paid, then unpaid, then paid.
    for forget in [true, false] {
        let sent = house.has_usdt_pending().await;
        house.tron().close(1).await.unwrap();
        house.world.waits_for(sent.cid, "solidified up to").await;
        house.tron_fault(0, json!({"fork": 1, "forget": forget})).await;
        house.world.waits_for(sent.cid, "not in a block yet").await;
        house.is_silent(&sent).await;
        house.tron_fault(0, json!({"stopped": false})).await;
        house.is_paid(&sent).await;
    }
    house.has_sent(4).await;
}

#[tokio::test]
async fn a_tron_call_that_ran_out_of_energy_has_failed_once_that_is_solidified() {
    let house = House::start_on_all_chains().await;
    let sent = house.has_usdt_pending().await;
    house.tron().set_parameters(json!({"getEnergyFee": 100_000})).await.unwrap();
    house.tron().close(1).await.unwrap();
    house.tron().set_parameters(json!({"getEnergyFee": 100})).await.unwrap();
    house.holds(&sent, "solidified up to").await;
    // Solidified at one node, and not at the other.
    house.tron_fault(1, json!({"lag": 1})).await;
    house.tron().close(2).await.unwrap();
    house.is_silent(&sent).await;
    house.tron_fault(1, json!({"lag": 0, "blind": true})).await;
    house.is_silent(&sent).await;
    house.tron_fault(1, json!({"blind": false})).await;
    house.has_failed(&sent).await;
    house.tron_fault(0, json!({"stopped": false})).await;
    let next = house.sends_usdt().await;
    house.is_paid(&next).await;
    house.has_sent(2).await;
}

#[tokio::test]
async fn no_tron_payment_ends_while_its_two_nodes_differ() {
    let house = House::start_on_all_chains().await;
    for (number, (fault, honest, words)) in [
        (json!({"no_logs": true}), json!({"no_logs": false}), "contradict each other"),
        (json!({"blind": true}), json!({"blind": false}), "does not know it"),
        (json!({"network": "2b6653dc"}), json!({"network": null}), "only 1 gave an answer"),
    ]
    .into_iter()
    .enumerate()
    {
        let sent = house.has_usdt_pending().await;
        house.tron_fault(1, fault).await;
        house.tron_fault(0, json!({"stopped": false})).await;
        house.holds(&sent, words).await;
        house.tron_fault(1, honest).await;
        house.is_paid(&sent).await;
        house.has_sent(1 + u64::try_from(number).unwrap()).await;
    }
}

#[tokio::test]
async fn a_tron_payment_that_no_block_took_in_time_has_failed_once_both_nodes_have_solidified_that() {
    let house = House::start_on_all_chains_with(Tuning { tron_expiry_s: 30, ..Tuning::DEFAULT }).await;
    house.tron_fault(0, json!({"drop": ALL})).await;
    let sent = house.sends_usdt().await;
    house.world.waits_for(sent.cid, "sent again").await;
    // One node has not got as far as its end.
    house.tron_fault(1, json!({"lag": 1000})).await;
    house.world.waits_for(sent.cid, "its time is over").await;
    house.is_silent(&sent).await;
    house.tron_fault(1, json!({"lag": 0})).await;
    house.has_failed(&sent).await;
    house.tron_fault(0, json!({"drop": 0})).await;
    let next = house.sends_usdt().await;
    house.is_paid(&next).await;
    house.has_sent(1).await;
}
