//! One writer task. Commands queue up while a transaction commits; the next transaction takes all that came, so that
//! one fsync pays for many. Answers go out after the commit.
//!
//! A command that is refused has written nothing (it looks before it writes), so a refusal never disturbs the others
//! of its batch. A command at which the *database* errs undoes the whole batch; each command then gets a transaction
//! of its own, and only those that fail by themselves are answered with an error.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use payout::time::Millis;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use tokio::sync::{mpsc, oneshot};

use super::accept::{self, PreparedAccept};
use super::advance::{self, Advance};
use super::usage::UsageCache;
use super::{audit, purge};
use crate::dialect;
use crate::error::StoreError;
use crate::head::{self, Head};
use crate::lock::Lock;
use crate::mint::Mint;
use crate::row::PayoutRow;

/// Commands that wait for the writer; more of them wait in their callers.
pub(crate) const QUEUE: usize = 4096;
/// Commands in one transaction.
const BATCH: usize = 1024;

/// What a command sees of a transaction.
pub(crate) struct Desk<'a> {
    /// The transaction.
    pub(crate) tx: &'a DatabaseTransaction,
    /// The rules' counters.
    pub(crate) usage: &'a mut UsageCache,
    /// Fresh ids.
    pub(crate) mint: &'a Mint,
    /// The newest time that a command has named.
    pub(crate) newest: Millis,
    /// The audit log's newest entry, once it was read.
    pub(crate) audit_head: Option<audit::Head>,
    /// How many lanes have changed otherwise than by a payout that took a token.
    pub(crate) lanes: u64,
}

/// A command's answer: the outer error is the database's and undoes the transaction, the inner one is the command's
/// own refusal, which comes before its first write.
pub(crate) type Answer<T, R> = Result<Result<T, R>, StoreError>;

/// A command that is carried out by itself.
pub(crate) trait Write: Send + Sync + 'static {
    /// What it returns.
    type Done: Send;
    /// Why it was not done.
    type Refusal: From<StoreError> + Send;
    /// Carries it out; may be called again after a transaction that was undone.
    fn run(&self, desk: &mut Desk<'_>) -> impl Future<Output = Answer<Self::Done, Self::Refusal>> + Send;
}

/// A command in the queue, with its outcome once there is one.
pub(crate) struct Slip<C, T, R> {
    pub(crate) command: C,
    pub(crate) outcome: Option<Result<T, R>>,
    reply: oneshot::Sender<Result<T, R>>,
}

/// An accept in the queue.
pub(crate) type AcceptSlip = Slip<PreparedAccept, payout::ids::Cid, accept::AcceptRefusal>;
/// An advance or a hold in the queue.
pub(crate) type AdvanceSlip = Slip<Advance, PayoutRow, advance::AdvanceError>;

impl<C, T, R: From<StoreError>> Slip<C, T, R> {
    pub(crate) fn new(command: C) -> (Self, oneshot::Receiver<Result<T, R>>) {
        let (reply, answer) = oneshot::channel();
        (Self { command, outcome: None, reply }, answer)
    }

    fn settle(self, committed: Result<(), StoreError>) {
        let outcome = match committed {
            Ok(()) => self.outcome.unwrap_or_else(|| Err(StoreError::Closed.into())),
            Err(error) => Err(error.into()),
        };
        // Who asked may have gone away; what was committed stays.
        let _gone = self.reply.send(outcome);
    }
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

/// A [`Write`] whose types are forgotten.
pub(crate) trait Single: Send {
    fn run<'a>(&'a mut self, desk: &'a mut Desk<'_>) -> Running<'a>;
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

impl<W: Write> Single for Slip<W, W::Done, W::Refusal> {
    fn run<'a>(&'a mut self, desk: &'a mut Desk<'_>) -> Running<'a> {
        Box::pin(async move {
            self.outcome = Some(self.command.run(desk).await?);
            Ok(())
        })
    }

    fn settle(self: Box<Self>, committed: Result<(), StoreError>) {
        Slip::settle(*self, committed);
    }
}

/// What the writer is asked to do.
pub(crate) enum Command {
    /// Set-based.
    Accept(Box<AcceptSlip>),
    /// Set-based.
    Advance(Box<AdvanceSlip>),
    /// Everything else.
    Single(Box<dyn Single>),
    /// Finish what is queued, then end.
    Close(oneshot::Sender<()>),
}

impl Command {
    fn settle(self, committed: Result<(), StoreError>) {
        match self {
            Self::Accept(slip) => slip.settle(committed),
            Self::Advance(slip) => slip.settle(committed),
            Self::Single(single) => single.settle(committed),
            Self::Close(done) => {
                let _gone = done.send(());
            }
        }
    }
}

/// The task that owns the writing connection.
pub(crate) struct Writer {
    connection: DatabaseConnection,
    usage: UsageCache,
    mint: Arc<Mint>,
    /// When was last purged, by the commands' clock.
    purged: Millis,
    lock: Lock,
    commits: Commits,
    lanes: LaneChanges,
}

