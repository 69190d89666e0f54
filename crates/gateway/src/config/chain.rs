//! How one chain is reached.

use std::num::{NonZeroU8, NonZeroU16};

use payout::ids::ChainId;
use serde::Deserialize;
use url::Url;

use super::Fault;

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

impl ChainConfig {
    /// What its setting is called in an error.
    pub(super) fn field(&self, name: &str) -> String {
        format!("chain {} {name}", self.chain_id)
    }

    /// Looks for what makes no sense in it.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if self.nodes.is_empty() || self.nodes.len() > 16 {
            return Err((self.field("nodes"), "must list 1 to 16 node URLs"));
        }
        if self.nodes.iter().any(|url| !matches!(url.scheme(), "http" | "https")) {
            return Err((self.field("nodes"), "must be http or https URLs"));
        }
        let origins = self.nodes.iter().map(|url| url.origin().ascii_serialization());
        if origins.collect::<std::collections::BTreeSet<_>>().len() < self.nodes.len() {
            // It would agree with itself about a final status.
            return Err((self.field("nodes"), "must not list one machine twice"));
        }
        let positive = [self.lane_window.into(), self.poll_ms, self.lag_limit_s, self.outbid_after_s];
        if positive.contains(&0) {
            let names = self.field("lane_window, poll_ms, lag_limit_s, outbid_after_s");
            return Err((names, "must be greater than 0"));
        }
        if !(30..=570).contains(&self.tron.expiry_s) {
            // Less leaves no time for signing; and co-signers refuse what may land for over ten minutes.
            return Err((self.field("tron.expiry_s"), "must be 30 to 570"));
        }
        let rental = self.tron.energy.as_ref();
        if rental.is_some_and(|rental| !matches!(rental.url.scheme(), "http" | "https")) {
            return Err((self.field("tron.energy.url"), "must be an http or https URL"));
        }
        if rental.is_some_and(|rental| rental.max_sun_per_energy == 0 || rental.duration_s == 0) {
            let names = self.field("tron.energy max_sun_per_energy, duration_s");
            return Err((names, "must be greater than 0"));
        }
        if self.witnesses.is_some_and(|wanted| usize::from(wanted.get()) > self.nodes.len()) {
            return Err((self.field("witnesses"), "must not be more than there are nodes"));
        }
        Ok(())
    }
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
