//! What co-signers tell each other of their journals.

use std::collections::BTreeMap;

use payout::approval::FreezeOrder;
use payout::policy::{FREEZE_AHEAD_MS, MAX_REASON_CHARS};
use payout::time::{CLOCK_SKEW_MS, Millis};
use wire::message::{JournalHead, SignedEntry};

use super::chain::{EntryFault, Place};
use super::disk::{DiskError, Flow};
use super::handle::Journal;
use super::ledger::{Mode, countable};
use super::open::inheritance;
use super::quarantine::Quarantine;
use super::state::State;
use super::writer::Job;
use wire::journal::{Body, Facts};

/// The most that one message carries: well below a frame.
const ENTRIES: usize = 4096;
const BYTES: usize = 2 * 1024 * 1024;

/// The longest body of an entry, bytes: several times what the longest honest one has. A longer one would not fit into
/// a message beside others and cut off whoever holds it from whoever lacks it.
const MAX_BODY: usize = 64 * 1024;

/// What an entry takes beside its body: author, number, hash, time and signature.
const ENTRY_BYTES: u64 = 160;

/// How many entries at once are a bulk read.
const BULK: usize = 512;

/// What a peer is told: taken in one moment, so that a session in flight is either among the claims or among the
/// entries.
#[derive(Debug, Clone)]
pub struct Share {
    /// Entries that the peer lacks, in order for each author.
    pub entries: Vec<SignedEntry>,
    /// What this co-signer has in flight.
    pub claims: Vec<Facts>,
    /// Whether these are all entries. If not, ask again with the new heads, and check nothing before.
    pub rest: Rest,
}

/// Whether there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// That was all.
    Nothing,
    /// More than one message carries.
    More,
}

/// What merging came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    /// How many entries were new.
    pub new: usize,
}

/// Others' entries that were not taken in.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// An entry is not what it should be. One of the peer's own, if any of them is.
    #[error(transparent)]
    Entry(#[from] EntryFault),
    /// A peer has entries of ours that we have not.
    #[error(
        "co-signer {from} holds entries of this co-signer that it does not know: it was restored from a copy, or runs twice"
    )]
    Forgotten {
        /// Who brought them.
        from: u8,
    },
}

impl MergeError {
    /// Whether nothing may be signed with `peer` over what was merged: something that it did may be missing.
    ///
    /// A fault in the journal of a third is none of its: whatever two honest co-signers did together is in their own
    /// journals, so what a third withholds or contradicts must not come between them.
    pub const fn ends_sessions_with(&self, peer: u8) -> bool {
        match self {
            Self::Entry(fault) => fault.author() == peer,
            Self::Forgotten { .. } => true,
        }
    }
}

impl Journal {
    /// Entries that whoever has these heads lacks, and what is in flight here.
    ///
    /// # Errors
    /// [`DiskError`] when old entries can't be read back.
    pub fn share(&self, theirs: &[JournalHead]) -> Result<Share, DiskError> {
        let state = self.0.read();
        let claims = state.claims.values().cloned().collect();
        let mut share = Share { entries: Vec::new(), claims, rest: Rest::Nothing };
        let mut bytes = 0;
        for chain in state.chains.values() {
            let from = theirs.iter().find(|head| head.index == chain.author).map_or(0, |head| head.seq);
            let mut take = |entry: &SignedEntry| {
                if share.entries.len() == ENTRIES || bytes > BYTES {
                    share.rest = Rest::More;
                    return Flow::Stop;
                }
                bytes += entry.body.len() + ENTRY_BYTES as usize;
                share.entries.push(entry.clone());
                Flow::More
            };
            match chain.after(from) {
                Some(mut tail) => {
                    let _ = tail.try_for_each(|entry| match take(entry) {
                        Flow::More => Some(()),
                        Flow::Stop => None,
                    });
                }
                None => self.0.disk.entries_after(chain.author, from, |entry| take(&entry))?,
            }
        }
        Ok(share)
    }

