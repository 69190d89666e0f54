//! What the owners of a deployment's machines can do and nobody else: open their keys, vaults and journals. For a harness
//! that takes a machine's place.

use std::sync::Arc;

use cosigner::folder::Folder as CosignerFolder;
use cosigner::journal::{Journal, Settings};
use cosigner::vault::{Owner, Vault};
use payout::key::SecretKey;
use payout::policy::Genesis;
use seal::KeyFile;

use super::cast::passphrase;
use super::folder::Folder;
use super::{DeploymentError, cast::Cast};

/// The deployment's root of trust, from its file.
///
/// # Errors
/// [`DeploymentError::File`] and [`DeploymentError::Genesis`].
pub fn genesis(folder: &Folder) -> Result<Genesis, DeploymentError> {
    let path = folder.genesis();
    let text = std::fs::read_to_string(&path).map_err(DeploymentError::file(&path))?;
    Ok(Genesis::parse(&text)?)
}

/// Everybody's keys.
///
/// # Errors
/// [`DeploymentError`].
pub fn cast(folder: &Folder) -> Result<Cast, DeploymentError> {
    Cast::open(folder)
}

/// The gateway's key, which co-signers pin.
///
/// # Errors
/// [`DeploymentError`].
pub fn gateway_key(folder: &Folder) -> Result<SecretKey, DeploymentError> {
    let path = folder.gateway().join("gateway.key");
    let text = std::fs::read_to_string(&path).map_err(DeploymentError::file(&path))?;
    Ok(KeyFile::parse(&text)?.open(&passphrase())?)
}

/// A co-signer's open vault: its identity and its shares.
///
/// # Errors
/// [`DeploymentError`].
pub fn vault(folder: &Folder, genesis: &Genesis, index: u8) -> Result<Vault, DeploymentError> {
    let held = CosignerFolder::open(&folder.state(index), &folder.counter(index))?;
    let owner = Owner { deployment: genesis.deployment(), index };
    Ok(Vault::open(&held.vault(), &passphrase(), owner)?)
}

/// A co-signer's journal, which nobody else may have open.
///
/// # Errors
/// [`DeploymentError`].
pub fn journal(
    folder: &Folder,
    genesis: &Genesis,
    index: u8,
    key: Arc<SecretKey>,
) -> Result<Journal, DeploymentError> {
    let held = CosignerFolder::open(&folder.state(index), &folder.counter(index))?;
    Ok(Journal::open(Settings {
        path: held.journal(),
        counter: held.counter(),
        me: index,
        key,
        deployment: genesis.deployment(),
        roster: genesis.roster.clone(),
    })?)
}
