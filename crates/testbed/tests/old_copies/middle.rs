//! Copies and kills in the middle of things.

use std::time::Duration;

use crate::world::World;

#[tokio::test]
async fn payouts_that_were_on_their_way_at_the_copy_are_followed_to_the_same_end() {
    let mut world = World::start().await;
    world.blocks_every(0).await;
    let on_the_way = world.ask(3, "0.02").await;
    for asked in &on_the_way {
        world.reaches(asked.cid, &[1]).await;
    }
    let copy = world.copy_database().await;
    world.blocks_every(1).await;
    world.assert_paid_once(&on_the_way).await;
    for asked in &on_the_way {
        assert_eq!(world.told(asked.cid).await, 6);
    }
    let after = world.pay(2, "0.01").await;
    let sent = world.sent().await;
    world.put_back(&copy).await;
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;
    assert_eq!(report.findings.len(), 2, "the copy has the tokens of the others");
    let mut repeated: Vec<i64> = report.repeated.iter().map(|line| line.cid.get()).collect();
    repeated.sort_unstable();
    assert_eq!(repeated, on_the_way.iter().map(|asked| asked.cid).collect::<Vec<_>>());
    world.assert_paid_once(&on_the_way).await;
    world.assert_paid_once(&after).await;
    assert_eq!(world.sent().await, sent);
}

#[tokio::test]
async fn signatures_that_never_reached_the_chain_are_learnt_and_sent_once() {
    let mut world = World::start().await;
    let copy = world.copy_database().await;
    // Signed and given to a node that forgets them: the bytes live in no database that is left.
    world.blocks_every(0).await;
    let signed = world.ask(3, "0.02").await;
    for asked in &signed {
        world.reaches(asked.cid, &[1]).await;
    }
    // Signatures are written to the co-signers' disks with the next entries, or a second later.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    world.put_back(&copy).await;
    let rpc = world.stage.deployment.anvil().rpc();
    rpc.ask("anvil_dropAllTransactions", serde_json::json!([])).await.unwrap();
    world.stage.deployment.start_gateway().await.unwrap();
    world.until_restore_is("closed").await;
    world.blocks_every(1).await;
    // Whoever has a signature may send it: that decides nothing new, and needs no admin.
    world.assert_paid_once(&signed).await;
    assert_eq!(world.sent().await, 3);
}

#[tokio::test]
async fn a_gateway_killed_again_and_again_while_it_learns_ends_where_it_should() {
    let mut world = World::start().await;
    let copy = world.copy_database().await;
    let paid = world.pay(10, "0.01").await;
    let sent = world.sent().await;
    world.put_back(&copy).await;
    for pause_ms in [150, 300, 450, 600, 800, 1000, 1300] {
        world.stage.deployment.launch_gateway().unwrap();
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        world.stage.deployment.kill_gateway();
    }
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;
    assert_eq!(report.findings.len(), 10, "{report:#?}");
    world.assert_numbers_taken(&paid).await;
    world.assert_paid_once(&paid).await;
    world.confirm().await;
    world.assert_pays().await;
    assert_eq!(world.sent().await, sent + 1);
}
