//! Making a journal, and opening one: every entry is looked at before anything is signed.

use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use payout::ids::Digest;
use payout::policy::SignedVersion;
use wire::journal::Body;
use wire::message::SignedEntry;

use super::chain::{EntryFault, Place};
use super::counter::{Counter, CounterError, Reached};
use super::disk::{Batch, Disk, DiskError, Flow};
use super::handle::{Inner, Journal, Settings, adopted_entry};
use super::ledger::Mode;
use super::quarantine::Quarantine;
use super::share::QUARANTINE;
use super::state::State;
use super::writer::{Job, Writer};

const DEPLOYMENT: &str = "deployment";
const AUTHOR: &str = "author";
const INHERITED: &str = "inherited";

/// A journal that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The counter's file.
    #[error(transparent)]
    Counter(#[from] CounterError),
    /// An entry does not fit in its chain.
    #[error("the journal {} is damaged: restore it from a backup (it will start quarantined)", path.display())]
    Chain {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        fault: EntryFault,
    },
    /// Belongs to another co-signer or deployment.
    #[error("the journal {} belongs to another {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// `deployment` or `co-signer`.
        what: &'static str,
    },
    /// The settings name no seat of the roster, or a key that is not its.
    #[error("the roster has no co-signer {0} with this identity")]
    NoSeat(u8),
    /// The operating system gave no thread.
    #[error("the journal's thread can't be started")]
    Thread(#[source] std::io::Error),
}

impl Journal {
    /// Makes an empty journal and its counter. Refuses to replace either.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn create(settings: Settings) -> Result<Self, JournalError> {
        check_seat(&settings)?;
        let disk = Disk::create(&settings.path)?;
        let start = Reached { seq: 0, hash: settings.deployment };
        let counter = Counter::create(&settings.counter, start)?;
        disk.write(&whose(&settings))?;
        let state = State::new(settings.me, &settings.roster, settings.deployment);
        Self::start(settings, disk, counter, state)
    }

    /// Makes a journal with the entries of a backup. There is no counter, so it starts quarantined.
    pub(crate) fn restore(settings: &Settings, mut batch: Batch) -> Result<(), JournalError> {
        check_seat(settings)?;
        let disk = Disk::create(&settings.path)?;
        batch.meta.extend(whose(settings).meta);
        batch.meta.push((QUARANTINE, Some(b"restored from a backup".to_vec())));
        Ok(disk.write(&batch)?)
    }

    /// Opens a journal: checks every record, every chain and the newest signature of each author (which covers the
    /// whole chain before it), and compares with the head counter.
    ///
    /// # Errors
    /// [`JournalError`] says what is wrong and what to do.
    pub fn open(settings: Settings) -> Result<Self, JournalError> {
        check_seat(&settings)?;
        let disk = Disk::open(&settings.path)?;
        let foreign = |what| JournalError::Foreign { path: settings.path.clone(), what };
        if disk.meta(DEPLOYMENT)?.as_deref() != Some(settings.deployment.as_bytes()) {
            return Err(foreign("deployment"));
        }
        if disk.meta(AUTHOR)?.as_deref() != Some(&[settings.me]) {
            return Err(foreign("co-signer"));
        }
        let mut state = State::new(settings.me, &settings.roster, settings.deployment);
        let found = settings.counter.exists().then(|| Counter::open(&settings.counter)).transpose()?;
        let reached = found.as_ref().and_then(|(_, reached)| *reached);
        let mut reading =
            Reading { disk: &disk, settings: &settings, state: &mut state, reached, seen: Seen::default() };
        let inherited = inherited(&disk)?;
        // First what counts as our own word since a restore.
        for (author, seq) in inherited.iter().flatten() {
            reading.read(*author, *seq)?;
        }
        if inherited.is_some() {
            reading.state.union.inherit();
        }
        for seat in &settings.roster.cosigners {
            reading.read(seat.index, u64::MAX)?;
        }
        let Seen { remembered, restored, .. } = reading.seen;
        state.union.settle();
        if restored && inherited.is_none() {
            // By a version that did not note it.
            state.union.inherit();
            disk.write(&Batch { meta: vec![inheritance(&state)], ..Batch::default() })?;
        }
        let marker = disk.meta(QUARANTINE)?.map(|reason| String::from_utf8_lossy(&reason).into_owned());
        if let Some(reason) = marker.or_else(|| doubt(&state, reached, remembered)) {
            // Before a missing counter is made anew, or a crash here would leave nothing that doubts.
            let meta = vec![(QUARANTINE, Some(reason.clone().into_bytes()))];
            disk.write(&Batch { meta, ..Batch::default() })?;
            state.raise_alarm(format!("quarantined: {reason}"));
            state.quarantine = Some(Quarantine::new(reason, &settings.roster));
        }
        let counter = match found {
            Some((counter, _)) => counter,
            None => Counter::create(&settings.counter, Reached { seq: 0, hash: settings.deployment })?,
        };
        state.untold = untold(&disk, &state)?;
        let journal = Self::start(settings, disk, counter, state)?;
        journal.tell_untold();
        Ok(journal)
    }

    /// What was adopted in a quarantine that has ended since.
    fn tell_untold(&self) {
        let mut state = self.0.change();
        if state.quarantine.is_some() || state.untold.is_empty() {
            return;
        }
        let at = state.own().at;
        let own = std::mem::take(&mut state.untold).into_iter().map(|body| (body, at)).collect();
        drop(self.0.queue(&mut state, Job { own, ..Job::default() }));
    }

    fn start(settings: Settings, disk: Disk, counter: Counter, state: State) -> Result<Self, JournalError> {
        let state = Arc::new(RwLock::new(state));
        let (key, shared) = (Arc::clone(&settings.key), Arc::clone(&state));
        let writer = Writer { disk: disk.clone(), counter, state: shared, key };
        let (jobs, thread) = writer.start().map_err(JournalError::Thread)?;
        Ok(Self(Arc::new(Inner::new(settings, state, disk, jobs, thread))))
    }
}

