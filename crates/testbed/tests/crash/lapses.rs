//! Crashes while bytes lapse: on TRON they are forgotten and others built, or their payout dies when that is proven; on the
//! XRP Ledger they are built again on the same token.

use std::time::{Duration, Instant};

use payout::coin::Family;
use serde_json::json;
use tempfile::TempDir;
use testbed::crash::caller::{Caller, Payout, Road};
use testbed::crash::proof;
use testbed::crash::rig::{PATIENCE, Rig, plan_of_all_chains};
use testbed::deployment::{Plan, Tuning};
use testbed::ledgers::{Ledgers, xrp};

/// Ledgers that bytes for the XRP Ledger are valid for, and one more.
const LIFE: usize = 61;
/// More submissions than there are.
const ALL: u32 = 1_000_000;

/// A deployment whose TRON transactions have the shortest life that the gateway takes: they are not signed any more after
/// 10 s, and never land after 30 s.
async fn rig() -> (Rig, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan_of_all_chains(2, 3);
    let plan = Plan { tuning: Tuning { tron_expiry_s: 30, ..plan.tuning }, ..plan };
    (Rig::start(plan, folder.path()).await.unwrap(), folder)
}

fn ledgers(rig: &Rig) -> &Ledgers {
    rig.stage.deployment.ledgers().unwrap()
}

async fn pay(rig: &mut Rig, family: Family) -> (Caller, Payout) {
    let (caller, wanted) = (rig.caller().unwrap(), rig.wanted_of(family, Road::Automatic));
    let payout = rig.alive_while(async { caller.pay(wanted).await }).await.unwrap();
    (caller, payout)
}

async fn ends(rig: &mut Rig, caller: &Caller, payout: &Payout, status: i64) {
    let look = async |rig: &mut Rig| {
        let done = caller.is_done(&rig.stage, payout.cid, &[status]).await?;
        Ok(done.then_some(()))
    };
    rig.until("the end of the payout", look).await.unwrap();
}

