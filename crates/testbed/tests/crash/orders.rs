//! Crashes while people stop, freeze, publish and hold ceremonies: the points that not every payout comes by.

use std::process::Command;
use std::time::{Duration, Instant};

use gateway::operator::wallets::RefreshWallet;
use payout::approval::{Act, Freeze, FreezeOrder};
use payout::ids::WalletId;
use payout::money::Amount;
use payout::policy::{Document, Policy, VersionSignature};
use payout::time::Millis;
use tempfile::TempDir;
use testbed::crash::caller::{Payout, Road};
use testbed::crash::proof;
use testbed::crash::rig::{PATIENCE, Rig, plan};
use testbed::deployment::cast::{ADMINS, TREASURY, WALLET, principal};
use testbed::vendor::now_ms;
use wire::message::{REFRESH_DOMAIN, refresh_text};

async fn rig() -> (Rig, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Rig::start(plan(2, 3), folder.path()).await.unwrap(), folder)
}

/// One more payout, which must be paid once.
async fn pays(rig: &mut Rig) -> Payout {
    rig.whole().await.unwrap();
    let caller = rig.caller().unwrap();
    let payout = caller.pay(rig.wanted(Road::Automatic)).await.unwrap();
    ends(rig, &payout, 6).await;
    proof::paid_once(&rig.stage, &caller, &payout).await.unwrap();
    payout
}

async fn ends(rig: &mut Rig, payout: &Payout, status: i64) {
    let caller = rig.caller().unwrap();
    let look = async |rig: &mut Rig| {
        let done = caller.is_done(&rig.stage, payout.cid, &[status]).await?;
        Ok(done.then_some(()))
    };
    rig.until("the end of the payout", look).await.unwrap();
}

/// Asked for, and waiting for people.
async fn waiting(rig: &Rig) -> Payout {
    let (caller, wanted) = (rig.caller().unwrap(), rig.wanted(Road::Approved));
    let cid = caller.ask(&wanted.order).await.unwrap();
    Payout { wanted, cid }
}

async fn rejected_under(point: &str) {
    let (mut rig, _folder) = rig().await;
    let payout = waiting(&rig).await;
    let person = rig.stage.deployment.person(TREASURY[1]).unwrap();
    rig.arm(point).unwrap();
    // A gateway that dies does not answer; what it stored counts.
    let answer = person.reject(payout.cid).await;
    let died = rig.death().await.unwrap();
    assert_eq!(answer.is_err(), died == "gateway", "{died}: {answer:?}");
    ends(&mut rig, &payout, 4).await;
    pays(&mut rig).await;
    proof::not_paid(&rig.stage, &rig.caller().unwrap(), &payout, 4).await.unwrap();
    proof::no_other_transaction(&rig.stage, 1).await.unwrap();
}

#[tokio::test]
async fn a_gateway_killed_after_it_stored_a_rejection_pays_nothing() {
    rejected_under("stop stored").await;
}

#[tokio::test]
async fn a_cosigner_killed_before_it_journals_a_stop_changes_nothing() {
    rejected_under("before a stop is journaled").await;
}

#[tokio::test]
async fn a_cosigner_killed_after_it_journaled_a_stop_changes_nothing() {
    rejected_under("after a stop is journaled").await;
}

