//! One gateway, one SQLite file: an advisory lock beside the database.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::StoreError;

/// Held as long as the writer lives; the operating system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the database at `database`, and makes sure that both files are its owner's alone: they hold
    /// API keys.
    pub(crate) fn take(database: &Path) -> Result<Self, StoreError> {
        let unreachable = |path: &Path, error: io::Error| StoreError::Unreachable {
            path: path.to_owned(),
            source: Arc::new(error),
        };
        let path = lock_path(database);
        let file = open(&path).map_err(|error| unreachable(&path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path }),
            Err(TryLockError::Error(error)) => return Err(unreachable(&path, error)),
        }
        open(database).map_err(|error| unreachable(database, error))?;
        Ok(Self { _file: file })
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}
