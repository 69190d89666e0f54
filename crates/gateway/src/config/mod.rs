//! The gateway's configuration file: parsed once at start, with the line of what is wrong.
//!
//! `config.default.toml` is documentation, default and the text that `bursar init` writes, all at once; a test holds
//! it equal to the `Default` implementations here.

mod chain;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use payout::ids::ChainId;
use serde::Deserialize;

pub use chain::{ChainConfig, EnergyRental, Fees, Finality, TronConfig};

/// The commented default configuration.
pub const DEFAULT: &str = include_str!("config.default.toml");

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The deployment's genesis file.
    pub genesis: PathBuf,
    /// The gateway's own key.
    pub identity: Identity,
    /// The database.
    pub store: StoreConfig,
    /// Listeners.
    pub server: Server,
    /// Limits of the payout API.
    pub request: RequestLimits,
    /// Callbacks.
    pub callback: Callback,
    /// The projects' external checks.
    pub screening: Screening,
    /// The engine.
    pub engine: Engine,
    /// Logging.
    pub log: Log,
    /// The chains.
    pub chain: Vec<ChainConfig>,
}

/// Where the gateway's key is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// The sealed key.
    pub key_file: PathBuf,
    /// Its passphrase's file; `None` asks on the terminal.
    pub passphrase_file: Option<PathBuf>,
}

/// The database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// The SQLite file.
    pub path: PathBuf,
}

/// Listeners.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The payout API.
    pub listen: SocketAddr,
    /// The operator's API.
    pub operator_listen: SocketAddr,
    /// The co-signers' door.
    pub cosigner_listen: SocketAddr,
    /// Proxies whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// A file that gets the bound addresses.
    pub addresses_file: Option<PathBuf>,
}

/// Limits of the payout API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestLimits {
    /// Seconds that a timestamp may be off in either direction.
    pub window_s: u32,
    /// Requests a second of one project.
    pub rate_per_s: u32,
    /// How many may come at once.
    pub burst: u32,
}

/// Callbacks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Callback {
    /// Seconds before each further try; the first is made at once.
    pub pauses_s: Vec<u32>,
    /// The longest that a try may take, milliseconds.
    pub timeout_ms: u32,
    /// Tries at once over all receivers.
    pub parallel: u16,
    /// Tries at once at one receiver.
    pub parallel_per_host: u16,
}

/// The projects' external checks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Screening {
    /// Seconds before each further try.
    pub pauses_s: Vec<u32>,
    /// The longest that a try may take, milliseconds.
    pub timeout_ms: u32,
}

/// The engine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Engine {
    /// How long a claim lasts, milliseconds.
    pub lease_ms: u32,
    /// Payouts that one step works on at once.
    pub parallel: u16,
    /// The longest time between two looks, milliseconds.
    pub tick_ms: u32,
    /// Time for one signing session, milliseconds.
    pub session_timeout_ms: u32,
    /// Signing sessions in flight at once.
    pub sessions: u16,
}

/// Logging.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// Which events.
    pub filter: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            genesis: "genesis.json".into(),
            identity: Identity::default(),
            store: StoreConfig::default(),
            server: Server::default(),
            request: RequestLimits::default(),
            callback: Callback::default(),
            screening: Screening::default(),
            engine: Engine::default(),
            log: Log::default(),
            chain: Vec::new(),
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self { key_file: "gateway.key".into(), passphrase_file: None }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { path: "bursar.db".into() }
    }
}

impl Default for Server {
    fn default() -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            listen: local(8700),
            operator_listen: local(8701),
            cosigner_listen: local(8702),
            trusted_proxies: Vec::new(),
            addresses_file: None,
        }
    }
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self { window_s: 300, rate_per_s: 500, burst: 1000 }
    }
}

impl Default for Callback {
    fn default() -> Self {
        Self {
            pauses_s: vec![5, 30, 300, 1800, 7200, 25_200, 51_865],
            timeout_ms: 10_000,
            parallel: 64,
            parallel_per_host: 4,
        }
    }
}

impl Default for Screening {
    fn default() -> Self {
        Self { pauses_s: vec![2, 10, 60], timeout_ms: 10_000 }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self { lease_ms: 30_000, parallel: 32, tick_ms: 1000, session_timeout_ms: 2500, sessions: 4 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Json, filter: "info".to_owned() }
    }
}

/// Which setting is wrong, and the rule.
type Fault = (String, &'static str);

/// What is wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error("cannot read {path}: {source}. `bursar init` writes a commented one")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line breaks a rule.
    #[error("{path}: {source}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A value that parses makes no sense.
    #[error("{path}: {field}: {rule}")]
    Senseless {
        /// Which file.
        path: PathBuf,
        /// Which setting.
        field: String,
        /// What it must be.
        rule: &'static str,
    },
}