/// Somebody brings a rejection to every co-signer's host by hand.
async fn rejected_by_hand(rig: &Rig, payout: &Payout) {
    let person = rig.stage.deployment.person(TREASURY[1]).unwrap();
    let sheet = person.read(payout.cid).await.unwrap();
    let act = person.client().sign_act(Act::Reject, sheet.digest).unwrap();
    let orders = serde_json::json!({"acts": [{"intent": sheet.intent, "act": act}]});
    let folder = rig.stage.deployment.folder();
    let file = folder.root().join("stop.json");
    std::fs::write(&file, orders.to_string()).unwrap();
    for index in 1..=3 {
        let program = rig.stage.deployment.cosigner_program(index).unwrap();
        let mut command = Command::new(program.path);
        let output =
            command.arg("--config").arg(folder.cosigner_config(index)).arg("stop").arg(&file).output();
        assert!(output.as_ref().unwrap().status.success(), "{output:?}");
        let taken = folder.state(index).join("inbox/done");
        let start = Instant::now();
        while !std::fs::read_dir(&taken).is_ok_and(|mut files| files.next().is_some()) {
            assert!(start.elapsed() < PATIENCE, "{} stays empty", taken.display());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn never_signed_under(point: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::asleep(plan(2, 3), folder.path()).await.unwrap();
    rig.stage.deployment.start().await.unwrap();
    // The wallet is empty: approved and seen by the co-signers, it waits for funds.
    let payout = waiting(&rig).await;
    rig.caller().unwrap().approve(payout.cid).await.unwrap();
    let caller = rig.caller().unwrap();
    let waits = async |_: &mut Rig| {
        let why = caller.explain(payout.cid).await;
        Ok(why.contains("left for new payouts").then_some(()))
    };
    rig.until("the wait for funds", waits).await.unwrap();
    rejected_by_hand(&rig, &payout).await;
    rig.arm(point).unwrap();
    rig.stage.deployment.fund(&rig.stage.from).await.unwrap();
    let died = rig.death().await.unwrap();
    assert!(died.starts_with("cosigner-"), "{died}");
    ends(&mut rig, &payout, 2).await;
    // Its nonce is free again.
    pays(&mut rig).await;
    proof::not_paid(&rig.stage, &rig.caller().unwrap(), &payout, 2).await.unwrap();
    proof::no_other_transaction(&rig.stage, 1).await.unwrap();
}

#[tokio::test]
async fn a_cosigner_killed_before_it_journals_a_never_signs_nothing() {
    never_signed_under("before a never is journaled").await;
}

#[tokio::test]
async fn a_cosigner_killed_after_it_journaled_a_never_signs_nothing() {
    never_signed_under("after a never is journaled").await;
}

async fn frozen_under(point: &str) {
    let (mut rig, _folder) = rig().await;
    let order = |rig: &Rig, name: &str, order| {
        let key = rig.stage.deployment.cast().key(name);
        let deployment = rig.stage.deployment.genesis().deployment();
        let now = Millis::new(now_ms()).unwrap();
        FreezeOrder::sign(&key, principal(name), deployment, order, "a stolen laptop".to_owned(), now)
    };
    let [first, second] = ADMINS.map(|name| rig.stage.deployment.person(name).unwrap());
    rig.arm(point).unwrap();
    let freeze = order(&rig, ADMINS[0], Freeze::Freeze);
    let receipt = first.told(first.client().freeze(&freeze).await).unwrap();
    assert!(receipt.frozen);
    rig.death().await.unwrap();
    rig.revive().unwrap();

    // Whoever has risen is frozen like the others.
    let caller = rig.caller().unwrap();
    let payout = caller.pay(rig.wanted(Road::Automatic)).await.unwrap();
    let frozen = async |rig: &mut Rig| {
        let seats = first.told(first.client().cosigners().await)?;
        let frozen = seats.iter().filter(|seat| seat.condition == "frozen").count();
        Ok((frozen == usize::from(rig.stage.deployment.plan().cosigners)).then_some(()))
    };
    rig.until("all three frozen", frozen).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(caller.status(payout.cid).await.unwrap(), Some(5));

    for (name, admin) in ADMINS.iter().zip([&first, &second]) {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let lift = order(&rig, name, Freeze::Lift);
        admin.told(admin.client().freeze(&lift).await).unwrap();
    }
    ends(&mut rig, &payout, 6).await;
    proof::paid_once(&rig.stage, &caller, &payout).await.unwrap();
    proof::no_other_transaction(&rig.stage, 1).await.unwrap();
}

#[tokio::test]
async fn a_cosigner_killed_before_it_journals_a_freeze_is_frozen_when_it_rises() {
    frozen_under("before a freeze is journaled").await;
}

#[tokio::test]
async fn a_cosigner_killed_after_it_journaled_a_freeze_is_frozen_when_it_rises() {
    frozen_under("after a freeze is journaled").await;
}

async fn published_under(point: &str) {
    let (mut rig, _folder) = rig().await;
    let admin = rig.stage.deployment.person(ADMINS[0]).unwrap();
    let mut rules = admin.told(admin.client().policy().await).unwrap().rules;
    // Another budget: nothing that these payouts meet.
    for spent in rules.rules.iter_mut().flat_map(|rule| rule.budget.values_mut()) {
        *spent = spent.checked_add(Amount::from_u128(1)).unwrap();
    }
    rig.arm(point).unwrap();
    rig.stage.deployment.publish(&Document::Rules(rules)).await.unwrap();
    rig.death().await.unwrap();
    rig.whole().await.unwrap();
    rig.stage.deployment.wait_for_policy().await.unwrap();
    any_two_sign(&mut rig).await;
}

/// Whichever two sign, they pay.
async fn any_two_sign(rig: &mut Rig) {
    for index in 1..=3 {
        rig.whole().await.unwrap();
        rig.stage.deployment.kill_cosigner(index);
        let caller = rig.caller().unwrap();
        let payout = caller.pay(rig.wanted(Road::Automatic)).await.unwrap();
        ends(rig, &payout, 6).await;
        rig.stage.deployment.start_cosigner(index).await.unwrap();
    }
    proof::no_other_transaction(&rig.stage, 3).await.unwrap();
}

#[tokio::test]
async fn a_cosigner_killed_before_it_journals_a_policy_version_gets_it_again() {
    published_under("before a policy version is journaled").await;
}

#[tokio::test]
async fn a_cosigner_killed_after_it_journaled_a_policy_version_has_it() {
    published_under("after a policy version is journaled").await;
}

/// Follows a ceremony to its end: whether it was done.
async fn ceremony_ends(rig: &mut Rig, label: &str) -> bool {
    let admin = rig.stage.deployment.person(ADMINS[0]).unwrap();
    let look = async |_: &mut Rig| match admin.client().ceremony(label).await {
        Ok(sheet) if sheet.done => Ok(Some(true)),
        Ok(sheet) if sheet.failed.is_some() => Ok(Some(false)),
        _ => Ok(None),
    };
    rig.until("the end of the ceremony", look).await.unwrap()
}

async fn ceremony_under(point: &str) {
    let (mut rig, _folder) = rig().await;
    let admin = rig.stage.deployment.person(ADMINS[0]).unwrap();
    let wallet = WalletId::new(WALLET + 1).unwrap();
    rig.arm(point).unwrap();
    let opened = admin.told(admin.client().create_wallet(wallet).await).unwrap();
    rig.death().await.unwrap();
    rig.revive().unwrap();
    let done = ceremony_ends(&mut rig, &opened.ceremony).await;
    rig.whole().await.unwrap();
    if !done {
        let opened = admin.told(admin.client().create_wallet(wallet).await).unwrap();
        assert!(ceremony_ends(&mut rig, &opened.ceremony).await, "a second ceremony makes the wallet");
    }
    // The wallet that was there pays as before.
    pays(&mut rig).await;
    proof::no_other_transaction(&rig.stage, 1).await.unwrap();
}

#[tokio::test]
async fn a_cosigner_killed_before_it_journals_a_ceremony_can_hold_it_again() {
    ceremony_under("before a ceremony is journaled").await;
}

#[tokio::test]
async fn a_cosigner_killed_after_it_journaled_a_ceremony_can_hold_it_again() {
    ceremony_under("after a ceremony is journaled").await;
}

async fn refreshed_under(point: &str) {
    let (mut rig, _folder) = rig().await;
    let wallet = WalletId::new(WALLET).unwrap();
    let policy = Policy::from_genesis(rig.stage.deployment.genesis());
    let digest = policy.order_digest(REFRESH_DOMAIN, refresh_text(wallet, 2).as_bytes());
    let sign =
        |name: &str| VersionSignature::sign(&digest, &rig.stage.deployment.cast().key(name), principal(name));
    let order = RefreshWallet { epoch: 2, orders: ADMINS.map(sign).to_vec() };
    let admin = rig.stage.deployment.person(ADMINS[0]).unwrap();
    rig.arm(point).unwrap();
    let opened = admin.told(admin.client().refresh_wallet(wallet, &order).await).unwrap();
    rig.death().await.unwrap();
    assert!(ceremony_ends(&mut rig, &opened.ceremony).await);
    // They sign with new shares.
    any_two_sign(&mut rig).await;
}

#[tokio::test]
async fn a_cosigner_killed_before_it_journals_an_epochs_end_signs_with_its_new_share() {
    refreshed_under("before an epoch's end is journaled").await;
}

#[tokio::test]
async fn a_cosigner_killed_after_it_journaled_an_epochs_end_signs_with_its_new_share() {
    refreshed_under("after an epoch's end is journaled").await;
}
