//! How many commits this database has seen, kept beside it, where no copy of the one file brings it along.
//!
//! A database that was restored from a copy looks whole: nothing in it says that newer commits existed. This file does.
//! It is written after each commit and never synced: a loss of power leaves it behind the database, which is harmless,
//! and never ahead of it. A restored database is found behind it, or without it on another host.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use payout::ids::Digest;
use sea_orm::{ColumnTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::error::StoreError;
use crate::schema::Before;
use crate::schema::entity::commits;

const LENGTH: usize = 128;
const MAGIC: &str = "bursar commits 1";
const DOMAIN: &str = "bursar/commit-count/v1";

/// The open file.
#[derive(Debug)]
pub(crate) struct Head {
    path: PathBuf,
    file: File,
}

/// What comparing the database with the file came to.
#[derive(Debug)]
pub(crate) struct Compared {
    /// The file, from now on.
    pub(crate) head: Head,
    /// What the next commit counts on from.
    pub(crate) count: i64,
    /// Why the database may be an old copy, if it may.
    pub(crate) doubt: Option<String>,
}

impl Head {
    /// Compares the database at `path` with what the file beside it remembers. Whoever holds the lock may.
    pub(crate) async fn compare(
        path: &Path,
        before: Before,
        writer: &DatabaseConnection,
    ) -> Result<Compared, StoreError> {
        let row = commits::Entity::find_by_id(1).one(writer).await?;
        let stored = row.map_or(0, |row| row.count);
        let file = head_path(path);
        let remembered = match std::fs::read(&file) {
            Ok(bytes) => Some(parse(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(StoreError::Unreachable { path: file, source: Arc::new(source) }),
        };
        let doubt = doubt(before, stored, remembered, &file);
        // Above everything that was ever counted, so that an even older copy is found out as well.
        let count = stored.max(remembered.flatten().unwrap_or(0));
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&file);
        let opened =
            opened.map_err(|source| StoreError::Unreachable { path: file.clone(), source: Arc::new(source) });
        Ok(Compared { head: Self { path: file, file: opened? }, count, doubt })
    }

    /// The same as [`Self::write`], and on disk when it returns: the file may be new.
    pub(crate) fn begin(&self, count: i64) {
        self.write(count);
        if let Err(error) = self.file.sync_all() {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(file = %self.path.display(), error, "the count of commits was not synced");
        }
    }

    /// Remembers `count`. A failure leaves the file behind the database: the next start knows no less for it.
    pub(crate) fn write(&self, count: i64) {
        if let Err(error) = self.file.write_all_at(&text(count), 0) {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(file = %self.path.display(), error, "the count of commits was not written");
        }
    }
}

fn doubt(before: Before, stored: i64, remembered: Option<Option<i64>>, file: &Path) -> Option<String> {
    let file = file.display();
    match (before, remembered) {
        (Before::Nothing | Before::Uncounted, None) => None,
        (Before::Counted, None) => {
            Some(format!("{file} is missing, so the database may be a copy from another place"))
        }
        (Before::Counted, Some(Some(count))) if count <= stored => None,
        (_, Some(Some(count))) => Some(format!(
            "the database has seen {stored} commits and {file} remembers {count}: it is an old copy"
        )),
        (_, Some(None)) => Some(format!("{file} can't be read, so the database may be an old copy")),
    }
}

/// Counts a commit, in its own transaction. Returns how many rows that has changed.
pub(crate) async fn count(tx: &DatabaseTransaction, count: i64) -> Result<u64, StoreError> {
    // One text for all counts: it is prepared once.
    let done = commits::Entity::update_many()
        .col_expr(commits::Column::Count, count.into())
        .filter(commits::Column::Id.eq(1))
        .exec(tx)
        .await?;
    Ok(done.rows_affected)
}

fn head_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".head");
    PathBuf::from(path)
}

fn sum(count: &str) -> Digest {
    Digest::of(DOMAIN, &[count.as_bytes()])
}

/// A line that a person can read, always of the same length.
fn text(count: i64) -> [u8; LENGTH] {
    let count = count.to_string();
    let line = format!("{MAGIC} {count} {}", sum(&count));
    let mut text = [b' '; LENGTH];
    text[..line.len()].copy_from_slice(line.as_bytes());
    text[LENGTH - 1] = b'\n';
    text
}

fn parse(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?.strip_prefix(MAGIC)?;
    let (count, found) = text.trim().split_once(' ')?;
    (sum(count).to_string() == found).then(|| count.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(before: Before, stored: i64, remembered: Option<Option<i64>>) -> bool {
        doubt(before, stored, remembered, Path::new("bursar.db.head")).is_some()
    }

    #[test]
    fn a_count_is_read_back_and_a_damaged_one_is_not() {
        for count in [0, 7, i64::MAX] {
            assert_eq!(parse(&text(count)), Some(count));
        }
        let mut torn = text(123);
        torn[MAGIC.len() + 1] = b'9';
        assert_eq!(parse(&torn), None);
        assert_eq!(parse(&text(123)[..40]), None);
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn only_a_database_that_is_level_with_the_file_or_beyond_it_is_trusted() {
        assert!(!asked(Before::Counted, 7, Some(Some(7))));
        assert!(!asked(Before::Counted, 8, Some(Some(7))), "a loss of power leaves the file behind");
        assert!(asked(Before::Counted, 6, Some(Some(7))));
        assert!(asked(Before::Counted, 7, None));
        assert!(asked(Before::Counted, 7, Some(None)));
    }

    #[test]
    fn a_new_database_beside_an_old_file_is_the_oldest_copy_of_all() {
        assert!(!asked(Before::Nothing, 0, None));
        assert!(!asked(Before::Uncounted, 0, None), "there was nothing to remember before the upgrade");
        assert!(asked(Before::Nothing, 0, Some(Some(7))));
        assert!(asked(Before::Uncounted, 0, Some(Some(7))));
    }
}
