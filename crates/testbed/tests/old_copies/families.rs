//! Copies that come back while payouts on the XRP Ledger and on TRON were signed.

use serde_json::json;
use store::Outcome;
use testbed::deployment::{Plan, Tuning};
use testbed::ledgers::{Chains, Ledgers};

use crate::house::Asked;
use crate::world::{World, plan};

/// More submissions than there are.
const ALL: u32 = 1_000_000;
/// Ledgers that bytes for the XRP Ledger are valid for, and one more.
const LIFE: usize = 61;
/// One of each kind of payment: coin, amount, memo.
const KINDS: [(&str, &str, Option<&str>); 3] =
    [("XRP", "1", Some("123")), ("TRX", "0.5", None), ("USDT-TRC20", "0.25", None)];

impl World {
    /// Running on all chains, two nodes of each stand-in having to agree.
    async fn start_on_all_chains() -> Self {
        let plan = plan(2, 3);
        let tuning = Tuning { ledger_witnesses: 2, ..plan.tuning };
        Self::start_with(Plan { chains: Chains::All, tuning, ..plan }).await
    }

    fn ledgers(&self) -> &Ledgers {
        self.stage.deployment.ledgers().unwrap()
    }

    /// Asks for one of each kind.
    async fn ask_for_each(&self) -> Vec<Asked> {
        let mut asked = Vec::new();
        for (coin, amount, memo) in KINDS {
            let order = self.stage.order(&self.stage.coin(coin), amount);
            let order = testbed::vendor::Order { memo: memo.map(ToOwned::to_owned), ..order };
            let cid = self.accepted(&order).await;
            asked.push(Asked { order, cid });
        }
        asked
    }

    /// Pays one of each kind, to their ends.
    async fn pay_each(&self) -> Vec<Asked> {
        let asked = self.ask_for_each().await;
        self.assert_paid_once(&asked).await;
        asked
    }

    /// Nodes take what they are given and forget it.
    async fn nodes_forget(&self, submissions: u32) {
        let Ledgers { xrp, tron } = self.ledgers();
        xrp.fault(0, &json!({"drop": submissions})).await.unwrap();
        tron.fault(0, &json!({"drop": submissions})).await.unwrap();
    }

    /// XRP arrived with the tag that was asked for, once.
    async fn assert_tagged_once(&self, asked: &Asked) {
        let received = self.ledgers().xrp.received(&asked.order.to).await.unwrap();
        let tags: Vec<_> = received.iter().map(|receipt| receipt.tag).collect();
        assert_eq!(tags, [Some(123)], "{received:?}");
    }
}

#[tokio::test]
async fn payouts_on_other_chains_that_the_copy_does_not_know_are_learnt_and_none_is_paid_again() {
    let mut world = World::start_on_all_chains().await;
    let before = world.pay_each().await;
    let copy = world.copy_database().await;
    let mut paid = world.pay_each().await;
    paid.extend(world.pay_each().await);
    let sent = world.sent().await;
    world.put_back(&copy).await;
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;

    let mut cids: Vec<i64> = report.findings.iter().map(|found| found.cid.get()).collect();
    cids.sort_unstable();
    assert_eq!(cids, paid.iter().map(|paid| paid.cid).collect::<Vec<_>>());
    assert!(report.findings.iter().all(|found| found.outcome == Outcome::Adopted), "{report:#?}");
    // Whether anything else left the wallet, TRON's nodes can't say; the others can.
    assert_eq!(report.unexplained, Vec::new());
    let [unknown] = report.unknown.as_slice() else { panic!("{:?}", report.unknown) };
    assert!(unknown.contains("TRON nodes list no transactions by address"), "{unknown}");

    world.assert_numbers_taken(&paid).await;
    world.assert_numbers_taken(&before).await;
    world.assert_paid_once(&paid).await;
    assert_eq!(world.sent().await, sent, "nothing was sent for them again");
    world.confirm().await;
    let next = world.pay_each().await;
    assert_eq!(world.sent().await, sent + 3);
    for asked in [&before, &paid, &next] {
        world.assert_paid_once(asked).await;
    }
    for asked in [&before[0], &paid[0], &paid[3], &next[0]] {
        world.assert_tagged_once(asked).await;
    }
}

#[tokio::test]
async fn signatures_for_other_chains_that_never_landed_are_learnt_and_sent_once() {
    let mut world = World::start_on_all_chains().await;
    let copy = world.copy_database().await;
    world.nodes_forget(ALL).await;
    let signed = world.ask_for_each().await;
    for asked in &signed {
        world.reaches(asked.cid, &[1]).await;
    }
    // Signatures are written to the co-signers' disks with the next entries, or a second later.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    world.put_back(&copy).await;
    world.stage.deployment.start_gateway().await.unwrap();
    assert_eq!(world.until_restore_is("closed").await.findings.len(), 3);
    assert_eq!(world.sent().await, 0);
    world.nodes_forget(0).await;
    // Whoever has a signature may send it: that decides nothing new, and needs no admin.
    world.assert_paid_once(&signed).await;
    world.assert_tagged_once(&signed[0]).await;
    assert_eq!(world.sent().await, 3);
}

#[tokio::test]
async fn a_cosigner_from_an_old_backup_signs_for_a_token_again_only_what_it_signed_before() {
    let mut world = World::start_on_all_chains().await;
    let backup = world.stage.deployment.back_up_cosigner(3).await.unwrap();
    world.stage.deployment.wait_for_cosigner(3).await.unwrap();
    let copy = world.copy_database().await;
    // Paid on TRON; on the XRP Ledger signed, and in no ledger until the bytes have lapsed.
    world.ledgers().xrp.fault(0, &json!({"drop": ALL})).await.unwrap();
    let asked = world.ask_for_each().await;
    world.assert_paid_once(&asked[1..]).await;
    world.reaches(asked[0].cid, &[1]).await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let sent = world.sent().await;

    // The gateway and one of its co-signers come back from last night's copies.
    world.stage.deployment.restore_cosigner(3, &backup).await.unwrap();
    world.put_back(&copy).await;
    world.stage.deployment.launch_cosigner(3).unwrap();
    world.stage.deployment.start_gateway().await.unwrap();
    assert_eq!(world.until_restore_is("closed").await.findings.len(), 3);
    world.stage.deployment.wait_for_cosigner(3).await.unwrap();
    world.confirm().await;
    // Signed again by it and one that was there, on the same token: the same payment.
    world.stage.deployment.kill_cosigner(1);
    let token = world.why(asked[0].cid).await.token;
    world.ledgers().xrp.close(LIFE).await.unwrap();
    world.ledgers().xrp.fault(0, &json!({"drop": null})).await.unwrap();
    world.assert_paid_once(&asked).await;
    world.assert_tagged_once(&asked[0]).await;
    assert_eq!(world.why(asked[0].cid).await.token, token);
    assert_eq!(world.sent().await, sent + 1);
    world.pay_each().await;
    assert_eq!(world.sent().await, sent + 4);
}
