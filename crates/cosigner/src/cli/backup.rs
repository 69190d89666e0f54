//! `backup`: everything but the head counter, in one sealed file.

use std::path::PathBuf;

use clap::Args;
use seal::{PRIVATE, Params};

use super::opened::Opened;
use super::{CommandError, passphrase, say};
use crate::config::Config;
use crate::folder::Folder;
use crate::vault;

/// Seal everything into one file.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write. It must not exist.
    file: PathBuf,
    /// A file with the backup's passphrase (mode 600). The vault's own is used without one.
    #[arg(long)]
    backup_passphrase_file: Option<PathBuf>,
}

impl Backup {
    pub(super) fn run(self, config: &Config) -> Result<(), CommandError> {
        if self.file.exists() {
            return Err(CommandError::Refused(format!("{} exists: name a new file", self.file.display())));
        }
        let folder = Folder::open(&config.folder, &config.counter_folder)?;
        let passphrase = passphrase::existing(&config.passphrase)?;
        let opened = Opened::open(config, folder, &passphrase)?;
        let passphrase = match self.backup_passphrase_file {
            Some(path) => passphrase::from_file(&path)?,
            None => passphrase,
        };
        let bytes =
            vault::backup(&opened.vault, &opened.journal, &opened.genesis, &passphrase, Params::INTERACTIVE)?;
        seal::write_atomically(&self.file, &bytes, PRIVATE)?;
        say(format_args!(
            "Wrote {} ({} bytes). It holds the identity and all key shares, sealed with the passphrase.\n\
             What is restored from it starts quarantined until it has merged enough other journals.",
            self.file.display(),
            bytes.len()
        ));
        Ok(())
    }
}
