//! The journal as the rest of the co-signer holds it.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use payout::approval::{FreezeOrder, SignedAct};
use payout::ids::{Digest, RuleId, WalletId};
use payout::key::SecretKey;
use payout::policy::quorum::MAX_SIGNATURES;
use payout::policy::{Roster, SignedVersion};
use payout::time::Millis;
use tokio::sync::oneshot;
use wire::message::{Finality, JournalHead, NeverProof, Refusal, SignedEntry};

use super::disk::{Disk, DiskError, Flow};
use super::one_to_one::Evidence;
use super::quarantine::Quarantine;
use super::state::State;
use super::union::Union;
use super::writer::{Job, UNPOISONED, WriteFailed, Written};
use crate::refuse::cut;
use crate::verify::{Sighted, StopOrder, Vouched};
use wire::journal::{Body, CeremonyStage};

/// Where a journal is and whose it is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database file.
    pub path: PathBuf,
    /// The head counter, outside the backup set.
    pub counter: PathBuf,
    /// Our index on the roster.
    pub me: u8,
    /// Our identity: signs every entry.
    pub key: Arc<SecretKey>,
    /// The deployment's id.
    pub deployment: Digest,
    /// All co-signers.
    pub roster: Roster,
}

/// The append-only journal of this co-signer, and what it holds of the others'. Clones share it; the last one that is
/// dropped waits until everything queued is written.
#[derive(Debug, Clone)]
pub struct Journal(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) state: Arc<RwLock<State>>,
    pub(crate) disk: Disk,
    jobs: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// An entry that was not written.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The disk refused.
    #[error(transparent)]
    Write(#[from] WriteFailed),
    /// What this co-signer did may be unknown to it, so it may not continue its journal.
    #[error("this co-signer is quarantined: {0}")]
    Quarantined(String),
    /// As many payouts that no person approved as their rule lets pass were seen already.
    #[error("rule {0} lets fewer payouts pass than were shown in its window: ask again when it has moved on")]
    TooManySights(RuleId),
    /// The process is going down.
    #[error("the journal is closed")]
    Closed,
}

impl Inner {
    pub(crate) fn new(
        settings: Settings,
        state: Arc<RwLock<State>>,
        disk: Disk,
        jobs: Sender<Job>,
        thread: std::thread::JoinHandle<()>,
    ) -> Self {
        Self { settings, state, disk, jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().expect(UNPOISONED)
    }

    pub(crate) fn change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().expect(UNPOISONED)
    }

    /// Queues a job. With the state's lock held by the caller, jobs are written in the order in which they were
    /// decided.
    pub(crate) fn queue(&self, state: &mut State, mut job: Job) -> oneshot::Receiver<Written> {
        let (reply, answer) = oneshot::channel();
        job.reply = Some(reply);
        let own = job.own.len();
        let jobs = self.jobs.lock().expect("sending can't panic");
        // A closed channel drops the job and with it the reply: the receiver hears of it.
        if jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok()) {
            state.own_queued += own;
        }
        answer
    }

    /// Queues what nobody waits for.
    pub(crate) fn send(&self, job: Job) {
        if let Some(jobs) = self.jobs.lock().expect("sending can't panic").as_ref() {
            // The thread has ended with the process.
            let _ = jobs.send(job);
        }
    }

    /// Queues one own entry, unless we may not continue our journal.
    pub(crate) fn queue_own(
        &self,
        state: &mut State,
        body: Body,
        clock: Millis,
    ) -> Result<oneshot::Receiver<Written>, AppendError> {
        may_write(state)?;
        let at = state.time(clock);
        Ok(self.queue(state, Job { own: vec![(body, at)], ..Job::default() }))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.jobs.get_mut().ok().and_then(Option::take));
        if let Some(thread) = self.thread.get_mut().ok().and_then(Option::take) {
            // A panic in it was reported where it happened.
            let _ = thread.join();
        }
    }
}

/// Whether own entries may be written at all.
pub(crate) fn may_write(state: &State) -> Result<(), AppendError> {
    if let Some(failed) = &state.failed {
        return Err(WriteFailed(failed.clone()).into());
    }
    match &state.quarantine {
        Some(quarantine) => Err(AppendError::Quarantined(quarantine.to_string())),
        None => Ok(()),
    }
}

/// What the journal says of a version that is adopted.
pub(crate) fn adopted_entry(version: &SignedVersion) -> Body {
    Body::PolicyAdopted {
        chain: version.chain,
        version: version.version,
        digest: version.digest(),
        // More are not looked at by anybody, and an entry must stay short enough to be shared.
        signatures: version.signatures.iter().take(MAX_SIGNATURES).cloned().collect(),
    }
}