impl Config {
    /// Reads a file; relative paths in it become relative to its folder.
    ///
    /// # Errors
    /// [`ConfigError`] names the file, the line or setting, and the rule.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|source| ConfigError::Malformed { path: path.to_owned(), source: Box::new(source) })?;
        config.check().map_err(|(field, rule)| ConfigError::Senseless {
            path: path.to_owned(),
            field,
            rule,
        })?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        for file in [&mut config.genesis, &mut config.identity.key_file, &mut config.store.path] {
            *file = folder.join(&*file);
        }
        let optional = [&mut config.identity.passphrase_file, &mut config.server.addresses_file];
        for file in optional.into_iter().flatten() {
            *file = folder.join(&*file);
        }
        Ok(config)
    }

    /// How the chain with this id is reached.
    pub fn chain(&self, chain_id: &ChainId) -> Option<&ChainConfig> {
        self.chain.iter().find(|chain| &chain.chain_id == chain_id)
    }

    fn check(&self) -> Result<(), Fault> {
        let positive = [
            ("request.rate_per_s", self.request.rate_per_s),
            ("request.burst", self.request.burst),
            ("request.window_s", self.request.window_s),
            ("callback.timeout_ms", self.callback.timeout_ms),
            ("callback.parallel", self.callback.parallel.into()),
            ("callback.parallel_per_host", self.callback.parallel_per_host.into()),
            ("screening.timeout_ms", self.screening.timeout_ms),
            ("engine.lease_ms", self.engine.lease_ms),
            ("engine.parallel", self.engine.parallel.into()),
            ("engine.tick_ms", self.engine.tick_ms),
            ("engine.session_timeout_ms", self.engine.session_timeout_ms),
            ("engine.sessions", self.engine.sessions.into()),
        ];
        if let Some((field, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err((field.to_owned(), "must be greater than 0"));
        }
        if self.callback.pauses_s.is_empty() || self.callback.pauses_s.len() > 32 {
            return Err(("callback.pauses_s".to_owned(), "must list 1 to 32 pauses"));
        }
        for (index, chain) in self.chain.iter().enumerate() {
            chain.check()?;
            if self.chain[..index].iter().any(|other| other.chain_id == chain.chain_id) {
                return Err((chain.field("chain_id"), "is listed twice"));
            }
        }
        Ok(())
    }
}

/// Addresses or CIDR ranges; a bare address is a range of one.
fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    Vec::<String>::deserialize(deserializer)?
        .iter()
        .map(|text| parse_network(text).ok_or_else(|| serde::de::Error::custom(NOT_A_NETWORK)))
        .collect()
}

/// What a bad entry of an IP list is told.
pub const NOT_A_NETWORK: &str = "must be an IP address or a CIDR range such as 10.0.0.0/8";

/// An address or a CIDR range, with the host bits cleared.
pub fn parse_network(text: &str) -> Option<IpNet> {
    let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from));
    net.map(|net| net.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_and_the_defaults_are_the_same() {
        assert_eq!(toml::from_str::<Config>(DEFAULT).unwrap(), Config::default());
        assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    }

    #[test]
    fn the_example_chain_of_the_default_file_parses() {
        let section = DEFAULT.split_once("#[[chain]]").unwrap().1;
        let text: String =
            section.lines().map(|line| line.strip_prefix('#').unwrap_or(line).to_owned() + "\n").collect();
        let config: Config = toml::from_str(&format!("[[chain]]{text}")).unwrap();
        assert_eq!(config.chain[0].nodes.len(), 2);
        assert_eq!(config.check(), Ok(()));
    }

    #[test]
    fn an_unknown_setting_is_refused_with_its_line() {
        let error = toml::from_str::<Config>("[server]\nlisten = \"127.0.0.1:1\"\nport = 5\n").unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
    }

    #[test]
    fn a_senseless_value_names_the_setting() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gateway.toml");
        std::fs::write(&path, "[engine]\nlease_ms = 0\n").unwrap();
        let error = Config::read(&path).unwrap_err();
        assert!(error.to_string().ends_with("engine.lease_ms: must be greater than 0"), "{error}");
    }

    #[test]
    fn a_node_that_is_listed_twice_is_no_second_opinion() {
        let with = |nodes: &str| -> Config {
            toml::from_str(&format!("[[chain]]\nchain_id = \"60\"\nnodes = [{nodes}]\n")).unwrap()
        };
        assert!(with(r#""https://a.example/key", "https://A.example:443/other""#).check().is_err());
        assert_eq!(with(r#""https://a.example", "https://b.example""#).check(), Ok(()));
    }

    #[test]
    fn relative_paths_start_at_the_files_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gateway.toml");
        std::fs::write(&path, "genesis = \"g.json\"\n").unwrap();
        assert_eq!(Config::read(&path).unwrap().genesis, dir.path().join("g.json"));
    }

    #[test]
    fn a_number_of_blocks_is_a_finality() {
        let parse = |text: &str| {
            toml::from_str::<ChainConfig>(&format!(
                "chain_id = \"60\"\nnodes = [\"http://127.0.0.1:8545\"]\nfinality = \"{text}\"\n"
            ))
            .map(|chain| chain.finality)
        };
        assert_eq!(parse("blocks:12").unwrap(), Finality::Blocks(12));
        assert!(parse("blocks:0").is_err());
        assert!(parse("safe").is_err());
    }
}
