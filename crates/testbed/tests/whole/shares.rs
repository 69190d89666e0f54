//! Key shares over time: new ones for old, and co-signers that come back from a copy.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use gateway::operator::wallets::RefreshWallet;
use payout::ids::WalletId;
use payout::policy::{Policy, VersionSignature};
use testbed::deployment::cast::{ADMINS, WALLET, principal};
use wire::message::{REFRESH_DOMAIN, refresh_text};

use crate::world::{PATIENCE, World};

async fn pays(world: &World, amount: &str) {
    let order = world.order(amount);
    let cid = world.accepted(&order).await;
    world.reaches(cid, &[6]).await;
    assert_eq!(world.balance(&world.ether(), &order.to).await, amount);
}

#[tokio::test]
async fn new_shares_of_the_same_key_pay_from_the_same_address() {
    let mut world = World::start().await;
    pays(&world, "0.1").await;
    let wallet = WalletId::new(WALLET).unwrap();
    let policy = Policy::from_genesis(world.stage.deployment.genesis());
    let digest = policy.order_digest(REFRESH_DOMAIN, refresh_text(wallet, 2).as_bytes());
    let order = |name: &str| {
        VersionSignature::sign(&digest, &world.stage.deployment.cast().key(name), principal(name))
    };
    let admin = world.person(ADMINS[0]);
    let alone = RefreshWallet { epoch: 2, orders: vec![order(ADMINS[0])] };
    let refused = admin.client().refresh_wallet(wallet, &alone).await;
    assert!(refused.is_err(), "one admin is no quorum: {refused:?}");

    let both = RefreshWallet { epoch: 2, orders: ADMINS.map(order).to_vec() };
    let opened = admin.told(admin.client().refresh_wallet(wallet, &both).await).unwrap();
    let start = Instant::now();
    loop {
        let sheet = admin.told(admin.client().ceremony(&opened.ceremony).await).unwrap();
        assert_eq!(sheet.failed, None);
        if sheet.done {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{sheet:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Whichever two sign, they sign with new shares.
    for index in 1..=3 {
        world.stage.deployment.kill_cosigner(index);
        pays(&world, "0.2").await;
        world.stage.deployment.start_cosigner(index).await.unwrap();
    }
    let holders = admin.told(admin.client().wallets().await).unwrap().remove(0).holders;
    assert!(holders.iter().all(|(_, epoch)| *epoch == 2), "{holders:?}");
}

#[tokio::test]
async fn a_cosigner_with_an_old_copy_of_its_journal_signs_nothing_until_it_has_heard_the_others() {
    let mut world = World::start().await;
    let folder = world.stage.deployment.folder().clone();
    world.stage.deployment.kill_cosigner(3);
    let aside = folder.root().join("aside");
    copy(&folder.state(3), &aside);
    // It takes part in one more payout, which the copy does not know.
    world.stage.deployment.start_cosigner(3).await.unwrap();
    world.stage.deployment.kill_cosigner(1);
    pays(&world, "0.1").await;
    world.stage.deployment.kill_cosigner(3);
    world.stage.deployment.kill_cosigner(2);
    std::fs::remove_dir_all(folder.state(3)).unwrap();
    copy(&aside, &folder.state(3));

    world.stage.deployment.start_cosigner(1).await.unwrap();
    world.stage.deployment.launch_cosigner(3).unwrap();
    let condition = until_present(&world, 3).await;
    assert_eq!(condition, "quarantined");
    // One other journal is not enough: it waits for n - t + 1 = 2.
    let order = world.order("0.2");
    let cid = world.accepted(&order).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.status(cid).await, 5);
    world.stage.deployment.start_cosigner(2).await.unwrap();
    world.reaches(cid, &[6]).await;
    world.stage.deployment.wait_for_cosigner(3).await.unwrap();
    world.stage.deployment.kill_cosigner(2);
    pays(&world, "0.3").await;
}

#[tokio::test]
async fn a_cosigner_that_was_restored_from_its_backup_signs_again_after_it_has_heard_the_others() {
    let mut world = World::start().await;
    pays(&world, "0.1").await;
    world.stage.deployment.kill_cosigner(3);
    let folder = world.stage.deployment.folder().clone();
    let file = folder.root().join("backup");
    run(&world, 3, &["backup".as_ref(), file.as_ref()]);
    pays(&world, "0.2").await;

    // The host burnt down, counter and all.
    std::fs::remove_dir_all(folder.state(3)).unwrap();
    std::fs::remove_dir_all(folder.counter(3)).unwrap();
    run(&world, 3, &["restore".as_ref(), file.as_ref()]);
    world.stage.deployment.start_cosigner(3).await.unwrap();
    world.stage.deployment.kill_cosigner(1);
    pays(&world, "0.3").await;
}

/// The condition of a co-signer, as the gateway sees it, once it is connected.
async fn until_present(world: &World, index: u8) -> String {
    let admin = world.person(ADMINS[0]);
    let start = Instant::now();
    loop {
        let seats = admin.told(admin.client().cosigners().await).unwrap();
        let seat = seats.into_iter().find(|seat| seat.index == index).unwrap();
        if seat.connected {
            return seat.condition;
        }
        assert!(start.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn run(world: &World, index: u8, arguments: &[&std::ffi::OsStr]) {
    let program = world.stage.deployment.cosigner_program(index).unwrap();
    let config = world.stage.deployment.folder().cosigner_config(index);
    let output = Command::new(program.path).arg("--config").arg(config).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}
