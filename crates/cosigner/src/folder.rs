//! The folder in which a co-signer keeps everything: one process at a time, readable by its owner alone.
//!
//! ```text
//! folder/lock                         held by the process that runs on it
//! folder/vault/key.sealed             opens with the passphrase
//! folder/vault/identity.sealed        opens with the key in key.sealed, as all others do
//! folder/vault/share-<wallet>-<epoch>.sealed
//! folder/journal.redb
//! counter_folder/head                 outside the backup set
//! ```

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Why a folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The operating system refused.
    #[error("{} can't be {step}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        step: &'static str,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// Another process is at work in it.
    #[error("another process runs on {}: two on one folder would sign twice", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// Others on the machine can read or write it.
    #[error("{} is open to other users (mode {mode:o}): make it 700", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// There is something in it already.
    #[error("{} is not empty: a new co-signer needs a folder of its own", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A counter that is backed up and restored with the journal remembers nothing.
    #[error("the counter folder {} lies inside {}: it must be outside of what is backed up", counter.display(), folder.display())]
    CounterInside {
        /// The counter's folder.
        counter: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
}

/// A folder that this process holds. Released when dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    counter: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder, which must not exist or be empty, and the counter's, and takes hold of it.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn create(path: &Path, counter_folder: &Path) -> Result<Self, FolderError> {
        make(path)?;
        let mut inside = std::fs::read_dir(path).map_err(failed(path, "read"))?;
        if inside.next().is_some() {
            return Err(FolderError::NotEmpty { path: path.to_owned() });
        }
        make(counter_folder)?;
        let folder = Self::open(path, counter_folder)?;
        make(&folder.vault())?;
        Ok(folder)
    }

    /// Takes hold of an existing folder.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open(path: &Path, counter_folder: &Path) -> Result<Self, FolderError> {
        let mode = std::fs::metadata(path).map_err(failed(path, "opened"))?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(FolderError::Open { path: path.to_owned(), mode });
        }
        let real = |path: &Path| path.canonicalize().map_err(failed(path, "opened"));
        let (path, counter) = (real(path)?, real(counter_folder)?);
        if counter.starts_with(&path) {
            return Err(FolderError::CounterInside { counter, folder: path });
        }
        let lock_path = path.join("lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(seal::PRIVATE);
        let lock = options.open(&lock_path).map_err(failed(&lock_path, "opened"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, counter, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse { path }),
            Err(TryLockError::Error(cause)) => Err(failed(&lock_path, "locked")(cause)),
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the sealed files are.
    pub fn vault(&self) -> PathBuf {
        self.path.join("vault")
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.redb")
    }

    /// The head counter's file.
    pub fn counter(&self) -> PathBuf {
        self.counter.join("head")
    }
}

fn make(path: &Path) -> Result<(), FolderError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path, "made"))
}

fn failed(path: &Path, step: &'static str) -> impl Fn(std::io::Error) -> FolderError + use<> {
    let path = path.to_owned();
    move |cause| FolderError::Io { path: path.clone(), step, cause }
}

/// Makes sure that key shares in memory end up in no core dump, can't be read by other processes of the same user, and
/// that new files are the owner's alone. Call it first in `main`.
///
/// # Errors
/// What the operating system answers; a co-signer does not run then.
pub fn harden() -> std::io::Result<()> {
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(rustix::process::Resource::Core, none)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn two_processes_cannot_run_on_one_folder() {
        let root = tempfile::tempdir().unwrap();
        let (path, counter) = (root.path().join("a"), root.path().join("counter"));
        let held = Folder::create(&path, &counter).unwrap();
        assert!(matches!(Folder::open(&path, &counter), Err(FolderError::InUse { .. })));
        drop(held);
        assert!(Folder::open(&path, &counter).is_ok());
    }

    #[test]
    fn a_folder_that_others_can_read_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let (path, counter) = (root.path().join("a"), root.path().join("counter"));
        drop(Folder::create(&path, &counter).unwrap());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(Folder::open(&path, &counter), Err(FolderError::Open { mode: 0o750, .. })));
    }

    #[test]
    fn the_counter_cannot_live_in_the_folder_that_is_backed_up() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        let counter = path.join("counter");
        std::fs::create_dir_all(&counter).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        assert!(matches!(Folder::open(&path, &counter), Err(FolderError::CounterInside { .. })));
    }

    #[test]
    fn a_folder_with_something_in_it_is_not_taken_for_a_new_one() {
        let root = tempfile::tempdir().unwrap();
        let (path, counter) = (root.path().join("a"), root.path().join("counter"));
        drop(Folder::create(&path, &counter).unwrap());
        assert!(matches!(Folder::create(&path, &counter), Err(FolderError::NotEmpty { .. })));
    }

    #[test]
    fn a_hardened_process_cannot_be_dumped() {
        harden().unwrap();
        let behaviour = rustix::process::dumpable_behavior().unwrap();
        assert_eq!(behaviour, rustix::process::DumpableBehavior::NotDumpable);
        assert_eq!(rustix::process::getrlimit(rustix::process::Resource::Core).maximum, Some(0));
    }
}
