//! Founding: keys, documents, genesis, vaults and journals, as the owners of a real deployment make them, each on their
//! own host. Here it is one folder.

use std::sync::Arc;

use cosigner::folder::Folder as CosignerFolder;
use cosigner::journal::{Journal, Settings};
use payout::key::SecretKey;
use payout::policy::file::{read_people, read_rules};
use payout::policy::{Book, Environment, GatewaySeat, Genesis, Roster, Seat};
use seal::{Params, write_atomically};

use super::cast::{self, Cast};
use super::config::cosigner_name;
use super::folder::Folder;
use super::public::Public;
use super::{DeploymentError, GATEWAY, Plan, rules};
use crate::anvil::Contracts;
use crate::ledgers::Ledgers;
use crate::vendor::random;

/// Where a deployment pays.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ground<'a> {
    /// On chains of this machine: a demo, which signs for no others.
    Machine {
        /// Of the EVM chain.
        contracts: &'a Contracts,
        /// The other chains.
        ledgers: Option<&'a Ledgers>,
    },
    /// On a public test network.
    Public(&'a Public),
}

impl Ground<'_> {
    fn rules(self, plan: &Plan) -> String {
        match self {
            Self::Machine { contracts, ledgers } => rules::text(contracts, ledgers, plan.rules, plan.budget),
            Self::Public(public) => public.rules(),
        }
    }

    const fn environment(self) -> Environment {
        match self {
            Self::Machine { .. } => Environment::Demo,
            Self::Public(_) => Environment::Development,
        }
    }
}

/// Makes all files of a deployment that don't change when its processes start.
pub(super) fn found(
    folder: &Folder,
    plan: &Plan,
    ground: Ground<'_>,
) -> Result<(Cast, Genesis), DeploymentError> {
    let root = folder.root();
    folder.make(plan.cosigners).map_err(DeploymentError::file(root))?;
    let cast = Cast::create(folder)?;
    let gateway = SecretKey::from_seed(&random());
    let seats: Vec<(u8, Arc<SecretKey>)> =
        (1..=plan.cosigners).map(|index| (index, Arc::new(SecretKey::from_seed(&random())))).collect();
    let roster = Roster {
        threshold: plan.threshold,
        cosigners: seats
            .iter()
            .map(|(index, key)| Seat {
                index: *index,
                name: cosigner_name(*index).to_owned(),
                key: key.public(),
            })
            .collect(),
        gateways: vec![GatewaySeat { name: GATEWAY.to_owned(), key: gateway.public() }],
    };
    let genesis = write_genesis(folder, plan, ground, &cast, roster)?;

    cast::write_key(&folder.gateway().join("gateway.key"), GATEWAY, &gateway, &cast::passphrase())?;
    cast::write_passphrase(&folder.gateway().join("passphrase"))?;
    for (index, key) in seats {
        found_cosigner(folder, &genesis, index, key)?;
    }
    Ok((cast, genesis))
}

fn write_genesis(
    folder: &Folder,
    plan: &Plan,
    ground: Ground<'_>,
    cast: &Cast,
    roster: Roster,
) -> Result<Genesis, DeploymentError> {
    let (rules, people) = (ground.rules(plan), cast.people_toml());
    for (name, text) in [("rules", &rules), ("people", &people)] {
        let path = folder.document(name);
        std::fs::write(&path, text).map_err(DeploymentError::file(&path))?;
    }
    let genesis = Genesis {
        version: payout::policy::genesis::GENESIS_VERSION.to_owned(),
        name: plan.name.to_owned(),
        environment: ground.environment(),
        roster,
        rules: read_rules("rules.toml", &rules)?.document,
        people: read_people("people.toml", &people)?.document,
        book: Book::default(),
    };
    genesis.check()?;
    write_atomically(&folder.genesis(), genesis.to_text().as_bytes(), 0o644)?;
    Ok(genesis)
}

fn found_cosigner(
    folder: &Folder,
    genesis: &Genesis,
    index: u8,
    key: Arc<SecretKey>,
) -> Result<(), DeploymentError> {
    let made = CosignerFolder::create(&folder.state(index), &folder.counter(index))?;
    cosigner::vault::create(&made.vault(), &key, &cast::passphrase(), Params::light())?;
    let settings = Settings {
        path: made.journal(),
        counter: made.counter(),
        me: index,
        key,
        deployment: genesis.deployment(),
        roster: genesis.roster.clone(),
    };
    // Dropped at once: it waits until everything is on disk.
    drop(Journal::create(settings)?);
    cast::write_passphrase(&folder.cosigner(index).join("passphrase"))
}
