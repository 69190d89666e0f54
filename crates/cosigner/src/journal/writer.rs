//! The one thread that writes: it commits together whatever has queued up, so that many sessions share one sync.
//!
//! Own entries get their number, parent and signature here. An entry enters the memory of the journal, and leaves the
//! sessions in flight, in one step after it is durable: at no moment is it in neither.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use payout::key::SecretKey;
use payout::policy::SignedVersion;
use payout::time::Millis;
use tokio::sync::oneshot;
use wire::message::SignedEntry;

use super::chain::next_series;
use super::counter::{Counter, Reached};
use super::crash_points;
use super::disk::{Batch, Disk};
use super::ledger::Mode;
use super::state::{State, Ticket};
use wire::journal::Body;

/// A panic while the state was being changed leaves it unknown; then everything holds, by panicking too.
pub(crate) const UNPOISONED: &str = "nothing panics while it changes the journal's state";

/// How many jobs share one commit at most.
const TOGETHER: usize = 512;

/// How long signatures wait for entries to share a sync with.
const COMPANY: Duration = Duration::from_secs(1);

/// An entry was not written: the disk refused. Nothing is written after it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the journal can't be written: {0}; nothing is signed until the process is restarted on a sound disk"
)]
pub struct WriteFailed(pub String);

pub(crate) type Written = Result<Vec<SignedEntry>, WriteFailed>;

/// Something to write.
#[derive(Debug, Default)]
pub(crate) struct Job {
    /// Own entries, each not older than the time beside it.
    pub(crate) own: Vec<(Body, Millis)>,
    /// Others' entries, verified and in memory already.
    pub(crate) others: Vec<SignedEntry>,
    pub(crate) policy: Vec<(SignedVersion, Millis)>,
    pub(crate) meta: Vec<(&'static str, Option<Vec<u8>>)>,
    /// What the own entry, a contribution, was made for.
    pub(crate) paper: Option<Vec<u8>>,
    /// What came of contributions, by the number of their entry. Not worth a sync of its own.
    pub(crate) signatures: Vec<(u64, Vec<u8>)>,
    /// The session in flight that the own entry settles.
    pub(crate) ticket: Option<Ticket>,
    pub(crate) reply: Option<oneshot::Sender<Written>>,
}

impl Job {
    /// Whether it can wait for others.
    fn is_idle(&self) -> bool {
        let Self { own, others, policy, meta, paper: _, signatures: _, ticket, reply } = self;
        own.is_empty()
            && others.is_empty()
            && policy.is_empty()
            && meta.is_empty()
            && ticket.is_none()
            && reply.is_none()
    }
}

pub(crate) struct Writer {
    pub(crate) disk: Disk,
    pub(crate) counter: Counter,
    pub(crate) state: Arc<RwLock<State>>,
    pub(crate) key: Arc<SecretKey>,
}

impl Writer {
    /// Starts the thread; it ends when the last sender is dropped, after everything queued is written.
    pub(crate) fn start(mut self) -> std::io::Result<(Sender<Job>, std::thread::JoinHandle<()>)> {
        let (jobs, queue) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || self.run(&queue))?;
        Ok((jobs, thread))
    }

    fn run(&mut self, queue: &Receiver<Job>) {
        // Signatures that wait for company.
        let mut idle = Vec::new();
        loop {
            let first = if idle.is_empty() {
                queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                queue.recv_timeout(COMPANY)
            };
            match first {
                Ok(job) if job.is_idle() => {
                    idle.push(job);
                    continue;
                }
                Ok(job) => idle.push(job),
                Err(RecvTimeoutError::Disconnected) if idle.is_empty() => return,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            let mut jobs = std::mem::take(&mut idle);
            while jobs.len() < TOGETHER
                && let Ok(next) = queue.try_recv()
            {
                jobs.push(next);
            }
            self.commit(jobs);
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        let failed = self.read(|state| state.failed.clone());
        let done = match failed {
            Some(failed) => Err(WriteFailed(failed)),
            None => self.write(&jobs),
        };
        match done {
            Ok(own) => self.publish(jobs, own),
            Err(failure) => self.fail(jobs, &failure),
        }
    }

    /// Writes everything, then the counter. Returns the own entries of each job.
    fn write(&mut self, jobs: &[Job]) -> Result<Vec<Vec<SignedEntry>>, WriteFailed> {
        let (author, mut seq, mut hash, mut newest) =
            self.read(|state| (state.me, state.own().seq, state.own().hash, state.own().at));
        let before = seq;
        let mut batch = Batch::default();
        let mut own = Vec::with_capacity(jobs.len());
        for job in jobs {
            batch.entries.extend(job.others.iter().cloned());
            batch.policy.extend(job.policy.iter().cloned());
            batch.meta.extend(job.meta.iter().cloned());
            batch.signatures.extend(job.signatures.iter().cloned());
            let mut written = Vec::with_capacity(job.own.len());
            for (body, at) in &job.own {
                newest = newest.max(*at);
                seq = match body {
                    Body::Restored { .. } => next_series(seq, newest),
                    _ => seq.checked_add(1).expect("2^32 entries a series fit on no disk"),
                };
                let entry = SignedEntry::sign(&self.key, author, seq, hash, newest, body.to_bytes());
                hash = entry.hash();
                batch.entries.push(entry.clone());
                written.push(entry);
            }
            batch.papers.extend(job.paper.clone().filter(|_| !written.is_empty()).map(|paper| (seq, paper)));
            own.push(written);
        }
        crash_points::before(jobs);
        self.disk.write(&batch).map_err(|error| WriteFailed(chain_of(&error)))?;
        crash_points::after(jobs);
        if seq != before {
            self.counter.write(Reached { seq, hash }).map_err(|error| WriteFailed(chain_of(&error)))?;
            crash::point!("counter written");
        }
        Ok(own)
    }

    fn publish(&self, jobs: Vec<Job>, own: Vec<Vec<SignedEntry>>) {
        let mut state = self.state.write().expect(UNPOISONED);
        let mut replies = Vec::with_capacity(jobs.len());
        for (job, entries) in jobs.into_iter().zip(own) {
            let me = state.me;
            state.own_queued -= job.own.len();
            for ((body, _), entry) in job.own.into_iter().zip(&entries) {
                if matches!(body, Body::Restored { .. }) {
                    state.quarantine = None;
                    state.union.inherit();
                }
                state.union.apply(me, entry.at, body, Mode::Live);
                state.chains.get_mut(&me).expect("we have a seat").push(entry.clone());
            }
            if let Some(ticket) = job.ticket {
                state.claims.remove(&ticket);
            }
            replies.extend(job.reply.map(|reply| (reply, entries)));
        }
        drop(state);
        for (reply, entries) in replies {
            // Whoever asked may have gone; the entry stands.
            let _ = reply.send(Ok(entries));
        }
    }

    fn fail(&self, jobs: Vec<Job>, failure: &WriteFailed) {
        let mut state = self.state.write().expect(UNPOISONED);
        if state.failed.is_none() {
            state.raise_alarm(failure.to_string());
            state.failed = Some(failure.0.clone());
        }
        // Claims stay taken and the queue stays counted: whether the disk has them is not known.
        drop(state);
        for reply in jobs.into_iter().filter_map(|job| job.reply) {
            let _ = reply.send(Err(failure.clone()));
        }
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read().expect(UNPOISONED))
    }
}

fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
