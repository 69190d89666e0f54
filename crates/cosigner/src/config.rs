//! What the owner of the host says, in `cosigner.toml`. Every error names file, line and rule.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

/// The documented example with every key, which `bursar-cosigner init` writes.
pub const EXAMPLE: &str = include_str!("../cosigner.default.toml");

/// The most sessions in flight that a file may ask for.
pub const MAX_SESSIONS: usize = 256;

/// A co-signer's configuration, checked. Paths are absolute or relative to the working folder, not to the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The name on the roster.
    pub name: String,
    /// The index on the roster, from 1.
    pub index: u8,
    /// `genesis.json`.
    pub genesis: PathBuf,
    /// Vault and journal.
    pub folder: PathBuf,
    /// The head counter.
    pub counter_folder: PathBuf,
    /// The gateways to dial.
    pub gateways: Vec<Gateway>,
    /// Where the passphrase comes from.
    pub passphrase: PassphraseSource,
    /// Signing sessions in flight at once, at most.
    pub sessions: usize,
}

/// A gateway to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Its name on the roster, which has its key.
    pub name: String,
    /// `host:port`.
    pub address: String,
}

/// Where the vault's passphrase comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassphraseSource {
    /// The first line of a file.
    File(PathBuf),
    /// The terminal, at start.
    Prompt,
}

/// A configuration that is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{} can't be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// A line breaks a rule.
    #[error("{}:{line}: {rule}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The rule, in words.
        rule: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    index: Spanned<u8>,
    genesis: Spanned<PathBuf>,
    folder: Spanned<PathBuf>,
    counter_folder: Spanned<PathBuf>,
    gateway: Spanned<Vec<GatewayTable>>,
    passphrase: Spanned<PassphraseTable>,
    #[serde(default)]
    limits: LimitsTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GatewayTable {
    name: Spanned<String>,
    address: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PassphraseTable {
    file: Option<PathBuf>,
    #[serde(default)]
    prompt: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct LimitsTable {
    sessions: Option<Spanned<usize>>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|cause| ConfigError::Read { file: file.to_owned(), cause })?;
        Self::parse(file, &text)
    }

    /// Reads the text of `file`, whose folder relative paths start from.
    ///
    /// # Errors
    /// [`ConfigError::Line`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let source = Source { file, text };
        let table: File = toml::from_str(text).map_err(|error| {
            let rule = error.message().trim_end().to_owned();
            source.error(&error.span().unwrap_or(0..0), rule)
        })?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let path = |path: &Spanned<PathBuf>, key: &str| {
            if path.get_ref().as_os_str().is_empty() {
                return Err(source.error(&path.span(), format!("{key} is empty")));
            }
            Ok(folder.join(path.get_ref()))
        };
        let config = Self {
            name: source.short(&table.name, "name")?,
            index: source.index(&table.index)?,
            genesis: path(&table.genesis, "genesis")?,
            folder: path(&table.folder, "folder")?,
            counter_folder: path(&table.counter_folder, "counter_folder")?,
            gateways: source.gateways(&table.gateway)?,
            passphrase: source.passphrase(&table.passphrase, folder)?,
            sessions: source.sessions(table.limits.sessions.as_ref())?,
        };
        if config.counter_folder.starts_with(&config.folder) {
            let rule = "counter_folder must be outside of folder: it must not be backed up with it";
            return Err(source.error(&table.counter_folder.span(), rule));
        }
        Ok(config)
    }
}

