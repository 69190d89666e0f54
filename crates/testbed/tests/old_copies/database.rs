//! A gateway's database put back from a copy.

use gateway::operator::restore::RestoreVoteBody;
use store::Outcome;
use testbed::deployment::cast::{ADMINS, FINANCE, OPERATOR, TREASURY};

use crate::command::{bursar, bursar_text};
use crate::house::Asked;
use crate::world::World;

#[tokio::test]
async fn ten_payouts_that_the_copy_does_not_know_are_learnt_and_none_is_paid_again() {
    let mut world = World::start().await;
    let before = world.pay(2, "0.02").await;
    let copy = world.copy_database().await;
    let paid = world.pay(10, "0.01").await;
    let sent = world.sent().await;
    world.put_back(&copy).await;
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;

    assert_eq!(report.findings.len(), 10);
    let mut cids: Vec<i64> = report.findings.iter().map(|found| found.cid.get()).collect();
    cids.sort_unstable();
    assert_eq!(cids, paid.iter().map(|paid| paid.cid).collect::<Vec<_>>());
    assert!(report.findings.iter().all(|found| found.outcome == Outcome::Adopted), "{report:#?}");
    assert!(report.age_ms.unwrap() > 0 && report.reason.unwrap().contains("old copy"));
    assert_eq!(report.untold.len(), 10, "where to tell was lost");
    assert_eq!((report.unexplained, report.unknown), (Vec::new(), Vec::new()));

    world.assert_numbers_taken(&paid).await;
    world.assert_numbers_taken(&before).await;
    world.assert_paid_once(&paid).await;
    assert_eq!(world.sent().await, sent, "nothing was sent for them again");

    world.confirm().await;
    world.assert_pays().await;
    assert_eq!(world.sent().await, sent + 1);
    world.assert_paid_once(&paid).await;
    world.assert_paid_once(&before).await;
}

#[tokio::test]
async fn signing_stays_closed_over_restarts_until_two_different_admins_confirm() {
    let mut world = World::start().await;
    let copy = world.copy_database().await;
    world.pay(1, "0.01").await;
    world.put_back(&copy).await;
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;
    let cid = world.accepted(&world.order("0.05")).await;
    let reason = world.waits_for(cid, "signing is closed").await;
    assert!(reason.contains("until the admins confirm"), "{reason}");
    assert_eq!(world.status(cid).await, 5);

    let vote = RestoreVoteBody { restore: report.id.unwrap(), findings: report.findings.len() };
    let confirm = async |who: &str, vote| world.person(who).client().confirm_restore(&vote).await;
    assert!(confirm(OPERATOR, vote).await.is_err(), "an operator is no admin");
    let unread = RestoreVoteBody { findings: 0, ..vote };
    assert!(confirm(ADMINS[0], unread).await.is_err(), "that is not what the report lists");
    let receipt = confirm(ADMINS[0], vote).await.unwrap();
    assert_eq!((receipt.state.as_str(), receipt.votes.len(), receipt.votes_needed), ("closed", 1, 2));
    assert!(confirm(ADMINS[0], vote).await.is_err(), "one admin has one word");

    world.stage.deployment.stop_gateway().await;
    world.stage.deployment.start_gateway().await.unwrap();
    world.stage.deployment.wait_for_cosigners().await.unwrap();
    assert_eq!(world.report().await.state, "closed");
    world.waits_for(cid, "signing is closed").await;
    let confirm = async |who: &str, vote| world.person(who).client().confirm_restore(&vote).await;
    world
        .until("the co-signers have told again", async |world| {
            let told = world.report().await.cosigners;
            told.iter().filter(|line| line.compared).count() >= 2
        })
        .await;
    assert_eq!(confirm(ADMINS[1], vote).await.unwrap().state, "open");
    world.reaches(cid, &[6]).await;
}