/// It says that it waits for a reason with these words.
async fn waits_for(caller: &Caller, payout: &Payout, words: &str) {
    let start = Instant::now();
    loop {
        let said = caller.explain(payout.cid).await;
        if said.contains(words) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// An XRP payment that servers take and forget until its bytes have lapsed. Whoever comes by `point` while it is built
/// and signed again dies; it is paid once, by the bytes that were built again.
async fn built_again_under(point: &str) {
    let (mut rig, _folder) = rig().await;
    ledgers(&rig).xrp.fault(0, &json!({"drop": ALL})).await.unwrap();
    let (caller, payout) = pay(&mut rig, Family::Xrp).await;
    waits_for(&caller, &payout, "sent again").await;
    let first = caller.query(payout.cid).await.unwrap()["txid"].as_str().unwrap().to_owned();
    rig.arm(point).unwrap();
    ledgers(&rig).xrp.close(LIFE).await.unwrap();
    rig.death().await.unwrap();
    ledgers(&rig).xrp.fault(0, &json!({"drop": null})).await.unwrap();
    ends(&mut rig, &caller, &payout, 6).await;
    proof::paid_once(&rig.stage, &caller, &payout).await.unwrap();
    let from = &rig.stage.deployment.payout_addresses().unwrap()[xrp::CHAIN];
    let sent = ledgers(&rig).xrp.sent(from).await.unwrap();
    assert!(!sent.iter().any(|txid| txid.eq_ignore_ascii_case(&first)), "it was signed again: {sent:?}");
    proof::no_other_transaction(&rig.stage, 1).await.unwrap();
    rig.stage.stop().await;
}

#[tokio::test]
async fn a_gateway_killed_after_it_built_lapsed_bytes_again_pays_once() {
    built_again_under("bytes built again").await;
}

#[tokio::test]
async fn a_cosigner_killed_before_it_journals_a_second_contribution_to_a_token_leaves_one_payment() {
    built_again_under("before a contribution is journaled").await;
}

#[tokio::test]
async fn a_cosigner_killed_after_it_journaled_a_second_contribution_to_a_token_leaves_one_payment() {
    built_again_under("after a contribution is journaled").await;
}

#[tokio::test]
async fn a_gateway_killed_after_it_stored_the_second_signature_of_a_token_pays_once() {
    built_again_under("signed bytes stored").await;
}

#[tokio::test]
async fn a_payment_whose_bytes_lapse_while_its_cosigners_are_away_is_built_again_and_paid_once() {
    let (mut rig, _folder) = rig().await;
    rig.arm("round 2 sent").unwrap();
    let (caller, payout) = pay_until_death(&mut rig, Family::Xrp).await;
    for index in 1..=3 {
        rig.stage.deployment.kill_cosigner(index);
    }
    ledgers(&rig).xrp.close(LIFE).await.unwrap();
    // The gateway dies once more, between two versions of the payment.
    rig.arm("bytes built again").unwrap();
    for index in 1..=3 {
        rig.stage.deployment.launch_cosigner(index).unwrap();
    }
    assert_eq!(rig.death().await.unwrap(), "gateway");
    ends(&mut rig, &caller, &payout, 6).await;
    proof::paid_once(&rig.stage, &caller, &payout).await.unwrap();
    proof::no_other_transaction(&rig.stage, 1).await.unwrap();
    rig.stage.stop().await;
}

/// Nobody signs until the bytes of a TRON payment are not worth it any more; `point` is where the gateway dies then.
async fn forgotten_under(point: &str) {
    let (mut rig, _folder) = rig().await;
    rig.arm("unsigned bytes stored").unwrap();
    let (caller, payout) = pay_until_death(&mut rig, Family::Tron).await;
    for index in 1..=3 {
        rig.stage.deployment.kill_cosigner(index);
    }
    rig.arm(point).unwrap();
    rig.revive().unwrap();
    rig.death().await.unwrap();
    rig.revive().unwrap();
    for index in 1..=3 {
        rig.stage.deployment.launch_cosigner(index).unwrap();
    }
    ends(&mut rig, &caller, &payout, 6).await;
    proof::paid_once(&rig.stage, &caller, &payout).await.unwrap();
    proof::no_other_transaction(&rig.stage, 1).await.unwrap();
    rig.stage.stop().await;
}

/// Asks for a payment under which somebody dies, who stays dead; the caller has its number.
async fn pay_until_death(rig: &mut Rig, family: Family) -> (Caller, Payout) {
    let (caller, wanted) = (rig.caller().unwrap(), rig.wanted_of(family, Road::Automatic));
    // The gateway answers before it builds.
    let payout = caller.pay(wanted).await.unwrap();
    rig.death().await.unwrap();
    (caller, payout)
}

#[tokio::test]
async fn a_gateway_killed_after_it_forgot_lapsed_bytes_builds_others_and_pays_once() {
    forgotten_under("lapsed bytes forgotten").await;
}

#[tokio::test]
async fn a_payment_whose_cosigners_vanish_while_they_sign_dies_once_that_is_proven() {
    let (mut rig, _folder) = rig().await;
    rig.arm("round 2 sent").unwrap();
    let (caller, payout) = pay_until_death(&mut rig, Family::Tron).await;
    for index in 1..=3 {
        rig.stage.deployment.kill_cosigner(index);
    }
    // A signature may exist that nobody here has seen: only the chain can say that it never lands.
    waits_for(&caller, &payout, "the proof that none landed is awaited").await;
    rig.stage.deployment.kill_gateway();
    rig.stage.deployment.start_gateway().await.unwrap();
    ends(&mut rig, &caller, &payout, 7).await;
    for index in 1..=3 {
        rig.stage.deployment.start_cosigner(index).await.unwrap();
    }
    let (caller, next) = pay(&mut rig, Family::Tron).await;
    ends(&mut rig, &caller, &next, 6).await;
    proof::paid_once(&rig.stage, &caller, &next).await.unwrap();
    proof::not_paid(&rig.stage, &caller, &payout, 7).await.unwrap();
    proof::no_other_transaction(&rig.stage, 1).await.unwrap();
    rig.stage.stop().await;
}
