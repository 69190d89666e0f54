//! How far this co-signer's own journal reached, kept where no backup looks.
//!
//! A journal that was restored from a copy looks whole: nothing in it says that newer entries existed. This file does,
//! as long as it is not restored along with it, so it lives in a folder of its own, outside the backup set. It is
//! written after each commit and before anybody hears of the entry: a crash in between leaves it behind the journal,
//! which is harmless, and never ahead of it.
//!
//! Two slots are written in turn, in place: a torn write leaves the other one.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use payout::ids::Digest;

const SLOT: usize = 512;
const MAGIC: &str = "bursar head counter 1";
const DOMAIN: &str = "bursar/head-counter/v1";

/// A journal's newest entry, as the counter remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) seq: u64,
    pub(crate) hash: Digest,
}

/// The counter can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the head counter {} can't be {step}", path.display())]
pub struct CounterError {
    /// The file.
    pub path: PathBuf,
    /// `opened`, `read` or `written`.
    pub step: &'static str,
    /// The cause.
    #[source]
    pub cause: std::io::Error,
}

/// The open file.
#[derive(Debug)]
pub(crate) struct Counter {
    path: PathBuf,
    file: File,
    /// Which slot the next write goes to.
    next: usize,
}

impl Counter {
    /// Makes the file; refuses to replace one, whose memory would be lost.
    pub(crate) fn create(path: &Path, start: Reached) -> Result<Self, CounterError> {
        let mut counter = Self::file(path, OpenOptions::new().read(true).write(true).create_new(true))?;
        counter.file.set_len(2 * SLOT as u64).map_err(counter.failed("written"))?;
        counter.write(start)?;
        counter.file.sync_all().map_err(counter.failed("written"))?;
        if let Some(folder) = path.parent() {
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(counter.failed("written"))?;
        }
        Ok(counter)
    }

    /// Opens the file and says what it remembers; `None` when neither slot is whole.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<Reached>), CounterError> {
        let mut counter = Self::file(path, OpenOptions::new().read(true).write(true))?;
        let mut slots = [None, None];
        for (slot, reached) in slots.iter_mut().enumerate() {
            let mut text = [0; SLOT];
            // A short file has no whole slots.
            if counter.file.read_exact_at(&mut text, (slot * SLOT) as u64).is_ok() {
                *reached = parse(&text);
            }
        }
        let seq = |slot: &Option<Reached>| slot.map(|reached| reached.seq);
        let newest = usize::from(seq(&slots[1]) > seq(&slots[0]));
        counter.next = 1 - newest;
        Ok((counter, slots[newest]))
    }

    /// Remembers `reached`; durable when it returns.
    pub(crate) fn write(&mut self, reached: Reached) -> Result<(), CounterError> {
        let written = self.file.write_all_at(&text(reached), (self.next * SLOT) as u64);
        written.and_then(|()| self.file.sync_data()).map_err(self.failed("written"))?;
        self.next = 1 - self.next;
        Ok(())
    }

    fn file(path: &Path, options: &mut OpenOptions) -> Result<Self, CounterError> {
        let file = options.mode(seal::PRIVATE).open(path);
        let failed = |cause| CounterError { path: path.to_owned(), step: "opened", cause };
        Ok(Self { path: path.to_owned(), file: file.map_err(failed)?, next: 0 })
    }

    fn failed(&self, step: &'static str) -> impl Fn(std::io::Error) -> CounterError + use<> {
        let path = self.path.clone();
        move |cause| CounterError { path: path.clone(), step, cause }
    }
}

fn sum(seq: &str, hash: &str) -> Digest {
    Digest::of(DOMAIN, &[seq.as_bytes(), hash.as_bytes()])
}

/// One slot: a line that a person can read, padded with spaces.
fn text(reached: Reached) -> [u8; SLOT] {
    let (seq, hash) = (reached.seq.to_string(), reached.hash.to_string());
    let line = format!("{MAGIC} {seq} {hash} {}\n", sum(&seq, &hash));
    let mut slot = [b' '; SLOT];
    slot[..line.len()].copy_from_slice(line.as_bytes());
    slot
}

fn parse(slot: &[u8; SLOT]) -> Option<Reached> {
    let text = std::str::from_utf8(slot).ok()?;
    let mut words = text.strip_prefix(MAGIC)?.split_ascii_whitespace();
    let (seq, hash, found) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || sum(seq, hash).to_string() != found {
        return None;
    }
    Some(Reached { seq: seq.parse().ok()?, hash: hash.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(seq: u64) -> Reached {
        Reached { seq, hash: Digest::of("test", &[&seq.to_be_bytes()]) }
    }

    #[test]
    fn the_newest_write_is_what_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("head");
        let mut counter = Counter::create(&path, reached(0)).unwrap();
        for seq in 1..6 {
            counter.write(reached(seq)).unwrap();
            let (_, found) = Counter::open(&path).unwrap();
            assert_eq!(found, Some(reached(seq)));
        }
    }

    #[test]
    fn a_torn_write_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("head");
        let mut counter = Counter::create(&path, reached(0)).unwrap();
        counter.write(reached(1)).unwrap();
        counter.write(reached(2)).unwrap();
        // The third write would go over the slot of the first; half of it arrives.
        counter.file.write_all_at(&text(reached(3))[..100], (counter.next * SLOT) as u64).unwrap();
        let (_, found) = Counter::open(&path).unwrap();
        assert_eq!(found, Some(reached(2)));
    }

    #[test]
    fn an_existing_counter_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("head");
        Counter::create(&path, reached(7)).unwrap();
        assert!(Counter::create(&path, reached(0)).is_err());
    }
}
