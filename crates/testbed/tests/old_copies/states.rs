//! A payout in each state that it passes through: at the moment of which the copy is, and at the moment when the database
//! is lost. The gateway is stopped exactly there.

use payout::coin::Family;
use tempfile::TempDir;
use testbed::crash::caller::{Payout, Road, Wanted};
use testbed::crash::proof;
use testbed::crash::rig::{Rig, plan, plan_of_all_chains};
use testbed::deployment::{Plan, Tuning};

/// Where the gateway does not know yet which token the payout has: only co-signers can tell it afterwards.
const WITHOUT_TOKEN: [&str; 3] = ["payout stored", "approval stored", "token taken"];

/// Whether a co-signer has contributed when the gateway is at this point.
fn has_contributed(point: &str) -> bool {
    let place = |point: &str| crash::GATEWAY.iter().position(|listed| *listed == point).unwrap();
    place(point) >= place("signature received")
}

async fn rig(family: Family) -> (Rig, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let plan = if family == Family::Evm { plan(2, 3) } else { plan_of_all_chains(2, 3) };
    (Rig::start(plan, folder.path()).await.unwrap(), folder)
}

fn road(point: &str) -> Road {
    if point == "approval stored" { Road::Approved } else { Road::Automatic }
}

/// Asks until there is an answer, while whoever dies rises again.
async fn pay(rig: &mut Rig, wanted: Wanted) -> Payout {
    let caller = rig.caller().unwrap();
    rig.alive_while(async { caller.pay(wanted).await }).await.unwrap()
}

async fn paid(rig: &mut Rig, payout: &Payout) {
    let caller = rig.caller().unwrap();
    rig.until("the end of the payout", async |rig| {
        Ok(caller.is_done(&rig.stage, payout.cid, &[6]).await?.then_some(()))
    })
    .await
    .unwrap();
    proof::paid_once(&rig.stage, &caller, payout).await.unwrap();
}

/// Asks for a payout under which the gateway dies at `point`, and leaves it dead.
async fn die(rig: &mut Rig, family: Family, point: &str) -> Wanted {
    rig.arm(point).unwrap();
    let (caller, wanted) = (rig.caller().unwrap(), rig.wanted_of(family, road(point)));
    let asking = tokio::spawn({
        let wanted = wanted.clone();
        async move { caller.pay(wanted).await }
    });
    assert_eq!(rig.death().await.unwrap(), "gateway");
    asking.abort();
    wanted
}

/// Starts the gateway on what was put back; waits until co-signers have told. `closed` or `open`.
async fn imported(rig: &mut Rig) -> String {
    rig.until("the import", async |rig| {
        // It may not listen yet.
        let report = rig.stage.deployment.restore_report().await.ok();
        Ok(report.map(|report| report.state).filter(|state| state != "importing"))
    })
    .await
    .unwrap()
}

/// The copy shows the payout in the state of `point`; it went all the way since.
async fn copied_at(family: Family, point: &str) {
    let (mut rig, _folder) = rig(family).await;
    let wanted = die(&mut rig, family, point).await;
    let copy = rig.stage.deployment.copy_database().await.unwrap();
    let payout = pay(&mut rig, wanted).await;
    paid(&mut rig, &payout).await;
    rig.whole().await.unwrap();

    rig.stage.deployment.put_database_back(&copy).await.unwrap();
    rig.stage.deployment.launch_gateway().unwrap();
    let expected = if WITHOUT_TOKEN.contains(&point) { "closed" } else { "open" };
    assert_eq!(imported(&mut rig).await, expected);
    let again = rig.stage.deployment.vendor().unwrap().payout(&payout.wanted.order).await.unwrap();
    assert_eq!(again.code, "E0009", "{again:?}");
    paid(&mut rig, &payout).await;

    rig.stage.deployment.confirm_restore().await.unwrap();
    let wanted = rig.wanted_of(family, Road::Automatic);
    let next = pay(&mut rig, wanted).await;
    paid(&mut rig, &next).await;
    paid(&mut rig, &payout).await;
    proof::no_other_transaction(&rig.stage, 2).await.unwrap();
}

