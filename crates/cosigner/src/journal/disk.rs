//! The journal's file: one redb database. Each record carries a sum over its bytes, because the hash chain does not
//! cover signatures and the database checks its pages only after a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use payout::ids::Digest;
use payout::policy::SignedVersion;
use payout::time::Millis;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use wire::message::SignedEntry;

use super::recall::ROOM;

const ENTRIES: TableDefinition<'_, (u8, u64), &[u8]> = TableDefinition::new("entries");
const POLICY: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("policy");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// What own contributions were made for, by the number of their entry.
const PAPERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("papers");
/// What came of them.
const SIGNATURES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("signatures");
const RECORD_DOMAIN: &str = "bursar/journal-record/v1";
const SUM: usize = 32;

/// How many bytes all papers have together.
const PAPERS_HELD: &str = "papers held";

/// The file's layout.
const FORMAT: &[u8] = b"1";

/// The journal's file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The database refused.
    #[error("the journal {} can't be {step}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What was tried.
        step: &'static str,
        /// The cause.
        #[source]
        cause: Box<redb::Error>,
    },
    /// A record is not what was written.
    #[error(
        "the journal {} is damaged at entry {seq} of co-signer {author}: restore it from a backup (it will start quarantined)",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Whose entry.
        author: u8,
        /// Its number.
        seq: u64,
    },
    /// Something else in the file is not what was written.
    #[error("the journal {} is damaged: {what}; restore it from a backup (it will start quarantined)", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What.
        what: &'static str,
    },
    /// Made by a newer program, or no journal.
    #[error("{} is not a journal that this version knows: use the version that wrote it", path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// Would replace a journal.
    #[error("there is a journal at {} already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
}

/// Everything that one commit writes.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) entries: Vec<SignedEntry>,
    /// With the time of adoption.
    pub(crate) policy: Vec<(SignedVersion, Millis)>,
    pub(crate) meta: Vec<(&'static str, Option<Vec<u8>>)>,
    /// By the number of their own entry.
    pub(crate) papers: Vec<(u64, Vec<u8>)>,
    pub(crate) signatures: Vec<(u64, Vec<u8>)>,
}

/// A request as it is kept, and the signature that came of it if it is known.
pub(crate) type Kept = (Vec<u8>, Option<Vec<u8>>);

/// The open file. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    path: Arc<PathBuf>,
    database: Arc<Guarded>,
}

/// Closing a damaged database may panic as well.
#[derive(Debug)]
struct Guarded(Option<Database>);

impl std::ops::Deref for Guarded {
    type Target = Database;
    fn deref(&self) -> &Database {
        self.0.as_ref().expect("only dropping takes it")
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let database = self.0.take();
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(database))).is_err() {
            tracing::error!("the journal's database could not be closed: it is damaged");
        }
    }
}

impl Disk {
    pub(crate) fn create(path: &Path) -> Result<Self, DiskError> {
        if path.exists() {
            return Err(DiskError::Exists { path: path.to_owned() });
        }
        let database = Database::create(path).map_err(|cause| failed(path, "created")(cause.into()))?;
        let disk = Self { path: Arc::new(path.to_owned()), database: Arc::new(Guarded(Some(database))) };
        disk.write(&Batch { meta: vec![("format", Some(FORMAT.to_vec()))], ..Batch::default() })?;
        Ok(disk)
    }

    pub(crate) fn open(path: &Path) -> Result<Self, DiskError> {
        let database = guarded(path, "opened", || Database::open(path).map_err(Into::into))?;
        let disk = Self { path: Arc::new(path.to_owned()), database: Arc::new(Guarded(Some(database))) };
        match disk.meta("format")? {
            Some(format) if format == FORMAT => Ok(disk),
            _ => Err(DiskError::Format { path: path.to_owned() }),
        }
    }

