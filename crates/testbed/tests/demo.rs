//! `bursar-demo` as people and scripts use it.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use testbed::process::record::Record;

const PATIENCE: Duration = Duration::from_secs(120);

fn demo(command: &str, folder: &Path) -> Command {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_bursar-demo"));
    demo.arg(command).arg("--folder").arg(folder).stdin(Stdio::null());
    demo
}

fn start(folder: &Path) -> Child {
    demo("up", folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits for `demo.json`, and reads it.
fn described(folder: &Path, demo: &mut Child) -> Value {
    let start = Instant::now();
    loop {
        if let Ok(text) = std::fs::read(folder.join("demo.json")) {
            return serde_json::from_slice(&text).expect("it is whole once it is there");
        }
        assert!(demo.try_wait().unwrap().is_none(), "the demo has ended");
        assert!(start.elapsed() < PATIENCE, "there is no demo.json");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The demo's notes of what runs in its folder.
fn noted(folder: &Path) -> Vec<Record> {
    let notes = std::fs::read_dir(folder.join("run")).unwrap().flatten();
    notes.map(|note| serde_json::from_slice(&std::fs::read(note.path()).unwrap()).unwrap()).collect()
}

#[test]
fn once_pays_on_every_chain_reports_on_its_last_line_and_leaves_nothing_running() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("demo");
    let output = demo("once", &folder).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    let payouts = report["payouts"].as_array().unwrap();
    for payout in payouts {
        assert_eq!(payout["status"], 6);
        assert_eq!(payout["callback"], true);
        assert_eq!(payout["received"], payout["amount"]);
        assert!(!payout["txid"].as_str().unwrap().is_empty());
        let fields: Vec<&str> = payout.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields.len(), 8, "{fields:?}");
    }
    let paid: Vec<(&str, &str)> = payouts
        .iter()
        .map(|payout| (payout["chain_id"].as_str().unwrap(), payout["amount"].as_str().unwrap()))
        .collect();
    assert_eq!(paid, [("60", "0.5"), ("60", "250.75"), ("144", "1.1"), ("195", "0.75")]);
    assert_eq!((&payouts[0]["currency"], &payouts[2]["currency"]), (&"60@60".into(), &"144@144".into()));
    assert_eq!(noted(&folder), Vec::<Record>::new());
}

#[test]
fn a_demo_that_was_killed_is_cleared_away_by_the_next_which_stops_within_three_seconds() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("demo");
    let mut first = start(&folder);
    described(&folder, &mut first);
    let left = noted(&folder);
    assert_eq!(left.len(), 8, "demo, three chains, gateway and three co-signers: {left:?}");
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(left.iter().any(Record::runs), "killed, it can't stop its children");

    let mut second = start(&folder);
    let description = described_anew(&folder, &mut second, &left);
    assert!(left.iter().all(|note| !note.runs()), "{left:?}");
    let base = description["base_url"].as_str().unwrap();
    assert!(base.starts_with("http://") && !base.ends_with('/'), "{base}");
    for key in ["pid", "api_key", "wallet_id", "from", "coins", "approvers", "operator_url"] {
        assert!(!description[key].is_null(), "{key}");
    }
    for approver in description["approvers"].as_array().unwrap() {
        for file in ["key_file", "passphrase_file"] {
            assert!(Path::new(approver[file].as_str().unwrap()).is_file());
        }
    }

    let running = noted(&folder);
    let asked = Instant::now();
    kill_process(Pid::from_child(&second), Signal::TERM).unwrap();
    assert!(second.wait().unwrap().success());
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(running.iter().all(|note| !note.runs()), "{running:?}");
}

/// The folder is emptied first: until then the description is the old demo's.
fn described_anew(folder: &Path, demo: &mut Child, left: &[Record]) -> Value {
    let start = Instant::now();
    while left.iter().any(Record::runs) || folder.join("demo.json").exists() {
        assert!(start.elapsed() < PATIENCE, "what was left is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    described(folder, demo)
}
