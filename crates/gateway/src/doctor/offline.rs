//! What files, folders and ports say.

use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use payout::policy::{Environment, Genesis};
use seal::KeyFile;

use super::Findings;
use crate::config::Config;

/// Less free space than this soon stops the database.
const SCARCE_BYTES: u64 = 1 << 30;
/// Less than this stops it now.
const NO_ROOM_BYTES: u64 = 64 << 20;

/// Looks at an installation's files: gives the genesis if it can be read.
pub fn look(config: &Config, findings: &mut Findings) -> Option<Genesis> {
    let genesis = genesis(config, findings);
    key(config, genesis.as_ref(), findings);
    let running = database(config, findings);
    if running {
        findings.good("ports", "a gateway runs on this database; its ports are its own");
    } else {
        ports(config, findings);
    }
    exposure(config, findings);
    disk(config, findings);
    if let Some(genesis) = &genesis {
        chains(config, genesis, findings);
    }
    genesis
}

fn genesis(config: &Config, findings: &mut Findings) -> Option<Genesis> {
    let path = &config.genesis;
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            findings.error(
                "genesis",
                format!("cannot read {}: {error}", path.display()),
                "build it with `bursar genesis build`, or copy the deployment's genesis.json there",
            );
            return None;
        }
    };
    match Genesis::parse(&text) {
        Ok(genesis) => {
            findings.good("genesis", format!("{} ({})", genesis.name, genesis.deployment()));
            Some(genesis)
        }
        Err(error) => {
            findings.error(
                "genesis",
                format!("{}: {error}", path.display()),
                "copy the deployment's genesis.json there again, byte for byte",
            );
            None
        }
    }
}

fn key(config: &Config, genesis: Option<&Genesis>, findings: &mut Findings) {
    let path = &config.identity.key_file;
    let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let file = match read.and_then(|text| KeyFile::parse(&text).map_err(|error| error.to_string())) {
        Ok(file) => file,
        Err(error) => {
            findings.error(
                "gateway key",
                format!("{}: {error}", path.display()),
                "`bursar init` makes one; its public half must stand in the roster",
            );
            return;
        }
    };
    private("gateway key", path, findings);
    if let Some(path) = &config.identity.passphrase_file {
        if path.exists() {
            private("gateway passphrase", path, findings);
        } else {
            findings.error(
                "gateway passphrase",
                format!("{} does not exist", path.display()),
                "write the passphrase there, or take identity.passphrase_file out and type it at start",
            );
        }
    }
    let Some(genesis) = genesis else { return };
    let seat = genesis.roster.gateways.iter().find(|seat| seat.key == file.public());
    match seat {
        Some(seat) => findings.good("gateway key", format!("is the roster's gateway {}", seat.name)),
        None => findings.error(
            "gateway key",
            format!("the roster lists no gateway with the key {}", file.public()),
            "use the key file that belongs to this deployment",
        ),
    }
}

/// A file that only its owner may read.
fn private(about: &str, path: &Path, findings: &mut Findings) {
    let Ok(meta) = std::fs::metadata(path) else { return };
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        findings.good(about, format!("{} is its owner's alone", path.display()));
    } else {
        findings.error(
            about,
            format!("{} has the mode {mode:o}: others can read it", path.display()),
            format!("chmod 600 {}", path.display()),
        );
    }
}

/// Whether a gateway runs on the database.
fn database(config: &Config, findings: &mut Findings) -> bool {
    let path = &config.store.path;
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if !folder.is_dir() {
        findings.error(
            "database",
            format!("the folder {} does not exist", folder.display()),
            "make it, or correct store.path",
        );
        return false;
    }
    if !path.exists() {
        findings.good("database", format!("{} is made at the first start", path.display()));
        return false;
    }
    let mut head = [0; 16];
    match File::open(path).and_then(|mut file| file.read_exact(&mut head)) {
        Ok(()) if head == *b"SQLite format 3\0" => {
            findings.good("database", format!("{} is a SQLite database", path.display()));
        }
        Ok(()) => findings.error(
            "database",
            format!("{} is no SQLite database", path.display()),
            "keep the file, and restore the newest backup to its place",
        ),
        Err(error) => findings.error(
            "database",
            format!("cannot read {}: {error}", path.display()),
            "run this as the user that the gateway runs as",
        ),
    }
    private("database", path, findings);
    is_locked(path)
}

/// Whether somebody holds the advisory lock beside the database.
fn is_locked(database: &Path) -> bool {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    // Taken for a moment and given back with the file.
    File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

fn ports(config: &Config, findings: &mut Findings) {
    let server = &config.server;
    let doors = [
        ("server.listen", server.listen),
        ("server.operator_listen", server.operator_listen),
        ("server.cosigner_listen", server.cosigner_listen),
    ];
    for (name, address) in doors {
        match TcpListener::bind(address) {
            Ok(_) => findings.good("ports", format!("{name} {address} is free")),
            Err(error) => findings.error(
                "ports",
                format!("{name} {address} can't be listened on: {error}"),
                "end the other program, or choose another port",
            ),
        }
    }
}

/// Who can reach the doors.
fn exposure(config: &Config, findings: &mut Findings) {
    let reachable = |address: SocketAddr| !address.ip().is_loopback();
    if reachable(config.server.operator_listen) {
        findings.warning(
            "operators' API",
            format!("{} can be reached from other machines, without TLS", config.server.operator_listen),
            "listen on 127.0.0.1 and come through a tunnel, or let only your proxy reach it",
        );
    }
    if reachable(config.server.listen) && config.server.trusted_proxies.is_empty() {
        findings.warning(
            "payout API",
            format!("{} can be reached from other machines, and no proxy is named", config.server.listen),
            "put a proxy with TLS in front of it and name it in server.trusted_proxies",
        );
    }
}

fn disk(config: &Config, findings: &mut Findings) {
    let path = &config.store.path;
    let folder = path.parent().filter(|folder| folder.is_dir()).unwrap_or_else(|| Path::new("."));
    let Ok(stat) = rustix::fs::statvfs(folder) else { return };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let words = format!("{} MiB are free at {}", free >> 20, folder.display());
    match free {
        0..NO_ROOM_BYTES => findings.error("disk", words, "make room: nothing can be accepted without it"),
        NO_ROOM_BYTES..SCARCE_BYTES => findings.warning("disk", words, "make room soon"),
        SCARCE_BYTES.. => findings.good("disk", words),
    }
}

/// Chains of the rules against nodes of the configuration. Later versions of the rules may list more; the running
/// gateway says so.
fn chains(config: &Config, genesis: &Genesis, findings: &mut Findings) {
    if config.chain.is_empty() {
        findings.error("nodes", "no chain has nodes", "name two independent nodes for each chain, [[chain]]");
    }
    for chain in &config.chain {
        let about = format!("nodes of chain {}", chain.chain_id);
        let mut hosts: Vec<&str> = chain.nodes.iter().filter_map(url::Url::host_str).collect();
        hosts.sort_unstable();
        hosts.dedup();
        match (genesis.environment, hosts.len()) {
            (_, 2..) => findings.good(about, format!("{} hosts", hosts.len())),
            (Environment::Production, _) => findings.error(
                about,
                "one host alone: no payout reaches a final status",
                "name a second node that somebody else operates",
            ),
            (Environment::Development | Environment::Demo, _) => {
                findings.good(about, "one host, which suffices in a development deployment");
            }
        }
    }
}
