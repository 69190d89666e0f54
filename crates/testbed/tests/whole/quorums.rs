//! Sizes of deployments, and co-signers that are away.

use std::time::{Duration, Instant};

use crate::world::{World, plan};

async fn pays(world: &World, amount: &str) -> Duration {
    let order = world.order(amount);
    let start = Instant::now();
    let cid = world.accepted(&order).await;
    // 1: signed and on its way; what the chain takes is not the co-signers' time.
    world.reaches(cid, &[1, 6]).await;
    let signed = start.elapsed();
    world.reaches(cid, &[6]).await;
    assert_eq!(world.balance(&world.ether(), &order.to).await, amount);
    signed
}

#[tokio::test]
async fn two_of_three_make_a_key_and_pay() {
    pays(&World::start().await, "0.3").await;
}

#[tokio::test]
async fn three_of_four_make_a_key_and_pay() {
    pays(&World::start_with(plan(3, 4)).await, "0.3").await;
}

#[tokio::test]
async fn three_of_five_make_a_key_and_pay_with_two_away() {
    let mut world = World::start_with(plan(3, 5)).await;
    pays(&world, "0.3").await;
    world.stage.deployment.kill_cosigner(1);
    world.stage.deployment.kill_cosigner(4);
    pays(&world, "0.4").await;
}

#[tokio::test]
async fn payouts_go_on_whichever_of_three_cosigners_is_killed() {
    let mut world = World::start().await;
    for index in 1..=3 {
        pays(&world, "0.1").await;
        world.stage.deployment.kill_cosigner(index);
        let took = pays(&world, "0.2").await;
        println!("without co-signer {index}: signed after {took:?}");
        assert!(took < Duration::from_secs(2), "without co-signer {index} it took {took:?}");
        world.stage.deployment.start_cosigner(index).await.unwrap();
    }
}

#[tokio::test]
async fn a_cosigner_that_hangs_holds_nobody_up_for_long() {
    let mut world = World::start().await;
    pays(&world, "0.1").await;
    world.stage.deployment.cosigner(2).unwrap().freeze();
    let took = pays(&world, "0.2").await;
    println!("with a co-signer that hangs: signed after {took:?}");
    assert!(took < Duration::from_secs(4), "{took:?}");
    let took = pays(&world, "0.3").await;
    println!("the second time: signed after {took:?}");
    assert!(took < Duration::from_secs(4), "the second time it is known: {took:?}");
    world.stage.deployment.cosigner(2).unwrap().thaw();
}

#[tokio::test]
async fn without_a_quorum_a_payout_waits_at_5_and_goes_on_when_one_is_back() {
    let mut world = World::start().await;
    world.stage.deployment.kill_cosigner(1);
    world.stage.deployment.kill_cosigner(2);
    let order = world.order("0.3");
    let cid = world.accepted(&order).await;
    let reason = world.waits_for(cid, "co-signer").await;
    assert_eq!(world.status(cid).await, 5, "{reason}");
    world.stage.deployment.start_cosigner(1).await.unwrap();
    world.reaches(cid, &[6]).await;
    assert_eq!(world.balance(&world.ether(), &order.to).await, "0.3");
}
