//! The gateway's configuration file: parsed once at start, with the line of what is wrong.
//!
//! `config.default.toml` is documentation, default and the text that `bursar init` writes, all at once; a test holds
//! it equal to the `Default` implementations here.

use std::net::SocketAddr;
use std::num::{NonZeroU8, NonZeroU16};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use payout::ids::ChainId;
use serde::Deserialize;
use url::Url;

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

/// How the gateway reaches one chain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// The contract's number of it; the rules say the rest.
    pub chain_id: ChainId,
    /// JSON-RPC addresses of independently operated nodes.
    pub nodes: Vec<Url>,
    /// When a block is final.
    #[serde(default)]
    pub finality: Finality,
    /// How fees are offered.
    #[serde(default)]
    pub fees: Fees,
    /// Payouts of one address in flight at once.
    #[serde(default = "lane_window")]
    pub lane_window: u16,
    /// A head older than this means a lagging node, seconds.
    #[serde(default = "lag_limit_s")]
    pub lag_limit_s: u32,
    /// How often the head is looked at, milliseconds.
    #[serde(default = "poll_ms")]
    pub poll_ms: u32,
    /// How long what was sent may wait for its turn to be taken before a higher offer is made for it, if the chain asks
    /// for more by then; seconds.
    #[serde(default = "outbid_after_s")]
    pub outbid_after_s: u32,
    /// How many nodes must agree on a final status, where that is more than the deployment asks for anyhow.
    #[serde(default)]
    pub witnesses: Option<NonZeroU8>,
    /// What only TRON asks for.
    #[serde(default)]
    pub tron: TronConfig,
}

/// What only TRON asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TronConfig {
    /// How long a transaction may take to land, seconds: after that it never does.
    pub expiry_s: u32,
    /// The most TRX that the energy of one payout may burn, sun, where that is less than its fee cap.
    pub burn_cap_sun: Option<u64>,
    /// Who rents out energy.
    pub energy: Option<EnergyRental>,
}

impl Default for TronConfig {
    fn default() -> Self {
        Self { expiry_s: 300, burn_cap_sun: None, energy: None }
    }
}

/// A provider of energy, and what is taken from it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnergyRental {
    /// Its HTTP interface; a password in it is sent as `Authorization: Bearer`.
    pub url: Url,
    /// The most that energy may cost there, sun each. Never more is paid than burning costs.
    pub max_sun_per_energy: u64,
    /// For so many payouts energy is rented at once.
    #[serde(default = "batch")]
    pub batch: NonZeroU16,
    /// For how long it is rented, seconds.
    #[serde(default = "rental_s")]
    pub duration_s: u32,
}

const fn batch() -> NonZeroU16 {
    NonZeroU16::new(10).expect("10 is not zero")
}
const fn rental_s() -> u32 {
    3600
}

const fn lane_window() -> u16 {
    16
}
const fn lag_limit_s() -> u32 {
    60
}
const fn poll_ms() -> u32 {
    1000
}
const fn outbid_after_s() -> u32 {
    60
}

/// When a block is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Finality {
    /// The node's `finalized` tag says so.
    #[default]
    Finalized,
    /// So many blocks stand on it.
    Blocks(u32),
}

impl<'de> Deserialize<'de> for Finality {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || {
            serde::de::Error::custom(
                "finality is \"finalized\" or a number of blocks from 1 to 10000, such as \"blocks:12\"",
            )
        };
        match text.strip_prefix("blocks:") {
            None if text == "finalized" => Ok(Self::Finalized),
            None => Err(wrong()),
            Some(count) => match count.parse() {
                Ok(count @ 1..=10_000) => Ok(Self::Blocks(count)),
                _ => Err(wrong()),
            },
        }
    }
}

/// How fees are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fees {
    /// Base fee and priority fee.
    #[default]
    Eip1559,
    /// One gas price.
    Legacy,
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

    fn check(&self) -> Result<(), (String, &'static str)> {
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
            let field = |name: &str| format!("chain {} {name}", chain.chain_id);
            if chain.nodes.is_empty() || chain.nodes.len() > 16 {
                return Err((field("nodes"), "must list 1 to 16 node URLs"));
            }
            if chain.nodes.iter().any(|url| !matches!(url.scheme(), "http" | "https")) {
                return Err((field("nodes"), "must be http or https URLs"));
            }
            let origins = chain.nodes.iter().map(|url| url.origin().ascii_serialization());
            if origins.collect::<std::collections::BTreeSet<_>>().len() < chain.nodes.len() {
                // It would agree with itself about a final status.
                return Err((field("nodes"), "must not list one machine twice"));
            }
            let positive = [chain.lane_window.into(), chain.poll_ms, chain.lag_limit_s, chain.outbid_after_s];
            if positive.contains(&0) {
                let names = field("lane_window, poll_ms, lag_limit_s, outbid_after_s");
                return Err((names, "must be greater than 0"));
            }
            if !(30..=570).contains(&chain.tron.expiry_s) {
                // Less leaves no time for signing; and co-signers refuse what may land for over ten minutes.
                return Err((field("tron.expiry_s"), "must be 30 to 570"));
            }
            let rental = chain.tron.energy.as_ref();
            if rental.is_some_and(|rental| !matches!(rental.url.scheme(), "http" | "https")) {
                return Err((field("tron.energy.url"), "must be an http or https URL"));
            }
            if rental.is_some_and(|rental| rental.max_sun_per_energy == 0 || rental.duration_s == 0) {
                let names = field("tron.energy max_sun_per_energy, duration_s");
                return Err((names, "must be greater than 0"));
            }
            if chain.witnesses.is_some_and(|wanted| usize::from(wanted.get()) > chain.nodes.len()) {
                return Err((field("witnesses"), "must not be more than there are nodes"));
            }
            if self.chain[..index].iter().any(|other| other.chain_id == chain.chain_id) {
                return Err((field("chain_id"), "is listed twice"));
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
