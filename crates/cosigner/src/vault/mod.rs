//! The vault: this co-signer's identity and its key shares, sealed.
//!
//! The passphrase opens one file, whose content, a random key, opens all others: a change of passphrase rewrites one
//! file, and Argon2id is paid for once. Each file names its purpose in its sealed text, so that a share of one wallet or
//! epoch can't be put in the place of another's.
//!
//! - `shares`: key shares by wallet and epoch.
//! - `backup`: everything in one sealed file, and back; what was restored starts quarantined.

mod backup;
mod shares;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use payout::ids::Digest;
use payout::key::SecretKey;
use seal::{Params, Passphrase, SealError, WriteError};
use zeroize::Zeroizing;

pub use backup::{BackupError, Restored, backup, restore};
pub use shares::{Held, ShareFault, epoch_of};

const KEY_PURPOSE: &str = "bursar-cosigner/vault-key";
const IDENTITY_PURPOSE: &str = "bursar-cosigner/identity";

/// Why the vault can't be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A file can't be read.
    #[error("{} can't be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// A file can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file doesn't open; [`SealError::WrongPassphrase`] among the causes.
    #[error("{} doesn't open: {cause}", path.display())]
    Seal {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: SealError,
    },
    /// A retired share can't be erased.
    #[error("{} can't be erased", path.display())]
    Erase {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// A file opens to something else.
    #[error("{} opens, but does not hold {what}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What was expected.
        what: &'static str,
    },
    /// A key share is refused.
    #[error("{}: {fault}", path.display())]
    Share {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        fault: ShareFault,
    },
    /// There is a vault already.
    #[error("there is a vault in {} already", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
}

/// Whose vault it is: key shares open for one seat of one deployment only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The deployment.
    pub deployment: Digest,
    /// The index on the roster.
    pub index: u8,
}

/// An open vault.
#[derive(Debug)]
pub struct Vault {
    folder: PathBuf,
    key: seal::Key,
    identity: Arc<SecretKey>,
    owner: Owner,
    shelf: Mutex<shares::Shelf>,
}

/// Makes a vault in a folder that has none, for an identity that the caller drew at random. The deployment need not
/// exist yet: its roster will list this identity.
///
/// # Errors
/// [`VaultError`].
pub fn create(
    folder: &Path,
    identity: &SecretKey,
    passphrase: &Passphrase,
    params: Params,
) -> Result<(), VaultError> {
    if key_path(folder).exists() || identity_path(folder).exists() {
        return Err(VaultError::Exists { path: folder.to_owned() });
    }
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *random).map_err(|_| VaultError::NoRandomness)?;
    let key = seal::Key::from_bytes(*random);
    // The identity first: a crash in between leaves a vault that nothing opens, and nothing was said yet.
    let seed = Zeroizing::new(identity.to_seed());
    write_sealed(&identity_path(folder), &*seed, &key, IDENTITY_PURPOSE, params)?;
    write_sealed(&key_path(folder), &*random, passphrase, KEY_PURPOSE, params)
}

/// The identity in a vault, for whoever does not know the deployment yet.
///
/// # Errors
/// [`VaultError::Seal`] with [`SealError::WrongPassphrase`] when the passphrase is another one.
pub fn identity(folder: &Path, passphrase: &Passphrase) -> Result<SecretKey, VaultError> {
    identity_with(folder, &open_key(folder, passphrase)?)
}

impl Vault {
    /// Opens a vault and all key shares in it.
    ///
    /// # Errors
    /// [`VaultError::Seal`] with [`SealError::WrongPassphrase`] when the passphrase is another one, or at the first
    /// share that does not open or is not this owner's.
    pub fn open(folder: &Path, passphrase: &Passphrase, owner: Owner) -> Result<Self, VaultError> {
        let key = open_key(folder, passphrase)?;
        let identity = Arc::new(identity_with(folder, &key)?);
        let vault = Self { folder: folder.to_owned(), key, identity, owner, shelf: Mutex::default() };
        vault.open_shares()?;
        Ok(vault)
    }

    /// Seals the vault's key with another passphrase. The old one opens nothing any more, but for old copies.
    ///
    /// # Errors
    /// [`VaultError`]; the old passphrase still opens the vault then.
    pub fn change_passphrase(
        folder: &Path,
        old: &Passphrase,
        new: &Passphrase,
        params: Params,
    ) -> Result<(), VaultError> {
        let path = key_path(folder);
        let key = seal::open(&read(&path)?, old, KEY_PURPOSE).map_err(sealed(&path))?;
        write_sealed(&path, &key, new, KEY_PURPOSE, params)
    }

    /// Whose vault it is.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// What this co-signer signs its channel, links and journal with.
    pub fn identity(&self) -> Arc<SecretKey> {
        Arc::clone(&self.identity)
    }

    fn write(&self, path: &Path, plain: &[u8], purpose: &str) -> Result<(), VaultError> {
        write_sealed(path, plain, &self.key, purpose, Params::INTERACTIVE)
    }

    fn read(&self, path: &Path, purpose: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        seal::open(&read(path)?, &self.key, purpose).map_err(sealed(path))
    }
}

fn open_key(folder: &Path, passphrase: &Passphrase) -> Result<seal::Key, VaultError> {
    let path = key_path(folder);
    let key = seal::open(&read(&path)?, passphrase, KEY_PURPOSE).map_err(sealed(&path))?;
    let key = Zeroizing::new(exactly_32(&key, &path, "the vault's key")?);
    Ok(seal::Key::from_bytes(*key))
}

fn identity_with(folder: &Path, key: &seal::Key) -> Result<SecretKey, VaultError> {
    let path = identity_path(folder);
    let seed = seal::open(&read(&path)?, key, IDENTITY_PURPOSE).map_err(sealed(&path))?;
    let seed = Zeroizing::new(exactly_32(&seed, &path, "an identity")?);
    Ok(SecretKey::from_seed(&seed))
}

fn key_path(folder: &Path) -> PathBuf {
    folder.join("key.sealed")
}

fn identity_path(folder: &Path) -> PathBuf {
    folder.join("identity.sealed")
}

fn read(path: &Path) -> Result<Vec<u8>, VaultError> {
    std::fs::read(path).map_err(|cause| VaultError::Read { path: path.to_owned(), cause })
}

fn write_sealed<'a>(
    path: &Path,
    plain: &[u8],
    lock: impl Into<seal::Lock<'a>>,
    purpose: &str,
    params: Params,
) -> Result<(), VaultError> {
    let bytes = seal::seal(plain, lock, purpose, params).map_err(sealed(path))?;
    Ok(seal::write_atomically(path, &bytes, seal::PRIVATE)?)
}

fn sealed(path: &Path) -> impl Fn(SealError) -> VaultError + use<> {
    let path = path.to_owned();
    move |cause| VaultError::Seal { path: path.clone(), cause }
}

fn exactly_32(bytes: &[u8], path: &Path, what: &'static str) -> Result<[u8; 32], VaultError> {
    bytes.try_into().map_err(|_| VaultError::Content { path: path.to_owned(), what })
}

#[cfg(test)]
mod tests;
