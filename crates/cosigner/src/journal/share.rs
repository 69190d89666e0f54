//! What co-signers tell each other of their journals.

use payout::time::Millis;
use wire::message::{JournalHead, SignedEntry};

use super::body::{Body, Facts};
use super::chain::{EntryFault, Place};
use super::disk::{DiskError, Flow};
use super::handle::Journal;
use super::ledger::{Mode, countable};
use super::quarantine::Quarantine;
use super::state::State;
use super::writer::Job;

/// How far an entry's time may lie ahead of our clock, ms. More than that and one of the clocks is wrong.
pub const AHEAD_MS: i64 = 30_000;

/// The most that one message carries: well below a frame.
const ENTRIES: usize = 4096;
const BYTES: usize = 2 * 1024 * 1024;

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

/// Others' entries that were not taken in. Nothing is signed with whoever brought them until that is cleared up.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// An entry is not what it should be.
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
                bytes += entry.body.len() + 160;
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

    /// Takes in entries that `from` brought, whoever wrote them. `heads` is how far the journals reach that it holds:
    /// a quarantined co-signer counts whose it has merged whole.
    ///
    /// Signatures are checked before the lock is taken. Entries before a faulty one are kept.
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
        let mut outcome = Ok(());
        let mut read = Vec::with_capacity(entries.len());
        for entry in entries {
            match self.examine(&entry, clock) {
                Ok(body) => read.push((entry, body)),
                Err(fault) => {
                    outcome = Err(fault);
                    break;
                }
            }
        }
        let mode = if read.len() > BULK { Mode::Bulk } else { Mode::Live };
        let mut state = self.0.change();
        let mut new = Vec::new();
        let mut forgotten = false;
        for (entry, body) in read {
            match place(&mut state, &entry, &body) {
                Ok(Place::Held) => {}
                Ok(Place::Next) if entry.author == state.me && !may_recover(&state) => {
                    forgotten = true;
                }
                Ok(Place::Next) => {
                    state.union.apply(entry.author, entry.at, body, mode);
                    let chain = state.chains.get_mut(&entry.author).expect("placed above");
                    chain.push(entry.clone());
                    new.push(entry);
                }
                Err(fault) => {
                    outcome = Err(fault);
                    break;
                }
            }
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
        outcome?;
        if state.quarantine.is_some() {
            self.count_merged(&mut state, from, heads, clock);
        }
        if forgotten { Err(MergeError::Forgotten { from }) } else { Ok(merged) }
    }

    /// Everything about an entry that needs no lock.
    fn examine(&self, entry: &SignedEntry, clock: Millis) -> Result<Body, EntryFault> {
        let SignedEntry { author, seq, at, .. } = *entry;
        let seat = self.0.settings.roster.seat(author).ok_or(EntryFault::UnknownAuthor(author))?;
        entry.verify(&seat.key).map_err(|_| EntryFault::Signature { author, seq })?;
        let ahead_ms = at.since(clock);
        if ahead_ms > AHEAD_MS {
            return Err(EntryFault::Future { author, seq, ahead_ms });
        }
        let body = read_body(&entry.body).ok_or(EntryFault::Unreadable { author, seq })?;
        let sound = match &body {
            Body::Contribution(contribution)
                if !countable(contribution.facts.amount) || !countable(contribution.facts.fee) =>
            {
                Err(EntryFault::Absurd { author, seq })
            }
            Body::Stop { act } => act.verify().map_err(|_| EntryFault::Forged { author, seq }),
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

    /// Notes that everything `from` holds is held here too; leaves the quarantine when enough have been merged.
    fn count_merged(&self, state: &mut State, from: u8, heads: &[JournalHead], clock: Millis) {
        let covered = !heads.is_empty()
            && heads
                .iter()
                .all(|head| state.chains.get(&head.index).is_some_and(|chain| chain.seq >= head.seq));
        let (me, at) = (state.me, state.time(clock));
        let own_idle = state.own_queued == 0;
        let Some(quarantine) = state.quarantine.as_mut().filter(|_| covered && from != me) else { return };
        quarantine.merged.insert(from);
        if quarantine.is_over() && own_idle {
            let reason = quarantine.reason.clone();
            // The entry, the end of the marker and the counter are one commit; until then the quarantine stands.
            let job = Job {
                own: vec![(Body::Restored { reason }, at)],
                meta: vec![(QUARANTINE, None)],
                ..Job::default()
            };
            drop(self.0.queue(state, job));
        }
    }
}

/// The name under which the reason for a quarantine is stored.
pub(crate) const QUARANTINE: &str = "quarantine";

/// Reads a body in its one encoding.
pub(crate) fn read_body(bytes: &[u8]) -> Option<Body> {
    let (body, rest) = postcard::take_from_bytes::<Body>(bytes).ok()?;
    let canonical = rest.is_empty() && postcard::to_stdvec(&body).ok()? == bytes;
    canonical.then_some(body)
}

fn place(state: &mut State, entry: &SignedEntry, body: &Body) -> Result<Place, EntryFault> {
    let chain = state.chains.get(&entry.author).ok_or(EntryFault::UnknownAuthor(entry.author))?;
    let placed = chain.place(entry, body);
    if let Err(fault @ EntryFault::Equivocation { .. }) = &placed {
        state.raise_alarm(fault.to_string());
    }
    placed
}

/// Own entries come back from others only while nothing of our own is on its way to the disk.
fn may_recover(state: &State) -> bool {
    state.quarantine.is_some() && state.own_queued == 0
}