    /// Takes in entries that `from` brought, whoever wrote them. `heads` is how far the journals reach that it holds, by
    /// its own word, or nothing if it has not said: a quarantined co-signer counts whose it has merged whole.
    ///
    /// Signatures are checked before the lock is taken. A faulty entry ends the reading of its author's journal; what
    /// came before it, and the other journals, are kept.
    ///
    /// # Errors
    /// [`MergeError`].
    pub fn merge(
        &self,
        from: u8,
        entries: Vec<SignedEntry>,
        heads: &[JournalHead],
        clock: Millis,
    ) -> Result<Merged, MergeError> {
        let mut unsound = BTreeMap::new();
        let mut read = Vec::with_capacity(entries.len());
        for entry in entries {
            if unsound.contains_key(&entry.author) {
                continue;
            }
            match self.examine(&entry, clock) {
                Ok(body) => read.push((entry, body)),
                Err(fault) => drop(unsound.insert(entry.author, fault)),
            }
        }
        let mode = if read.len() > BULK { Mode::Bulk } else { Mode::Live };
        let mut state = self.0.change();
        let mut new = Vec::new();
        let mut forgotten = false;
        let mut faults = BTreeMap::new();
        for (entry, body) in read {
            if faults.contains_key(&entry.author) {
                continue;
            }
            match place(&mut state, &entry, &body) {
                Ok(Place::Held) => {}
                Ok(Place::Next) if entry.author == state.me && !may_recover(&state) => {
                    forgotten = true;
                }
                Ok(Place::Next) if !is_allowed(&mut state, &entry, clock) => {
                    let SignedEntry { author, seq, .. } = entry;
                    state.raise_alarm(format!(
                        "co-signer {author}'s journal grows faster than any honest one: ask its owner, or take it out"
                    ));
                    faults.insert(author, EntryFault::TooMuch { author, seq });
                }
                Ok(Place::Next) => {
                    state.union.apply(entry.author, entry.at, body, mode);
                    let chain = state.chains.get_mut(&entry.author).expect("placed above");
                    chain.push(entry.clone());
                    new.push(entry);
                }
                Err(fault) => drop(faults.insert(entry.author, fault)),
            }
        }
        for (author, fault) in unsound {
            faults.entry(author).or_insert(fault);
        }
        if mode == Mode::Bulk {
            state.union.settle();
        }
        let merged = Merged { new: new.len() };
        if !new.is_empty() {
            // No need to wait: what others wrote, they will tell again.
            drop(self.0.queue(&mut state, Job { others: new, ..Job::default() }));
        }
        if forgotten && state.quarantine.is_none() {
            self.enter_quarantine(
                &mut state,
                "a peer holds entries of this co-signer that it does not know".to_owned(),
            );
        }
        if state.quarantine.is_some() && !faults.contains_key(&from) {
            self.count_merged(&mut state, from, heads, clock);
        }
        if forgotten {
            return Err(MergeError::Forgotten { from });
        }
        match faults.remove(&from).or_else(|| faults.pop_first().map(|(_, fault)| fault)) {
            Some(fault) => Err(fault.into()),
            None => Ok(merged),
        }
    }

    /// Everything about an entry that needs no lock.
    fn examine(&self, entry: &SignedEntry, clock: Millis) -> Result<Body, EntryFault> {
        let SignedEntry { author, seq, at, .. } = *entry;
        let seat = self.0.settings.roster.seat(author).ok_or(EntryFault::UnknownAuthor(author))?;
        let length = entry.body.len();
        if length > MAX_BODY {
            return Err(EntryFault::TooLong { author, seq, length });
        }
        entry.verify(&seat.key).map_err(|_| EntryFault::Signature { author, seq })?;
        let ahead_ms = at.since(clock);
        if ahead_ms > CLOCK_SKEW_MS {
            return Err(EntryFault::Future { author, seq, ahead_ms });
        }
        let body = Body::from_bytes(&entry.body).ok_or(EntryFault::Unreadable { author, seq })?;
        let sound = match &body {
            Body::Contribution(contribution)
                if !countable(contribution.facts.amount) || !countable(contribution.facts.fee) =>
            {
                Err(EntryFault::Absurd { author, seq })
            }
            Body::Stop { act } => act.verify().map_err(|_| EntryFault::Forged { author, seq }),
            Body::Freeze { order } if !is_taken(order, at) => Err(EntryFault::Order { author, seq }),
            Body::Freeze { order } => order.verify().map_err(|_| EntryFault::Forged { author, seq }),
            Body::Contribution(_)
            | Body::Sight { .. }
            | Body::Never { .. }
            | Body::Ban { .. }
            | Body::PolicyAdopted { .. }
            | Body::Ceremony { .. }
            | Body::EpochRetired { .. }
            | Body::Restored { .. } => Ok(()),
        };
        sound.map(|()| body)
    }