/// The database is lost when the payout is in the state of `point`; the copy does not know it. Its caller, who heard
/// nothing, asks again.
async fn lost_at(family: Family, point: &str) {
    let (mut rig, _folder) = rig(family).await;
    let copy = rig.stage.deployment.copy_database().await.unwrap();
    let wanted = die(&mut rig, family, point).await;
    rig.stage.deployment.put_database_back(&copy).await.unwrap();
    rig.stage.deployment.launch_gateway().unwrap();
    let state = imported(&mut rig).await;
    if has_contributed(point) {
        assert_eq!(state, "closed");
    }
    rig.stage.deployment.confirm_restore().await.unwrap();
    let payout = pay(&mut rig, wanted).await;
    let caller = rig.caller().unwrap();
    rig.until("the end of the payout", async |_| {
        Ok((caller.status(payout.cid).await? == Some(6)).then_some(()))
    })
    .await
    .unwrap();
    let received = rig.stage.balance(&payout.wanted.coin, &payout.wanted.order.to).await.unwrap();
    assert_eq!(received.to_decimal(payout.wanted.coin.decimals), payout.wanted.order.amount);
    let wanted = rig.wanted_of(family, Road::Automatic);
    let next = pay(&mut rig, wanted).await;
    paid(&mut rig, &next).await;
    proof::no_other_transaction(&rig.stage, 2).await.unwrap();
}

/// The copy has bytes for TRON that lapsed before anybody was asked to sign them; others were built, and paid.
#[tokio::test]
async fn a_copy_from_before_bytes_lapsed_learns_those_that_were_signed_in_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan_of_all_chains(2, 3);
    let plan = Plan { tuning: Tuning { tron_expiry_s: 30, ..plan.tuning }, ..plan };
    let mut rig = Rig::start(plan, folder.path()).await.unwrap();
    let wanted = rig.wanted_of(Family::Tron, Road::Automatic);
    rig.arm("unsigned bytes stored").unwrap();
    let payout = rig.caller().unwrap().pay(wanted).await.unwrap();
    rig.death().await.unwrap();
    let copy = rig.stage.deployment.copy_database().await.unwrap();
    for index in 1..=3 {
        rig.stage.deployment.kill_cosigner(index);
    }
    rig.arm("lapsed bytes forgotten").unwrap();
    rig.revive().unwrap();
    rig.death().await.unwrap();
    rig.revive().unwrap();
    for index in 1..=3 {
        rig.stage.deployment.launch_cosigner(index).unwrap();
    }
    paid(&mut rig, &payout).await;

    // Two tell, and nobody comes later who would have it looked at again.
    rig.stage.deployment.kill_cosigner(3);
    rig.stage.deployment.put_database_back(&copy).await.unwrap();
    rig.stage.deployment.launch_gateway().unwrap();
    assert_eq!(imported(&mut rig).await, "closed");
    let report = rig.stage.deployment.restore_report().await.unwrap();
    assert_eq!(report.findings[0].outcome, store::Outcome::MovedOn, "{report:#?}");
    rig.stage.deployment.confirm_restore().await.unwrap();
    paid(&mut rig, &payout).await;
    let next = rig.wanted_of(Family::Tron, Road::Automatic);
    let next = pay(&mut rig, next).await;
    paid(&mut rig, &next).await;
    proof::no_other_transaction(&rig.stage, 2).await.unwrap();
}

/// A named test for each state.
macro_rules! at {
    ($($test:ident: $what:ident $family:ident $point:literal)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                $what(Family::$family, $point).await;
            }
        )*
    };
}