/// Waits until a job and everything queued before it is durable; gives its own entries.
async fn durable(answer: oneshot::Receiver<Written>) -> Result<Vec<SignedEntry>, AppendError> {
    Ok(answer.await.map_err(|_| AppendError::Closed)??)
}

/// Waits until one own entry is durable.
pub(crate) async fn written(answer: oneshot::Receiver<Written>) -> Result<SignedEntry, AppendError> {
    durable(answer).await?.pop().ok_or(AppendError::Closed)
}

/// Looking.
impl Journal {
    /// Looks at the union of all merged journals. Keep it short, writers wait; and do not call the journal again inside,
    /// which may wait for a writer that waits for you.
    pub fn with<T>(&self, look: impl FnOnce(&Union) -> T) -> T {
        look(&self.0.read().union)
    }

    /// How far each journal reaches that is held here.
    pub fn heads(&self) -> Vec<JournalHead> {
        self.0.read().heads()
    }

    /// The newest entry's number in our own journal.
    pub fn own_seq(&self) -> u64 {
        self.0.read().own().seq
    }

    /// The greater of the clock and the newest entry of our own journal.
    pub fn time(&self, clock: Millis) -> Millis {
        self.0.read().time(clock)
    }

    /// Why nothing is signed, if this co-signer may have forgotten what it did.
    pub fn quarantine(&self) -> Option<Quarantine> {
        self.0.read().quarantine.clone()
    }

    /// Why nothing can be written, if the disk has failed.
    pub fn failure(&self) -> Option<String> {
        self.0.read().failed.clone()
    }

    /// What people must hear of: equivocation, forks, a failed disk. Newest last.
    pub fn alarms(&self) -> Vec<String> {
        self.0.read().alarms.clone()
    }

    /// The policy versions that were adopted, in order, each with the time of its adoption.
    ///
    /// # Errors
    /// [`DiskError`] when the file can't be read.
    pub fn policy_versions(&self) -> Result<Vec<(SignedVersion, Millis)>, DiskError> {
        self.0.disk.policy()
    }
}

impl Journal {
    /// Every entry of every author that is durable here, for a backup.
    ///
    /// # Errors
    /// [`DiskError`] when the file can't be read.
    pub(crate) fn all_entries(&self) -> Result<Vec<SignedEntry>, DiskError> {
        let mut all = Vec::new();
        for seat in &self.0.settings.roster.cosigners {
            self.0.disk.entries_after(seat.index, 0, |entry| {
                all.push(entry);
                Flow::More
            })?;
        }
        Ok(all)
    }
}

