//! A public test network, in place of the chains of this machine.

use std::sync::Arc;

use gateway::config::ChainConfig;
use gateway::node::tron::TronRoad;
use gateway::node::xrp::XrpRoad;
use gateway::node::{NodeError, OpenError, Road};
use payout::coin::{CoinId, Family, Network};
use payout::ids::Address;
use payout::money::Amount;

use crate::vendor::fresh_id;

/// Decimal places of the native coins.
pub const DECIMALS: u8 = 6;

/// A network on which coins are worth nothing. There are no others here: a trial never touches a main network.
#[derive(Debug, PartialEq, Eq)]
pub struct TestNetwork {
    /// The contract's number of the chain.
    pub chain_id: &'static str,
    /// For people.
    pub name: &'static str,
    /// How its transactions are made.
    pub family: Family,
    /// What transactions, or the wallet's keys, are bound to.
    pub network_id: &'static str,
    /// The native coin.
    pub coin: &'static str,
    /// The most that a payout burns, whole coins.
    pub fee_cap: &'static str,
    /// What the wallet needs beyond the payout, whole coins: the reserve or activation of accounts, and fees.
    pub margin: u128,
}

/// The networks that are known here.
pub const NETWORKS: [TestNetwork; 2] = [
    TestNetwork {
        chain_id: "144",
        name: "the XRP Ledger's test network",
        family: Family::Xrp,
        network_id: "1",
        coin: "XRP",
        fee_cap: "0.01",
        margin: 2,
    },
    TestNetwork {
        chain_id: "198",
        name: "TRON's Shasta",
        family: Family::Tron,
        // The last four bytes of its first block's id.
        network_id: "2494104990",
        coin: "TRX",
        fee_cap: "40",
        margin: 5,
    },
];

/// A test network, whom to ask there, and the secret that a caller of the trial's own payout API has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    about: &'static TestNetwork,
    network: Network,
    nodes: Vec<String>,
    api_key: String,
}

/// Why a public network can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PublicError {
    /// None that is known here.
    #[error("chain {0} is no test network that is known here: 144 is the XRP Ledger's, 198 TRON's Shasta")]
    Chain(String),
    /// No URL.
    #[error("{nodes:?} are no URLs of nodes")]
    Nodes {
        /// What was given.
        nodes: Vec<String>,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
    /// Not an address of the network.
    #[error("{0:?} is no address of this network")]
    Address(String),
    /// The road.
    #[error("the network's nodes can't be used")]
    Open(#[from] OpenError),
    /// A node.
    #[error("a node of the network gives no answer")]
    Ask(#[from] NodeError),
}

impl Public {
    /// The test network of this number. Asks no node yet.
    ///
    /// # Errors
    /// [`PublicError`].
    pub fn of(chain: &str, nodes: &[String]) -> Result<Self, PublicError> {
        let unknown = || PublicError::Chain(chain.to_owned());
        let about = NETWORKS.iter().find(|network| network.chain_id == chain).ok_or_else(unknown)?;
        let network = Network {
            chain_id: about.chain_id.parse().expect("digits are a chain's number"),
            family: about.family,
            network_id: about.network_id.parse().expect("digits are a network's id"),
        };
        let public = Self { about, network, nodes: nodes.to_vec(), api_key: fresh_id() };
        public.config()?;
        Ok(public)
    }

    /// What is known of it.
    pub const fn about(&self) -> &'static TestNetwork {
        self.about
    }

    /// Chain, family and network id.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The API key of the trial's project.
    pub(super) fn api_key(&self) -> &str {
        &self.api_key
    }

    /// `rules.toml`: one coin, and one person who approves whatever is asked for.
    pub(super) fn rules(&self) -> String {
        let TestNetwork { chain_id, name, family, network_id, coin, fee_cap, .. } = self.about;
        let family = family.as_str();
        format!(
            r#"# A trial on {name}: whoever of the treasury approves, pays.

environment = "development"
book_cooling = "0h"

[[network]]
chain_id = "{chain_id}"
family = "{family}"
network_id = "{network_id}"

[[coin]]
name = "{coin}"
chain_id = "{chain_id}"
decimals = {DECIMALS}

[[fee]]
chain_id = "{chain_id}"
cap = "{fee_cap}"
window = "24h"
window_sum = "1000"

[[rule]]
id = "trial"
recipient = "external"
max = {{ {coin} = "100000" }}
outcome = "approve"
steps = [{{ group = "treasury", quorum = 1 }}]
expires = "1h"
"#
        )
    }

    /// The chain's table of `gateway.toml`.
    pub(super) fn chain_table(&self) -> String {
        let Self { about, nodes, .. } = self;
        // Public servers limit how often they are asked.
        format!(
            "\n[[chain]]\nchain_id = \"{}\"\nnodes = {nodes:?}\nlag_limit_s = 120\npoll_ms = 3000\n",
            about.chain_id
        )
    }

    fn config(&self) -> Result<ChainConfig, PublicError> {
        #[derive(serde::Deserialize)]
        struct File {
            chain: [ChainConfig; 1],
        }
        let read = toml::from_str(&self.chain_table());
        let File { chain: [config] } =
            read.map_err(|source| PublicError::Nodes { nodes: self.nodes.clone(), source })?;
        Ok(config)
    }

    /// The gateway's own road to it, for whoever funds the wallet.
    ///
    /// # Errors
    /// [`PublicError`].
    pub fn road(&self) -> Result<Arc<dyn Road>, PublicError> {
        // Before any client of TLS is made; the second call finds one installed, as wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = self.config()?;
        Ok(match self.network.family {
            Family::Tron => Arc::new(TronRoad::open(&config, &self.network, 1)?),
            Family::Xrp => Arc::new(XrpRoad::open(&config, &self.network, 1)?),
            Family::Evm => return Err(PublicError::Chain(self.network.chain_id.to_string())),
        })
    }

    /// An address in its canonical spelling.
    ///
    /// # Errors
    /// [`PublicError::Address`].
    pub fn address(&self, text: &str) -> Result<Address, PublicError> {
        let family = chain::family(self.network.family);
        let payee = family.payee(&self.network.network_id, text, None);
        Ok(payee.map_err(|_| PublicError::Address(text.to_owned()))?.address)
    }

    /// What an address has of the native coin.
    ///
    /// # Errors
    /// [`PublicError`].
    pub async fn balance(&self, owner: &str) -> Result<Amount, PublicError> {
        let coin = CoinId::native(&self.network.chain_id);
        Ok(self.road()?.balance(&self.address(owner)?, &coin).await?)
    }
}

#[cfg(test)]
mod tests {
    use payout::ids::AddressIndex;

    use super::*;

    #[test]
    fn a_trials_wallet_has_keys_that_no_main_network_has() {
        for about in &NETWORKS {
            let public = Public::of(about.chain_id, &["http://127.0.0.1:1".to_owned()]).unwrap();
            let Network { family, network_id, .. } = public.network();
            let path = chain::family(*family).path(network_id, AddressIndex::PAYOUT);
            assert_eq!(path, [44, 1, 0, 0, 0], "{}", about.name);
        }
    }

    #[test]
    fn other_chains_and_what_is_no_url_are_refused() {
        let node = ["http://127.0.0.1:1".to_owned()];
        for chain in ["", "195", "60", "0", "1"] {
            assert!(matches!(Public::of(chain, &node), Err(PublicError::Chain(_))), "{chain}");
        }
        assert!(matches!(Public::of("144", &["nowhere".to_owned()]), Err(PublicError::Nodes { .. })));
    }
}
