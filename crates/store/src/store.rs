//! The handle on an open database.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use payout::ids::Cid;
use payout::time::Millis;
use sea_orm::{DatabaseConnection, EntityTrait, QueryOrder, QuerySelect};
use tokio::sync::{mpsc, oneshot, watch};

use crate::dialect;
use crate::error::StoreError;
use crate::head::{Compared, Head};
use crate::lock::Lock;
use crate::mint::Mint;
use crate::read::together::LookUps;
use crate::schema;
use crate::schema::entity::{
    acts, api_keys, callbacks, changes, deliveries, pauses, payouts, policy_versions, restores,
};
use crate::writer::{AcceptSlip, AdvanceSlip, Command, Commits, LaneChanges, QUEUE, Slip, Write, Writer};
use crate::writer::{leases, restore};

/// The database of a gateway: writes go through one task that commits together what has queued up, reads through a
/// pool beside it. Cheap to clone.
///
/// Whoever drops the last handle without [`Store::close`] loses nothing that was answered.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    queue: mpsc::Sender<Command>,
    readers: DatabaseConnection,
    look_ups: LookUps,
    mint: Arc<Mint>,
    lanes: LaneChanges,
    /// Its other end is the writer's; nothing is ever sent.
    ended: watch::Receiver<()>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// Opens the database at `path`, creates it if there is none, and brings its schema up to date. Must be called
    /// within a tokio runtime; the writer runs there.
    ///
    /// # Errors
    /// Every [`StoreError`] says what to do about it.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = Lock::take(path)?;
        let connection = dialect::connect_writer(path).await?;
        let before = schema::migrate(&connection, path).await?;
        let Compared { head, count, doubt } = Head::compare(path, before, &connection).await?;
        leases::end_all(&connection).await?;
        let readers = dialect::connect_readers(path).await?;
        let mint = Arc::new(Mint::above(highest_id(&connection).await?));
        if let Some(doubt) = doubt {
            tracing::error!(doubt, "the database may be an old copy: co-signers are asked what they signed");
            let now = wall_clock();
            restore::note_at_start(&connection, mint.next(now), &doubt, now).await?;
        }
        // Only now: the doubt is in the database, and a missing file no longer says so.
        head.begin(count);
        let (queue, commands) = mpsc::channel(QUEUE);
        let lanes = LaneChanges::default();
        let commits = Commits::new(head, count);
        let writer = Writer::new(connection, Arc::clone(&mint), lock, commits, Arc::clone(&lanes));
        let (lives, ended) = watch::channel(());
        tokio::spawn(async move {
            // Dropped however the writer ends, also when it panics.
            let _lives = lives;
            writer.run(commands).await;
        });
        let look_ups = LookUps::start(&readers);
        Ok(Self { inner: Arc::new(Inner { queue, readers, look_ups, mint, lanes, ended }) })
    }

    /// Waits until nothing can be written any more: after [`Self::close`], or because the writer has failed. Whoever
    /// serves callers must end then; a new start finds everything that was answered.
    pub async fn ended(&self) {
        let mut ended = self.inner.ended.clone();
        while ended.changed().await.is_ok() {}
    }

    /// Commits what is queued, and closes. Commands after it get [`StoreError::Closed`].
    pub async fn close(&self) {
        // The readers first: the last connection to close folds the log into the file, and only a writer can.
        if let Err(error) = self.inner.readers.close_by_ref().await {
            tracing::warn!(%error, "the readers were not closed cleanly");
        }
        let (done, closed) = oneshot::channel();
        if self.inner.queue.send(Command::Close(done)).await.is_ok() {
            // An error means that the writer ended before: closed as well.
            let _ended = closed.await;
        }
    }

    /// A number for a new payout: fresh, growing, below 2^53.
    ///
    /// # Panics
    /// After the year 2094.
    pub fn mint_cid(&self, now: Millis) -> Cid {
        Cid::new(self.mint(now)).expect("minted numbers are positive")
    }

    /// How often a lane has changed, since the database was opened here, otherwise than by a payout that took a token: a
    /// token came free because its payout ended unsigned, or is kept out. Whoever remembers a lane reads it anew then.
    pub fn lane_changes(&self) -> u64 {
        self.inner.lanes.load(Ordering::Acquire)
    }

    pub(crate) fn mint(&self, now: Millis) -> i64 {
        self.inner.mint.next(now)
    }

    pub(crate) fn minting(&self) -> &Mint {
        &self.inner.mint
    }

    /// Where reads go.
    pub(crate) fn readers(&self) -> &DatabaseConnection {
        &self.inner.readers
    }

    /// Where it is asked together with others.
    pub(crate) fn look_ups(&self) -> &LookUps {
        &self.inner.look_ups
    }

    /// Has the writer carry out a command; its answer comes after the commit.
    pub(crate) async fn write<W: Write>(&self, command: W) -> Result<W::Done, W::Refusal> {
        let (slip, answer) = Slip::new(command);
        self.ask(Command::Single(Box::new(slip)), answer).await
    }

    pub(crate) async fn write_accept(&self, command: crate::writer::PreparedAccept) -> AcceptAnswer {
        let (slip, answer): (AcceptSlip, _) = Slip::new(command);
        self.ask(Command::Accept(Box::new(slip)), answer).await
    }

    pub(crate) async fn write_advance(&self, command: crate::writer::Advance) -> AdvanceAnswer {
        let (slip, answer): (AdvanceSlip, _) = Slip::new(command);
        self.ask(Command::Advance(Box::new(slip)), answer).await
    }

    async fn ask<T, R: From<StoreError>>(
        &self,
        command: Command,
        answer: oneshot::Receiver<Result<T, R>>,
    ) -> Result<T, R> {
        self.inner.queue.send(command).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }
}

