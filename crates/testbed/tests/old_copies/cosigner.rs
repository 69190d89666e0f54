//! A co-signer put back from yesterday's backup, and its head counter.

use std::path::{Path, PathBuf};

use testbed::deployment::cast::OPERATOR;

use crate::world::World;

impl World {
    /// Seals a co-signer's backup into a file.
    async fn back_up(&mut self, index: u8) -> PathBuf {
        let file = self.stage.deployment.back_up_cosigner(index).await.unwrap();
        self.stage.deployment.wait_for_cosigner(index).await.unwrap();
        file
    }

    /// Wipes a co-signer's host, and puts the backup back.
    async fn wipe_and_restore(&mut self, index: u8, backup: &Path) -> String {
        self.stage.deployment.restore_cosigner(index, backup).await.unwrap()
    }

    /// How the gateway sees a co-signer.
    async fn condition(&self, index: u8) -> (String, String) {
        let lines = self.person(OPERATOR).client().cosigners().await.unwrap();
        let line = lines.into_iter().find(|line| line.index == index).unwrap();
        (line.condition, line.why.unwrap_or_default())
    }

    async fn until_condition(&self, index: u8, condition: &str) {
        self.until(condition, async |world| world.condition(index).await.0 == condition).await;
    }
}

#[tokio::test]
async fn a_cosigner_from_yesterdays_backup_signs_nothing_until_it_has_merged_and_then_rejoins() {
    let mut world = World::start().await;
    let paid = world.pay(2, "0.01").await;
    let backup = world.back_up(3).await;
    let since = world.pay(8, "0.01").await;
    let said = world.wipe_and_restore(3, &backup).await;
    assert!(said.contains("quarantined"), "{said}");
    // One other is not enough: n − t + 1 are two.
    world.stage.deployment.kill_cosigner(1);
    world.stage.deployment.launch_cosigner(3).unwrap();
    world.until_condition(3, "quarantined").await;
    world
        .until("it has merged one", async |world| {
            world.condition(3).await.1.contains("1 of 2 other journals merged")
        })
        .await;
    let cid = world.accepted(&world.order("0.03")).await;
    // It is not even shown the intent with effect: a quorum that has seen it is needed, and it may write nothing.
    let reason = world.waits_for(cid, "quarantined").await;
    assert_eq!(world.status(cid).await, 5, "{reason}");
    let sent = world.sent().await;
    world.stage.deployment.start_cosigner(1).await.unwrap();
    world.until_condition(3, "ready").await;
    world.reaches(cid, &[6]).await;
    assert_eq!(world.sent().await, sent + 1);
    // It signs again, with either of the others, and knows what was signed without it.
    for away in [1, 2] {
        world.stage.deployment.kill_cosigner(away);
        world.assert_pays().await;
        world.stage.deployment.start_cosigner(away).await.unwrap();
    }
    world.assert_paid_once(&paid).await;
    world.assert_paid_once(&since).await;
    assert_eq!(world.report().await.state, "none", "the gateway was none the wiser: it had lost nothing");
}

#[tokio::test]
async fn a_cosigner_whose_counter_is_gone_doubts_itself_and_rejoins() {
    let mut world = World::start().await;
    let paid = world.pay(2, "0.01").await;
    world.stage.deployment.kill_cosigner(2);
    let counter = world.stage.deployment.folder().counter(2).join("head");
    std::fs::remove_file(&counter).unwrap();
    world.stage.deployment.kill_cosigner(1);
    world.stage.deployment.launch_cosigner(2).unwrap();
    world.until_condition(2, "quarantined").await;
    assert!(world.condition(2).await.1.contains("the head counter is missing"));
    // A restart does not make it forget its doubt, although the counter is there again.
    assert!(counter.exists());
    world.stage.deployment.kill_cosigner(2);
    world.stage.deployment.launch_cosigner(2).unwrap();
    world.until_condition(2, "quarantined").await;
    world.stage.deployment.start_cosigner(1).await.unwrap();
    world.until_condition(2, "ready").await;
    world.stage.deployment.kill_cosigner(3);
    world.assert_pays().await;
    world.assert_paid_once(&paid).await;
}

