//! Chains that drop, reorganise and refuse.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::anvil::Rpc;

use crate::house::{House, Sent};
use crate::world::PATIENCE;

impl House {
    fn chain(&self) -> &Rpc {
        self.world.stage.deployment.anvil().rpc()
    }

    /// No block comes by itself any more.
    async fn no_blocks(&self) {
        self.world.blocks_every(0).await;
    }

    async fn mine(&self, blocks: u64) {
        for _ in 0..blocks {
            self.chain().ask("evm_mine", json!([])).await.unwrap();
        }
    }

    async fn known(&self, txid: &str) -> bool {
        !self.chain().ask("eth_getTransactionByHash", json!([txid])).await.unwrap().is_null()
    }

    /// How often signed bytes were handed over.
    fn sendings(&self) -> u64 {
        self.one.asked("eth_sendRawTransaction")
    }

    /// It is found missing and sent more often than before, and the chain has the same bytes again.
    async fn is_sent_again(&self, before: u64, txid: &str) {
        let start = Instant::now();
        while self.sendings() == before || !self.known(txid).await {
            assert!(start.elapsed() < PATIENCE, "it was not sent again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// In a block it has this status, and it is held; when the block is final it ends at 7, and its caller is told so.
    async fn ends_at_7_when_final(&self, sent: &Sent, txid: &str, status: &str) {
        self.mine(1).await;
        self.holds(sent, "not final yet").await;
        let receipt = self.chain().ask("eth_getTransactionReceipt", json!([txid])).await.unwrap();
        assert_eq!(receipt["status"], status);
        self.mine(3).await;
        assert_eq!(self.world.reaches(sent.cid, &[6, 7]).await, 7);
        assert_eq!(self.world.told(sent.cid).await, 7);
    }

    /// Puts the code of the recipient that refuses at an address.
    async fn makes_refuse(&self, address: &str) {
        let refusing = self.world.stage.deployment.anvil().contracts().refusing.clone();
        let code: Value = self.chain().ask("eth_getCode", json!([refusing, "latest"])).await.unwrap();
        self.chain().ask("anvil_setCode", json!([address, code])).await.unwrap();
    }
}

#[tokio::test]
async fn a_payment_that_a_reorganisation_dropped_is_sent_again() {
    let house = House::start().await;
    house.no_blocks().await;
    let sent = house.sends().await;
    let txid = house.txid(&sent).await;
    house.mine(1).await;
    house.world.waits_for(sent.cid, "not final yet").await;
    house.has_sent(1).await;
    let before = house.sendings();
    house.chain().ask("anvil_reorg", json!([1, []])).await.unwrap();
    house.has_sent(0).await;
    house.is_sent_again(before, &txid).await;
    house.is_silent(&sent).await;
    house.world.blocks_every(1).await;
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_payment_that_the_nodes_forgot_is_sent_again() {
    let house = House::start().await;
    house.no_blocks().await;
    let sent = house.sends().await;
    let txid = house.txid(&sent).await;
    house.world.waits_for(sent.cid, "not in a block").await;
    let before = house.sendings();
    house.chain().ask("anvil_dropTransaction", json!([txid])).await.unwrap();
    house.is_sent_again(before, &txid).await;
    house.is_silent(&sent).await;
    house.world.blocks_every(1).await;
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_payment_to_a_recipient_that_refuses_is_not_even_built() {
    let house = House::start().await;
    let coin = house.world.ether();
    let mut order = house.world.order("0.1");
    order.to = house.world.stage.deployment.anvil().contracts().refusing.clone();
    let cid = house.world.accepted(&order).await;
    let sent = Sent { order, coin, cid };
    house.holds(&sent, "the chain would refuse this payment").await;
    assert_eq!(house.world.status(cid).await, 5);
    house.has_sent(0).await;
}

#[tokio::test]
async fn a_payment_that_reverted_ends_at_7_only_when_that_is_final() {
    let house = House::start().await;
    house.no_blocks().await;
    let sent = house.sends().await;
    let txid = house.txid(&sent).await;
    // When it was built, anybody could have been paid there.
    house.makes_refuse(&sent.order.to).await;
    // It has failed, in a block that may still go.
    house.ends_at_7_when_final(&sent, &txid, "0x0").await;
    assert_eq!(house.world.query(sent.cid).await["txid"], txid);
    assert_eq!(house.world.balance(&sent.coin, &sent.order.to).await, "0");
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_failure_that_a_reorganisation_undid_ends_paid() {
    let house = House::start().await;
    house.no_blocks().await;
    let sent = house.sends().await;
    let txid = house.txid(&sent).await;
    house.makes_refuse(&sent.order.to).await;
    house.mine(1).await;
    house.world.waits_for(sent.cid, "not final yet").await;
    let before = house.sendings();
    // The block that failed goes, and with it what refused.
    house.chain().ask("anvil_reorg", json!([1, []])).await.unwrap();
    house.chain().ask("anvil_setCode", json!([sent.order.to, "0x"])).await.unwrap();
    house.is_sent_again(before, &txid).await;
    house.world.blocks_every(1).await;
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_token_that_moves_nothing_and_logs_nothing_ends_at_7_and_never_at_6() {
    let house = House::start().await;
    let coin = house.world.stage.coin("FALSE-ERC20");
    let deal = json!([house.world.stage.from, coin.contract, "0x5f5e100"]);
    house.chain().ask("anvil_dealERC20", deal).await.unwrap();
    house.no_blocks().await;
    let sent = house.sends_of("FALSE-ERC20", "0.5").await;
    let txid = house.txid(&sent).await;
    // The chain calls it a success.
    house.ends_at_7_when_final(&sent, &txid, "0x1").await;
    assert!(house.world.why(sent.cid).await.story.contains("logged no transfer"));
    assert_eq!(house.world.balance(&coin, &sent.order.to).await, "0");
}
