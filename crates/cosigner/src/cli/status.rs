//! `status`: what this co-signer is and holds.

use clap::Args;
use wire::message::{Condition, Standing};

use super::opened::Opened;
use super::{CommandError, file_error, passphrase, say};
use crate::config::Config;
use crate::desk::{Cosigner, STATUS, StatusFile};
use crate::folder::{Folder, FolderError};

/// Show what this co-signer is and holds.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// One JSON object in place of text.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self, config: &Config) -> Result<(), CommandError> {
        let (status, source) = match Folder::open(&config.folder, &config.counter_folder) {
            Err(FolderError::InUse { .. }) => {
                let path = config.folder.join(STATUS);
                let text = std::fs::read_to_string(&path).map_err(file_error(&path, "read"))?;
                let status = serde_json::from_str::<StatusFile>(&text).map_err(|error| {
                    CommandError::Refused(format!("{} can't be read: {error}", path.display()))
                })?;
                (status, "running")
            }
            Err(error) => return Err(error.into()),
            Ok(folder) => {
                let passphrase = passphrase::existing(&config.passphrase)?;
                let opened = Opened::open(config, folder, &passphrase)?;
                let (_locked, parts) = opened.into_parts(config);
                (Cosigner::new(parts).status(), "stopped")
            }
        };
        if self.json {
            let text = serde_json::to_string_pretty(&status)
                .map_err(|error| CommandError::Refused(format!("the status can't be written: {error}")))?;
            say(text);
        } else {
            show(config, &status, source);
        }
        Ok(())
    }
}

fn show(config: &Config, status: &StatusFile, source: &str) {
    let StatusFile { at, deployment, standing, gateways, linked, alarms } = status;
    let Standing { index, heads, journal_seq, wallets, banned, condition, .. } = standing;
    say(format_args!("Co-signer {index} ({}), {source}, as of {at} ms", config.name));
    say(format_args!("deployment   {deployment}"));
    let condition = match condition {
        Condition::Ready => "ready to sign".to_owned(),
        Condition::Quarantined(why) => format!("QUARANTINED, signs nothing: {why}"),
        Condition::Frozen(why) => format!("FROZEN, signs nothing: {why}"),
    };
    say(format_args!("condition    {condition}"));
    say(format_args!(
        "policy       rules {}, people {}, book {}",
        heads.rules.version, heads.people.version, heads.book.version
    ));
    say(format_args!("journal      entry {journal_seq}"));
    let listed = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    say(format_args!("gateways     {}", listed(gateways)));
    say(format_args!("linked with  {}", listed(&linked.iter().map(u8::to_string).collect::<Vec<_>>())));
    say(format_args!("banned       {}", listed(&banned.iter().map(u8::to_string).collect::<Vec<_>>())));
    if wallets.is_empty() {
        say("wallets      none: order a ceremony at the gateway");
    }
    for wallet in wallets {
        let tested = if wallet.tested { "tested" } else { "not tested: unusable" };
        say(format_args!("wallet {}     epoch {}, {tested}", wallet.wallet, wallet.epoch));
        say(format_args!("             fingerprint {}", wallet.fingerprint));
        say(format_args!("             public key  {}", hex::encode(wallet.public_key)));
    }
    for alarm in alarms {
        say(format_args!("ALARM        {alarm}"));
    }
}