type AcceptAnswer = Result<Cid, crate::writer::AcceptRefusal>;
type AdvanceAnswer = Result<crate::row::PayoutRow, crate::writer::AdvanceError>;

/// The time at which a doubt is noted, before anybody has brought a clock.
fn wall_clock() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::default().plus(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The highest number that was ever minted and stored.
async fn highest_id(connection: &DatabaseConnection) -> Result<i64, StoreError> {
    let highest = [
        highest(connection, payouts::Entity, payouts::Column::Cid).await?,
        highest(connection, acts::Entity, acts::Column::Id).await?,
        highest(connection, callbacks::Entity, callbacks::Column::Id).await?,
        highest(connection, deliveries::Entity, deliveries::Column::Id).await?,
        highest(connection, api_keys::Entity, api_keys::Column::Id).await?,
        highest(connection, changes::Entity, changes::Column::Id).await?,
        highest(connection, pauses::Entity, pauses::Column::Id).await?,
        highest(connection, policy_versions::Entity, policy_versions::Column::Id).await?,
        highest(connection, restores::Entity, restores::Column::Id).await?,
    ];
    Ok(highest.into_iter().max().unwrap_or(0))
}

async fn highest<E: EntityTrait>(
    connection: &DatabaseConnection,
    _table: E,
    column: E::Column,
) -> Result<i64, StoreError> {
    let highest: Option<i64> = E::find()
        .select_only()
        .column(column)
        .order_by_desc(column)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(highest.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::writer::{Answer, Desk};

    /// A command at which the program is wrong.
    struct Defect;

    impl Write for Defect {
        type Done = ();
        type Refusal = StoreError;

        async fn run(&self, _desk: &mut Desk<'_>) -> Answer<(), StoreError> {
            panic!("a defect, for this test");
        }
    }

    #[tokio::test]
    async fn a_writer_that_panics_ends_the_store_and_the_file_can_be_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bursar.db");
        let store = Store::open(&path).await.unwrap();
        let lives = tokio::time::timeout(Duration::from_millis(50), store.ended()).await;
        assert!(lives.is_err(), "it ends only when the writer does");
        assert!(matches!(store.write(Defect).await, Err(StoreError::Closed)));
        tokio::time::timeout(Duration::from_secs(5), store.ended()).await.expect("whoever waits is told");
        assert!(matches!(store.ready(Millis::default()).await, Err(StoreError::Closed)));
        drop(store);
        let again = Store::open(&path).await.unwrap();
        again.ready(Millis::default()).await.unwrap();
        again.close().await;
        again.ended().await;
    }
}