/// Why the journal may be an old copy, if it may.
fn doubt(state: &State, reached: Option<Reached>, remembered: Option<Digest>) -> Option<String> {
    let own = state.own();
    let Some(reached) = reached else {
        return Some("the head counter is missing or damaged, so the journal may be an old copy".to_owned());
    };
    if reached.seq > own.seq {
        return Some(format!(
            "the journal ends at entry {}, but entry {} was written: it is an old copy",
            own.seq, reached.seq
        ));
    }
    if reached.seq > 0 && remembered != Some(reached.hash) {
        return Some(format!("entry {} is not the one that the head counter remembers", reached.seq));
    }
    None
}

/// Reads the entries of all authors into the state, each author's up to some number first.
struct Reading<'a> {
    disk: &'a Disk,
    settings: &'a Settings,
    state: &'a mut State,
    reached: Option<Reached>,
    seen: Seen,
}

/// What was noticed on the way.
#[derive(Default)]
struct Seen {
    /// The hash of the entry that the head counter remembers.
    remembered: Option<Digest>,
    /// Our own journal was restored once.
    restored: bool,
}

impl Reading<'_> {
    /// Reads on in an author's journal, up to the entry `last`. The signature of the newest covers all before it.
    fn read(&mut self, author: u8, last: u64) -> Result<(), JournalError> {
        let Some(seat) = self.settings.roster.seat(author) else { return Ok(()) };
        let from = self.state.chains.get(&author).map_or(0, |chain| chain.seq);
        let mut newest = None;
        let mut fault = None;
        self.disk.entries_after(author, from, |entry| {
            if entry.seq > last {
                return Flow::Stop;
            }
            match self.seen.take(self.state, &entry, self.reached) {
                Ok(()) => {
                    newest = Some(entry);
                    Flow::More
                }
                Err(wrong) => {
                    fault = Some(wrong);
                    Flow::Stop
                }
            }
        })?;
        let signature = |entry: SignedEntry| match entry.verify(&seat.key) {
            Ok(()) => None,
            Err(_) => Some(EntryFault::Signature { author: entry.author, seq: entry.seq }),
        };
        match fault.or_else(|| newest.and_then(signature)) {
            None => Ok(()),
            Some(fault) => Err(JournalError::Chain { path: self.settings.path.clone(), fault }),
        }
    }
}

impl Seen {
    fn take(
        &mut self,
        state: &mut State,
        entry: &SignedEntry,
        reached: Option<Reached>,
    ) -> Result<(), EntryFault> {
        let (author, seq) = (entry.author, entry.seq);
        let body = Body::from_bytes(&entry.body).ok_or(EntryFault::Unreadable { author, seq })?;
        let chain = state.chains.get_mut(&author).ok_or(EntryFault::UnknownAuthor(author))?;
        if chain.place(entry, &body)? == Place::Held {
            return Err(EntryFault::Equivocation { author, seq });
        }
        chain.push(entry.clone());
        if author == state.me {
            self.restored |= matches!(body, Body::Restored { .. });
            if reached.is_some_and(|reached| reached.seq == seq) {
                self.remembered = Some(entry.hash());
            }
        }
        state.union.apply(author, entry.at, body, Mode::Bulk);
        Ok(())
    }
}

/// The policy versions that are kept and of which our own journal does not tell.
fn untold(disk: &Disk, state: &State) -> Result<Vec<Body>, DiskError> {
    let versions = disk.policy()?.into_iter().map(|(version, _)| version);
    let told = |version: &SignedVersion| {
        let mut told = state.union.adopted(version.chain, version.version);
        told.any(|seen| seen.author == state.me)
    };
    Ok(versions.filter(|version| !told(version)).map(|version| adopted_entry(&version)).collect())
}

/// How far the others' journals reach that count as our own word since a restore.
fn inherited(disk: &Disk) -> Result<Option<Vec<(u8, u64)>>, DiskError> {
    let Some(bytes) = disk.meta(INHERITED)? else { return Ok(None) };
    postcard::from_bytes(&bytes).map(Some).map_err(|_| disk.broken("what was inherited at a restore"))
}

/// The same, of everything that is held now, to be stored.
pub(super) fn inheritance(state: &State) -> (&'static str, Option<Vec<u8>>) {
    let others = state.chains.values().filter(|chain| chain.author != state.me);
    let heads: Vec<(u8, u64)> = others.map(|chain| (chain.author, chain.seq)).collect();
    (INHERITED, Some(postcard::to_stdvec(&heads).expect("numbers are always written")))
}

fn check_seat(settings: &Settings) -> Result<(), JournalError> {
    let seat = settings.roster.seat(settings.me).filter(|seat| seat.key == settings.key.public());
    seat.map(drop).ok_or(JournalError::NoSeat(settings.me))
}

fn whose(settings: &Settings) -> Batch {
    Batch {
        meta: vec![
            (DEPLOYMENT, Some(settings.deployment.as_bytes().to_vec())),
            (AUTHOR, Some(vec![settings.me])),
        ],
        ..Batch::default()
    }
}
