//! Where the vault's passphrase comes from: a file that nobody else can read, or the terminal.

use std::io::IsTerminal as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use seal::{Params, Passphrase, PassphraseError};

use super::{CommandError, say};
use crate::config::{Config, PassphraseSource};
use crate::folder::Folder;
use crate::vault::Vault;

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub(super) enum PassphraseFault {
    /// Not usable.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// Others can read it.
    #[error("{} can be read by other users (mode {mode:o}): run chmod 600 on it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Nobody to ask.
    #[error(
        "the passphrase is to be asked for, but there is no terminal: name a file under [passphrase], or start it by hand"
    )]
    NoTerminal,
    /// The terminal failed.
    #[error("the passphrase can't be read from the terminal")]
    Terminal(#[source] std::io::Error),
    /// Typed differently the second time.
    #[error("the two passphrases differ; nothing was changed")]
    Differ,
}

/// Seal the vault with another passphrase.
#[derive(Debug, Args)]
pub(super) struct Change {
    /// A file with the new passphrase (mode 600); it is asked for on the terminal without one.
    #[arg(long)]
    new_passphrase_file: Option<PathBuf>,
}

impl Change {
    pub(super) fn run(self, config: &Config) -> Result<(), CommandError> {
        let folder = Folder::open(&config.folder, &config.counter_folder)?;
        let old = existing(&config.passphrase)?;
        let new = match self.new_passphrase_file {
            Some(path) => from_file(&path)?,
            None => new_from_terminal("New passphrase of the vault")?,
        };
        Vault::change_passphrase(&folder.vault(), &old, &new, Params::INTERACTIVE)?;
        say("The vault opens with the new passphrase. Old copies of it still open with the old one.");
        Ok(())
    }
}

/// The passphrase of a vault that exists.
pub(super) fn existing(source: &PassphraseSource) -> Result<Passphrase, PassphraseFault> {
    match source {
        PassphraseSource::File(path) => from_file(path),
        PassphraseSource::Prompt => ask("Passphrase of the vault"),
    }
}

/// The passphrase of a vault that is about to be made: typed twice.
pub(super) fn fresh(source: &PassphraseSource) -> Result<Passphrase, PassphraseFault> {
    match source {
        PassphraseSource::File(path) => from_file(path),
        PassphraseSource::Prompt => new_from_terminal("Passphrase of the new vault"),
    }
}

/// The passphrase in a file of mode 600.
pub(super) fn from_file(path: &Path) -> Result<Passphrase, PassphraseFault> {
    let unreadable = |cause| PassphraseError::Unreadable { path: path.to_owned(), cause };
    let mode = std::fs::metadata(path).map_err(unreadable)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PassphraseFault::Open { path: path.to_owned(), mode });
    }
    Ok(Passphrase::from_file(path)?)
}

/// Asks once.
pub(super) fn ask(what: &str) -> Result<Passphrase, PassphraseFault> {
    if !std::io::stdin().is_terminal() {
        return Err(PassphraseFault::NoTerminal);
    }
    let typed = rpassword::prompt_password(format!("{what}: ")).map_err(PassphraseFault::Terminal)?;
    Ok(Passphrase::new(typed)?)
}

fn new_from_terminal(what: &str) -> Result<Passphrase, PassphraseFault> {
    let first = zeroize::Zeroizing::new(typed(what)?);
    let second = zeroize::Zeroizing::new(typed("The same again")?);
    if *first != *second {
        return Err(PassphraseFault::Differ);
    }
    Ok(Passphrase::new(first.as_str())?)
}

fn typed(what: &str) -> Result<String, PassphraseFault> {
    if !std::io::stdin().is_terminal() {
        return Err(PassphraseFault::NoTerminal);
    }
    rpassword::prompt_password(format!("{what}: ")).map_err(PassphraseFault::Terminal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_passphrase_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        std::fs::write(&path, "correct horse\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = from_file(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(from_file(&path).is_ok());
    }
}
