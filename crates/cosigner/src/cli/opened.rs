//! Everything of a co-signer, opened and checked against each other.

use std::path::{Path, PathBuf};

use payout::key::PublicKey;
use payout::policy::{ChainError, Genesis, GenesisError, Policy, Seat};
use seal::Passphrase;

use crate::ceremony;
use crate::config::Config;
use crate::desk::Parts;
use crate::folder::{Folder, FolderError};
use crate::journal::{DiskError, Journal, JournalError, Settings};
use crate::session;
use crate::vault::{Owner, Vault, VaultError, identity};

/// Why a co-signer can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No genesis.
    #[error("{} can't be read: install it with bursar-cosigner enroll GENESIS", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// Not a genesis.
    #[error("{} is refused", path.display())]
    Genesis {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<GenesisError>,
    },
    /// The roster knows another key.
    #[error(
        "seat {index} of the roster has the key {listed}, this co-signer's is {own}: wrong genesis, wrong index, or wrong folder"
    )]
    OtherKey {
        /// The configured index.
        index: u8,
        /// The roster's key.
        listed: PublicKey,
        /// Ours.
        own: PublicKey,
    },
    /// The roster has fewer seats.
    #[error("the roster has no seat {0}: correct `index` in the configuration")]
    NoSeat(u8),
    /// The seat has another name.
    #[error(
        "seat {index} of the roster is {listed:?}, the configuration says {configured:?}: was it copied from another host?"
    )]
    OtherName {
        /// The configured index.
        index: u8,
        /// The roster's name.
        listed: String,
        /// The configured name.
        configured: String,
    },
    /// A gateway that the roster does not know.
    #[error("gateway {0:?} is not on the roster: correct its name in the configuration")]
    UnknownGateway(String),
    /// Not enrolled.
    #[error("there is no journal in {}: enroll first with bursar-cosigner enroll GENESIS", path.display())]
    NotEnrolled {
        /// The folder.
        path: PathBuf,
    },
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The policy can't be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The stored policy does not verify any more.
    #[error(
        "the stored policy does not follow from genesis: the folder was altered; restore it from a backup"
    )]
    Policy(#[source] Box<ChainError>),
}

/// A co-signer's parts. Holds the folder's lock.
#[derive(Debug)]
pub struct Opened {
    /// The folder.
    pub folder: Folder,
    /// The pinned genesis.
    pub genesis: Genesis,
    /// The vault.
    pub vault: Vault,
    /// The journal.
    pub journal: Journal,
    /// The policy, with every version that was adopted.
    pub policy: Policy,
    /// Our index.
    pub me: u8,
}

impl Opened {
    /// Opens everything.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(config: &Config, folder: Folder, passphrase: &Passphrase) -> Result<Self, OpenError> {
        let genesis = read_genesis(&config.genesis)?;
        let key = identity(&folder.vault(), passphrase)?;
        let me = seat_of(&genesis, config, &key.public())?.index;
        let owner = Owner { deployment: genesis.deployment(), index: me };
        let vault = Vault::open(&folder.vault(), passphrase, owner)?;
        if !folder.journal().exists() {
            return Err(OpenError::NotEnrolled { path: folder.path().to_owned() });
        }
        let journal = Journal::open(Settings {
            path: folder.journal(),
            counter: folder.counter(),
            me,
            key: vault.identity(),
            deployment: owner.deployment,
            roster: genesis.roster.clone(),
        })?;
        let mut policy = Policy::from_genesis(&genesis);
        for (version, adopted) in journal.policy_versions()? {
            policy.append_at(version, adopted).map_err(|error| OpenError::Policy(Box::new(error)))?;
        }
        Ok(Self { folder, genesis, vault, journal, policy, me })
    }

    /// What a co-signer at work is put together from. The folder stays locked as long as what is returned first lives.
    pub fn into_parts(self, config: &Config) -> (Folder, Parts) {
        let Self { folder, vault, journal, policy, me, genesis: _ } = self;
        let parts = Parts {
            me,
            policy,
            journal,
            vault,
            folder: folder.path().to_owned(),
            gateways: config.gateways.clone(),
            sessions: config.sessions,
            timing: session::Timing::default(),
            ceremony_timing: ceremony::Timing::default(),
        };
        (folder, parts)
    }
}

pub(super) fn read_genesis(path: &Path) -> Result<Genesis, OpenError> {
    let text =
        std::fs::read_to_string(path).map_err(|cause| OpenError::Read { path: path.to_owned(), cause })?;
    // The one line end that editors add is not the deployment's.
    Genesis::parse(text.strip_suffix('\n').unwrap_or(&text))
        .map_err(|cause| OpenError::Genesis { path: path.to_owned(), cause: Box::new(cause) })
}

/// Our seat: index, name and key must all be the configured one's.
pub(super) fn seat_of<'a>(
    genesis: &'a Genesis,
    config: &Config,
    own: &PublicKey,
) -> Result<&'a Seat, OpenError> {
    let index = config.index;
    let seat = genesis.roster.seat(index).ok_or(OpenError::NoSeat(index))?;
    if seat.key != *own {
        return Err(OpenError::OtherKey { index, listed: seat.key, own: *own });
    }
    if seat.name != config.name {
        let (listed, configured) = (seat.name.clone(), config.name.clone());
        return Err(OpenError::OtherName { index, listed, configured });
    }
    Ok(seat)
}