    pub(crate) fn enter_quarantine(&self, state: &mut State, reason: String) {
        state.raise_alarm(format!("quarantined: {reason}"));
        state.quarantine = Some(Quarantine::new(reason.clone(), &self.0.settings.roster));
        let meta = vec![(QUARANTINE, Some(reason.into_bytes()))];
        drop(self.0.queue(state, Job { meta, ..Job::default() }));
    }

    /// Notes that what `from` wrote, and what it holds of ours, is held here too; leaves the quarantine when enough have
    /// been merged. What it holds of a third does not matter: the third may lie to one of us.
    fn count_merged(&self, state: &mut State, from: u8, heads: &[JournalHead], clock: Millis) {
        let reaches = |head: &JournalHead| state.chains.get(&head.index).is_some_and(|c| c.seq >= head.seq);
        let (me, at) = (state.me, state.time(clock));
        let has_spoken = heads.iter().any(|head| head.index == from);
        let ours_and_its = |head: &&JournalHead| head.index == from || head.index == me;
        let whole = from != me && has_spoken && heads.iter().filter(ours_and_its).all(reaches);
        let own_idle = state.own_queued == 0;
        let Some(quarantine) = state.quarantine.as_mut().filter(|_| whole) else { return };
        quarantine.merged.insert(from);
        if quarantine.is_over() && own_idle {
            let reason = quarantine.reason.clone();
            // The entry, the end of the marker and the counter are one commit; until then the quarantine stands.
            let own = std::iter::once(Body::Restored { reason }).chain(std::mem::take(&mut state.untold));
            let job = Job {
                own: own.map(|body| (body, at)).collect(),
                meta: vec![(QUARANTINE, None), inheritance(state)],
                ..Job::default()
            };
            drop(self.0.queue(state, job));
        }
    }
}

/// The name under which the reason for a quarantine is stored.
pub(crate) const QUARANTINE: &str = "quarantine";

fn place(state: &mut State, entry: &SignedEntry, body: &Body) -> Result<Place, EntryFault> {
    let chain = state.chains.get(&entry.author).ok_or(EntryFault::UnknownAuthor(entry.author))?;
    let placed = chain.place(entry, body);
    if let Err(fault @ EntryFault::Equivocation { .. }) = &placed {
        state.raise_alarm(fault.to_string());
    }
    placed
}

/// Whether a co-signer takes an admin's order at this time. Who signed it is judged when it matters.
fn is_taken(order: &FreezeOrder, at: Millis) -> bool {
    order.at.since(at) <= FREEZE_AHEAD_MS && order.reason.chars().count() <= MAX_REASON_CHARS
}

/// Whether so much may be taken in of another's journal now.
fn is_allowed(state: &mut State, entry: &SignedEntry, clock: Millis) -> bool {
    let bytes = u64::try_from(entry.body.len()).unwrap_or(u64::MAX).saturating_add(ENTRY_BYTES);
    state.taken_in.get_mut(&entry.author).is_some_and(|allowance| allowance.take(bytes, clock))
}

/// Own entries come back from others only while nothing of our own is on its way to the disk.
fn may_recover(state: &State) -> bool {
    state.quarantine.is_some() && state.own_queued == 0
}