/// Writing. Every call returns when the entry is durable.
impl Journal {
    /// Journals that an approved intent was shown in time, once.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn sight(&self, sighted: &Sighted, clock: Millis) -> Result<(), AppendError> {
        let intent = *sighted.intent();
        let answer = {
            let mut state = self.0.change();
            if state.union.sighted_by_me(&intent) {
                return Ok(());
            }
            may_write(&state)?;
            let fits = sighted.quota().is_none_or(|quota| state.sights.take(quota, clock));
            if let (false, Some(quota)) = (fits, sighted.quota()) {
                return Err(AppendError::TooManySights(quota.rule.clone()));
            }
            self.0.queue_own(&mut state, Body::Sight { intent }, clock)?
        };
        written(answer).await.map(drop)
    }

    /// Journals a stop for ever. It binds from the moment that this is called, before it is durable.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn stop(&self, order: StopOrder, clock: Millis) -> Result<(), AppendError> {
        let act: SignedAct = order.into_act();
        let answer = {
            let mut state = self.0.change();
            let held = state
                .union
                .stops(&act.intent)
                .iter()
                .any(|stop| stop.evidence == Evidence::Own && stop.act == act);
            if held {
                // Its entry may still be on its way to the disk.
                self.0.queue(&mut state, Job::default())
            } else {
                let answer = self.0.queue_own(&mut state, Body::Stop { act: act.clone() }, clock)?;
                let me = state.me;
                state.union.take_stop(me, act);
                answer
            }
        };
        durable(answer).await.map(drop)
    }

    /// Journals a freeze or a lift that [`payout::policy::Policy::check_freeze_order`] let pass. It binds from the
    /// moment that this is called.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn freeze(&self, order: FreezeOrder, clock: Millis) -> Result<(), AppendError> {
        let answer = {
            let mut state = self.0.change();
            if state.union.freezes().contains(&order) {
                self.0.queue(&mut state, Job::default())
            } else {
                let answer = self.0.queue_own(&mut state, Body::Freeze { order: order.clone() }, clock)?;
                let me = state.me;
                state.union.take_freeze(me, order);
                answer
            }
        };
        durable(answer).await.map(drop)
    }

    /// Gives a refusal that nothing can mend its proof: a journaled promise never to contribute to the intent. Somebody
    /// must stand behind that: what a gateway makes up by itself gets no entry.
    ///
    /// No promise is made over an intent that this co-signer has contributed to, or is about to: a signature may exist.
    /// Nor while it is quarantined and can't know, nor for a refusal that may pass, nor when it has made very many in a
    /// short time. The refusal is returned without a proof then.
    pub async fn refuse_for_ever(&self, vouched: &Vouched, mut refusal: Refusal, clock: Millis) -> Refusal {
        let intent = *vouched.intent();
        let answer = {
            let mut state = self.0.change();
            let about_to =
                state.claims.values().any(|facts| facts.intent == intent || facts.payout == intent);
            let may_pass = refusal.finality == Finality::Later;
            if may_pass || about_to || state.union.contributed_by_me(&intent) {
                return refusal;
            }
            if state.union.never(&intent).is_some() {
                self.0.queue(&mut state, Job::default())
            } else if !state.promises.take(1, clock) {
                return refusal;
            } else {
                let reason = cut(refusal.reason.clone());
                let at = state.time(clock);
                match self.0.queue_own(&mut state, Body::Never { intent, reason: reason.clone() }, clock) {
                    Ok(answer) => {
                        state.union.take_never(intent, at, reason);
                        answer
                    }
                    Err(_) => return refusal,
                }
            }
        };
        if durable(answer).await.is_ok() {
            let Settings { me, key, .. } = &self.0.settings;
            let state = self.0.read();
            let promised = state.union.promise(&intent);
            refusal.never =
                promised.map(|(at, reason)| NeverProof::sign(key, *me, intent, reason.to_owned(), at));
        }
        refusal
    }

    /// Journals that a peer broke the protocol, before the abort is reported.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn ban(
        &self,
        wallet: WalletId,
        epoch: u32,
        peer: u8,
        reason: String,
        clock: Millis,
    ) -> Result<(), AppendError> {
        self.append(Body::Ban { wallet, epoch, peer, reason: cut(reason) }, clock).await
    }

    /// Journals how far a wallet's ceremony is, before the stage is acknowledged.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn ceremony(
        &self,
        wallet: WalletId,
        epoch: u32,
        fingerprint: String,
        stage: CeremonyStage,
        clock: Millis,
    ) -> Result<(), AppendError> {
        self.append(Body::Ceremony { wallet, epoch, fingerprint, stage }, clock).await
    }

    /// Journals that the shares of this and every earlier epoch are to be erased, before they are.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn retire_epoch(&self, wallet: WalletId, epoch: u32, clock: Millis) -> Result<(), AppendError> {
        self.append(Body::EpochRetired { wallet, epoch }, clock).await
    }

    /// Keeps a policy version that [`payout::policy::Policy::append_at`] took over at `adopted`.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn adopt(&self, version: SignedVersion, adopted: Millis) -> Result<(), AppendError> {
        let body = adopted_entry(&version);
        let answer = {
            let mut state = self.0.change();
            if state.failed.is_some() {
                may_write(&state)?;
            }
            // A quarantined co-signer still learns the policy; it tells of it when it may write again.
            let own = match may_write(&state) {
                Ok(()) => vec![(body, state.time(adopted))],
                Err(_) => {
                    state.untold.push(body);
                    Vec::new()
                }
            };
            self.0.queue(&mut state, Job { own, policy: vec![(version, adopted)], ..Job::default() })
        };
        durable(answer).await.map(drop)
    }

    async fn append(&self, body: Body, clock: Millis) -> Result<(), AppendError> {
        let answer = self.0.queue_own(&mut self.0.change(), body, clock)?;
        written(answer).await.map(drop)
    }

    /// Waits until everything queued so far is durable.
    ///
    /// # Errors
    /// [`AppendError`] when it is not.
    pub async fn flush(&self) -> Result<(), AppendError> {
        let answer = self.0.queue(&mut self.0.change(), Job::default());
        durable(answer).await.map(drop)
    }
}
