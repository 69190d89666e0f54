//! A whole deployment in one folder: a chain, a gateway, co-signers, people and their keys.
//!
//! - [`folder`]: where everything lies; [`cast`]: who there is; [`rules`]: what they agreed on.
//! - `found`: makes the files, as owners do; `config`: the processes' configuration.
//! - [`owner`]: opens the machines' secrets, for whoever takes a machine's place.
//! - `machines`: starts, stops, kills and restarts the processes.
//! - [`public`]: a public test network, in place of the chains of this machine.
//! - `wallet`, `project`: what people do before the first payout: ceremony, rules, settings, funds.

pub mod cast;
pub(crate) mod config;
pub mod folder;
mod found;
mod machines;
pub mod owner;
mod project;
pub mod public;
pub mod rules;
mod wallet;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use payout::policy::Genesis;

use crate::anvil::{Anvil, AnvilError, Pace};
use crate::ledgers::{Chains, LedgerError, Ledgers};
use crate::people::PersonError;
use crate::process::{ProcessError, Running};
use crate::vendor::{Vendor, VendorError};

use cast::Cast;
use folder::Folder;
use found::Ground;
use public::Public;
use rules::{Budget, RuleSet};

pub use config::{Doors, Tuning, cosigner_name};

/// What the gateway is called on the roster.
pub const GATEWAY: &str = "gateway";