at! {
    a_copy_of_the_moment_after_accepting_pays_nothing_again: copied_at Evm "payout stored"
    a_copy_of_the_moment_after_an_approval_pays_nothing_again: copied_at Evm "approval stored"
    a_copy_of_the_moment_before_the_token_was_stored_pays_nothing_again: copied_at Evm "token taken"
    a_copy_of_the_moment_after_building_pays_nothing_again: copied_at Evm "unsigned bytes stored"
    a_copy_of_the_moment_when_signing_began_pays_nothing_again: copied_at Evm "signing begun"
    a_copy_of_the_moment_when_a_session_was_open_pays_nothing_again: copied_at Evm "session opened"
    a_copy_of_the_moment_when_the_signature_came_pays_nothing_again: copied_at Evm "signature received"
    a_copy_of_the_moment_after_signing_pays_nothing_again: copied_at Evm "signed bytes stored"
    a_copy_of_the_moment_of_the_broadcast_pays_nothing_again: copied_at Evm "broadcast sent"
    a_copy_of_the_moment_after_the_broadcast_pays_nothing_again: copied_at Evm "broadcast recorded"
    a_copy_of_the_moment_when_it_was_in_a_block_pays_nothing_again: copied_at Evm "inclusion seen"
    a_copy_of_the_moment_when_it_was_final_pays_nothing_again: copied_at Evm "finality seen"
    a_copy_of_the_moment_after_its_end_was_stored_pays_nothing_again: copied_at Evm "end stored"
    a_copy_of_the_moment_when_its_caller_was_told_pays_nothing_again: copied_at Evm "callback sent"
    a_copy_of_the_moment_after_its_caller_was_told_pays_nothing_again: copied_at Evm "callback recorded"
    a_database_lost_just_after_accepting_leads_to_one_payment: lost_at Evm "payout stored"
    a_database_lost_just_after_an_approval_leads_to_one_payment: lost_at Evm "approval stored"
    a_database_lost_just_before_the_token_was_stored_leads_to_one_payment: lost_at Evm "token taken"
    a_database_lost_just_after_building_leads_to_one_payment: lost_at Evm "unsigned bytes stored"
    a_database_lost_when_signing_began_leads_to_one_payment: lost_at Evm "signing begun"
    a_database_lost_when_a_session_was_open_leads_to_one_payment: lost_at Evm "session opened"
    a_database_lost_when_the_signature_came_leads_to_one_payment: lost_at Evm "signature received"
    a_database_lost_just_after_signing_leads_to_one_payment: lost_at Evm "signed bytes stored"
    a_database_lost_at_the_broadcast_leads_to_one_payment: lost_at Evm "broadcast sent"
    a_database_lost_just_after_the_broadcast_leads_to_one_payment: lost_at Evm "broadcast recorded"
    a_database_lost_when_it_was_in_a_block_leads_to_one_payment: lost_at Evm "inclusion seen"
    a_database_lost_when_it_was_final_leads_to_one_payment: lost_at Evm "finality seen"
    a_database_lost_just_after_its_end_was_stored_leads_to_one_payment: lost_at Evm "end stored"
    a_database_lost_when_its_caller_was_told_leads_to_one_payment: lost_at Evm "callback sent"
    a_database_lost_just_after_its_caller_was_told_leads_to_one_payment: lost_at Evm "callback recorded"
    a_copy_with_unsigned_bytes_pays_nothing_again_on_xrp: copied_at Xrp "unsigned bytes stored"
    a_copy_with_unsigned_bytes_pays_nothing_again_on_tron: copied_at Tron "unsigned bytes stored"
    a_copy_of_the_moment_when_signing_began_pays_nothing_again_on_xrp: copied_at Xrp "signing begun"
    a_copy_of_the_moment_when_signing_began_pays_nothing_again_on_tron: copied_at Tron "signing begun"
    a_copy_of_the_moment_of_the_broadcast_pays_nothing_again_on_xrp: copied_at Xrp "broadcast sent"
    a_copy_of_the_moment_of_the_broadcast_pays_nothing_again_on_tron: copied_at Tron "broadcast sent"
    a_database_lost_when_a_session_was_open_leads_to_one_payment_on_xrp: lost_at Xrp "session opened"
    a_database_lost_when_a_session_was_open_leads_to_one_payment_on_tron: lost_at Tron "session opened"
    a_database_lost_when_the_signature_came_leads_to_one_payment_on_xrp: lost_at Xrp "signature received"
    a_database_lost_when_the_signature_came_leads_to_one_payment_on_tron: lost_at Tron "signature received"
    a_database_lost_at_the_broadcast_leads_to_one_payment_on_xrp: lost_at Xrp "broadcast sent"
    a_database_lost_at_the_broadcast_leads_to_one_payment_on_tron: lost_at Tron "broadcast sent"
}
