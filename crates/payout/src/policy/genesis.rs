//! The root of trust: one file that every owner installs by hand. Its hash is the deployment's id.
//!
//! Nothing of it ever arrives through the gateway, so its documents need no signatures: who pins the file has signed.

use serde::{Deserialize, Serialize};

use super::check::{self, Finding};
use super::document::{Book, Environment, People, Rules};
use super::roster::{Roster, RosterError};
use crate::canonical::{self, NotCanonical};
use crate::ids::Digest;
use crate::key::PublicKey;

const DOMAIN: &str = "bursar/genesis/v1";

/// The only layout there is.
pub const GENESIS_VERSION: &str = "1";

/// Roster and first policy of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// The layout: [`GENESIS_VERSION`].
    pub version: String,
    /// For people, 1 to 64 characters.
    pub name: String,
    /// What the deployment is, for ever.
    pub environment: Environment,
    /// Who holds shares and who carries messages.
    pub roster: Roster,
    /// Version 1 of the rules chain. Without wallets: their keys are made later.
    pub rules: Rules,
    /// Version 1 of the people chain.
    pub people: People,
    /// Version 1 of the address book.
    pub book: Book,
}

/// Why a file is not a genesis.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// Not canonical JSON of this shape.
    #[error("genesis.json is {0}")]
    Text(#[from] NotCanonical),
    /// Made by a newer or broken program.
    #[error("genesis.json has the layout {found:?}; this program knows {GENESIS_VERSION:?}")]
    Version {
        /// What it says.
        found: String,
    },
    /// Empty or too long.
    #[error("a deployment's name has 1 to 64 characters")]
    Name,
    /// Genesis and rules disagree on what this is.
    #[error("genesis and its rules name different environments")]
    Environment,
    /// The roster can't carry the invariants.
    #[error("the roster is refused: {0}")]
    Roster(#[from] RosterError),
    /// A wallet without ceremony.
    #[error("genesis lists a wallet, but a wallet's key is made only after genesis is installed")]
    Wallet,
    /// A machine of the house that could approve, or a person who could sit in the channel.
    #[error("the key {0} belongs to a principal and to a machine of the roster")]
    SharedKey(PublicKey),
    /// The documents have errors.
    #[error("the policy has {} error(s), first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Policy(Vec<Finding>),
}

impl Genesis {
    /// Reads `genesis.json`, which must be canonical and without errors.
    ///
    /// # Errors
    /// [`GenesisError`], the first that applies.
    pub fn parse(text: &str) -> Result<Self, GenesisError> {
        let genesis: Self = canonical::parse(text)?;
        genesis.check()?;
        Ok(genesis)
    }

    /// What [`Genesis::parse`] checks beyond the spelling; `init` calls it before it writes the file.
    ///
    /// # Errors
    /// [`GenesisError`], the first that applies.
    pub fn check(&self) -> Result<(), GenesisError> {
        let Self { version, name, environment, roster, rules, people, book } = self;
        if version != GENESIS_VERSION {
            return Err(GenesisError::Version { found: version.clone() });
        }
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            return Err(GenesisError::Name);
        }
        if *environment != rules.environment {
            return Err(GenesisError::Environment);
        }
        roster.check()?;
        if !rules.wallets.is_empty() {
            return Err(GenesisError::Wallet);
        }
        if let Some(key) = roster.keys().find(|key| people.owner_of(key).is_some()) {
            return Err(GenesisError::SharedKey(key));
        }
        let errors = check::errors(check::check(rules, people, book));
        if errors.is_empty() { Ok(()) } else { Err(GenesisError::Policy(errors)) }
    }

    /// The deployment's id: the hash of the canonical text.
    pub fn deployment(&self) -> Digest {
        Digest::of(DOMAIN, &[self.to_text().as_bytes()])
    }

    /// The canonical text, which is what the file holds.
    pub fn to_text(&self) -> String {
        canonical::text(self)
    }
}
