//! `enroll`: pins the deployment. From here on this co-signer believes genesis.json and what follows from it, and nothing
//! that a gateway says.

use std::path::PathBuf;

use clap::Args;
use payout::policy::Genesis;

use super::opened::{OpenError, read_genesis, seat_of};
use super::{CommandError, passphrase, say};
use crate::config::Config;
use crate::folder::Folder;
use crate::journal::{Journal, Settings};
use crate::vault::{Owner, Vault, identity};

/// Pin the deployment.
#[derive(Debug, Args)]
pub(super) struct Enroll {
    /// The genesis file, from the owner of the deployment and not from a gateway.
    genesis: PathBuf,
}

impl Enroll {
    pub(super) fn run(self, config: &Config) -> Result<(), CommandError> {
        let genesis = read_genesis(&self.genesis)?;
        let folder = Folder::open(&config.folder, &config.counter_folder)?;
        let passphrase = passphrase::existing(&config.passphrase)?;
        let key = identity(&folder.vault(), &passphrase)?;
        let seat = seat_of(&genesis, config, &key.public())?.clone();
        for gateway in &config.gateways {
            if !genesis.roster.gateways.iter().any(|seat| seat.name == gateway.name) {
                return Err(OpenError::UnknownGateway(gateway.name.clone()).into());
            }
        }
        if folder.journal().exists() {
            return Err(CommandError::Refused(format!(
                "{} exists: this co-signer is enrolled already, and a journal is never begun anew",
                folder.journal().display()
            )));
        }
        let owner = Owner { deployment: genesis.deployment(), index: seat.index };
        let vault = Vault::open(&folder.vault(), &passphrase, owner)?;
        seal::write_atomically(&config.genesis, genesis.to_text().as_bytes(), 0o644)?;
        let settings = Settings {
            path: folder.journal(),
            counter: folder.counter(),
            me: seat.index,
            key: vault.identity(),
            deployment: owner.deployment,
            roster: genesis.roster.clone(),
        };
        drop(Journal::create(settings)?);
        show(&genesis, seat.index);
        Ok(())
    }
}

fn show(genesis: &Genesis, me: u8) {
    let roster = &genesis.roster;
    say(format_args!(
        "Deployment {:?} ({:?})\n\n    id  {}\n\nCompare this id with the other owners' by a channel of your own.\n\n\
         {} of these {} co-signers sign:",
        genesis.name,
        genesis.environment,
        genesis.deployment(),
        roster.threshold,
        roster.share_count()
    ));
    for seat in &roster.cosigners {
        let here = if seat.index == me { "  <- this one" } else { "" };
        say(format_args!("    {}  {:<20} {}{here}", seat.index, seat.name, seat.key));
    }
    say("Gateways:");
    for seat in &roster.gateways {
        say(format_args!("       {:<20} {}", seat.name, seat.key));
    }
    say("\nPinned. Start it with: bursar-cosigner run");
}