/// How often lanes have changed otherwise than by a payout that took a token; counted after the commit.
pub(crate) type LaneChanges = Arc<AtomicU64>;

/// The count of commits, in the database and beside it.
pub(crate) struct Commits {
    head: Head,
    count: i64,
    /// Rows that this connection had changed when it last committed.
    changed: i64,
}

impl Commits {
    /// Goes on counting from `count`.
    pub(crate) fn new(head: Head, count: i64) -> Self {
        Self { head, count, changed: -1 }
    }

    /// Counts a transaction that has changed something.
    async fn enter(&mut self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        let before = dialect::changed_rows(tx).await?;
        if before == self.changed {
            return Ok(());
        }
        let counted = head::count(tx, self.count + 1).await?;
        self.changed = before.saturating_add(i64::try_from(counted).unwrap_or(0));
        self.count += 1;
        Ok(())
    }
}

impl Writer {
    pub(crate) fn new(
        connection: DatabaseConnection,
        mint: Arc<Mint>,
        lock: Lock,
        commits: Commits,
        lanes: LaneChanges,
    ) -> Self {
        let usage = UsageCache::default();
        Self { connection, usage, mint, purged: Millis::default(), lock, commits, lanes }
    }

    /// Runs until the queue is closed and empty.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        let mut batch = Vec::new();
        let mut closing = Vec::new();
        loop {
            if queue.recv_many(&mut batch, BATCH).await == 0 {
                break;
            }
            // Whoever was answered by the last commit is about to ask again, and shares this one.
            tokio::task::yield_now().await;
            while batch.len() < BATCH
                && let Ok(command) = queue.try_recv()
            {
                batch.push(command);
            }
            let (close, work): (Vec<_>, Vec<_>) =
                batch.drain(..).partition(|command| matches!(command, Command::Close(_)));
            if !close.is_empty() {
                queue.close();
                closing.extend(close);
            }
            self.batch(work).await;
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the database was not closed cleanly; the next start recovers it");
        }
        // Before anybody is told that it is closed: they may open it again.
        drop(self.lock);
        for command in closing {
            command.settle(Ok(()));
        }
    }

    async fn batch(&mut self, mut work: Vec<Command>) {
        if work.is_empty() {
            return;
        }
        match self.attempt(&mut work).await {
            Ok(()) => work.into_iter().for_each(|command| command.settle(Ok(()))),
            Err(error) if work.len() == 1 => {
                tracing::error!(error = &error as &dyn std::error::Error, "a write failed");
                work.into_iter().for_each(|command| command.settle(Err(error.clone())));
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a batch failed; trying one by one");
                for command in work {
                    let mut one = vec![command];
                    let done = self.attempt(&mut one).await;
                    if let Err(error) = &done {
                        tracing::error!(error = error as &dyn std::error::Error, "a write failed");
                    }
                    one.into_iter().for_each(|command| command.settle(done.clone()));
                }
            }
        }
    }

    /// One transaction over `work`; afterwards each command holds its outcome.
    async fn attempt(&mut self, work: &mut [Command]) -> Result<(), StoreError> {
        let done = self.transaction(work).await;
        if done.is_err() {
            // The counters in memory may be ahead of the database now.
            self.usage.forget();
        }
        done
    }

    async fn transaction(&mut self, work: &mut [Command]) -> Result<(), StoreError> {
        let tx = dialect::begin(&self.connection).await?;
        let mut desk = Desk {
            tx: &tx,
            usage: &mut self.usage,
            mint: &self.mint,
            newest: self.purged,
            audit_head: None,
            lanes: 0,
        };
        let carried_out = match carry_out(&mut desk, work, &mut self.purged).await {
            Ok(()) => self.commits.enter(&tx).await,
            error => error,
        };
        let lanes = desk.lanes;
        match carried_out {
            Ok(()) => {
                tx.commit().await?;
                self.lanes.fetch_add(lanes, Ordering::Release);
                self.commits.head.write(self.commits.count);
                Ok(())
            }
            Err(error) => {
                if let Err(undo) = tx.rollback().await {
                    tracing::error!(error = %undo, "a transaction could not be undone");
                }
                Err(error)
            }
        }
    }
}

async fn carry_out(desk: &mut Desk<'_>, work: &mut [Command], purged: &mut Millis) -> Result<(), StoreError> {
    let mut accepts = Vec::new();
    let mut advances = Vec::new();
    let mut singles = Vec::new();
    for command in work {
        match command {
            Command::Accept(slip) => accepts.push(slip.as_mut()),
            Command::Advance(slip) => advances.push(slip.as_mut()),
            Command::Single(single) => singles.push(single),
            Command::Close(_) => {}
        }
    }
    accept::run_all(desk, &mut accepts).await?;
    advance::run_all(desk, &mut advances).await?;
    for single in singles {
        single.run(desk).await?;
    }
    if desk.newest.since(*purged) >= purge::EVERY_MS {
        purge::run(desk.tx, desk.newest).await?;
        *purged = desk.newest;
    }
    Ok(())
}
