//! What tests of the roads to XRP and TRON share: a road's settings, and what they want to see of a payment.

use gateway::config::ChainConfig;
use gateway::node::{Chance, Sighting};
use payout::life::Death;

/// The settings that a chain has where nothing is said; no node yet.
pub(crate) fn default_config(chain: &str) -> ChainConfig {
    #[derive(serde::Deserialize)]
    struct File {
        chain: Vec<ChainConfig>,
    }
    let text = format!("[[chain]]\nchain_id = \"{chain}\"\nnodes = []\n");
    let file: File = toml::from_str(&text).unwrap();
    file.chain.into_iter().next().unwrap()
}

pub(crate) fn paid(sighting: Sighting) -> Chance {
    match sighting {
        Sighting::Succeeded(chance) => chance,
        other => panic!("not paid: {other:?}"),
    }
}

pub(crate) fn dead(sighting: Sighting) -> Death {
    match sighting {
        Sighting::Dead(death) => death,
        other => panic!("not dead: {other:?}"),
    }
}

pub(crate) fn is_open(sighting: &Sighting) -> bool {
    !matches!(sighting, Sighting::Succeeded(_) | Sighting::Dead(_))
}
