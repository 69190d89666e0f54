//! What can be wrong with the database itself. Each message says what to do.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sea_orm::DbErr;

/// The store could not do its work. Nothing was written: a command either commits whole or not at all.
///
/// Clonable, because one failed commit is the answer to every command of its batch.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another gateway holds the lock file of this database.
    #[error(
        "{} is in use by another process: stop the other gateway, or give this one a database of its own",
        path.display()
    )]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// The database was written by a newer Bursar.
    #[error(
        "the database has schema step {found}, this program knows {known}: run the newer program that wrote it, \
         or restore a backup from before the upgrade"
    )]
    Newer {
        /// The newest step in the file.
        found: i32,
        /// The newest step that this program has.
        known: i32,
    },
    /// The file is no SQLite database, or a damaged one.
    #[error(
        "{} is no database or is damaged: keep the file, restore the newest backup to its place, and let the \
         co-signers' journals be imported before anything is signed",
        path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: DbErr,
    },
    /// The file is a database, but not one of Bursar's.
    #[error("{} is a database of some other program: set [store] path to a file of its own", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The folder or file can't be read or written.
    #[error("{} cannot be opened: check that the folder exists and is writable for this user", path.display())]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: Arc<io::Error>,
    },
    /// Somebody else wrote for longer than the busy time-out (a shell, a backup that locks).
    #[error("the database is locked by another program: end it and try again")]
    Locked {
        /// What the database says.
        #[source]
        source: DbErr,
    },
    /// The file was damaged while it was in use.
    #[error(
        "the database is damaged: stop, keep the file, restore the newest backup to its place, and let the \
         co-signers' journals be imported before anything is signed"
    )]
    Damaged {
        /// What the database says.
        #[source]
        source: DbErr,
    },
    /// No room left.
    #[error(
        "the disk of the database is full: make room; nothing was lost, and nothing is accepted meanwhile"
    )]
    DiskFull {
        /// What the database says.
        #[source]
        source: DbErr,
    },
    /// Any other failure of a statement or a commit.
    #[error("the database refused a statement; nothing of it was stored")]
    Database {
        /// What the database says.
        #[source]
        source: DbErr,
    },
    /// A stored row cannot be read back: somebody or something altered it.
    #[error("column {column} of table {table} holds what Bursar never writes: compare with a backup")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Why it can't be read.
        why: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl From<DbErr> for StoreError {
    fn from(source: DbErr) -> Self {
        crate::dialect::classify(source)
    }
}
