//! `restore`: a backup becomes a co-signer again, quarantined.

use std::path::PathBuf;

use clap::Args;
use seal::Params;

use super::opened::{OpenError, read_genesis};
use super::{CommandError, file_error, passphrase, say};
use crate::config::Config;
use crate::folder::Folder;
use crate::vault;

/// Put a backup into a new folder.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    file: PathBuf,
    /// A file with the backup's passphrase (mode 600). The vault's own is used without one.
    #[arg(long)]
    backup_passphrase_file: Option<PathBuf>,
}

impl Restore {
    pub(super) fn run(self, config: &Config) -> Result<(), CommandError> {
        let sealed = std::fs::read(&self.file).map_err(file_error(&self.file, "read"))?;
        let passphrase = passphrase::existing(&config.passphrase)?;
        let backup_passphrase = match &self.backup_passphrase_file {
            Some(path) => passphrase::from_file(path)?,
            None => passphrase.clone(),
        };
        // The owner's own copy of genesis, if it is there, decides: a backup of another deployment is none of ours.
        let pinned = config.genesis.exists().then(|| read_genesis(&config.genesis)).transpose()?;
        let folder = Folder::create(&config.folder, &config.counter_folder)?;
        let restored =
            vault::restore(&folder, &sealed, &backup_passphrase, &passphrase, Params::INTERACTIVE)?;
        let throw_away =
            format!("{} is of no use now: remove it before another try", folder.path().display());
        if restored.index != config.index {
            return Err(CommandError::Refused(format!(
                "the backup is of co-signer {}, the configuration is of {}. {throw_away}",
                restored.index, config.index
            )));
        }
        match pinned {
            Some(pinned) if pinned.deployment() != restored.genesis.deployment() => {
                return Err(CommandError::Refused(format!(
                    "the backup is of deployment {}, {} is of {}. {throw_away}",
                    restored.genesis.deployment(),
                    config.genesis.display(),
                    pinned.deployment()
                )));
            }
            Some(_) => {}
            None => {
                seal::write_atomically(&config.genesis, restored.genesis.to_text().as_bytes(), 0o644)?;
            }
        }
        let seat = restored.genesis.roster.seat(restored.index).ok_or(OpenError::NoSeat(restored.index))?;
        say(format_args!(
            "Restored co-signer {} ({}) of deployment {}: {} key shares, {} journal entries.\n\
             Compare the deployment's id with your own copy of genesis.json.\n\
             It is quarantined, signs nothing yet, and says so in `status`: start it, and it will merge the others' journals.\n\
             Never start the old one again.",
            restored.index,
            seat.name,
            restored.genesis.deployment(),
            restored.shares,
            restored.entries
        ));
        Ok(())
    }
}
