//! Key shares by wallet and epoch.
//!
//! During a refresh both the old and the new share are kept. Which of them signs is not the vault's to say: the journals
//! tell which epoch is in use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard};

use mpc::{KeyShare, ShareError};
use payout::ids::WalletId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Owner, Vault, VaultError};

/// Why a share is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ShareFault {
    /// The bytes are no share that may be used.
    #[error("not a usable key share")]
    Bytes(#[source] ShareError),
    /// The file opens, but to something else.
    #[error("not a key share's file")]
    Content,
    /// The share is of another party or epoch than it is filed under.
    #[error("the share inside is of party {index}, epoch {epoch}")]
    Misfiled {
        /// The party.
        index: u8,
        /// The epoch.
        epoch: u32,
    },
    /// The file's name says nothing.
    #[error("not a name of a share's file")]
    Name,
    /// An epoch that was retired here, or one older than every share that is held.
    #[error("epoch {offered} is over: shares begin at epoch {first}")]
    Rollback {
        /// The oldest epoch that is taken.
        first: u32,
        /// The epoch that was offered.
        offered: u32,
    },
    /// More refreshes than can be counted.
    #[error("the epoch is out of range")]
    Epoch,
}

/// A share, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The wallet.
    pub wallet: WalletId,
    /// The epoch, from 1.
    pub epoch: u32,
    /// The compressed secp256k1 public key.
    pub public_key: [u8; 33],
    /// The BIP32 chain code.
    pub chain_code: [u8; 32],
    /// How many sign.
    pub threshold: u8,
    /// How many hold a share.
    pub share_count: u8,
    /// What the ceremony printed.
    pub fingerprint: String,
}

/// What a share's file holds, sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    fingerprint: String,
    share: Vec<u8>,
}

impl Drop for Content {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.share);
    }
}

/// The shares in memory.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    shares: BTreeMap<(WalletId, u32), (String, Arc<KeyShare>)>,
    /// The oldest epoch that is taken, by wallet.
    first: BTreeMap<WalletId, u32>,
}

/// The epoch as journal, wire and files count it: 1 for a fresh key.
///
/// # Errors
/// [`ShareFault::Epoch`] after four billion refreshes.
pub fn epoch_of(share: &KeyShare) -> Result<u32, ShareFault> {
    share.epoch().checked_add(1).and_then(|epoch| u32::try_from(epoch).ok()).ok_or(ShareFault::Epoch)
}

impl Vault {
    /// Seals a share, durably. Replaces one of the same wallet and epoch, which a ceremony left unfinished; refuses an
    /// epoch that is over.
    ///
    /// # Errors
    /// [`VaultError::Share`], or the file can't be written.
    pub fn keep(
        &self,
        wallet: WalletId,
        epoch: u32,
        fingerprint: &str,
        share: &KeyShare,
    ) -> Result<(), VaultError> {
        let path = self.share_path(wallet, epoch);
        let plain = share.to_bytes();
        // A copy of our own: shares can't be cloned, and nothing else reads back what was written.
        let own = judge(&plain, self.owner, epoch).map_err(|fault| at(&path, fault))?;
        let mut shelf = self.shelf();
        let first = shelf.first.get(&wallet).copied().unwrap_or(1);
        if epoch < first {
            return Err(at(&path, ShareFault::Rollback { first, offered: epoch }));
        }
        let content = Content { fingerprint: fingerprint.to_owned(), share: plain.to_vec() };
        let bytes = postcard::to_stdvec(&content).expect("a text and bytes always serialise");
        self.write(&path, &Zeroizing::new(bytes), &purpose(self.owner, wallet, epoch))?;
        shelf.shares.insert((wallet, epoch), (fingerprint.to_owned(), Arc::new(own)));
        Ok(())
    }

    /// All shares, of all epochs.
    pub fn held(&self) -> Vec<Held> {
        let shelf = self.shelf();
        let held = shelf.shares.iter().map(|((wallet, epoch), (fingerprint, share))| Held {
            wallet: *wallet,
            epoch: *epoch,
            public_key: share.public_key(),
            chain_code: share.chain_code(),
            threshold: share.threshold(),
            share_count: share.parties(),
            fingerprint: fingerprint.clone(),
        });
        held.collect()
    }

    /// The share of an epoch.
    pub fn share(&self, wallet: WalletId, epoch: u32) -> Option<Arc<KeyShare>> {
        self.shelf().shares.get(&(wallet, epoch)).map(|(_, share)| Arc::clone(share))
    }

