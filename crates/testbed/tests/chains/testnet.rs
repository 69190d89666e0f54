//! The trial on a public test network: its dry run as `make` starts it, and the way of a wallet that people fund, against
//! a stand-in in the network's place.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::anvil::Pace;
use testbed::ledgers::Xrp;
use testbed::ledgers::xrp::{self, Receipt};
use testbed::place;
use testbed::progress::Progress;
use testbed::testnet::{self, TestnetError, Wish};
use testbed::vendor::random;

use crate::world::PATIENCE;

/// Runs `make testnet` with these variables, with the program of this build in the place of the released one.
fn make(variables: &[&str], folder: &Path) -> Output {
    let checkout = place::checkout();
    let mut make = Command::new("make");
    // What a make around these tests was told, and what somebody's shell has.
    for name in ["MAKEFLAGS", "CHAIN", "NODE", "TO", "AMOUNT", "MEMO", "KEY", "DRY_RUN"] {
        make.env_remove(name);
    }
    let planned = make.arg("-n").arg("testnet").args(variables).current_dir(&checkout).output().unwrap();
    assert!(planned.status.success(), "{}", String::from_utf8_lossy(&planned.stderr));
    let planned = String::from_utf8(planned.stdout).unwrap().replace("\\\n", " ");
    let line = planned.lines().find(|line| line.contains("bursar-demo testnet")).unwrap();
    let (_, words) = line.split_once("bursar-demo ").unwrap();
    let line = format!("exec {} {words} --folder {}", env!("CARGO_BIN_EXE_bursar-demo"), folder.display());
    Command::new("sh").arg("-c").arg(line).stdin(Stdio::null()).output().unwrap()
}

fn dry_run(chain: &str) {
    let folder = tempfile::tempdir().unwrap();
    let output = make(&[&format!("CHAIN={chain}"), "DRY_RUN=1"], &folder.path().join("run"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let report: Value = serde_json::from_str(report.lines().last().unwrap()).unwrap();
    let payout = &report["payout"];
    assert_eq!(payout["status"], 6, "{report}");
    assert_eq!(payout["callback"], true, "{report}");
    assert_eq!((&payout["received"], &payout["amount"]), (&"1.5".into(), &"1.5".into()), "{report}");
    assert!(payout["txid"].is_string() && report["funded_by"].is_string(), "{report}");
    assert_ne!(payout["txid"], report["funded_by"]);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("run/run")).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_dry_run_of_xrp_funds_a_new_wallet_from_a_key_and_pays() {
    dry_run("144");
}

#[test]
fn the_dry_run_of_tron_funds_a_new_wallet_from_a_key_and_pays() {
    dry_run("198");
}

#[test]
fn what_is_missing_is_explained_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let full = ["CHAIN=144", "NODE=http://127.0.0.1:1", "TO=rn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc"];
    for missing in 0..full.len() {
        let mut variables = full.to_vec();
        variables.remove(missing);
        let output = make(&variables, &run);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        for variable in ["CHAIN=", "NODE=", "TO=", "AMOUNT=", "MEMO=", "KEY=", "DRY_RUN="] {
            assert!(said.contains(variable), "{variable}: {said}");
        }
    }
    for (wrong, words) in [
        ("CHAIN=195", "no test network"),
        ("NODE=nowhere", "no URLs"),
        ("TO=TXsmKpEuW7qWnXzJLGP9eDLvWPR2GRn1FS", "no address"),
        ("AMOUNT=1e3", "amount"),
        ("KEY=/dev/null", "no secp256k1 key"),
    ] {
        let (name, _) = wrong.split_once('=').unwrap();
        let mut variables: Vec<&str> = full.iter().copied().filter(|set| !set.starts_with(name)).collect();
        variables.push(wrong);
        let output = make(&variables, &run);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{wrong}: {said}");
    }
    let output = make(&full, &run);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("no answer"), "{said}");
    assert!(!run.exists());
}

#[tokio::test]
async fn a_wallet_that_people_fund_is_waited_for_and_pays_with_the_tag() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Xrp::start_as(folder.path(), folder.path(), Pace::Quarter, "1").await.unwrap();
    let to = xrp::account(&random());
    let wish = Wish {
        chain: xrp::CHAIN.to_owned(),
        nodes: ledger.urls().to_vec(),
        key: None,
        to: to.clone(),
        amount: "1.5".to_owned(),
        memo: Some("123".to_owned()),
    };
    let root = folder.path().join("run");
    let progress = Progress::default();
    // A server of the main network in the test network's place.
    for server in 0..ledger.urls().len() {
        ledger.fault(server, &json!({"network_id": 0})).await.unwrap();
    }
    let refused = testnet::run(&root, &wish, &progress).await;
    assert!(matches!(refused, Err(TestnetError::Public(_))) && !root.exists(), "{refused:?}");
    for server in 0..ledger.urls().len() {
        ledger.fault(server, &json!({"network_id": null})).await.unwrap();
    }
    let fund = async {
        let addresses = root.join("payout-addresses.json");
        let start = Instant::now();
        let text = loop {
            if let Ok(text) = std::fs::read_to_string(&addresses)
                && text.ends_with('}')
            {
                break text;
            }
            assert!(start.elapsed() < PATIENCE, "there is no wallet");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let addresses: Value = serde_json::from_str(&text).unwrap();
        ledger.fund(addresses[xrp::CHAIN].as_str().unwrap(), 10 * xrp::XRP).await.unwrap();
    };
    let (outcome, ()) = futures::join!(testnet::run(&root, &wish, &progress), fund);
    let outcome = outcome.unwrap();
    assert_eq!((outcome.funded_by, outcome.payout.status), (None, 6));
    let paid = Receipt { txid: outcome.payout.txid.unwrap(), drops: 1_500_000, tag: Some(123) };
    assert_eq!(ledger.received(&to).await.unwrap(), [paid]);
    ledger.stop(Duration::from_millis(300)).await;
}
