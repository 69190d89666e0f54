//! The chains' nodes: what the gateway asks them, and what it makes of their answers.
//!
//! A chain family is one folder here that implements [`Road`], and one line in [`Nodes::open`]. A node is never
//! believed alone where it matters: a final status needs two that agree, except in a development deployment.

pub mod evm;
mod health;
mod http;
mod pool;
mod proof;
mod road;
pub mod tron;
mod verdict;
pub mod xrp;

use std::collections::BTreeMap;
use std::sync::Arc;

use payout::coin::Family;
use payout::ids::ChainId;
use payout::policy::{Environment, Rules};

use crate::config::ChainConfig;

pub use road::{
    Account, Chance, EnergyShortage, Head, Hold, Lane, NodeError, NodeHealth, Outflow, Place, Plan, Road,
    Sent, Shortage, Sighting, Standing, Taken,
};

/// The roads to all chains that are configured.
#[derive(Default)]
pub struct Nodes {
    roads: BTreeMap<ChainId, Arc<dyn Road>>,
}

/// Why the roads could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The rules know no such chain.
    #[error(
        "the configuration has nodes for chain {0}, which the rules do not list: publish it or take it out"
    )]
    UnknownChain(ChainId),
    /// The HTTP client could not be made.
    #[error("the HTTP client for nodes cannot start")]
    Client(#[source] reqwest::Error),
    /// The network's id is not what the family spells.
    #[error("chain {chain}: {why}")]
    Network {
        /// Which chain.
        chain: ChainId,
        /// What is wrong.
        why: &'static str,
    },
}

/// Roads that were made elsewhere.
impl FromIterator<(ChainId, Arc<dyn Road>)> for Nodes {
    fn from_iter<I: IntoIterator<Item = (ChainId, Arc<dyn Road>)>>(roads: I) -> Self {
        Self { roads: roads.into_iter().collect() }
    }
}

impl Nodes {
    /// Opens a road to each configured chain. Asks no node yet.
    ///
    /// # Errors
    /// [`OpenError`] names the chain and what to change.
    pub fn open(configs: &[ChainConfig], rules: &Rules, environment: Environment) -> Result<Self, OpenError> {
        // Two independently operated nodes; a development deployment says of itself that one suffices.
        let least = match environment {
            Environment::Production => 2,
            Environment::Development | Environment::Demo => 1,
        };
        let mut roads: BTreeMap<ChainId, Arc<dyn Road>> = BTreeMap::new();
        for config in configs {
            let network = rules
                .networks
                .iter()
                .find(|network| network.chain_id == config.chain_id)
                .ok_or_else(|| OpenError::UnknownChain(config.chain_id.clone()))?;
            let witnesses = config.witnesses.map_or(least, |wanted| least.max(wanted.get().into()));
            let road: Arc<dyn Road> = match network.family {
                Family::Evm => Arc::new(evm::EvmRoad::open(config, network, witnesses)?),
                Family::Tron => Arc::new(tron::TronRoad::open(config, network, witnesses)?),
                Family::Xrp => Arc::new(xrp::XrpRoad::open(config, network, witnesses)?),
            };
            roads.insert(config.chain_id.clone(), road);
        }
        Ok(Self { roads })
    }

    /// The road to a chain; `None` when no node is configured for it.
    pub fn road(&self, chain_id: &ChainId) -> Option<&Arc<dyn Road>> {
        self.roads.get(chain_id)
    }

    /// All roads, by chain.
    pub fn iter(&self) -> impl Iterator<Item = (&ChainId, &Arc<dyn Road>)> {
        self.roads.iter()
    }
}