#[tokio::test]
async fn a_payout_that_was_approved_after_the_copy_is_moved_on_and_nobody_is_asked_again() {
    let mut world = World::start().await;
    let coin = world.stage.coin("USDC-ERC20");
    let order = world.stage.order(&coin, "1234.5");
    let cid = world.accepted(&order).await;
    let copy = world.copy_database().await;
    for who in [TREASURY[0], FINANCE[0], FINANCE[1]] {
        world.person(who).approve(cid).await.unwrap();
    }
    world.reaches(cid, &[6]).await;
    let sent = world.sent().await;
    world.put_back(&copy).await;
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;
    assert_eq!(report.findings[0].outcome, Outcome::MovedOn);
    assert_eq!(report.repeated.iter().map(|line| line.cid.get()).collect::<Vec<_>>(), [cid]);
    world.reaches(cid, &[6]).await;
    assert_eq!(world.balance(&coin, &order.to).await, "1234.5");
    assert_eq!(world.sent().await, sent);
    // The copy knew where to tell; the receiver has heard it before, and hears the same.
    world.until("it is told again", async |world| world.stage.receiver.of(cid).len() >= 2).await;
    let told = world.stage.receiver.of(cid);
    assert!(told.iter().all(|told| told.status() == Some(6) && told.faults.is_empty()), "{told:#?}");
}

#[tokio::test]
async fn what_was_withdrawn_after_the_copy_is_not_paid_although_the_copy_would_go_on_with_it() {
    let mut world = World::start().await;
    let order = world.stage.order(&world.stage.coin("USDC-ERC20"), "1234.5");
    let cid = world.accepted(&order).await;
    let copy = world.copy_database().await;
    world.person(OPERATOR).withdraw(cid).await.unwrap();
    let paid = world.pay(1, "0.01").await;
    world.put_back(&copy).await;
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;
    assert_eq!(report.resumed.iter().map(|cid| cid.get()).collect::<Vec<_>>(), [cid], "it says so");
    world.confirm().await;
    for who in [TREASURY[0], FINANCE[0], FINANCE[1]] {
        world.person(who).approve(cid).await.unwrap();
    }
    // Co-signers were told when it was withdrawn, and keep that for ever.
    let reason = world.waits_for(cid, "did withdraw the payout: journaled for ever").await;
    assert_eq!(world.status(cid).await, 5, "{reason}");
    world.assert_paid_once(&paid).await;
}

#[tokio::test]
async fn a_copy_that_came_with_its_count_is_found_out_by_what_cosigners_know() {
    let mut world = World::start().await;
    let snapshot = world.snapshot().await;
    let paid = world.pay(3, "0.01").await;
    let sent = world.sent().await;
    world.roll_back(&snapshot).await;
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;
    assert!(report.reason.unwrap().contains("signed for payouts that the database does not have"));
    assert_eq!(report.findings.len(), 3);
    world.assert_numbers_taken(&paid).await;
    world.assert_paid_once(&paid).await;
    assert_eq!(world.sent().await, sent);
    world.confirm().await;
    world.assert_pays().await;
}

#[tokio::test]
async fn a_second_request_that_was_accepted_before_it_was_known_better_ends_and_is_never_paid() {
    let mut world = World::start().await;
    let snapshot = world.snapshot().await;
    let paid = world.pay(1, "0.01").await;
    let sent = world.sent().await;
    for index in 1..=3 {
        world.stage.deployment.kill_cosigner(index);
    }
    // Nothing on this host knows that it is a copy, and nobody is there who does.
    world.roll_back(&snapshot).await;
    world.stage.deployment.start_gateway().await.unwrap();
    let second = world.accepted(&paid[0].order).await;
    assert_ne!(second, paid[0].cid);
    for index in 1..=3 {
        world.stage.deployment.start_cosigner(index).await.unwrap();
    }
    world.until_restore_is("closed").await;
    world.reaches(second, &[3]).await;
    // Its caller does not hear that it failed, and hears that the first is paid: under the number that both have.
    world
        .until("the first is told again", async |world| world.stage.receiver.of(paid[0].cid).len() >= 2)
        .await;
    assert!(world.stage.receiver.of(second).is_empty());
    assert_eq!(world.report().await.untold, []);
    world.assert_numbers_taken(&paid).await;
    world.confirm().await;
    world.assert_pays().await;
    world.assert_paid_once(&paid).await;
    assert_eq!(world.sent().await, sent + 1);
}

#[tokio::test]
async fn a_gateway_that_has_lost_its_whole_database_learns_payouts_and_policy_from_its_cosigners() {
    let mut world = World::start().await;
    let paid = world.pay(4, "0.01").await;
    let sent = world.sent().await;
    world.stage.deployment.stop_gateway().await;
    world.remove_database();
    world.stage.deployment.start_gateway().await.unwrap();
    let report = world.until_restore_is("closed").await;
    assert_eq!((report.findings.len(), report.versions), (4, 1));
    assert!(report.findings.iter().all(|found| found.outcome == Outcome::Adopted), "{report:#?}");
    // Projects and their keys are nobody's but the gateway's: people make them again.
    world.stage.deployment.create_project().await.unwrap();
    world.assert_numbers_taken(&paid).await;
    world.confirm().await;
    world.assert_pays().await;
    world.assert_paid_once(&paid).await;
    assert_eq!(world.sent().await, sent + 1);
}

