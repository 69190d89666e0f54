//! The rules of the house that no compiler checks: which crate may know which, what a co-signer must not link, and how
//! sources are named and sized. Each test lists everything that breaks its rule, so that one run is enough.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Which of our own crates each of our crates may import. Arrows point one way; nothing else knows `mpc` but those who
/// run its protocol.
const IMPORTS: &[(&str, &[&str])] = &[
    ("crash", &[]),
    ("payout", &[]),
    ("mpc", &[]),
    ("seal", &["payout"]),
    ("chain", &["payout"]),
    ("wire", &["payout"]),
    ("store", &["crash", "payout"]),
    ("cosigner", &["chain", "crash", "mpc", "payout", "seal", "wire"]),
    ("gateway", &["chain", "crash", "payout", "seal", "store", "wire"]),
    ("testbed", &["chain", "cosigner", "crash", "gateway", "mpc", "payout", "seal", "store", "wire"]),
    ("sim", &["chain", "cosigner", "crash", "gateway", "mpc", "payout", "seal", "store", "wire"]),
];

/// Crates that decide and never do.
const PURE: &[&str] = &["payout", "chain", "mpc"];

/// Nobody reads a longer file. Most of ours want to be a third of it.
const LONGEST_FILE_LINES: usize = 800;

/// A test is named by what it shows; with fewer words than this it names a topic.
const SHORTEST_TEST_NAME_WORDS: usize = 3;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["common", "util", "utils", "helper", "helpers", "types", "manager", "misc"];

