//! One co-signer's journal as a chain: what may follow what.
//!
//! Entries are numbered without gaps, each naming the hash of the one before; the first names the deployment. A number
//! has two halves: the series and the place in it. A co-signer that was restored from a copy has lost its newest
//! entries, though others may hold them; it goes on in a new series, so that no number ever names two entries.

use std::collections::VecDeque;

use payout::ids::Digest;
use payout::time::Millis;
use wire::message::{JournalHead, SignedEntry};

use wire::journal::Body;

/// How many entries of each author are kept in memory for peers that lack them.
const TAIL: usize = 4096;

/// The bits of a number that count within a series.
const SERIES_BITS: u32 = 32;

/// Why an entry is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    /// Not on the roster.
    #[error("co-signer {0} is not on the roster")]
    UnknownAuthor(u8),
    /// Signed by somebody else, or altered.
    #[error("entry {seq} of co-signer {author} is not signed by it")]
    Signature {
        /// Whose it says it is.
        author: u8,
        /// Its number.
        seq: u64,
    },
    /// Entries in between are missing.
    #[error("entry {found} of co-signer {author} came where {expected} was expected")]
    Gap {
        /// Whose.
        author: u8,
        /// The next number.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// Two entries with one number: the author lies, or runs twice.
    #[error(
        "co-signer {author} has signed two different entries {seq}: it was cloned, restored by hand, or is hostile"
    )]
    Equivocation {
        /// Whose.
        author: u8,
        /// The number.
        seq: u64,
    },
    /// Older than the entry before it.
    #[error("entry {seq} of co-signer {author} is older than the one before it")]
    Backwards {
        /// Whose.
        author: u8,
        /// Its number.
        seq: u64,
    },
    /// From a time that has not come: one of the two clocks is wrong.
    #[error("entry {seq} of co-signer {author} is {ahead_ms} ms ahead of this clock")]
    Future {
        /// Whose.
        author: u8,
        /// Its number.
        seq: u64,
        /// By how much.
        ahead_ms: i64,
    },
    /// Not an entry that this version knows.
    #[error("entry {seq} of co-signer {author} can't be read: it is damaged, or written by a newer version")]
    Unreadable {
        /// Whose.
        author: u8,
        /// Its number.
        seq: u64,
    },
    /// A stop or a freeze that nobody signed. Checked here, so that a flood of them can't slow down every check later.
    #[error("entry {seq} of co-signer {author} carries an act whose signature does not verify")]
    Forged {
        /// Whose.
        author: u8,
        /// Its number.
        seq: u64,
    },
    /// An amount that no coin has.
    #[error("entry {seq} of co-signer {author} counts an amount that no coin has")]
    Absurd {
        /// Whose.
        author: u8,
        /// Its number.
        seq: u64,
    },
    /// An admin's order that an honest co-signer refuses: dated too far ahead, or with a long reason.
    #[error("entry {seq} of co-signer {author} carries an order that it should have refused")]
    Order {
        /// Whose.
        author: u8,
        /// Its number.
        seq: u64,
    },
    /// More than is taken in of one journal in so short a time.
    #[error("entry {seq} of co-signer {author} is not taken in yet: its journal grows too fast")]
    TooMuch {
        /// Whose.
        author: u8,
        /// Its number.
        seq: u64,
    },
    /// So long that it could not be passed on to others.
    #[error("entry {seq} of co-signer {author} has {length} bytes, more than any entry needs")]
    TooLong {
        /// Whose.
        author: u8,
        /// Its number.
        seq: u64,
        /// Of the body, in bytes.
        length: usize,
    },
}

impl EntryFault {
    /// Whose entry it is, by its own word.
    pub const fn author(&self) -> u8 {
        match self {
            Self::UnknownAuthor(author)
            | Self::Signature { author, .. }
            | Self::Gap { author, .. }
            | Self::Equivocation { author, .. }
            | Self::Backwards { author, .. }
            | Self::Future { author, .. }
            | Self::Unreadable { author, .. }
            | Self::Forged { author, .. }
            | Self::Absurd { author, .. }
            | Self::Order { author, .. }
            | Self::TooMuch { author, .. }
            | Self::TooLong { author, .. } => *author,
        }
    }
}

/// An author's chain as far as it is held.
#[derive(Debug)]
pub(crate) struct AuthorChain {
    pub(crate) author: u8,
    pub(crate) seq: u64,
    pub(crate) hash: Digest,
    pub(crate) at: Millis,
    tail: VecDeque<SignedEntry>,
}

/// What an entry is to a chain.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The next one.
    Next,
    /// One that is held already, as far as memory reaches.
    Held,
}

impl AuthorChain {
    pub(crate) fn new(author: u8, deployment: Digest) -> Self {
        Self { author, seq: 0, hash: deployment, at: Millis::default(), tail: VecDeque::new() }
    }

    pub(crate) fn head(&self) -> JournalHead {
        JournalHead { index: self.author, seq: self.seq, hash: self.hash }
    }