    /// Erases a share that never came in use.
    ///
    /// # Errors
    /// [`VaultError::Erase`]; it may be tried again.
    pub fn discard(&self, wallet: WalletId, epoch: u32) -> Result<(), VaultError> {
        self.erase(&mut self.shelf(), wallet, |held| held == epoch)
    }

    /// Erases the shares of this and every earlier epoch, and takes none of them from here on. The journal has
    /// [`crate::journal::Body::EpochRetired`] before.
    ///
    /// # Errors
    /// [`VaultError::Erase`]; it may be tried again.
    pub fn retire(&self, wallet: WalletId, epoch: u32) -> Result<(), VaultError> {
        let mut shelf = self.shelf();
        let first = shelf.first.entry(wallet).or_insert(1);
        *first = (*first).max(epoch.saturating_add(1));
        self.erase(&mut shelf, wallet, |held| held <= epoch)
    }

    /// Opens every share's file. One that was swapped, damaged or misnamed is not passed over.
    pub(super) fn open_shares(&self) -> Result<(), VaultError> {
        let unreadable = |cause| VaultError::Read { path: self.folder.clone(), cause };
        let mut shelf = self.shelf();
        for file in std::fs::read_dir(&self.folder).map_err(unreadable)? {
            let path = file.map_err(unreadable)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(name) = name.strip_prefix("share-").and_then(|name| name.strip_suffix(".sealed")) else {
                continue;
            };
            let (wallet, epoch) = parse_name(name).ok_or_else(|| at(&path, ShareFault::Name))?;
            let plain = self.read(&path, &purpose(self.owner, wallet, epoch))?;
            let content: Content =
                postcard::from_bytes(&plain).map_err(|_| at(&path, ShareFault::Content))?;
            let share = judge(&content.share, self.owner, epoch).map_err(|fault| at(&path, fault))?;
            shelf.shares.insert((wallet, epoch), (content.fingerprint.clone(), Arc::new(share)));
        }
        let mut first = BTreeMap::new();
        for (wallet, epoch) in shelf.shares.keys() {
            // In order: the oldest of a wallet comes first.
            first.entry(*wallet).or_insert(*epoch);
        }
        shelf.first = first;
        Ok(())
    }

    fn erase(
        &self,
        shelf: &mut MutexGuard<'_, Shelf>,
        wallet: WalletId,
        doomed: impl Fn(u32) -> bool,
    ) -> Result<(), VaultError> {
        let held = shelf.shares.range((wallet, 0)..=(wallet, u32::MAX)).map(|((_, epoch), _)| *epoch);
        for epoch in held.filter(|epoch| doomed(*epoch)).collect::<Vec<_>>() {
            let path = self.share_path(wallet, epoch);
            overwrite(&path).map_err(|cause| VaultError::Erase { path, cause })?;
            shelf.shares.remove(&(wallet, epoch));
        }
        Ok(())
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().expect("nothing panics while it holds the shelf")
    }

    fn share_path(&self, wallet: WalletId, epoch: u32) -> PathBuf {
        self.folder.join(format!("share-{wallet}-{epoch}.sealed"))
    }
}

fn judge(bytes: &[u8], owner: Owner, epoch: u32) -> Result<KeyShare, ShareFault> {
    let share = KeyShare::from_bytes(bytes).map_err(ShareFault::Bytes)?;
    let (index, inside) = (share.me().index(), epoch_of(&share)?);
    if (index, inside) == (owner.index, epoch) {
        return Ok(share);
    }
    Err(ShareFault::Misfiled { index, epoch: inside })
}

fn at(path: &Path, fault: ShareFault) -> VaultError {
    VaultError::Share { path: path.to_owned(), fault }
}

/// A disk may keep the old blocks all the same; they are sealed.
fn overwrite(path: &Path) -> std::io::Result<()> {
    let length = usize::try_from(std::fs::metadata(path)?.len()).map_err(std::io::Error::other)?;
    let file = std::fs::OpenOptions::new().write(true).open(path)?;
    std::os::unix::fs::FileExt::write_all_at(&file, &vec![0; length], 0)?;
    file.sync_all()?;
    std::fs::remove_file(path)
}

fn purpose(owner: Owner, wallet: WalletId, epoch: u32) -> String {
    format!("bursar-cosigner/share/{}/{}/{wallet}/{epoch}", owner.deployment, owner.index)
}

fn parse_name(name: &str) -> Option<(WalletId, u32)> {
    let (wallet, epoch) = name.split_once('-')?;
    let (wallet, epoch): (WalletId, u32) = (wallet.parse().ok()?, epoch.parse().ok()?);
    (format!("{wallet}-{epoch}") == name).then_some((wallet, epoch))
}