/// Something leaves the wallet's address by nobody's order: its transaction's id.
async fn steal(world: &World) -> serde_json::Value {
    let rpc = world.stage.deployment.anvil().rpc();
    let from = &world.stage.from;
    rpc.ask("anvil_impersonateAccount", serde_json::json!([from])).await.unwrap();
    let stolen = serde_json::json!([{
        "from": from, "to": "0x00000000000000000000000000000000DeaDBeef", "value": "0x1", "gas": "0x5208"
    }]);
    rpc.ask("eth_sendTransaction", stolen).await.unwrap()
}

#[tokio::test]
async fn an_outflow_that_belongs_to_no_payout_is_in_the_report() {
    let world = World::start().await;
    let paid = world.pay(1, "0.01").await;
    let from = world.stage.from.clone();
    let txid = steal(&world).await;
    let spent = world.sent().await;
    world.until("it is mined", async |world| world.sent().await > spent.min(1)).await;
    let report = world.report().await;
    assert_eq!(report.state, "none", "the report can be asked for at any time");
    let [line] = report.unexplained.as_slice() else { panic!("{report:#?}") };
    assert_eq!((line.from.as_str(), line.outflow.token.as_str()), (from.as_str(), "nonce:1"));
    assert_eq!(line.outflow.txid.as_deref(), txid.as_str());
    world.assert_paid_once(&paid).await;
    let text = bursar_text(&world.stage.deployment, OPERATOR, &["restore", "--check"]);
    assert!(text.contains("outflows that belong to no payout: 1"), "{text}");
}

#[tokio::test]
async fn an_outflow_is_in_the_report_although_the_database_knows_no_payout_at_all() {
    let mut world = World::start().await;
    let from = world.stage.from.clone();
    let txid = steal(&world).await;
    world.until("it is mined", async |world| world.sent().await > 0).await;
    world.stage.deployment.stop_gateway().await;
    world.remove_database();
    world.stage.deployment.start_gateway().await.unwrap();
    world.until_restore_is("closed").await;
    let report = world.report().await;
    assert_eq!((report.findings.len(), report.versions), (0, 1), "{report:#?}");
    let [line] = report.unexplained.as_slice() else { panic!("{report:#?}") };
    assert_eq!((&line.from.to_string(), line.outflow.txid.as_deref()), (&from, txid.as_str()));
}

#[tokio::test]
async fn the_command_line_shows_the_report_and_takes_the_admins_words() {
    let mut world = World::start().await;
    let copy = world.copy_database().await;
    let paid: Vec<Asked> = world.pay(2, "0.01").await;
    world.put_back(&copy).await;
    world.stage.deployment.start_gateway().await.unwrap();
    world.until_restore_is("closed").await;
    let deployment = &world.stage.deployment;
    let text = bursar_text(deployment, OPERATOR, &["restore", "--check"]);
    for words in [
        "the copy: newest entry",
        "CLOSED until 2 admins",
        "payouts that only co-signers knew: 2",
        "taken over",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains(&paid[0].cid.to_string()), "{text}");
    assert!(bursar_text(deployment, OPERATOR, &["status"]).contains("NOTHING IS SIGNED"));
    let refused = bursar(deployment, OPERATOR, &["restore", "confirm", "--yes"]).unwrap_err();
    assert!(refused.contains("admin"), "{refused}");
    assert_eq!(bursar(deployment, ADMINS[0], &["restore", "confirm", "--yes"]).unwrap()["state"], "closed");
    assert_eq!(bursar(deployment, ADMINS[1], &["restore", "confirm", "--yes"]).unwrap()["state"], "open");
    let log = bursar(deployment, ADMINS[0], &["audit"]).unwrap().to_string();
    for what in ["restore.imported", "restore.confirm", "restore.open"] {
        assert!(log.contains(what), "{what}: {log}");
    }
    let refused = bursar(deployment, ADMINS[1], &["restore", "confirm", "--yes"]).unwrap_err();
    assert!(refused.contains("nothing to confirm"), "{refused}");
    world.assert_pays().await;
}
