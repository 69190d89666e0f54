//! What is wrong is said, with the place where it is wrong.

use std::process::Command;

use testbed::anvil::{Anvil, Pace};
use testbed::process::Program;

use crate::world::{World, plan};

/// Runs a program that should refuse, and gives what it says.
fn refused(program: &Program) -> String {
    let mut child = Command::new(&program.path);
    let output = child.args(&program.arguments).stdin(std::process::Stdio::null()).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success(), "it did not refuse: {text}");
    text
}

#[tokio::test]
async fn an_underfunded_payout_waits_with_its_reason_and_goes_on_once_funded() {
    let mut world = World::asleep(plan(2, 3)).await;
    world.stage.deployment.start().await.unwrap();
    let order = world.order("0.3");
    let cid = world.accepted(&order).await;
    let reason = world.waits_for(cid, "left for new payouts").await;
    assert_eq!(world.status(cid).await, 5, "{reason}");
    // It burnt nothing: no token is taken.
    assert_eq!(world.why(cid).await.token, None);
    world.fund().await;
    world.reaches(cid, &[6]).await;
    assert_eq!(world.balance(&world.ether(), &order.to).await, "0.3");
}

#[tokio::test]
async fn a_wrong_passphrase_of_a_vault_is_said_so() {
    let mut world = World::start().await;
    world.stage.deployment.kill_cosigner(3);
    let folder = world.stage.deployment.folder().clone();
    std::fs::write(folder.cosigner(3).join("passphrase"), "guess").unwrap();
    let said = refused(&world.stage.deployment.cosigner_program(3).unwrap());
    assert!(said.to_lowercase().contains("passphrase"), "{said}");
    // The others go on.
    let cid = world.accepted(&world.order("0.1")).await;
    world.reaches(cid, &[6]).await;
}

#[tokio::test]
async fn a_broken_configuration_genesis_or_database_is_refused_with_file_and_place() {
    let mut world = World::start().await;
    world.stage.deployment.stop_gateway().await;
    let folder = world.stage.deployment.folder().clone();
    let gateway = world.stage.deployment.gateway_program().unwrap();
    let config = folder.gateway_config();
    let good = std::fs::read_to_string(&config).unwrap();

    std::fs::write(&config, good.replacen("[engine]\n", "[engine]\nspeed = 9\n", 1)).unwrap();
    let said = refused(&gateway);
    let line = good.lines().position(|line| line == "[engine]").unwrap() + 2;
    assert!(
        said.contains("gateway.toml") && said.contains(&format!("line {line}")) && said.contains("speed"),
        "{said}"
    );
    std::fs::write(&config, &good).unwrap();

    let genesis = std::fs::read_to_string(folder.genesis()).unwrap();
    std::fs::write(folder.genesis(), genesis.replacen("31337", "1", 1)).unwrap();
    let said = refused(&gateway);
    assert!(said.contains("genesis.json"), "{said}");
    std::fs::write(folder.genesis(), genesis.replacen('{', "{ ", 1)).unwrap();
    assert!(refused(&gateway).contains("genesis.json"));
    std::fs::write(folder.genesis(), &genesis).unwrap();

    let database = folder.gateway().join("aside");
    std::fs::create_dir(&database).unwrap();
    for name in ["bursar.db", "bursar.db-wal", "bursar.db-shm"] {
        let _ = std::fs::rename(folder.gateway().join(name), database.join(name));
    }
    std::fs::write(folder.database(), "this is no database, but it is a file with its name\n".repeat(100))
        .unwrap();
    let said = refused(&gateway);
    assert!(said.contains("bursar.db"), "{said}");
    for name in ["bursar.db", "bursar.db-wal", "bursar.db-shm"] {
        let _ = std::fs::remove_file(folder.gateway().join(name));
        let _ = std::fs::rename(database.join(name), folder.gateway().join(name));
    }

    let cosigner = world.stage.deployment.cosigner_program(1).unwrap();
    world.stage.deployment.kill_cosigner(1);
    let config = folder.cosigner_config(1);
    let good = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, good.replacen("index = 1", "index = 0", 1)).unwrap();
    let said = refused(&cosigner);
    assert!(said.contains("cosigner.toml:1"), "{said}");
    std::fs::write(&config, &good).unwrap();

    world.stage.deployment.start_gateway().await.unwrap();
    world.stage.deployment.start_cosigner(1).await.unwrap();
    let cid = world.accepted(&world.order("0.1")).await;
    world.reaches(cid, &[6]).await;
}

#[tokio::test]
async fn a_node_of_another_network_is_noticed_and_nothing_is_signed_for_it() {
    let mut world = World::start().await;
    world.stage.deployment.stop_gateway().await;
    let folder = world.stage.deployment.folder().clone();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Anvil::start_as(elsewhere.path(), &folder.records(), Pace::Quarter, "1337").await.unwrap();
    world.stage.deployment.start_gateway_on(&[other.url().to_owned()]).await.unwrap();
    world.stage.deployment.wait_for_cosigners().await.unwrap();
    let cid = world.accepted(&world.order("0.1")).await;
    let reason = world.waits_for(cid, "network").await;
    assert!(reason.contains("1337") && reason.contains("31337"), "{reason}");
    assert_eq!(world.status(cid).await, 5);

    world.stage.deployment.stop_gateway().await;
    world.stage.deployment.start_gateway().await.unwrap();
    world.reaches(cid, &[6]).await;
}