    /// One durable transaction.
    pub(crate) fn write(&self, batch: &Batch) -> Result<(), DiskError> {
        guarded(&self.path, "written", || {
            let transaction = self.database.begin_write()?;
            {
                let mut entries = transaction.open_table(ENTRIES)?;
                for entry in &batch.entries {
                    entries.insert((entry.author, entry.seq), record(entry).as_slice())?;
                }
                let mut policy = transaction.open_table(POLICY)?;
                let mut place = policy.last()?.map_or(0, |(place, _)| place.value());
                for version in &batch.policy {
                    place += 1;
                    policy.insert(place, record(version).as_slice())?;
                }
                let mut meta = transaction.open_table(META)?;
                for (name, value) in &batch.meta {
                    match value {
                        Some(value) => meta.insert(*name, value.as_slice())?,
                        None => meta.remove(*name)?,
                    };
                }
            }
            write_papers(&transaction, batch, ROOM)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// What an own contribution was made for, and the signature that came of it if it is known. `None` when it is not
    /// kept.
    pub(crate) fn paper(&self, entry: u64) -> Result<Option<Kept>, DiskError> {
        let found = guarded(&self.path, "read", || {
            let transaction = self.database.begin_read()?;
            let look = |table: TableDefinition<'_, u64, &[u8]>| match transaction.open_table(table) {
                Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
                table => {
                    let found = table?.get(entry)?;
                    Ok::<_, redb::Error>(found.map(|value| value.value().to_vec()))
                }
            };
            Ok((look(PAPERS)?, look(SIGNATURES)?))
        })?;
        let whole =
            |bytes: Vec<u8>| unsealed(&bytes).map(<[u8]>::to_vec).ok_or_else(|| self.broken("a request"));
        let (paper, signature) = found;
        match paper {
            None => Ok(None),
            Some(paper) => Ok(Some((whole(paper)?, signature.map(whole).transpose()?))),
        }
    }

    /// Something in the file is not what was written.
    pub(crate) fn broken(&self, what: &'static str) -> DiskError {
        DiskError::Broken { path: self.path.to_path_buf(), what }
    }

    /// All entries of an author after `seq`, oldest first, until `take` says stop.
    pub(crate) fn entries_after(
        &self,
        author: u8,
        seq: u64,
        mut take: impl FnMut(SignedEntry) -> Flow,
    ) -> Result<(), DiskError> {
        let Some(first) = seq.checked_add(1) else { return Ok(()) };
        let mut records = Vec::new();
        // Records leave the guard before they are looked at: a panic inside it means a broken file, not a broken rule.
        let mut from = first;
        loop {
            records.clear();
            guarded(&self.path, "read", || {
                let transaction = self.database.begin_read()?;
                let table = transaction.open_table(ENTRIES)?;
                for row in table.range((author, from)..=(author, u64::MAX))?.take(1024) {
                    let (key, value) = row?;
                    records.push((key.value().1, value.value().to_vec()));
                }
                Ok(())
            })?;
            let Some((last, _)) = records.last() else { return Ok(()) };
            let next = last.checked_add(1);
            for (seq, bytes) in records.drain(..) {
                let entry: Option<SignedEntry> = read(&bytes);
                let entry = entry.filter(|entry| (entry.author, entry.seq) == (author, seq));
                let damaged = || DiskError::Damaged { path: self.path.to_path_buf(), author, seq };
                if take(entry.ok_or_else(damaged)?) == Flow::Stop {
                    return Ok(());
                }
            }
            match next {
                None => return Ok(()),
                Some(next) => from = next,
            }
        }
    }

    /// The adopted policy versions in the order of their adoption, each with its time.
    pub(crate) fn policy(&self) -> Result<Vec<(SignedVersion, Millis)>, DiskError> {
        let mut records = Vec::new();
        guarded(&self.path, "read", || {
            let transaction = self.database.begin_read()?;
            let table = transaction.open_table(POLICY)?;
            for row in table.iter()? {
                let (_, value) = row?;
                records.push(value.value().to_vec());
            }
            Ok(())
        })?;
        records.iter().map(|bytes| read(bytes).ok_or_else(|| self.broken("a policy version"))).collect()
    }

    pub(crate) fn meta(&self, name: &'static str) -> Result<Option<Vec<u8>>, DiskError> {
        guarded(&self.path, "read", || {
            let transaction = self.database.begin_read()?;
            let table = match transaction.open_table(META) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
                table => table?,
            };
            Ok(table.get(name)?.map(|value| value.value().to_vec()))
        })
    }
}

/// Whether a reader wants more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Go on.
    More,
    /// Enough.
    Stop,
}

fn failed(path: &Path, step: &'static str) -> impl Fn(redb::Error) -> DiskError {
    let path = path.to_owned();
    move |cause| DiskError::Database { path: path.clone(), step, cause: Box::new(cause) }
}

/// The database panics on some kinds of damage; that is a broken file, and not the end of the process without a word.
fn guarded<T>(
    path: &Path,
    step: &'static str,
    work: impl FnOnce() -> Result<T, redb::Error>,
) -> Result<T, DiskError> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(failed(path, step)),
        Err(_) => Err(DiskError::Broken { path: path.to_owned(), what: "its pages" }),
    }
}

