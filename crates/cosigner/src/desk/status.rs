//! A file that says how the running co-signer stands, for `status`: it holds nothing secret.

use payout::ids::Digest;
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use wire::message::Standing;

use super::cosigner::{Cosigner, now};

/// The file's name in the folder.
pub const STATUS: &str = "status.json";

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusFile {
    /// When it was written.
    pub at: Millis,
    /// The pinned deployment.
    pub deployment: Digest,
    /// What gateways are told.
    pub standing: Standing,
    /// The gateways that are connected.
    pub gateways: Vec<String>,
    /// The co-signers to whom a link stands.
    pub linked: Vec<u8>,
    /// What people must hear of.
    pub alarms: Vec<String>,
}

impl Cosigner {
    /// How it stands now.
    pub fn status(&self) -> StatusFile {
        let lines = self.lines();
        let mut linked: Vec<u8> = lines.iter().flat_map(|line| line.linked()).collect();
        linked.sort_unstable();
        linked.dedup();
        StatusFile {
            at: now(),
            deployment: *self.deployment(),
            standing: self.standing(),
            gateways: lines.iter().map(|line| line.gateway.clone()).collect(),
            linked,
            alarms: self.journal.alarms(),
        }
    }

    /// Writes the file. Not synced: after a crash it is written again.
    pub(super) fn write_status(&self) {
        let path = self.folder.join(STATUS);
        let written =
            serde_json::to_vec_pretty(&self.status()).map_err(std::io::Error::other).and_then(|text| {
                let beside = path.with_extension("json.new");
                std::fs::write(&beside, text)?;
                std::fs::rename(&beside, &path)
            });
        if let Err(error) = written {
            tracing::warn!(file = %path.display(), %error, "the status was not written");
        }
    }
}
