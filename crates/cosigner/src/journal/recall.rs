//! What this co-signer tells of its own contributions to a gateway that may have forgotten them: its database may have
//! been restored from a copy that is older than they are.
//!
//! Beside each contribution lies what it was made for, written in the same commit: a gateway that has neither intent nor
//! approvals nor bytes could not go on with it. That is kept for the newest contributions only; the entries themselves,
//! by which a token serves one payout for ever, are never dropped.

use wire::journal::Body;
use wire::message::{Paper, Recollection, SignRequest, SignedEntry};

use super::disk::{DiskError, Flow};
use super::handle::Journal;
use super::writer::Job;

/// How many bytes of papers are kept: those of several hundred thousand payouts, more than any copy of a database that
/// somebody restores is behind; and still little of a disk should a gateway make them as long as it may.
pub(crate) const ROOM: u64 = 1024 * 1024 * 1024;

/// The longest request that is kept, bytes; a longer one is not signed. Hundreds of approvals fit.
pub(crate) const LONGEST: usize = 256 * 1024;

/// The most that one answer carries: a quarter of a frame.
const ANSWER_BYTES: usize = 1024 * 1024;
const ANSWER_ENTRIES: usize = 1024;
/// The most entries that are looked at for one answer.
const LOOKED_AT: usize = 16_384;

/// A request as it is kept; `None` when it is too long.
pub(crate) fn paper(request: &SignRequest) -> Option<Vec<u8>> {
    let bytes = postcard::to_stdvec(request).expect("a request has no unserialisable parts");
    (bytes.len() <= LONGEST).then_some(bytes)
}

/// An answer in the making.
struct Answer {
    contributions: Vec<SignedEntry>,
    bytes: usize,
    looked_at: usize,
    reached: u64,
}

impl Answer {
    fn take(&mut self, entry: &SignedEntry) -> Flow {
        let full = self.contributions.len() == ANSWER_ENTRIES || self.bytes > ANSWER_BYTES;
        if full || self.looked_at == LOOKED_AT {
            return Flow::Stop;
        }
        self.looked_at += 1;
        self.reached = entry.seq;
        if matches!(Body::from_bytes(&entry.body), Some(Body::Contribution(_))) {
            self.bytes += entry.body.len() + 160;
            self.contributions.push(entry.clone());
        }
        Flow::More
    }
}

impl Journal {
    /// Our own contributions after `after`, or the first of them.
    ///
    /// # Errors
    /// [`DiskError`] when old entries can't be read back.
    pub fn recall(&self, after: u64) -> Result<Recollection, DiskError> {
        let (newest, tail) = {
            let state = self.0.read();
            let own = state.own();
            (own.seq, own.after(after).map(|tail| tail.take(LOOKED_AT + 1).cloned().collect::<Vec<_>>()))
        };
        let mut answer = Answer { contributions: Vec::new(), bytes: 0, looked_at: 0, reached: after };
        match tail {
            Some(tail) => {
                let _ = tail.iter().try_for_each(|entry| match answer.take(entry) {
                    Flow::More => Some(()),
                    Flow::Stop => None,
                });
            }
            None => self.0.disk.entries_after(self.0.settings.me, after, |entry| answer.take(&entry))?,
        }
        let Answer { contributions, reached, .. } = answer;
        // What became durable while we looked is more to ask for.
        Ok(Recollection { contributions, reached, newest: newest.max(reached) })
    }

    /// What our own contributions with these numbers were made for: those that are kept, in order, up to one answer's
    /// length.
    ///
    /// # Errors
    /// [`DiskError`] when they can't be read.
    pub fn papers(&self, entries: &[u64]) -> Result<Vec<Paper>, DiskError> {
        let mut papers = Vec::new();
        let mut bytes = 0;
        for entry in entries.iter().take(ANSWER_ENTRIES) {
            let Some((paper, signature)) = self.0.disk.paper(*entry)? else { continue };
            bytes += paper.len();
            if bytes > ANSWER_BYTES && !papers.is_empty() {
                break;
            }
            let request = postcard::from_bytes(&paper).map_err(|_| self.0.disk.broken("a request"))?;
            papers.push(Paper { entry: *entry, request, signature });
        }
        Ok(papers)
    }

    /// Keeps the signature that came of a contribution of ours. Nobody waits for it: it goes to the disk with the next
    /// entries, and one that a crash loses is made again.
    pub fn keep_signature(&self, entry: u64, signature: Vec<u8>) {
        self.0.send(Job { signatures: vec![(entry, signature)], ..Job::default() });
    }
}
