//! Everything of a co-signer in one sealed file, and back.
//!
//! The head counter stays out on purpose: whoever restores a copy may have signed more since it was made. So what was
//! restored starts quarantined, and signs when it has merged the journals of n − t + 1 others.

use mpc::KeyShare;
use payout::canonical::NotCanonical;
use payout::ids::WalletId;
use payout::key::SecretKey;
use payout::policy::{Genesis, GenesisError, SignedVersion};
use payout::time::Millis;
use seal::{Params, Passphrase, SealError};
use serde::{Deserialize, Serialize};
use wire::message::SignedEntry;
use zeroize::Zeroizing;

use super::{Held, Owner, ShareFault, Vault, VaultError, epoch_of};
use crate::folder::Folder;
use crate::journal::{Batch, DiskError, Journal, JournalError, Settings};

const PURPOSE: &str = "bursar-cosigner/backup";

/// Why there is no backup, or none that can be restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The journal can't be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The journal can't be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The vault can't be written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The file doesn't open; [`SealError::WrongPassphrase`] among the causes.
    #[error("the backup doesn't open: {0}")]
    Seal(#[from] SealError),
    /// It opens, but is none of this version.
    #[error("the backup is not one that this version knows")]
    Content,
    /// Its genesis is none.
    #[error("the backup's genesis is refused")]
    Genesis(#[source] GenesisError),
    /// A key share in it is refused.
    #[error("a key share in the backup is refused")]
    Share(#[source] ShareFault),
    /// Its identity has no seat on its roster.
    #[error("the backup's identity has no seat on its roster")]
    NoSeat,
}

impl From<NotCanonical> for BackupError {
    fn from(cause: NotCanonical) -> Self {
        Self::Genesis(cause.into())
    }
}

/// Every part in the open; only ever in wiped memory.
#[derive(Serialize, Deserialize)]
struct Content {
    version: u8,
    genesis: String,
    seed: [u8; 32],
    /// Wallet, fingerprint, share.
    shares: Vec<(WalletId, String, Vec<u8>)>,
    entries: Vec<SignedEntry>,
    policy: Vec<(SignedVersion, Millis)>,
}

impl Drop for Content {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.seed.zeroize();
        self.shares.iter_mut().for_each(|(.., bytes)| bytes.zeroize());
    }
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The genesis that the co-signer is pinned to; its text is to be compared with the owner's own copy.
    pub genesis: Genesis,
    /// The seat.
    pub index: u8,
    /// How many journal entries came along.
    pub entries: usize,
    /// How many key shares.
    pub shares: usize,
}

/// Seals identity, shares, genesis, policy and all journals that are held.
///
/// # Errors
/// [`BackupError`].
pub fn backup(
    vault: &Vault,
    journal: &Journal,
    genesis: &Genesis,
    passphrase: &Passphrase,
    params: Params,
) -> Result<Vec<u8>, BackupError> {
    let share = |held: Held| {
        let share = vault.share(held.wallet, held.epoch)?;
        Some((held.wallet, held.fingerprint, share.to_bytes().to_vec()))
    };
    let shares = vault.held().into_iter().filter_map(share).collect();
    let content = Content {
        version: 1,
        genesis: genesis.to_text(),
        seed: vault.identity().to_seed(),
        shares,
        entries: journal.all_entries()?,
        policy: journal.policy_versions()?,
    };
    let plain = postcard::to_stdvec(&content).map(Zeroizing::new).map_err(|_| BackupError::Content)?;
    Ok(seal::seal(&plain, passphrase, PURPOSE, params)?)
}

/// Puts a backup into a folder that was just made. The vault is sealed with `passphrase`, which need not be the
/// backup's.
///
/// # Errors
/// [`BackupError`]; the folder is to be thrown away then.
pub fn restore(
    folder: &Folder,
    sealed: &[u8],
    backup_passphrase: &Passphrase,
    passphrase: &Passphrase,
    params: Params,
) -> Result<Restored, BackupError> {
    let plain = seal::open(sealed, backup_passphrase, PURPOSE)?;
    let (mut content, rest): (Content, _) =
        postcard::take_from_bytes(&plain).map_err(|_| BackupError::Content)?;
    if content.version != 1 || !rest.is_empty() {
        return Err(BackupError::Content);
    }
    let genesis = Genesis::parse(&content.genesis).map_err(BackupError::Genesis)?;
    let identity = SecretKey::from_seed(&content.seed);
    let index = genesis.roster.seat_of(&identity.public()).ok_or(BackupError::NoSeat)?.index;
    let owner = Owner { deployment: genesis.deployment(), index };
    super::create(&folder.vault(), &identity, passphrase, params)?;
    let vault = Vault::open(&folder.vault(), passphrase, owner)?;
    for (wallet, fingerprint, bytes) in &content.shares {
        let share = KeyShare::from_bytes(bytes).map_err(ShareFault::Bytes).map_err(BackupError::Share)?;
        let epoch = epoch_of(&share).map_err(BackupError::Share)?;
        vault.keep(*wallet, epoch, fingerprint, &share)?;
    }
    let settings = Settings {
        path: folder.journal(),
        counter: folder.counter(),
        me: index,
        key: vault.identity(),
        deployment: owner.deployment,
        roster: genesis.roster.clone(),
    };
    let batch = Batch {
        entries: std::mem::take(&mut content.entries),
        policy: std::mem::take(&mut content.policy),
        ..Batch::default()
    };
    let (entries, shares) = (batch.entries.len(), vault.held().len());
    Journal::restore(&settings, batch)?;
    Ok(Restored { genesis, index, entries, shares })
}