#[test]
fn imports_between_our_crates_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = IMPORTS.iter().copied().collect();
    let metadata = workspace();
    let ours: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    let mut broken = Vec::new();
    for package in metadata.workspace_packages() {
        let Some(allowed) = allowed.get(package.name.as_str()) else {
            broken.push(format!("{} has no place in the order of imports", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            if dependency.kind != DependencyKind::Development
                && ours.contains(name)
                && !allowed.contains(&name)
            {
                broken.push(format!("{} imports {name}", package.name));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn a_cosigner_links_no_web_server_no_http_client_and_no_sql() {
    const FORBIDDEN: &[&str] = &[
        "actix-web",
        "axum",
        "axum-core",
        "h2",
        "hyper",
        "hyper-util",
        "libsqlite3-sys",
        "reqwest",
        "rusqlite",
        "sea-orm",
        "sqlx",
        "sqlx-core",
        "tokio-postgres",
        "tonic",
        "ureq",
    ];
    assert_links_none_of("cosigner", FORBIDDEN);
}

#[test]
fn the_gateway_links_no_threshold_protocol() {
    assert_links_none_of(
        "gateway",
        &["dkls23", "dkls23-core", "dkls23-secp256k1", "frost-core", "frost-ed25519"],
    );
}

#[test]
fn the_pure_crates_link_no_runtime_and_no_network() {
    for pure in PURE {
        assert_links_none_of(pure, &["async-std", "hyper", "mio", "reqwest", "smol", "socket2", "tokio"]);
    }
}

#[test]
fn the_pure_crates_are_held_to_the_same_bans() {
    let settings = |file: PathBuf| -> BTreeSet<String> {
        // Each file opens with comments of its own.
        let kept = |line: &&str| !line.is_empty() && !line.starts_with('#');
        read(&file).lines().filter(kept).map(str::to_owned).collect()
    };
    let of_crate = |name: &str| settings(root().join("crates").join(name).join("clippy.toml"));
    let first = of_crate(PURE[0]);
    let mut broken = Vec::new();
    for other in &PURE[1..] {
        let second = of_crate(other);
        broken.extend(first.difference(&second).map(|line| format!("clippy.toml of {other} lacks: {line}")));
        broken
            .extend(second.difference(&first).map(|line| format!("only clippy.toml of {other} has: {line}")));
    }
    // A crate's own clippy.toml replaces the workspace's, so it must repeat it.
    let workspace = settings(root().join("clippy.toml"));
    broken.extend(workspace.difference(&first).map(|line| format!("the pure crates lack: {line}")));
    assert_none(&broken);
}

#[test]
fn every_dependency_says_why_it_is_here() {
    let manifest = read(&root().join("Cargo.toml"));
    let broken: Vec<_> = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter(|line| !line.contains("path = \"crates/"))
        .filter(|line| line.split_once(" # ").is_none_or(|(_, reason)| reason.trim().is_empty()))
        .map(|line| format!("no reason: {line}"))
        .collect();
    assert_none(&broken);
}

#[test]
fn every_crate_takes_versions_and_lints_from_the_workspace() {
    let mut broken = Vec::new();
    for package in workspace().workspace_packages() {
        let manifest = read(package.manifest_path.as_std_path());
        if !manifest.contains("[lints]\nworkspace = true\n") {
            broken.push(format!("{} has lints of its own", package.name));
        }
        let mut in_dependencies = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                in_dependencies = line.ends_with("dependencies]");
            } else if in_dependencies
                && line.contains('=')
                && !line.contains("workspace = true")
                && !line.contains("path = ")
            {
                broken.push(format!("{} picks a version itself: {line}", package.name));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn no_source_file_is_too_long_to_read() {
    let broken: Vec<_> = sources()
        .into_iter()
        .map(|path| (read(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > LONGEST_FILE_LINES)
        .map(|(lines, path)| format!("{}: {lines} lines, at most {LONGEST_FILE_LINES}", path.display()))
        .collect();
    assert_none(&broken);
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let broken: Vec<_> = sources()
        .into_iter()
        .filter(|path| {
            path.with_extension("")
                .components()
                .any(|part| EMPTY_NAMES.iter().any(|name| part.as_os_str() == *name))
        })
        .map(|path| path.display().to_string())
        .collect();
    assert_none(&broken);
}

#[test]
fn the_names_of_tests_are_sentences() {
    let mut broken = Vec::new();
    for path in sources() {
        let text = read(&path);
        let mut after_attribute = false;
        for line in text.lines().map(str::trim) {
            if line == "#[test]" || line.starts_with("#[tokio::test") {
                after_attribute = true;
            } else if let (true, Some(name)) = (after_attribute, function_name(line)) {
                after_attribute = false;
                // A macro that makes tests is given their names.
                let names = if name.starts_with('$') { names_given_to_macros(&text) } else { vec![name] };
                assert!(!names.is_empty(), "{}: who calls {name}?", path.display());
                let short =
                    names.into_iter().filter(|name| name.split('_').count() < SHORTEST_TEST_NAME_WORDS);
                broken.extend(short.map(|name| format!("{}: {name}", path.display())));
            }
        }
    }
    assert_none(&broken);
}

/// The first word of each line that the macros of a file are called with.
fn names_given_to_macros(text: &str) -> Vec<&str> {
    let rules = text.lines().filter_map(|line| line.strip_prefix("macro_rules! ")?.strip_suffix(" {"));
    let macros: Vec<&str> = rules.collect();
    let mut names = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let call = macros.iter().find_map(|name| line.strip_prefix(name)?.strip_prefix('!'));
        let given = match call {
            Some(" {") => {
                inside = true;
                continue;
            }
            Some(call) => call.trim_start_matches('('),
            None if line == "}" => {
                inside = false;
                continue;
            }
            None if inside => line.trim_start(),
            None => continue,
        };
        let end = given.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(given.len());
        names.push(&given[..end]);
    }
    names
}

#[test]
fn nothing_is_left_for_later_in_a_comment() {
    // Put together here, or this file would find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let mut broken = Vec::new();
    for path in sources() {
        for (number, line) in read(&path).lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                broken.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn lock_files_of_the_sandboxes_name_no_registry() {
    let mut locks = 0;
    let mut broken = Vec::new();
    for folder in entries(&root().join("sandbox")) {
        let lock = folder.join("package-lock.json");
        if !lock.is_file() {
            continue;
        }
        locks += 1;
        let text = read(&lock);
        if text.contains("\"resolved\":") {
            broken.push(format!("{} says where its packages came from", lock.display()));
        }
        if !read(&folder.join(".npmrc")).contains("omit-lockfile-registry-resolved=true") {
            broken.push(format!("{} would say so at the next install", folder.display()));
        }
    }
    assert_none(&broken);
    assert!(locks > 0, "no sandbox was looked at");
}

/// What `cargo build -p package` links, with features resolved for that package alone, as an owner builds it.
fn assert_links_none_of(package: &str, forbidden: &[&str]) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--locked",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("package names are text");
    let linked: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(linked.contains(package), "cargo tree did not list {package} itself");
    let broken: Vec<_> = forbidden
        .iter()
        .filter(|name| linked.contains(*name))
        .map(|name| format!("{package} links {name}"))
        .collect();
    assert_none(&broken);
}

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("a crate lies two folders below the workspace").to_owned()
}

fn workspace() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo reads the workspace's manifests")
}

/// Every Rust file under `crates/`.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no source was looked at");
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("the folder can be read").path())
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn function_name(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}
