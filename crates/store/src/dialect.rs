//! Everything that is SQLite's: how it is opened, its triggers, its error codes. A second database gets a file of
//! these functions; nothing else in the crate knows which one it talks to.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::error::StoreError;

/// How long a statement waits for another program's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Reads that run side by side; the writer has a connection of its own.
const READERS: u32 = 4;
/// Pages in the log before a commit copies them to the file: larger than the default, so that a burst of accepts is
/// not interrupted by fsyncs of the main file every few milliseconds.
const CHECKPOINT_PAGES: &str = "8000";

/// Bound parameters per statement, below SQLite's 32 766.
pub(crate) const MAX_PARAMETERS: usize = 30_000;

fn options(readers: Option<u32>, path: &Path) -> ConnectOptions {
    let path = path.to_owned();
    // The URL only chooses the driver: a path may hold characters that a URL would spell differently.
    let mut options = ConnectOptions::new("sqlite:database");
    options
        .max_connections(readers.unwrap_or(1))
        .min_connections(1)
        // Statements carry secrets (API keys): they enter no log and no span.
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .filename(&path)
                .create_if_missing(readers.is_none())
                .read_only(readers.is_some())
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: a commit is on disk when it returns, also after a power cut.
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(BUSY_TIMEOUT)
                .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
                .pragma("cache_size", "-65536")
                .pragma("temp_store", "memory")
                // A damaged row must be an error, not a guess.
                .pragma("cell_size_check", "on")
                .pragma("trusted_schema", "off")
        });
    options
}

/// The one connection that writes.
pub(crate) async fn connect_writer(path: &Path) -> Result<DatabaseConnection, StoreError> {
    Database::connect(options(None, path)).await.map_err(|source| opening(path, source))
}

/// The pool that reads. The file must exist.
pub(crate) async fn connect_readers(path: &Path) -> Result<DatabaseConnection, StoreError> {
    Database::connect(options(Some(READERS), path)).await.map_err(|source| opening(path, source))
}

/// A transaction that is the only writer from its first statement on, so that what it reads stays true.
pub(crate) async fn begin(writer: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(writer.begin_with_options(options).await?)
}

/// How many rows a connection has changed since it was opened: the same after a transaction that changed none.
pub(crate) async fn changed_rows(conn: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let sql = "SELECT total_changes()";
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    row.map_or(Ok(-1), |row| row.try_get_by_index(0))
}

/// Writes a consistent copy of the whole database into an empty file. The database may be in use meanwhile; nothing is
/// synced.
pub(crate) async fn copy_into(conn: &impl ConnectionTrait, to: &Path) -> Result<(), StoreError> {
    let to = to.to_str().ok_or_else(|| DbErr::Custom(format!("{} is no UTF-8", to.display())))?;
    let backend = conn.get_database_backend();
    conn.execute_raw(Statement::from_sql_and_values(backend, "VACUUM INTO ?", [to.into()])).await?;
    Ok(())
}

/// What is wrong with the pages of the file, if anything is.
pub(crate) async fn damage(conn: &impl ConnectionTrait) -> Result<Option<String>, StoreError> {
    let sql = "PRAGMA integrity_check(1)";
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    let found: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(found.filter(|found| found != "ok"))
}

/// The names of the tables in the file.
pub(crate) async fn table_names(conn: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}

/// Triggers that refuse to change or delete rows of `table`.
pub(crate) fn append_only(table: &str) -> [String; 2] {
    [refuse("UPDATE", table, ""), refuse("DELETE", table, "")]
}

/// The same, but a row may be deleted once the payout of its column `cid` is in one of these states. Replaces what was
/// said before.
pub(crate) fn append_only_until(table: &str, states: &[&str]) -> [String; 4] {
    let states = states.join("', '");
    let lives =
        format!("WHEN (SELECT state_name FROM payouts WHERE payouts.cid = OLD.cid) NOT IN ('{states}')");
    let forget = |verb: &str| format!("DROP TRIGGER IF EXISTS \"{table}_no_{verb}\"");
    [forget("update"), forget("delete"), refuse("UPDATE", table, ""), refuse("DELETE", table, &lives)]
}

fn refuse(verb: &str, table: &str, when: &str) -> String {
    format!(
        "CREATE TRIGGER \"{table}_no_{}\" BEFORE {verb} ON \"{table}\" {when} \
         BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        verb.to_lowercase()
    )
}

/// SQLite's primary result code (the low byte of the extended one), if the error is SQLite's.
fn code(error: &DbErr) -> Option<u32> {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else { return None };
    let RuntimeErr::SqlxError(cause) = cause else { return None };
    let sqlx::Error::Database(cause) = cause.as_ref() else { return None };
    cause.code()?.parse::<u32>().ok().map(|code| code & 0xff)
}

// https://www.sqlite.org/rescode.html
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const NOT_A_DATABASE: u32 = 26;

/// An error of a statement, as the kind that says what to do.
pub(crate) fn classify(source: DbErr) -> StoreError {
    match code(&source) {
        Some(BUSY | LOCKED) => StoreError::Locked { source },
        Some(FULL) => StoreError::DiskFull { source },
        Some(CORRUPT | NOT_A_DATABASE) => StoreError::Damaged { source },
        _ => StoreError::Database { source },
    }
}

/// An error while opening, where the file itself may be the cause.
pub(crate) fn opening(path: &Path, source: DbErr) -> StoreError {
    match code(&source) {
        Some(CORRUPT | NOT_A_DATABASE) => StoreError::Broken { path: path.to_owned(), source },
        _ => classify(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pragma(conn: &DatabaseConnection, name: &str) -> String {
        let sql = format!("SELECT CAST({name} AS text) FROM pragma_{name}");
        let statement = Statement::from_string(conn.get_database_backend(), sql);
        conn.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    #[tokio::test]
    async fn a_commit_is_on_disk_when_it_returns_and_readers_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a path with ?odd#characters%20.db");
        let writer = connect_writer(&path).await.unwrap();
        writer.execute_unprepared("CREATE TABLE t (x text)").await.unwrap();
        for (name, value) in [("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1")] {
            assert_eq!(pragma(&writer, name).await, value, "{name}");
        }
        let readers = connect_readers(&path).await.unwrap();
        assert!(readers.execute_unprepared("INSERT INTO t VALUES ('1')").await.is_err());
        assert!(path.exists());
    }
}
