//! The project's own check of a payout before anybody approves it.

use std::time::Duration;

use gateway::operator::projects::ProjectChange;
use payout::ids::ProjectId;
use testbed::deployment::Deployment;
use testbed::deployment::cast::{API_KEY, PROJECT};
use testbed::receiver::{Manner, Receiver};
use testbed::vendor;

use crate::world::World;

async fn screened(manner: Manner) -> (World, Receiver) {
    let world = World::start().await;
    let screen = Receiver::start(API_KEY).await.unwrap();
    screen.behave(manner);
    let project = ProjectId::new(PROJECT).unwrap();
    let settings =
        store::ProjectSettings { verification_url: Some(screen.url()), ..Deployment::project_settings() };
    world.stage.deployment.change_project(ProjectChange::Set { project, settings }).await.unwrap();
    (world, screen)
}

#[tokio::test]
async fn a_payout_that_the_external_check_agrees_to_goes_on() {
    let (world, screen) = screened(Manner::Saying("ok")).await;
    let cid = world.accepted(&world.order("0.2")).await;
    assert_eq!(world.reaches(cid, &[6]).await, 6);
    let asked = screen.of(cid).remove(0).body;
    assert_eq!(asked["sign"].as_str(), Some(vendor::sign(API_KEY, &asked).as_str()));
    let mut keys: Vec<&str> = asked.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "amount",
            "chain_id",
            "cid",
            "from_address",
            "memo",
            "nonce",
            "pid",
            "remark",
            "sign",
            "third_party_id",
            "timestamp",
            "to_address",
            "token_id"
        ]
    );
}

#[tokio::test]
async fn a_payout_that_the_external_check_denies_ends_at_4() {
    let (world, _screen) = screened(Manner::Saying("deny")).await;
    let cid = world.accepted(&world.order("0.2")).await;
    assert_eq!(world.reaches(cid, &[4]).await, 4);
    assert_eq!(world.told(cid).await, 4);
}

#[tokio::test]
async fn an_external_check_that_says_something_else_holds_the_payout_at_0() {
    let (world, screen) = screened(Manner::Saying("maybe")).await;
    let cid = world.accepted(&world.order("0.2")).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(world.status(cid).await, 0);
    assert!(screen.of(cid).len() > 1);
    screen.behave(Manner::Saying("ok"));
    // Its next question comes after a pause of ten seconds.
    assert_eq!(world.reaches(cid, &[6]).await, 6);
}
