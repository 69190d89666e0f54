//! Where a deployment's files lie. All paths in configuration files are relative, so that the folder can be copied.
//!
//! ```text
//! genesis.json  rules.toml  people.toml  payout-addresses.json
//! keys/<name>.key  keys/passphrase
//! gateway/{gateway.toml, gateway.key, passphrase, bursar.db, addresses.json}
//! cosigner-<i>/{cosigner.toml, passphrase, state/, counter/}
//! logs/<process>.log
//! run/<process>.process.json
//! ```

use std::path::{Path, PathBuf};

/// A deployment's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at `root`, which need not exist yet.
    pub fn new(root: PathBuf) -> Self {
        Self(root)
    }

    /// Makes it and the folders in it.
    ///
    /// # Errors
    /// The operating system's.
    pub fn make(&self, cosigners: u8) -> std::io::Result<()> {
        let fixed = [self.keys(), self.gateway(), self.logs(), self.records()];
        let seats = (1..=cosigners).map(|index| self.cosigner(index));
        fixed.into_iter().chain(seats).try_for_each(std::fs::create_dir_all)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The root of trust.
    pub fn genesis(&self) -> PathBuf {
        self.0.join("genesis.json")
    }

    /// A policy document as people write it: `rules`, `people`.
    pub fn document(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.toml"))
    }

    /// People's key files.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// A principal's key file.
    pub fn key(&self, name: &str) -> PathBuf {
        self.keys().join(format!("{name}.key"))
    }

    /// The passphrase of all of people's key files.
    pub fn passphrase(&self) -> PathBuf {
        self.keys().join("passphrase")
    }

    /// The wallet's payout address on each chain.
    pub fn payout_addresses(&self) -> PathBuf {
        self.0.join("payout-addresses.json")
    }

    /// The gateway's folder.
    pub fn gateway(&self) -> PathBuf {
        self.0.join("gateway")
    }

    /// The gateway's configuration.
    pub fn gateway_config(&self) -> PathBuf {
        self.gateway().join("gateway.toml")
    }

    /// Where the gateway says which ports it has.
    pub fn addresses(&self) -> PathBuf {
        self.gateway().join("addresses.json")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.gateway().join("bursar.db")
    }

    /// A co-signer's folder.
    pub fn cosigner(&self, index: u8) -> PathBuf {
        self.0.join(format!("cosigner-{index}"))
    }

    /// A co-signer's configuration.
    pub fn cosigner_config(&self, index: u8) -> PathBuf {
        self.cosigner(index).join("cosigner.toml")
    }

    /// Vault and journal of a co-signer.
    pub fn state(&self, index: u8) -> PathBuf {
        self.cosigner(index).join("state")
    }

    /// The head counter of a co-signer.
    pub fn counter(&self, index: u8) -> PathBuf {
        self.cosigner(index).join("counter")
    }

    /// The processes' logs.
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// The log of a process.
    pub fn log(&self, process: &str) -> PathBuf {
        self.logs().join(format!("{process}.log"))
    }

    /// Notes of what runs.
    pub fn records(&self) -> PathBuf {
        self.0.join("run")
    }

    /// Copies the whole folder to a place that does not exist yet, but for logs and notes.
    ///
    /// # Errors
    /// The operating system's.
    pub fn copy_to(&self, root: &Path) -> std::io::Result<Self> {
        let copy = Self(root.to_owned());
        copy_tree(&self.0, root, &[&self.logs(), &self.records()])?;
        std::fs::create_dir_all(copy.logs())?;
        std::fs::create_dir_all(copy.records())?;
        Ok(copy)
    }
}

/// With the permissions: a co-signer refuses a folder that others can read.
pub(crate) fn copy_tree(from: &Path, to: &Path, without: &[&Path]) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if without.contains(&source.as_path()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_tree(&source, &target, without)?;
        } else {
            std::fs::copy(&source, &target)?;
        }
    }
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())
}
