//! The ends of a payout that was not paid, and what its caller hears of them.

use std::time::Duration;

use gateway::operator::projects::ProjectChange;
use payout::ids::ProjectId;
use testbed::deployment::Deployment;
use testbed::deployment::cast::{FINANCE, OPERATOR, PROJECT, TREASURY};

use crate::world::World;

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

#[tokio::test]
async fn a_payout_answers_by_both_its_numbers_in_every_state() {
    let world = World::start().await;
    let vendor = world.vendor();
    let order = world.order("7");
    let cid = world.accepted(&order).await;
    let same = async |status: i64| {
        let by_cid = world.query(cid).await;
        let by_business = serde_json::json!({"third_party_id": order.third_party_id});
        let by_business = vendor.call("/api/v1/payout/query", by_business).await.unwrap();
        assert_eq!(by_business.data["status"], by_cid["status"], "{by_business:?}");
        assert_eq!(by_cid["status"], status);
        assert_eq!(by_cid["third_party_id"], order.third_party_id.as_str());
        by_cid
    };
    let mut fields: Vec<String> = same(0).await.as_object().unwrap().keys().cloned().collect();
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
    // Approved while no block comes, it passes 5 and stays at 1.
    let rpc = world.stage.deployment.anvil().rpc();
    rpc.ask("evm_setIntervalMining", serde_json::json!([0])).await.unwrap();
    for name in [TREASURY[0], FINANCE[0], FINANCE[1]] {
        world.person(name).approve(cid).await.unwrap();
    }
    world.reaches(cid, &[1]).await;
    assert!(same(1).await["txid"].is_string());
    rpc.ask("evm_setIntervalMining", serde_json::json!([1])).await.unwrap();
    world.reaches(cid, &[6]).await;
    let paid = same(6).await;
    assert!(paid["block_height"].is_string() && paid["block_time"].is_i64());
}