    /// Where an entry belongs. `body` is its own, read.
    pub(crate) fn place(&self, entry: &SignedEntry, body: &Body) -> Result<Place, EntryFault> {
        let (author, seq) = (self.author, entry.seq);
        if seq <= self.seq {
            let held = match self.tail.iter().rev().find(|held| held.seq == seq) {
                Some(held) => held.hash() == entry.hash(),
                None => seq != self.seq || entry.hash() == self.hash,
            };
            return if held { Ok(Place::Held) } else { Err(EntryFault::Equivocation { author, seq }) };
        }
        if entry.at < self.at {
            return Err(EntryFault::Backwards { author, seq });
        }
        if matches!(body, Body::Restored { .. }) {
            // What the author lost lies between; its own signature says that it goes on from here.
            return if starts_series(seq) {
                Ok(Place::Next)
            } else {
                Err(EntryFault::Gap {
                    author,
                    expected: next_series(self.seq, Millis::default()),
                    found: seq,
                })
            };
        }
        let expected = self.seq.saturating_add(1);
        if seq != expected {
            return Err(EntryFault::Gap { author, expected, found: seq });
        }
        if entry.previous != self.hash {
            return Err(EntryFault::Equivocation { author, seq: self.seq });
        }
        Ok(Place::Next)
    }

    /// Takes the next entry in, after [`Self::place`] said so.
    pub(crate) fn push(&mut self, entry: SignedEntry) {
        self.seq = entry.seq;
        self.hash = entry.hash();
        self.at = entry.at;
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(entry);
    }

    /// The entries after `seq`, if memory reaches back that far.
    pub(crate) fn after(&self, seq: u64) -> Option<impl Iterator<Item = &SignedEntry>> {
        let reaches = match self.tail.front() {
            None => self.seq <= seq,
            Some(oldest) => oldest.seq <= seq.saturating_add(1),
        };
        reaches.then(|| {
            let first = self.tail.partition_point(|entry| entry.seq <= seq);
            self.tail.range(first..)
        })
    }
}

/// The number that starts the series after the one of `seq`. Named after the time, so that two restores of one copy,
/// neither of which knows of the other, don't start the same series.
pub(crate) fn next_series(seq: u64, now: Millis) -> u64 {
    let seconds = u64::try_from(now.get() / 1000).unwrap_or(0);
    let series = seconds.max((seq >> SERIES_BITS) + 1);
    // Past the year 2106 the time no longer fits in a half; the older series still counts up.
    series.min(u64::from(u32::MAX)) << SERIES_BITS
}

fn starts_series(seq: u64) -> bool {
    seq.trailing_zeros() >= SERIES_BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use payout::key::SecretKey;

    fn key() -> SecretKey {
        SecretKey::from_seed(&[3; 32])
    }

    fn deployment() -> Digest {
        Digest::from_bytes([9; 32])
    }

    fn body(text: &str) -> Body {
        Body::Sight { intent: Digest::of("test", &[text.as_bytes()]) }
    }

    fn entry(chain: &AuthorChain, seq: u64, body: &Body) -> SignedEntry {
        let bytes = postcard::to_stdvec(body).unwrap();
        SignedEntry::sign(&key(), 1, seq, chain.hash, Millis::new(5).unwrap(), bytes)
    }

    fn chain() -> AuthorChain {
        let mut chain = AuthorChain::new(1, deployment());
        for seq in 1..=3 {
            let next = entry(&chain, seq, &body("x"));
            assert_eq!(chain.place(&next, &body("x")), Ok(Place::Next));
            chain.push(next);
        }
        chain
    }

    #[test]
    fn a_gap_is_refused_and_so_is_a_foreign_parent() {
        let chain = chain();
        let gap = entry(&chain, 5, &body("x"));
        assert!(matches!(chain.place(&gap, &body("x")), Err(EntryFault::Gap { expected: 4, found: 5, .. })));
        let mut fork = entry(&chain, 4, &body("x"));
        fork.previous = deployment();
        assert!(matches!(chain.place(&fork, &body("x")), Err(EntryFault::Equivocation { seq: 3, .. })));
    }

    #[test]
    fn two_entries_with_one_number_are_an_alarm() {
        let chain = chain();
        let mut before = AuthorChain::new(1, deployment());
        before.push(entry(&before, 1, &body("x")));
        let other = entry(&before, 2, &body("another"));
        assert!(matches!(
            chain.place(&other, &body("another")),
            Err(EntryFault::Equivocation { seq: 2, .. })
        ));
    }

    #[test]
    fn a_restored_author_goes_on_in_a_new_series_only() {
        let chain = chain();
        let restored = Body::Restored { reason: "test".to_owned() };
        let same = entry(&chain, 4, &restored);
        assert!(matches!(chain.place(&same, &restored), Err(EntryFault::Gap { .. })));
        let seq = next_series(3, Millis::new(1_700_000_000_000).unwrap());
        assert_eq!(seq >> 32, 1_700_000_000);
        let mut later = entry(&chain, seq, &restored);
        later.previous = deployment();
        assert_eq!(chain.place(&later, &restored), Ok(Place::Next));
    }
}