#[tokio::test]
async fn a_journal_file_that_is_behind_its_counter_is_an_old_copy() {
    let mut world = World::start().await;
    world.pay(1, "0.01").await;
    world.stage.deployment.kill_cosigner(2);
    let journal = world.stage.deployment.folder().state(2).join("journal.redb");
    let copy = std::fs::read(&journal).unwrap();
    world.stage.deployment.start_cosigner(2).await.unwrap();
    world.stage.deployment.kill_cosigner(3);
    let paid = world.pay(4, "0.01").await;
    world.stage.deployment.kill_cosigner(2);
    std::fs::write(&journal, &copy).unwrap();
    world.stage.deployment.launch_cosigner(2).unwrap();
    world.until_condition(2, "quarantined").await;
    assert!(world.condition(2).await.1.contains("it is an old copy"));
    world.stage.deployment.start_cosigner(3).await.unwrap();
    world.until_condition(2, "ready").await;
    world.stage.deployment.kill_cosigner(1);
    world.assert_pays().await;
    world.assert_paid_once(&paid).await;
}

#[tokio::test]
async fn a_counter_that_is_behind_its_journal_is_harmless() {
    let mut world = World::start().await;
    world.stage.deployment.kill_cosigner(2);
    let counter = world.stage.deployment.folder().counter(2).join("head");
    let copy = std::fs::read(&counter).unwrap();
    world.stage.deployment.start_cosigner(2).await.unwrap();
    world.stage.deployment.kill_cosigner(3);
    let paid = world.pay(2, "0.01").await;
    world.stage.deployment.kill_cosigner(2);
    // As a crash between a commit and the counter leaves it.
    std::fs::write(&counter, &copy).unwrap();
    world.stage.deployment.start_cosigner(2).await.unwrap();
    world.assert_pays().await;
    world.assert_paid_once(&paid).await;
}

#[tokio::test]
async fn a_gateway_and_a_cosigner_restored_on_the_same_night_forget_nothing_together() {
    let mut world = World::start().await;
    let backup = world.back_up(3).await;
    let copy = world.copy_database().await;
    let paid = world.pay(6, "0.01").await;
    let sent = world.sent().await;
    world.wipe_and_restore(3, &backup).await;
    world.put_back(&copy).await;
    world.stage.deployment.launch_cosigner(3).unwrap();
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;
    assert_eq!(report.findings.len(), 6, "{report:#?}");
    world.until_condition(3, "ready").await;
    world.assert_numbers_taken(&paid).await;
    world.confirm().await;
    world.assert_pays().await;
    world.assert_paid_once(&paid).await;
    assert_eq!(world.sent().await, sent + 1);
}

/// Everything in a folder, at another place, as open to others as it was.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

#[tokio::test]
async fn a_cosigner_whose_whole_disk_was_rolled_back_is_found_out_by_its_peers_before_it_signs() {
    let mut world = World::start().await;
    world.pay(1, "0.01").await;
    world.stage.deployment.kill_cosigner(3);
    let folder = world.stage.deployment.folder().clone();
    let disk = [folder.state(3), folder.counter(3)];
    let shelf = [folder.root().join("shelf-state"), folder.root().join("shelf-counter")];
    for (from, to) in disk.iter().zip(&shelf) {
        copy_folder(from, to);
    }
    world.stage.deployment.start_cosigner(3).await.unwrap();
    world.stage.deployment.kill_cosigner(1);
    let paid = world.pay(4, "0.01").await;
    world.stage.deployment.kill_cosigner(3);
    for (to, from) in disk.iter().zip(&shelf) {
        std::fs::remove_dir_all(to).unwrap();
        copy_folder(from, to);
    }
    // Its counter says that all is well. The one peer that is there knows better.
    world.stage.deployment.launch_cosigner(3).unwrap();
    world.until_condition(3, "quarantined").await;
    let cid = world.accepted(&world.order("0.03")).await;
    let sent = world.sent().await;
    world.waits_for(cid, "quarantined").await;
    world.stage.deployment.start_cosigner(1).await.unwrap();
    world.reaches(cid, &[6]).await;
    world.assert_paid_once(&paid).await;
    assert_eq!(world.sent().await, sent + 1);
}