/// The text, to turn places into lines.
struct Source<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn error(&self, span: &Range<usize>, rule: impl Into<String>) -> ConfigError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        ConfigError::Line { file: self.file.to_owned(), line, rule: rule.into() }
    }

    fn short(&self, text: &Spanned<String>, key: &str) -> Result<String, ConfigError> {
        let length = text.get_ref().chars().count();
        if (1..=64).contains(&length) {
            return Ok(text.get_ref().clone());
        }
        Err(self.error(&text.span(), format!("{key} has 1 to 64 characters")))
    }

    fn index(&self, index: &Spanned<u8>) -> Result<u8, ConfigError> {
        let most = payout::policy::MAX_COSIGNERS;
        if (1..=most).contains(index.get_ref()) {
            return Ok(*index.get_ref());
        }
        Err(self.error(&index.span(), format!("index is 1 to {most}")))
    }

    fn gateways(&self, tables: &Spanned<Vec<GatewayTable>>) -> Result<Vec<Gateway>, ConfigError> {
        if tables.get_ref().is_empty() {
            return Err(self.error(&tables.span(), "there is no [[gateway]] to dial"));
        }
        let mut gateways = Vec::<Gateway>::new();
        for table in tables.get_ref() {
            let name = self.short(&table.name, "a gateway's name")?;
            if gateways.iter().any(|gateway| gateway.name == name) {
                return Err(self.error(&table.name.span(), format!("gateway {name} is named twice")));
            }
            let address = table.address.get_ref().clone();
            let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
            if port.and_then(|(_, port)| port.parse::<u16>().ok()).is_none_or(|port| port == 0) {
                return Err(self.error(&table.address.span(), "a gateway's address is host:port"));
            }
            gateways.push(Gateway { name, address });
        }
        Ok(gateways)
    }

    fn passphrase(
        &self,
        table: &Spanned<PassphraseTable>,
        folder: &Path,
    ) -> Result<PassphraseSource, ConfigError> {
        match (&table.get_ref().file, table.get_ref().prompt) {
            (Some(file), false) => Ok(PassphraseSource::File(folder.join(file))),
            (None, true) => Ok(PassphraseSource::Prompt),
            (Some(_), true) | (None, false) => {
                Err(self.error(&table.span(), "[passphrase] has either file = \"…\" or prompt = true"))
            }
        }
    }

    fn sessions(&self, sessions: Option<&Spanned<usize>>) -> Result<usize, ConfigError> {
        let Some(sessions) = sessions else { return Ok(32) };
        if (1..=MAX_SESSIONS).contains(sessions.get_ref()) {
            return Ok(*sessions.get_ref());
        }
        Err(self.error(&sessions.span(), format!("sessions is 1 to {MAX_SESSIONS}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("/etc/bursar/cosigner.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_example_is_a_configuration() {
        let config = parse(EXAMPLE).unwrap();
        assert_eq!(config.index, 1);
        assert_eq!(config.genesis, Path::new("/etc/bursar/genesis.json"));
        assert_eq!(config.passphrase, PassphraseSource::Prompt);
        assert_eq!(config.sessions, 32);
    }

    #[test]
    fn an_error_names_file_line_and_rule() {
        let cases = [
            ("index = 1", "index = 12", "index is 1 to 9"),
            ("index = 1", "index = \"1\"", "invalid type"),
            ("name = \"alpha\"", "name = \"\"", "name has 1 to 64 characters"),
            ("counter_folder = \"counter\"", "counter_folder = \"state/counter\"", "must be outside"),
            ("address = \"127.0.0.1:7400\"", "address = \"127.0.0.1\"", "host:port"),
            ("prompt = true", "prompt = false", "either file"),
            ("# sessions = 32", "sessions = 0", "sessions is 1 to 256"),
            ("# sessions = 32", "session = 3", "unknown field"),
        ];
        for (line, wrong, rule) in cases {
            let text = EXAMPLE.replacen(line, wrong, 1);
            let at = text.lines().position(|l| l == wrong).unwrap() + 1;
            let error = parse(&text).unwrap_err();
            assert!(error.contains(rule), "{error}");
            // A table's rule is told at the table.
            let near = if rule == "either file" { at - 1 } else { at };
            assert!(error.starts_with(&format!("/etc/bursar/cosigner.toml:{near}: ")), "{error}");
        }
    }

    #[test]
    fn both_ways_to_a_passphrase_at_once_are_refused() {
        let text = EXAMPLE.replacen("# file = \"passphrase\"", "file = \"passphrase\"", 1);
        assert!(parse(&text).unwrap_err().contains("either file"));
    }
}
