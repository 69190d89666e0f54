//! `roster.toml`: who holds shares and who carries messages, as people write it.

use std::path::Path;

use payout::key::PublicKey;
use payout::policy::{GatewaySeat, Roster, Seat};
use serde::Deserialize;

use super::failure::Failure;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RosterFile {
    /// The deployment's name.
    pub(super) name: String,
    threshold: u8,
    #[serde(default)]
    cosigner: Vec<Entry>,
    #[serde(default)]
    gateway: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    key: PublicKey,
}

impl RosterFile {
    /// Reads the file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        toml::from_str(&text).map_err(|error| Failure::refused(format!("{}: {error}", path.display())))
    }

    /// The roster: co-signers are numbered in the order of the file.
    pub(super) fn roster(&self) -> Roster {
        let seats = (1..).zip(&self.cosigner).map(|(index, entry)| Seat {
            index,
            name: entry.name.clone(),
            key: entry.key,
        });
        let gateways =
            self.gateway.iter().map(|entry| GatewaySeat { name: entry.name.clone(), key: entry.key });
        Roster { threshold: self.threshold, cosigners: seats.collect(), gateways: gateways.collect() }
    }
}

/// What `init` writes.
pub(super) fn template(gateway: PublicKey) -> String {
    format!(
        r#"# Who holds key shares, how many of them sign, and which gateways carry their messages. Fixed for ever in genesis.json.

name = "my deployment"

# So many co-signers sign; more than half of them, so that any two quorums share one.
threshold = 2

# One table a co-signer, for different machines and owners. Each owner makes the key on their own machine with
# `bursar-cosigner init` and sends you the public half.
#[[cosigner]]
#name = "co-signer a"
#key = "64 hex digits"
#
#[[cosigner]]
#name = "co-signer b"
#key = "64 hex digits"
#
#[[cosigner]]
#name = "co-signer c"
#key = "64 hex digits"

[[gateway]]
name = "gateway"
key = "{gateway}"
"#
    )
}
