//! Taking a copy of a database while it runs, and putting one back.
//!
//! A file copied beside a running gateway may be torn, and an old database file beside a newer log is worse than none:
//! SQLite applies the one to the other. So neither is left to a file manager. What lies beside the database and no copy
//! may bring along (its count of commits) is neither taken nor touched.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use payout::time::Millis;

use crate::dialect;
use crate::error::StoreError;
use crate::lock::Lock;
use crate::read;
use crate::schema;

/// What SQLite keeps beside a database.
const LOGS: [&str; 2] = ["-wal", "-shm"];

/// Why nothing was copied, or nothing put back. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Would replace something.
    #[error("{} exists: name a new file", .0.display())]
    Exists(PathBuf),
    /// The copy is damaged.
    #[error("{} is damaged ({found}): take another copy", path.display())]
    Damaged {
        /// The copy.
        path: PathBuf,
        /// What the database says.
        found: String,
    },
    /// An empty file, or a database from before the first start.
    #[error("{} is no database of Bursar's: name a copy that `bursar backup` wrote", .0.display())]
    Empty(PathBuf),
    /// A file or folder.
    #[error("{} can't be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The database, or the copy.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A copy, put in the place of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBack {
    /// The newest thing that it knows of; `None` when it is empty.
    pub newest: Option<Millis>,
    /// Where the database is now that was there before, if there was one. Its log lies beside it.
    pub aside: Option<PathBuf>,
}

/// Writes a whole and consistent copy of the database at `database` to `to`, which must not exist; on disk when it
/// returns. A gateway may be at work meanwhile.
///
/// # Errors
/// [`CopyError`].
pub async fn copy(database: &Path, to: &Path) -> Result<(), CopyError> {
    if to.exists() {
        return Err(CopyError::Exists(to.to_owned()));
    }
    // Written under another name first: whoever collects copies must not find half of one.
    let half = beside(to, ".part");
    let _left_over = fs::remove_file(&half);
    // It holds API keys, and SQLite would make it for everybody to read.
    private(&half)?;
    let readers = dialect::connect_readers(database).await?;
    let written = dialect::copy_into(&readers, &half).await;
    let _ = readers.close().await;
    if let Err(error) = written {
        let _ = fs::remove_file(&half);
        return Err(error.into());
    }
    sync(&half)?;
    // A hard link refuses what a rename would replace.
    fs::hard_link(&half, to).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => CopyError::Exists(to.to_owned()),
        _ => file(to)(source),
    })?;
    fs::remove_file(&half).map_err(file(&half))?;
    sync(folder(to))
}

/// Puts `copy` in the place of the database at `database`, whose gateway has stopped. What was there is moved aside
/// under a name that ends with `mark`, not removed.
///
/// # Errors
/// [`CopyError`]; [`StoreError::InUse`] while a gateway runs.
pub async fn put_back(copy: &Path, database: &Path, mark: &str) -> Result<PutBack, CopyError> {
    // A copy that was taken as a bare file may need its log; nothing may be written beside a backup.
    let half = beside(database, ".part");
    for suffix in [""].into_iter().chain(LOGS) {
        let (from, to) = (beside(copy, suffix), beside(&half, suffix));
        let _left_over = fs::remove_file(&to);
        // The index of a log is made anew.
        if suffix != "-shm" && from.exists() {
            fs::copy(&from, &to).map_err(file(&from))?;
        }
    }
    let newest = match examine(&half, copy).await {
        Ok(newest) => newest,
        Err(error) => {
            for suffix in [""].into_iter().chain(LOGS) {
                let _ = fs::remove_file(beside(&half, suffix));
            }
            return Err(error);
        }
    };
    for suffix in LOGS {
        // Folded into the file when it was closed.
        let _ = fs::remove_file(beside(&half, suffix));
    }
    private(&half)?;
    sync(&half)?;
    let there = database.exists();
    let lock = Lock::take(database)?;
    let aside = beside(database, &format!(".{mark}"));
    if there && aside.exists() {
        return Err(CopyError::Exists(aside));
    }
    // The log first: should we be stopped here, it lies beside no database at all.
    for suffix in ["-shm", "-wal", ""] {
        let (from, to) = (beside(database, suffix), beside(&aside, suffix));
        match fs::rename(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(file(&from)(source)),
        }
    }
    if !there {
        // The lock had made an empty one.
        let _ = fs::remove_file(&aside);
    }
    fs::rename(&half, database).map_err(file(&half))?;
    sync(folder(database))?;
    drop(lock);
    Ok(PutBack { newest, aside: there.then_some(aside) })
}

/// Looks through the copy `half` of `copy`: whether it is whole, and ours.
async fn examine(half: &Path, copy: &Path) -> Result<Option<Millis>, CopyError> {
    let named = |error: StoreError| match error {
        StoreError::Broken { source, .. } => StoreError::Broken { path: copy.to_owned(), source },
        StoreError::Foreign { .. } => StoreError::Foreign { path: copy.to_owned() },
        other => other,
    };
    if !half.exists() {
        return Err(file(copy)(io::Error::from(io::ErrorKind::NotFound)));
    }
    let connection = dialect::connect_writer(half).await.map_err(named)?;
    let looked = async {
        if let Some(found) = dialect::damage(&connection).await? {
            return Err(CopyError::Damaged { path: copy.to_owned(), found });
        }
        let step = schema::step(&connection, half).await?;
        if step == 0 {
            return Err(CopyError::Empty(copy.to_owned()));
        }
        if step < schema::COUNTS {
            // From before restores were known: nothing more is read from it here.
            return Ok(None);
        }
        Ok(read::restore::newest_write(&connection).await?)
    };
    let looked = looked.await;
    let closed = connection.close().await.map_err(StoreError::from);
    let newest = looked.map_err(|error| match error {
        CopyError::Store(error) => CopyError::Store(named(error)),
        other => other,
    })?;
    closed?;
    Ok(newest)
}

fn private(path: &Path) -> Result<(), CopyError> {
    use std::os::unix::fs::PermissionsExt as _;
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .and_then(|opened| opened.set_permissions(fs::Permissions::from_mode(0o600)))
        .map_err(file(path))
}

fn sync(path: &Path) -> Result<(), CopyError> {
    File::open(path).and_then(|opened| opened.sync_all()).map_err(file(path))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

fn file(path: &Path) -> impl Fn(io::Error) -> CopyError + use<> {
    let path = path.to_owned();
    move |source| CopyError::File { path: path.clone(), source: Arc::new(source) }
}
