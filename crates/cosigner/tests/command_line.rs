//! The program `bursar-cosigner`, as the owner of a host uses it.

#![allow(clippy::unwrap_used, reason = "a panic is the test's report")]

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use payout::approval::{Freeze, FreezeOrder};
use payout::ids::PrincipalId;
use payout::key::SecretKey;
use payout::life::StepQuorum;
use payout::policy::{
    Book, Environment, GatewaySeat, Genesis, Group, Nature, People, Principal, Role, Roster, Rules, Seat,
};
use payout::time::Millis;
use rustix::process::{Pid, Signal, kill_process};

struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let host = Self { folder: tempfile::tempdir().unwrap() };
        host.secret("passphrase", "correct horse\n");
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn secret(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bursar-cosigner"));
        command
            .current_dir(self.folder.path())
            .args(["--config", "cosigner.toml"])
            .args(arguments)
            .stdin(Stdio::null())
            .env_remove("BURSAR_LOG")
            .env_remove("BURSAR_LOG_FORMAT")
            .env_remove("BURSAR_COSIGNER_CONFIG");
        command
    }

    fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        let (out, err) = texts(&output);
        assert!(output.status.success(), "{arguments:?}\n{out}\n{err}");
        out
    }

    fn fail(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        assert!(!output.status.success(), "{arguments:?} succeeded: {}", texts(&output).0);
        texts(&output).1
    }

    /// Makes the identity; gives its public key.
    fn init(&self, index: &str, name: &str) -> String {
        let out = self.succeed(&[
            "init",
            "--index",
            index,
            "--name",
            name,
            "--gateway",
            "main=127.0.0.1:9",
            "--passphrase-file",
            "passphrase",
            "--light",
        ]);
        let line = out.lines().find(|line| line.contains("public key")).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    }

    fn genesis(&self, keys: [&str; 2]) -> Genesis {
        let genesis = genesis(keys);
        std::fs::write(self.path("from-the-owner.json"), genesis.to_text()).unwrap();
        genesis
    }

    fn run(&self) -> Running {
        let mut child = self
            .command(&["run", "--log-format", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(first.contains("starts"), "{first}");
        // Read on, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Running { child }
    }
}

struct Running {
    child: Child,
}

impl Running {
    fn terminate(mut self) -> Duration {
        let began = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        began.elapsed()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn admin() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn name() -> PrincipalId {
    "ann".parse().unwrap()
}

fn genesis(keys: [&str; 2]) -> Genesis {
    let seat = |(index, key): (u8, &str)| Seat {
        index,
        name: ["alpha", "beta"][usize::from(index) - 1].to_owned(),
        key: key.parse().unwrap(),
    };
    let genesis = Genesis {
        version: payout::policy::genesis::GENESIS_VERSION.to_owned(),
        name: "test house".to_owned(),
        environment: Environment::Development,
        roster: Roster {
            threshold: 2,
            cosigners: (1..).zip(keys).map(seat).collect(),
            gateways: vec![GatewaySeat {
                name: "main".to_owned(),
                key: SecretKey::from_seed(&[2; 32]).public(),
            }],
        },
        rules: Rules {
            environment: Environment::Development,
            networks: vec![],
            coins: vec![],
            wallets: vec![],
            fees: vec![],
            approver: None,
            book_cooling_hours: 24,
            rules: vec![],
        },
        people: People {
            principals: vec![Principal {
                id: name(),
                nature: Nature::Person,
                roles: vec![Role::Admin],
                keys: vec![admin().public()],
                projects: vec![],
            }],
            groups: vec![Group { id: "admins".parse().unwrap(), members: vec![name()] }],
            admin_quorum: 1,
            book: StepQuorum { group: "admins".parse().unwrap(), quorum: 1 },
        },
        book: Book::default(),
    };
    genesis.check().unwrap();
    genesis
}

fn stranger() -> String {
    SecretKey::from_seed(&[3; 32]).public().to_string()
}

fn enrolled() -> (Host, Genesis) {
    let host = Host::new();
    let key = host.init("1", "alpha");
    let genesis = host.genesis([&key, &stranger()]);
    host.succeed(&["enroll", "from-the-owner.json"]);
    (host, genesis)
}

#[test]
fn a_new_cosigner_is_made_enrolled_and_shows_what_it_is() {
    let host = Host::new();
    let key = host.init("1", "alpha");
    assert!(host.fail(&["run"]).contains("install it with bursar-cosigner enroll GENESIS"));
    let genesis = host.genesis([&key, &stranger()]);
    let out = host.succeed(&["enroll", "from-the-owner.json"]);
    assert!(out.contains(&genesis.deployment().to_string()) && out.contains("<- this one"), "{out}");
    let out = host.succeed(&["status"]);
    assert!(out.contains("ready to sign") && out.contains("wallets      none"), "{out}");
    let json: serde_json::Value = serde_json::from_str(&host.succeed(&["status", "--json"])).unwrap();
    assert_eq!(json["deployment"], genesis.deployment().to_string());
    let error = host.fail(&["enroll", "from-the-owner.json"]);
    assert!(error.contains("enrolled already"), "{error}");
    let out = host.succeed(&["why", &"0".repeat(64)]);
    assert!(out.contains("to no co-signer yet") && out.contains("by no journal"), "{out}");
}

#[test]
fn nothing_of_a_host_is_open_to_others() {
    let (host, _) = enrolled();
    for name in ["state", "counter", "cosigner.toml", "state/vault/key.sealed", "state/journal.redb"] {
        let mode = std::fs::metadata(host.path(name)).unwrap().permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{name}");
    }
}

#[test]
fn a_genesis_with_another_key_at_the_seat_is_refused() {
    let host = Host::new();
    let key = host.init("1", "alpha");
    host.genesis([&stranger(), &key]);
    let error = host.fail(&["enroll", "from-the-owner.json"]);
    assert!(error.contains("seat 1 of the roster has the key"), "{error}");
    assert!(!host.path("genesis.json").exists());
    std::fs::write(host.path("from-the-owner.json"), "{}").unwrap();
    let error = host.fail(&["enroll", "from-the-owner.json"]);
    assert!(error.contains("from-the-owner.json is refused") && error.contains("because"), "{error}");
}

#[test]
fn a_folder_that_was_copied_from_another_host_says_so() {
    let (host, _) = enrolled();
    let path = host.path("cosigner.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"alpha\"", "\"beta\"")).unwrap();
    let error = host.fail(&["status"]);
    assert!(error.contains("was it copied from another host?"), "{error}");
}

#[test]
fn an_existing_configuration_or_folder_is_never_replaced() {
    let host = Host::new();
    host.init("1", "alpha");
    assert!(host.fail(&["init", "--index", "2"]).contains("exists"));
    assert!(host.fail(&["init"]).contains("is not empty"));
}

#[test]
fn a_wrong_passphrase_and_an_open_passphrase_file_are_said_plainly() {
    let (host, _) = enrolled();
    host.secret("passphrase", "wrong\n");
    let error = host.fail(&["run"]);
    assert!(error.contains("passphrase"), "{error}");
    assert!(!error.contains("wrong\n"), "{error}");
    host.secret("passphrase", "correct horse\n");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(host.path("passphrase"), open).unwrap();
    assert!(host.fail(&["run"]).contains("chmod 600"));
}

#[test]
fn a_changed_passphrase_opens_the_vault_and_the_old_one_does_not() {
    let (host, _) = enrolled();
    host.secret("new", "battery staple\n");
    host.succeed(&["passphrase", "--new-passphrase-file", "new"]);
    host.fail(&["status"]);
    host.secret("passphrase", "battery staple\n");
    host.succeed(&["status"]);
}

#[test]
fn it_runs_once_shows_its_status_meanwhile_and_stops_within_a_second() {
    let (host, genesis) = enrolled();
    let running = host.run();
    assert!(host.fail(&["run"]).contains("another process runs on"));
    let order = FreezeOrder::sign(
        &admin(),
        name(),
        genesis.deployment(),
        Freeze::Freeze,
        "stolen laptop".to_owned(),
        Millis::new(1_782_907_200_000).unwrap(),
    );
    let orders = serde_json::json!({ "acts": [], "freezes": [order] });
    std::fs::write(host.path("orders.json"), orders.to_string()).unwrap();
    host.succeed(&["stop", "orders.json"]);
    let began = Instant::now();
    loop {
        let output = host.call(&["status"]);
        let (out, _) = texts(&output);
        if out.contains("running") && out.contains("FROZEN") && out.contains("stolen laptop") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", texts(&output));
        std::thread::sleep(Duration::from_millis(50));
    }
    let took = running.terminate();
    assert!(took < Duration::from_secs(1), "{took:?}");
    // It is in the journal, not only in memory.
    assert!(host.succeed(&["status"]).contains("FROZEN"));
}

#[test]
fn a_stop_that_came_while_it_was_stopped_is_journaled_at_the_start() {
    let (host, genesis) = enrolled();
    let order = FreezeOrder::sign(
        &admin(),
        name(),
        genesis.deployment(),
        Freeze::Freeze,
        "audit".to_owned(),
        Millis::new(1_782_907_200_000).unwrap(),
    );
    let orders = serde_json::json!({ "freezes": [order] });
    std::fs::write(host.path("orders.json"), orders.to_string()).unwrap();
    host.succeed(&["stop", "orders.json"]);
    assert!(host.fail(&["stop", "cosigner.toml"]).contains("holds no orders"));
    let running = host.run();
    let began = Instant::now();
    while std::fs::read_dir(host.path("state/inbox/done")).map_or(0, Iterator::count) == 0 {
        assert!(began.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
    running.terminate();
    assert!(host.succeed(&["status"]).contains("FROZEN"));
}

#[test]
fn a_backup_becomes_a_quarantined_cosigner_of_the_same_deployment() {
    let (host, genesis) = enrolled();
    host.succeed(&["backup", "backup.sealed"]);
    assert!(host.fail(&["backup", "backup.sealed"]).contains("exists"));
    let path: &Path = &host.path("backup.sealed");
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);

    let other = Host::new();
    std::fs::copy(host.path("cosigner.toml"), other.path("cosigner.toml")).unwrap();
    // The passphrase's place was written down in full.
    let text = std::fs::read_to_string(other.path("cosigner.toml")).unwrap();
    let text = text.replace(&host.path("").display().to_string(), &other.path("").display().to_string());
    std::fs::write(other.path("cosigner.toml"), text).unwrap();
    let out = other.succeed(&["restore", &path.display().to_string()]);
    assert!(out.contains(&genesis.deployment().to_string()) && out.contains("quarantined"), "{out}");
    let out = other.succeed(&["status"]);
    assert!(out.contains("QUARANTINED"), "{out}");
    // A second time there is something to lose.
    assert!(other.fail(&["restore", &path.display().to_string()]).contains("is not empty"));
}