/// Papers and signatures, and the oldest of them go: all together have so many bytes at most, whoever makes them long.
fn write_papers(transaction: &redb::WriteTransaction, batch: &Batch, room: u64) -> Result<(), redb::Error> {
    if batch.papers.is_empty() && batch.signatures.is_empty() {
        return Ok(());
    }
    let mut papers = transaction.open_table(PAPERS)?;
    let mut signatures = transaction.open_table(SIGNATURES)?;
    let mut meta = transaction.open_table(META)?;
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let count = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes).ok();
    let mut held = meta.get(PAPERS_HELD)?.and_then(|bytes| count(bytes.value())).unwrap_or(0);
    for (entry, paper) in &batch.papers {
        let record = sealed(paper.clone());
        held = held.saturating_add(length(&record));
        papers.insert(entry, record.as_slice())?;
    }
    for (entry, signature) in &batch.signatures {
        // What was signed is of no use without what for, and would never go again.
        if papers.get(entry)?.is_none() {
            continue;
        }
        signatures.insert(entry, sealed(signature.clone()).as_slice())?;
    }
    while held > room {
        let Some((oldest, freed)) =
            papers.pop_first()?.map(|(entry, paper)| (entry.value(), length(paper.value())))
        else {
            break;
        };
        held = held.saturating_sub(freed);
        signatures.remove(oldest)?;
    }
    meta.insert(PAPERS_HELD, held.to_be_bytes().as_slice())?;
    Ok(())
}

/// With a sum over it.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = Digest::of(RECORD_DOMAIN, &[&bytes]);
    bytes.extend_from_slice(sum.as_bytes());
    bytes
}

/// Without it; `None` when it is not the sum.
fn unsealed(record: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = record.split_at_checked(record.len().checked_sub(SUM)?)?;
    (Digest::of(RECORD_DOMAIN, &[bytes]).as_bytes() == sum).then_some(bytes)
}

fn record<T: serde::Serialize>(value: &T) -> Vec<u8> {
    sealed(postcard::to_stdvec(value).expect("entries have no maps, floats or foreign code"))
}

fn read<T: serde::de::DeserializeOwned>(record: &[u8]) -> Option<T> {
    postcard::from_bytes(unsealed(record)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::LONGEST;

    #[test]
    fn the_oldest_papers_go_when_there_is_no_room_and_their_signatures_with_them() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::create(&folder.path().join("journal.redb")).unwrap();
        for entry in 1..=9 {
            let transaction = disk.database.begin_write().unwrap();
            let papers = vec![(entry, vec![1; 100])];
            let batch = Batch { papers, signatures: vec![(entry, vec![2; 65])], ..Batch::default() };
            // Room for three, each with its sum.
            write_papers(&transaction, &batch, 3 * 132).unwrap();
            transaction.commit().unwrap();
        }
        let held: Vec<u64> = (1..=9).filter(|entry| disk.paper(*entry).unwrap().is_some()).collect();
        assert_eq!(held, [7, 8, 9]);
        // One that comes late, when its paper has gone.
        let transaction = disk.database.begin_write().unwrap();
        let late = Batch { signatures: vec![(1, vec![2; 65])], ..Batch::default() };
        write_papers(&transaction, &late, 3 * 132).unwrap();
        transaction.commit().unwrap();
        let transaction = disk.database.begin_read().unwrap();
        let signatures = transaction.open_table(SIGNATURES).unwrap();
        assert_eq!(signatures.iter().unwrap().count(), 3);
    }

    #[test]
    fn a_gateway_that_pads_its_requests_fills_no_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.redb");
        let disk = Disk::create(&path).unwrap();
        let room = 20 * u64::try_from(LONGEST).unwrap();
        let mut entry = 0;
        // Ten times as much as there is room for, each as long as may be.
        for _ in 0..20 {
            let transaction = disk.database.begin_write().unwrap();
            let papers = (0..10).map(|more| (entry + more, vec![0xaa; LONGEST])).collect();
            write_papers(&transaction, &Batch { papers, ..Batch::default() }, room).unwrap();
            transaction.commit().unwrap();
            entry += 10;
        }
        let held = (0..entry).filter(|entry| disk.paper(*entry).unwrap().is_some()).count();
        assert!((18..=20).contains(&held), "{held}");
        // Each page of the file may be there twice, and what one commit brings.
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert!(bytes < 4 * room, "{bytes} bytes for {room}");
    }
}
