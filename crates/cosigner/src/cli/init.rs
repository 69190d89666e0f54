//! `init`: a new co-signer on this host. Its identity is made here and never leaves.

use std::path::{Path, PathBuf};

use clap::Args;
use payout::key::SecretKey;
use seal::Params;
use zeroize::Zeroizing;

use super::{CommandError, file_error, passphrase, say};
use crate::config::{Config, EXAMPLE};
use crate::folder::Folder;
use crate::vault;

/// Make folder, identity and configuration.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The name on the roster, if a configuration is to be written.
    #[arg(long)]
    name: Option<String>,
    /// The index on the roster, from 1, if a configuration is to be written.
    #[arg(long)]
    index: Option<u8>,
    /// `name=host:port` of a gateway, if a configuration is to be written; again for more.
    #[arg(long, value_name = "NAME=HOST:PORT")]
    gateway: Vec<String>,
    /// A file with the passphrase (mode 600), if a configuration is to be written. It is asked for without one.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
    /// Seal with little work, for a demo whose passphrase guards nothing.
    #[arg(long, hide = true)]
    light: bool,
}

impl Init {
    pub(super) fn run(self, file: &Path) -> Result<(), CommandError> {
        if !file.exists() {
            self.write_config(file)?;
        } else if self.name.is_some() || self.index.is_some() || !self.gateway.is_empty() {
            return Err(CommandError::Refused(format!(
                "{} exists: change it there, or run init without --name, --index and --gateway",
                file.display()
            )));
        }
        let config = Config::read(file)?;
        let passphrase = passphrase::fresh(&config.passphrase)?;
        let folder = Folder::create(&config.folder, &config.counter_folder)?;
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| {
            CommandError::Refused(format!("the operating system gave no randomness: {error}"))
        })?;
        let identity = SecretKey::from_seed(&seed);
        let params = if self.light { Params::light() } else { Params::INTERACTIVE };
        vault::create(&folder.vault(), &identity, &passphrase, params)?;
        say(format_args!(
            "Co-signer {} ({}) has an identity in {}.\n\n    public key  {}\n\n\
             Give this key to whoever writes genesis.json: it is seat {} of the roster.\n\
             Then install genesis.json here with: bursar-cosigner enroll GENESIS",
            config.index,
            config.name,
            folder.path().display(),
            identity.public(),
            config.index
        ));
        Ok(())
    }

    /// Fills the documented example in.
    fn write_config(&self, file: &Path) -> Result<(), CommandError> {
        let mut text = EXAMPLE.to_owned();
        if let Some(index) = self.index {
            text = text.replacen("index = 1", &format!("index = {index}"), 1);
        }
        if let Some(name) = &self.name {
            text = text.replacen("name = \"alpha\"", &format!("name = {}", quoted(name)), 1);
        }
        if let Some(passphrase_file) = &self.passphrase_file {
            let path = std::path::absolute(passphrase_file).map_err(file_error(passphrase_file, "found"))?;
            let line = format!("file = {}", quoted(&path.display().to_string()));
            text = text.replacen("prompt = true\n# file = \"passphrase\"", &line, 1);
        }
        if !self.gateway.is_empty() {
            let mut tables = String::new();
            for gateway in &self.gateway {
                let (name, address) = gateway.split_once('=').ok_or_else(|| {
                    CommandError::Refused(format!("--gateway {gateway}: write it as NAME=HOST:PORT"))
                })?;
                let (name, address) = (quoted(name), quoted(address));
                tables.push_str(&format!("[[gateway]]\nname = {name}\naddress = {address}\n\n"));
            }
            let example = "[[gateway]]\nname = \"gateway\"\naddress = \"127.0.0.1:7400\"\n\n";
            text = text.replacen(example, &tables, 1);
        }
        Config::parse(file, &text)?;
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(file_error(folder, "made"))?;
        }
        seal::write_atomically(file, text.as_bytes(), seal::PRIVATE)?;
        say(format_args!("Wrote {}; every key is explained in it.", file.display()));
        Ok(())
    }
}

/// A text as TOML wants it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
