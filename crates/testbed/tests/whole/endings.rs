//! The ends of a payout that was not paid, and what its caller hears of them.

use std::process::Command;
use std::time::{Duration, Instant};

use gateway::operator::projects::ProjectChange;
use payout::approval::Act;
use payout::ids::ProjectId;
use testbed::deployment::Deployment;
use testbed::deployment::cast::{FINANCE, OPERATOR, PROJECT, TREASURY};

use crate::world::{PATIENCE, World, plan};

/// Long enough for a callback that should not come.
const SILENCE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_rejected_payout_ends_at_4_and_its_caller_is_told() {
    let world = World::start().await;
    let cid = world.accepted(&world.order("7")).await;
    world.person(TREASURY[0]).approve(cid).await.unwrap();
    world.person(FINANCE[1]).reject(cid).await.unwrap();
    assert_eq!(world.reaches(cid, &[4]).await, 4);
    assert_eq!(world.told(cid).await, 4);
    assert!(world.person(TREASURY[1]).approve(cid).await.is_err());
    assert_eq!(world.query(cid).await["txid"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_payout_that_a_rule_denies_has_a_number_and_ends_at_4() {
    let world = World::start().await;
    let cid = world.accepted(&world.order("5001")).await;
    assert_eq!(world.reaches(cid, &[4]).await, 4);
    assert_eq!(world.told(cid).await, 4);

    // Our own address, whatever the amount.
    let mut order = world.order("0.1");
    order.to = world.stage.from.clone();
    let cid = world.accepted(&order).await;
    assert_eq!(world.reaches(cid, &[4]).await, 4);
    assert_eq!(world.why(cid).await.rule.rule.as_str(), "to-ourselves");
}

#[tokio::test]
async fn a_withdrawn_payout_ends_at_3_and_is_told_only_where_the_project_wants_it() {
    let world = World::start().await;
    let quiet = world.accepted(&world.order("7")).await;
    world.person(OPERATOR).withdraw(quiet).await.unwrap();
    assert_eq!(world.reaches(quiet, &[3]).await, 3);
    assert!(world.stage.receiver.wait(quiet, SILENCE).await.is_none());

    let project = ProjectId::new(PROJECT).unwrap();
    let settings = store::ProjectSettings { notify_withdrawn: true, ..Deployment::project_settings() };
    world.stage.deployment.change_project(ProjectChange::Set { project, settings }).await.unwrap();
    let told = world.accepted(&world.order("7")).await;
    world.person(OPERATOR).withdraw(told).await.unwrap();
    assert_eq!(world.reaches(told, &[3]).await, 3);
    assert_eq!(world.told(told).await, 3);
}

#[tokio::test]
async fn a_payout_whose_time_to_approve_ran_out_ends_at_3_without_a_callback() {
    let world = World::start().await;
    let cid = world.accepted(&world.order("3.5")).await;
    assert_eq!(world.why(cid).await.rule.rule.as_str(), "brief");
    assert_eq!(world.status(cid).await, 0);
    assert_eq!(world.reaches_within(cid, &[3], Duration::from_secs(90)).await, 3);
    assert!(world.person(TREASURY[0]).approve(cid).await.is_err());
    assert!(world.stage.receiver.wait(cid, SILENCE).await.is_none());
}

/// Somebody who distrusts the gateway brings a rejection to every co-signer's host by hand.
async fn rejected_by_hand(world: &World, name: &str, cid: i64) {
    let sheet = world.person(name).read(cid).await.unwrap();
    let act = world.person(name).client().sign_act(Act::Reject, sheet.digest).unwrap();
    let orders = serde_json::json!({"acts": [{"intent": sheet.intent, "act": act}]});
    let folder = world.stage.deployment.folder();
    let file = folder.root().join("stop.json");
    std::fs::write(&file, orders.to_string()).unwrap();
    for index in 1..=3 {
        let program = world.stage.deployment.cosigner_program(index).unwrap();
        let mut command = Command::new(program.path);
        let output =
            command.arg("--config").arg(folder.cosigner_config(index)).arg("stop").arg(&file).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        let taken = folder.state(index).join("inbox/done");
        let start = Instant::now();
        while !std::fs::read_dir(&taken).is_ok_and(|mut files| files.next().is_some()) {
            assert!(start.elapsed() < PATIENCE, "{} stays empty", taken.display());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn approve_all(world: &World, cid: i64) {
    for name in [TREASURY[0], FINANCE[0], FINANCE[1]] {
        world.person(name).approve(cid).await.unwrap();
    }
}

#[tokio::test]
async fn a_payout_that_too_many_cosigners_will_never_sign_ends_at_2() {
    let mut world = World::asleep(plan(2, 3)).await;
    world.stage.deployment.start().await.unwrap();
    let cid = world.accepted(&world.order("7")).await;
    approve_all(&world, cid).await;
    // The co-signers have seen it approved; it waits for funds.
    world.waits_for(cid, "left for new payouts").await;
    rejected_by_hand(&world, TREASURY[1], cid).await;
    world.fund().await;
    assert_eq!(world.reaches(cid, &[2, 6]).await, 2);
    assert_eq!(world.told(cid).await, 2);
    assert_eq!(world.query(cid).await["txid"], serde_json::Value::Null);
    assert!(world.why(cid).await.nevers.len() >= 2, "fewer would leave a quorum");
    // Its nonce is free again, or the next payout would wait behind it for ever.
    let next = world.accepted(&world.order("0.1")).await;
    assert_eq!(world.reaches(next, &[6]).await, 6);
}

#[tokio::test]
async fn a_rejection_that_went_past_the_gateway_holds_a_payout_that_it_would_have_signed() {
    let world = World::start().await;
    let cid = world.accepted(&world.order("7")).await;
    rejected_by_hand(&world, TREASURY[1], cid).await;
    approve_all(&world, cid).await;
    world.waits_for(cid, "tina did reject").await;
    assert_eq!(world.status(cid).await, 5);
    world.person(OPERATOR).withdraw(cid).await.unwrap();
    assert_eq!(world.reaches(cid, &[3]).await, 3);
}

#[tokio::test]
async fn a_payout_answers_by_both_its_numbers_in_every_state() {
    let mut world = World::start().await;
    let order = world.order("7");
    let cid = world.accepted(&order).await;
    let same = async |world: &World, status: i64| {
        let vendor = world.vendor();
        let by_cid = world.query(cid).await;
        let by_business = serde_json::json!({"third_party_id": order.third_party_id});
        let by_business = vendor.call("/api/v1/payout/query", by_business).await.unwrap();
        assert_eq!(by_business.data["status"], by_cid["status"], "{by_business:?}");
        assert_eq!(by_cid["status"], status);
        assert_eq!(by_cid["third_party_id"], order.third_party_id.as_str());
        by_cid
    };
    let mut fields: Vec<String> = same(&world, 0).await.as_object().unwrap().keys().cloned().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "address",
            "amount",
            "block_height",
            "block_time",
            "chain_id",
            "currency",
            "from_address",
            "memo",
            "pid",
            "remark",
            "status",
            "third_party_id",
            "token_id",
            "txid"
        ]
    );
    // Approved while nobody can sign, it stays at 5; while no block comes, at 1.
    for index in 1..=3 {
        world.stage.deployment.cosigner(index).unwrap().freeze();
    }
    world.blocks_every(0).await;
    approve_all(&world, cid).await;
    world.reaches(cid, &[5]).await;
    same(&world, 5).await;
    for index in 1..=3 {
        world.stage.deployment.cosigner(index).unwrap().thaw();
    }
    world.reaches(cid, &[1]).await;
    assert!(same(&world, 1).await["txid"].is_string());
    world.blocks_every(1).await;
    world.reaches(cid, &[6]).await;
    let paid = same(&world, 6).await;
    assert!(paid["block_height"].is_string() && paid["block_time"].is_i64());
}
