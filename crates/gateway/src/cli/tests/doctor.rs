//! What the doctor finds in files, and in what a gateway says.

use payout::ids::Digest;
use payout::policy::{Environment, Head, Heads};
use payout::time::Millis;

use super::Folder;
use crate::cli::answer::Outcome;
use crate::doctor::{Finding, Findings, Severity, online};
use crate::operator::cosigners::CosignerLine;
use crate::operator::status::{ChainLine, NodeLine, QueueLine, StatusSheet};

/// Errors and warnings, without the folder's name and the ports, which other tests may hold.
fn complaints(folder: &Folder) -> (Outcome, Vec<String>) {
    let answer = folder.run(&["doctor", "--offline"]).unwrap();
    let text = answer.text.replace(&folder.path("house"), "HOUSE");
    let bad = text.lines().filter(|line| line.starts_with("ERROR") || line.starts_with("WARNING"));
    (answer.outcome, bad.filter(|line| !line.contains("ports")).map(str::to_owned).collect())
}

#[test]
fn a_fresh_folder_lacks_its_genesis_and_its_nodes() {
    let folder = Folder::new();
    let (outcome, lines) = complaints(&folder);
    assert_eq!(outcome, Outcome::Refused);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("ERROR   genesis: cannot read HOUSE/genesis.json"), "{lines:?}");
    folder.enlist();
    folder.run(&["genesis", "build", "-o", &folder.in_house("genesis.json")]).unwrap();
    assert_eq!(complaints(&folder).1, ["ERROR   nodes: no chain has nodes"]);
}

#[test]
fn each_fault_of_an_installation_is_found() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    folder.enlist();
    folder.run(&["genesis", "build", "-o", &folder.in_house("genesis.json")]).unwrap();
    let nodes = "[[chain]]\nchain_id = \"60\"\nnodes = [\"http://127.0.0.1:1\"]\n";
    folder.write("gateway.toml", &(folder.read("gateway.toml") + nodes));
    let one_host = "ERROR   nodes of chain 60: one host alone: no payout reaches a final status";
    assert_eq!(complaints(&folder).1, [one_host]);

    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.in_house("gateway.key"), open).unwrap();
    let (_, lines) = complaints(&folder);
    assert!(
        lines.contains(
            &"ERROR   gateway key: HOUSE/gateway.key has the mode 644: others can read it".to_owned()
        ),
        "{lines:?}"
    );

    folder.write("bursar.db", "not a database, and long enough");
    let (_, lines) = complaints(&folder);
    assert!(lines.iter().any(|line| line.contains("is no SQLite database")), "{lines:?}");

    std::fs::copy(folder.in_house("keys/ann.key"), folder.in_house("gateway.key")).unwrap();
    let (_, lines) = complaints(&folder);
    assert!(lines.iter().any(|line| line.contains("the roster lists no gateway with the key")), "{lines:?}");

    folder.write("gateway.toml", "[server]\nlisten = 5\n");
    let (outcome, lines) = complaints(&folder);
    assert_eq!(outcome, Outcome::Refused);
    assert!(lines[0].contains("HOUSE/gateway.toml") && lines.len() == 1, "{lines:?}");
}

fn cosigner(name: &str, condition: &str) -> CosignerLine {
    CosignerLine {
        index: 1,
        name: name.to_owned(),
        connected: condition != "absent",
        since: None,
        condition: condition.to_owned(),
        why: None,
        software: None,
        heads: None,
        behind: Vec::new(),
        journal_seq: None,
        wallets: Vec::new(),
        banned: Vec::new(),
        session_us: None,
        round_trip_us: None,
    }
}

fn node(name: &str, lag_ms: i64) -> NodeLine {
    NodeLine { node: name.to_owned(), height: Some(7), lag_ms: Some(lag_ms), error: None }
}

fn healthy() -> StatusSheet {
    let head = Head { version: 1, digest: Digest::from_bytes([0; 32]) };
    StatusSheet {
        deployment: Digest::from_bytes([1; 32]),
        name: "try".to_owned(),
        environment: Environment::Production,
        software: "bursar 0".to_owned(),
        now: Millis::new(1_000_000).unwrap(),
        heads: Heads { rules: head, people: head, book: head },
        threshold: 2,
        can_sign: true,
        shut: None,
        cosigners: vec![cosigner("a", "ready"), cosigner("b", "ready"), cosigner("c", "ready")],
        chains: vec![ChainLine {
            chain_id: "60".parse().unwrap(),
            nodes: vec![node("n1", 100), node("n2", 100)],
        }],
        queue: Vec::new(),
        oldest_ms: None,
        pauses: 0,
    }
}

fn judged(status: &StatusSheet, deployment: Option<Digest>, now: Millis) -> Vec<Finding> {
    let mut findings = Findings::default();
    online::judge(status, None, deployment, now, &mut findings);
    findings.list().into_iter().filter(|finding| finding.severity > Severity::Skipped).collect()
}

#[test]
fn a_healthy_house_gives_nothing_to_complain_of() {
    let status = healthy();
    assert_eq!(judged(&status, Some(status.deployment), status.now), []);
}

#[test]
fn what_is_wrong_with_a_running_house_is_told_with_what_to_do() {
    let mut status = healthy();
    status.can_sign = false;
    status.cosigners[0] =
        CosignerLine { behind: vec![payout::policy::ChainName::Rules], ..cosigner("a", "ready") };
    status.cosigners[1] = cosigner("b", "absent");
    status.cosigners[2] = CosignerLine { banned: vec![2], ..cosigner("c", "frozen") };
    status.chains[0].nodes[1] = node("n2", 61_000);
    status.pauses = 1;
    status.oldest_ms = Some(2 * 3_600_000);
    status.queue = vec![QueueLine { status: 5, step: Some("build".to_owned()), count: 3, waiting: 2 }];
    let list = judged(&status, Some(Digest::from_bytes([2; 32])), status.now.plus(31_000));
    assert!(list.iter().all(|finding| finding.next.is_some()));
    let about: Vec<(Severity, &str)> =
        list.iter().map(|finding| (finding.severity, finding.about.as_str())).collect();
    use Severity::{Error, Warning};
    assert_eq!(
        about,
        [
            (Error, "gateway"),
            (Error, "clock"),
            (Warning, "co-signer a"),
            (Warning, "co-signer b"),
            (Error, "co-signer c"),
            (Error, "co-signer c"),
            (Error, "signing"),
            (Warning, "nodes of chain 60"),
            (Error, "nodes of chain 60"),
            (Warning, "pauses"),
            (Warning, "queue"),
        ]
    );
}
