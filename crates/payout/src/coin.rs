//! Chains and coins: configuration, published in the rules, so that a new token is a few lines and no code.

use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, NetworkId, TokenId};

/// The code that knows a chain: one folder in the `chain` crate each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Ethereum and what is like it.
    Evm,
    /// The XRP Ledger.
    Xrp,
    /// TRON.
    Tron,
}

impl Family {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evm => "evm",
            Self::Xrp => "xrp",
            Self::Tron => "tron",
        }
    }
}

/// A chain that the deployment uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The contract's number of it.
    pub chain_id: ChainId,
    /// The code that knows it.
    pub family: Family,
    /// What signed bytes are bound to.
    pub network_id: NetworkId,
}

/// A coin, as `/api/v1/coins` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coin {
    /// The vendor's name, such as `USDT-ERC20`.
    pub name: String,
    /// Its chain.
    pub chain_id: ChainId,
    /// The chain id for the native coin, else the contract, in the chain's canonical spelling.
    pub token_id: TokenId,
    /// Decimal places of a token unit, at most [`crate::money::MAX_DECIMALS`].
    #[serde(with = "crate::policy::number")]
    pub decimals: u8,
}

impl Coin {
    /// Whether it is the chain's native coin, in which fees are paid.
    pub fn is_native(&self) -> bool {
        self.token_id.as_str() == self.chain_id.as_str()
    }

    /// `chain_id@token_id`, which names a coin in requests, rules and budgets.
    pub fn id(&self) -> CoinId {
        CoinId { chain_id: self.chain_id.clone(), token_id: self.token_id.clone() }
    }
}

/// `chain_id@token_id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoinId {
    /// The chain.
    pub chain_id: ChainId,
    /// The coin on it.
    pub token_id: TokenId,
}

impl CoinId {
    /// The native coin of a chain.
    ///
    /// # Panics
    /// Never: a chain id is a valid token id.
    pub fn native(chain_id: &ChainId) -> Self {
        let token_id = chain_id.as_str().parse().expect("digits are a token id");
        Self { chain_id: chain_id.clone(), token_id }
    }
}

impl std::fmt::Display for CoinId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.chain_id, self.token_id)
    }
}

impl std::str::FromStr for CoinId {
    type Err = crate::ids::BadName;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = crate::ids::BadName { rule: "a coin is named chain_id@token_id" };
        let (chain, token) = text.split_once('@').ok_or(bad)?;
        Ok(Self { chain_id: chain.parse().map_err(|_| bad)?, token_id: token.parse().map_err(|_| bad)? })
    }
}

impl Serialize for CoinId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CoinId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
