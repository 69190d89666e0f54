//! The promise, attacked: the same attacks as `make attacks`, a test a group.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use testbed::attacks::case::Fault;
use testbed::attacks::world::{Setting, World};
use testbed::attacks::{GROUPS, run_group};
use testbed::ledgers::Chains;

/// Tries every attack of a group, prints the table, and fails unless all were refused.
async fn refused(group: &str) {
    let group = GROUPS.iter().find(|known| known.name == group).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let report = run_group(group, &temporary.path().join(group.name), "").await.unwrap();
    eprintln!("{report}");
    let failures: Vec<String> = report.failures().collect();
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!(report.summary().cases, (group.cases)().len());
}

macro_rules! groups {
    ($($test:ident: $group:literal,)+) => {
        const TRIED: &[&str] = &[$($group),+];
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                refused($group).await;
            }
        )+
    };
}

groups! {
    payouts_are_signed_once_by_three_of_four_with_a_hostile_one: "once-of-four",
    nothing_comes_of_what_a_relay_does: "relay",
    only_owners_and_admins_install_roots_and_keys: "roots",
    approvals_are_not_forged_with_two_hostile_of_four: "approvals-of-four",
    stops_that_a_gateway_hides_are_obeyed: "stops",
    payouts_are_signed_once: "once",
    neither_expiry_nor_clocks_are_played_with: "time",
    no_field_of_an_intent_is_altered: "fields",
    a_hostile_cosigners_lies_change_nothing: "liars",
    other_bytes_are_not_signed_with_two_hostile_of_four: "bytes-of-four",
    other_bytes_are_not_signed: "bytes",
    limits_hold_for_three_of_four_with_a_hostile_one: "limits-of-four",
    approvals_of_what_cannot_be_are_no_help: "approved",
    voids_and_raised_caps_pay_nothing_twice: "remedies",
    voids_and_raised_caps_pay_nothing_twice_with_a_hostile_one_of_four: "remedies-of-four",
    limits_hold_at_once_and_by_turns: "limits",
    sessions_have_one_name_and_show_everybody_the_same: "sessions",
    approvals_are_not_forged_moved_or_spared: "approvals",
    policies_are_not_forged_forked_or_rolled_back: "policy",
    other_bytes_and_orders_are_not_signed_on_xrp: "xrp",
    other_bytes_are_not_signed_on_tron: "tron",
    payouts_are_signed_once_on_xrp: "xrp-once",
    payouts_are_signed_once_on_tron: "tron-once",
}

/// What SECURITY.md says is not defended: f < 2t − n is f < 1 here. It also shows that the judge finds a second payment.
#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_with_a_hostile_cosigner_can_pay_an_approved_payout_twice() {
    let temporary = tempfile::tempdir().unwrap();
    let setting = Setting { threshold: 2, cosigners: 3, hostile: &[3], chains: Chains::Evm };
    let mut world = World::start(&temporary.path().join("twice"), setting).await.unwrap();
    let draft = world.desk.native();
    // The honest two never hear of each other's journals.
    world.gateway.relay_by(|parcel| if parcel.from + parcel.to == 3 { Vec::new() } else { vec![parcel] });
    world.sign_by(&[1, 3], &draft.request()).await.unwrap();
    let nonce = world.desk.fresh_nonce();
    let second = draft.paying(|pay| pay.nonce = nonce);
    let found = world.sign_by(&[2, 3], &second).await;
    assert!(matches!(&found, Err(Fault::Signed(why)) if why.contains("on two tokens")), "{found:?}");
}

#[test]
fn every_group_of_attacks_is_tried_here() {
    let known: BTreeSet<&str> = GROUPS.iter().map(|group| group.name).collect();
    assert_eq!(known, TRIED.iter().copied().collect());
}

#[test]
fn there_are_more_than_forty_attacks_and_each_has_its_own_name() {
    let names = attacks();
    let count: usize = GROUPS.iter().map(|group| (group.cases)().len()).sum();
    assert_eq!(names.len(), count);
    // Groups that try the same attacks against other co-signers count once.
    let kinds = names.iter().filter(|name| !name.contains("-of-four/")).count();
    assert!(kinds >= 40, "{kinds}");
}

/// `group/case` of all attacks.
fn attacks() -> BTreeSet<String> {
    let of = |group: &testbed::attacks::Group| -> Vec<String> {
        (group.cases)().iter().map(|case| format!("{}/{}", group.name, case.name)).collect()
    };
    GROUPS.iter().flat_map(of).collect()
}

/// In SECURITY.md's table of threats, the last column names tests and attacks in backticks: `group/case`, `group/*`, or
/// the name of a test function.
#[test]
fn every_threat_names_what_shows_its_defence_and_that_exists() {
    let security = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let rows: Vec<Vec<&str>> = security
        .lines()
        .skip_while(|line| *line != "## What is defended")
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 12, "{} threats", rows.len());
    let (attacks, tests) = (attacks(), tests());
    let mut broken = Vec::new();
    for row in rows {
        let [threat, _, _, shown] = row.as_slice() else {
            broken.push(format!("not four columns: {row:?}"));
            continue;
        };
        let names: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            broken.push(format!("names no test: {threat}"));
        }
        for name in names {
            let exists = match name.strip_suffix("/*") {
                Some(group) => GROUPS.iter().any(|known| known.name == group),
                None => attacks.contains(name) || tests.contains(name),
            };
            if !exists {
                broken.push(format!("no test and no attack is called {name}: {threat}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The patches of `make prove-attacks`, each of which takes one check out of the co-signer: what they are patches of has
/// not changed, and each names the attack that it lets through.
#[test]
fn every_check_that_can_be_taken_out_is_still_there_and_names_its_attack() {
    let attacks = attacks();
    let mut broken = Vec::new();
    let mut count = 0;
    for patch in
        std::fs::read_dir(root().join("scripts/removed-checks")).unwrap().map(|entry| entry.unwrap().path())
    {
        count += 1;
        let text = std::fs::read_to_string(&patch).unwrap();
        let header = |name: &str| {
            let line = text
                .lines()
                .take_while(|line| !line.starts_with("---"))
                .find_map(|line| line.strip_prefix(name));
            line.map(str::trim).unwrap_or_default().to_owned()
        };
        if !attacks.contains(&header("Attack:")) || header("Check:").is_empty() {
            broken.push(format!("{} names no attack, or no check", patch.display()));
        }
        let applied = std::process::Command::new("git")
            .args(["apply", "--check"])
            .arg(&patch)
            .current_dir(root())
            .output();
        let applied = applied.unwrap();
        if !applied.status.success() {
            broken.push(String::from_utf8_lossy(&applied.stderr).into_owned());
        }
    }
    assert!(count >= 10, "{count}");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The names of all test functions of the workspace.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    collect(&root().join("crates"), &mut files);
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let mut marked = false;
        for line in text.lines().map(str::trim_start) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                marked = true;
            } else if let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "))
                && std::mem::take(&mut marked)
            {
                names.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
            }
        }
    }
    names
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