/// Why a deployment is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// A file.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not written.
    #[error(transparent)]
    Write(#[from] seal::WriteError),
    /// A secret is not sealed.
    #[error(transparent)]
    Seal(#[from] seal::SealError),
    /// A key file does not open.
    #[error(transparent)]
    KeyFile(#[from] seal::KeyFileError),
    /// The rules or the people don't read.
    #[error(transparent)]
    Document(#[from] payout::policy::file::FileError),
    /// They make no genesis.
    #[error(transparent)]
    Genesis(#[from] payout::policy::GenesisError),
    /// A co-signer's folder.
    #[error(transparent)]
    CosignerFolder(#[from] cosigner::folder::FolderError),
    /// A co-signer's vault.
    #[error(transparent)]
    Vault(#[from] cosigner::vault::VaultError),
    /// A co-signer's journal.
    #[error(transparent)]
    Journal(#[from] cosigner::journal::JournalError),
    /// The chain.
    #[error(transparent)]
    Anvil(#[from] AnvilError),
    /// A stand-in for another chain.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The wallet's addresses can't be read.
    #[error("{} is no list of addresses", .0.display())]
    Addresses(PathBuf),
    /// The wallet's key has no address: one case in 2^127.
    #[error("the wallet's key is unusable")]
    Derive(#[from] chain::DeriveError),
    /// A program is missing.
    #[error(transparent)]
    Place(#[from] crate::place::PlaceError),
    /// A process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A call of the payout API.
    #[error(transparent)]
    Vendor(#[from] VendorError),
    /// A person's act.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// A process that must run does not.
    #[error("{0} is not running")]
    NotRunning(String),
    /// The ceremony failed, or did not end.
    #[error("the key ceremony did not end well: {0}")]
    Ceremony(String),
    /// The chain's contracts lie elsewhere than the genesis says.
    #[error("the contracts of this chain have other addresses than those in the genesis")]
    OtherContracts,
}

impl DeploymentError {
    fn file(path: &Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path: path.clone(), source }
    }
}

/// What a deployment is made like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Its name in genesis.
    pub name: &'static str,
    /// How many co-signers sign.
    pub threshold: u8,
    /// How many hold a share.
    pub cosigners: u8,
    /// The chains.
    pub chains: Chains,
    /// The rules.
    pub rules: RuleSet,
    /// How much the automatic rule may spend.
    pub budget: Budget,
    /// How often blocks come.
    pub pace: Pace,
    /// The gateway's numbers.
    pub tuning: Tuning,
    /// What the gateway logs, as in `RUST_LOG`.
    pub log: &'static str,
}

impl Plan {
    /// The demo: two of three.
    pub const DEMO: Self = Self {
        name: "demo",
        threshold: 2,
        cosigners: 3,
        chains: Chains::All,
        rules: RuleSet::Demo,
        budget: Budget::Day,
        pace: Pace::Second,
        tuning: Tuning::DEFAULT,
        log: "info",
    };

    /// A test's deployment with `threshold` of `cosigners`.
    pub const fn test(threshold: u8, cosigners: u8) -> Self {
        Self { name: "test", threshold, cosigners, chains: Chains::Evm, rules: RuleSet::Tests, ..Self::DEMO }
    }

    /// A fire's: two of three, blocks come fast, limits out of the way.
    pub const FIRE: Self = Self {
        name: "fire",
        chains: Chains::All,
        budget: Budget::Unbounded,
        pace: Pace::Quarter,
        tuning: Tuning::FIRE,
        ..Self::DEMO
    };

    /// A benchmark's: two of three, limits out of the way.
    pub const BENCH: Self = Self {
        name: "bench",
        chains: Chains::Evm,
        budget: Budget::Unbounded,
        pace: Pace::Quarter,
        tuning: Tuning::BENCH,
        log: "warn",
        ..Self::DEMO
    };
}

/// A deployment whose chain runs. Dropped, all its processes are killed.
#[derive(Debug)]
pub struct Deployment {
    folder: Folder,
    plan: Plan,
    genesis: Genesis,
    cast: Cast,
    anvil: Anvil,
    ledgers: Option<Ledgers>,
    /// The network that it pays on, if that is not of this machine.
    public: Option<Public>,
    doors: Option<Doors>,
    gateway: Option<Running>,
    cosigners: BTreeMap<u8, Running>,
    /// The nodes that the gateway asks, where that is not the chain's own alone.
    nodes: Option<Nodes>,
    /// More of the gateway's settings for TRON.
    tron_settings: String,
    /// The file that names a crash point, if the programs that have them are started.
    crash_order: Option<PathBuf>,
}

/// The nodes that a gateway asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nodes {
    /// Their URLs, without trailing slashes.
    pub urls: Vec<String>,
    /// How many of them must agree on a final status.
    pub witnesses: u8,
}

impl Deployment {
    /// Makes a new deployment in a folder: starts its chain, deploys its coins, writes all its files.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn found(folder: Folder, plan: Plan) -> Result<Self, DeploymentError> {
        folder.make(plan.cosigners).map_err(DeploymentError::file(folder.root()))?;
        let anvil = Anvil::start(&folder.logs(), &folder.records(), plan.pace).await?;
        let ledgers = Ledgers::start(plan.chains, &folder.logs(), &folder.records(), plan.pace).await?;
        let ground = Ground::Machine { contracts: anvil.contracts(), ledgers: ledgers.as_ref() };
        let (cast, genesis) = found::found(&folder, &plan, ground)?;
        Ok(Self::whole(folder, plan, genesis, cast, (anvil, ledgers)))
    }

    /// Makes a new deployment that pays on a public test network and nowhere else.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn found_on(public: Public, folder: Folder, plan: Plan) -> Result<Self, DeploymentError> {
        folder.make(plan.cosigners).map_err(DeploymentError::file(folder.root()))?;
        // Idle: its rules don't know it. A deployment has a chain of this machine, this one too.
        let anvil = Anvil::start(&folder.logs(), &folder.records(), plan.pace).await?;
        let (cast, genesis) = found::found(&folder, &plan, Ground::Public(&public))?;
        let whole = Self::whole(folder, plan, genesis, cast, (anvil, None));
        Ok(Self { public: Some(public), ..whole })
    }

    /// Opens a deployment that was made before, on a new chain with the same contracts. The wallet's funds are gone.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn open(folder: Folder, plan: Plan) -> Result<Self, DeploymentError> {
        let path = folder.genesis();
        let text = std::fs::read_to_string(&path).map_err(DeploymentError::file(&path))?;
        let genesis = Genesis::parse(&text)?;
        let cast = Cast::open(&folder)?;
        let anvil = Anvil::start(&folder.logs(), &folder.records(), plan.pace).await?;
        let usdc = anvil.contracts().as_token_ids().usdc;
        if !genesis.rules.coins.iter().any(|coin| coin.token_id.as_str() == usdc) {
            return Err(DeploymentError::OtherContracts);
        }
        let ledgers = Ledgers::start(plan.chains, &folder.logs(), &folder.records(), plan.pace).await?;
        if let Some(Ledgers { tron, .. }) = &ledgers
            && !genesis.rules.coins.iter().any(|coin| coin.token_id.as_str() == tron.usdt())
        {
            return Err(DeploymentError::OtherContracts);
        }
        Ok(Self::whole(folder, plan, genesis, cast, (anvil, ledgers)))
    }

    fn whole(
        folder: Folder,
        plan: Plan,
        genesis: Genesis,
        cast: Cast,
        (anvil, ledgers): (Anvil, Option<Ledgers>),
    ) -> Self {
        let cosigners = BTreeMap::new();
        Self {
            folder,
            plan,
            genesis,
            cast,
            anvil,
            ledgers,
            public: None,
            doors: None,
            gateway: None,
            cosigners,
            nodes: None,
            tron_settings: String::new(),
            crash_order: None,
        }
    }

    /// Where its files are.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What it was made like.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its root of trust.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Its people.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Starts the programs that have crash points from now on. They die at the point that the file `order` names.
    pub fn use_crash_points(&mut self, order: PathBuf) {
        self.crash_order = Some(order);
    }

    /// Starts the gateway with these nodes from now on, in place of the chain's own.
    pub fn use_nodes(&mut self, nodes: Nodes) {
        self.nodes = Some(nodes);
    }

    /// Starts the gateway from now on with these lines more in its table for TRON.
    pub fn use_tron_settings(&mut self, lines: &str) {
        lines.clone_into(&mut self.tron_settings);
    }

    /// The nodes that the gateway is started with.
    fn nodes(&self) -> Nodes {
        let own = || Nodes { urls: vec![self.anvil.url().to_owned()], witnesses: 1 };
        self.nodes.clone().unwrap_or_else(own)
    }

    /// Its chain.
    pub fn anvil(&self) -> &Anvil {
        &self.anvil
    }

    /// Its chain, to stop it or hold it still.
    pub fn anvil_mut(&mut self) -> &mut Anvil {
        &mut self.anvil
    }

    /// The stand-ins for its other chains, if it has any.
    pub fn ledgers(&self) -> Option<&Ledgers> {
        self.ledgers.as_ref()
    }

    /// The same, to stop them or hold them still.
    pub fn ledgers_mut(&mut self) -> Option<&mut Ledgers> {
        self.ledgers.as_mut()
    }

    /// The public test network that it pays on, if that is what it does.
    pub fn public(&self) -> Option<&Public> {
        self.public.as_ref()
    }

    /// The API key of the caller's project: the vendor's example, except where coins may be worth something.
    pub fn api_key(&self) -> &str {
        self.public.as_ref().map_or(cast::API_KEY, Public::api_key)
    }

    /// The gateway's doors, once it has run.
    ///
    /// # Errors
    /// [`DeploymentError::NotRunning`] before the first start.
    pub fn doors(&self) -> Result<Doors, DeploymentError> {
        self.doors.ok_or_else(|| DeploymentError::NotRunning(GATEWAY.to_owned()))
    }

    /// A caller of the payout API with the project's key.
    ///
    /// # Errors
    /// [`DeploymentError::NotRunning`] before the gateway's first start.
    pub fn vendor(&self) -> Result<Vendor, DeploymentError> {
        Ok(Vendor::new(self.doors()?.api_url(), cast::PROJECT, self.api_key().to_owned()))
    }
}
