//! Who must be there: nobody for a normal restart, as many co-signers as sign after a restore.

use testbed::deployment::cast::OPERATOR;

use crate::world::World;

#[tokio::test]
async fn a_normal_restart_needs_nobody() {
    let mut world = World::start().await;
    world.pay(2, "0.01").await;
    for index in 1..=3 {
        world.stage.deployment.kill_cosigner(index);
    }
    for killed in [false, true] {
        if killed {
            world.stage.deployment.kill_gateway();
        } else {
            world.stage.deployment.stop_gateway().await;
        }
        // Ready means that payouts are accepted.
        world.stage.deployment.start_gateway().await.unwrap();
        world.accepted(&world.order("0.01")).await;
        assert_eq!(world.report().await.state, "none");
    }
    for index in 1..=3 {
        world.stage.deployment.start_cosigner(index).await.unwrap();
    }
    world.assert_pays().await;
    assert_eq!(world.report().await.state, "none", "and no admin either");
}

#[tokio::test]
async fn a_restored_gateway_accepts_and_signs_nothing_until_enough_cosigners_have_told() {
    let mut world = World::start().await;
    let copy = world.copy_database().await;
    let paid = world.pay(2, "0.01").await;
    for index in 1..=3 {
        world.stage.deployment.kill_cosigner(index);
    }
    world.put_back(&copy).await;
    world.launch_gateway().await;
    let ready = format!("{}/readyz", world.stage.deployment.doors().unwrap().api_url());
    for told in [0, 1] {
        if told == 1 {
            world.stage.deployment.start_cosigner(1).await.unwrap();
            world
                .until("it has told", async |world| {
                    world.report().await.cosigners.iter().any(|line| line.compared)
                })
                .await;
        }
        let report = world.report().await;
        assert_eq!((report.state.as_str(), report.needed), ("importing", 2));
        let reply = reqwest::get(&ready).await.unwrap();
        assert_eq!(reply.status(), 503, "a load balancer sends callers elsewhere");
        assert!(
            world.vendor().payout(&paid[0].order).await.is_err(),
            "neither accepted nor refused: ask again"
        );
        assert!(world.person(OPERATOR).withdraw(paid[0].cid).await.is_err());
    }
    world.stage.deployment.start_cosigner(3).await.unwrap();
    world.until_restore_is("closed").await;
    world.assert_numbers_taken(&paid).await;
    world.assert_paid_once(&paid).await;
}

#[tokio::test]
async fn a_copy_that_lacks_nothing_goes_on_by_itself() {
    let mut world = World::start().await;
    let paid = world.pay(2, "0.01").await;
    let copy = world.copy_database().await;
    // Lost: a payout that was accepted and never signed for. Its caller asks again.
    for index in 1..=3 {
        world.stage.deployment.kill_cosigner(index);
    }
    let order = world.order("0.03");
    world.accepted(&order).await;
    world.put_back(&copy).await;
    world.launch_gateway().await;
    assert_eq!(world.report().await.state, "importing");
    for index in 1..=3 {
        world.stage.deployment.start_cosigner(index).await.unwrap();
    }
    world.until_restore_is("open").await;
    let again = world.accepted(&order).await;
    world.reaches(again, &[6]).await;
    world.assert_numbers_taken(&paid).await;
    world.assert_paid_once(&paid).await;
}

#[tokio::test]
async fn the_same_copy_put_back_twice_is_noticed_twice() {
    let mut world = World::start().await;
    let copy = world.copy_database().await;
    let paid = world.pay(2, "0.01").await;
    let sent = world.sent().await;
    for _ in 0..2 {
        world.put_back(&copy).await;
        world.stage.deployment.start_gateway().await.unwrap();
        assert_eq!(world.until_restore_is("closed").await.findings.len(), 2);
        world.confirm().await;
        world.assert_paid_once(&paid).await;
    }
    assert_eq!(world.sent().await, sent);
}
