//! The outbox's writing side.

use std::collections::BTreeMap;

use payout::ids::{Cid, PrincipalId, ProjectId};
use payout::time::Millis;

use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};

use super::queue::{Answer, Desk, Write};
use super::{audit, bulk};
use crate::column::Column;
use crate::error::StoreError;
use crate::row::stored::status_of;
use crate::row::{Actor, CallbackState, Delivery};
use crate::schema::entity::{callbacks, deliveries};
use crate::store::Store;

/// How much of a caller's answer is kept.
pub const REPLY_HEAD_BYTES: usize = 256;

/// What follows a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterDelivery {
    /// The caller said `success`.
    Delivered,
    /// Once more, then.
    RetryAt(Millis),
    /// No more by itself.
    Failed,
}

/// How a try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryResult {
    /// The callback.
    pub id: i64,
    /// From [`Delivery::claim`].
    pub claim: i64,
    /// From [`Delivery::attempt`].
    pub attempt: u32,
    /// When it was sent.
    pub at: Millis,
    /// The HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// The answer's beginning; cut to [`REPLY_HEAD_BYTES`].
    pub reply_head: String,
    /// What went wrong, if nothing was answered.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
    /// What follows.
    pub after: AfterDelivery,
}

/// Why nothing is sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// The payout has no callback: none was wanted, or it has not ended.
    #[error("payout {0} has no callback")]
    None(Cid),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Callbacks that are due, longest due first, each leased to this caller for `lease_ms` and counted as begun: a
    /// crash costs a try, never the callback. A row that can't be read is set aside as failed, with an alarm: the
    /// others do not wait for it.
    ///
    /// # Errors
    /// The database's.
    pub async fn claim_callbacks(
        &self,
        limit: u32,
        lease_ms: i64,
        now: Millis,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.write(ClaimCallbacks { limit, until: now.plus(lease_ms), now }).await
    }

    /// Records how a try went. A success counts whoever brings it; otherwise only the newest claim decides what
    /// follows, and an older one is just logged.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_delivery(&self, result: DeliveryResult) -> Result<(), StoreError> {
        let id = self.mint(result.at);
        self.write(Record { id, result }).await
    }

    /// Puts a claimed callback back unsent, to be due at `due_at`: the try does not count. Nothing happens when the claim
    /// is not the newest.
    ///
    /// # Errors
    /// The database's.
    pub async fn release_callback(
        &self,
        id: i64,
        claim: i64,
        due_at: Millis,
        now: Millis,
    ) -> Result<(), StoreError> {
        self.write(Release { id, claim, due_at, now }).await
    }

    /// Sends a payout's callback again, with a fresh schedule. Written to the audit log.
    ///
    /// # Errors
    /// [`ResendError::None`] when there is nothing to send.
    pub async fn resend(&self, cid: Cid, by: PrincipalId, now: Millis) -> Result<(), ResendError> {
        self.write(Resend { cid, by, now }).await
    }
}

struct ClaimCallbacks {
    limit: u32,
    until: Millis,
    now: Millis,
}

impl Write for ClaimCallbacks {
    type Done = Vec<Delivery>;
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<Vec<Delivery>, StoreError> {
        // Numbers first: a row that the database itself can't hand over must not keep the others back.
        let due: Vec<i64> = callbacks::Entity::find()
            .select_only()
            .column(callbacks::Column::Id)
            .filter(callbacks::Column::DueAt.lte(self.now.get()))
            .order_by_asc(callbacks::Column::DueAt)
            .order_by_asc(callbacks::Column::Id)
            .limit(u64::from(self.limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_tuple()
            .all(desk.tx)
            .await?;
        let rows = callbacks::Entity::find().filter(callbacks::Column::Id.is_in(due.iter().copied()));
        let mut rows = match rows.all(desk.tx).await {
            Ok(rows) => rows.into_iter().map(|row| (row.id, Ok(row))).collect(),
            Err(_) => one_by_one(desk, &due).await?,
        };
        let mut claimed = Vec::with_capacity(due.len());
        for id in due {
            let Some(row) = rows.remove(&id) else { continue };
            match row.and_then(|row| self.claim(row)) {
                Ok((delivery, change)) => {
                    update(desk, id, change).await?;
                    claimed.push(delivery);
                }
                Err(error) => set_aside(desk, id, &error, self.now).await?,
            }
        }
        Ok(Ok(claimed))
    }
}

impl ClaimCallbacks {
    /// The try that is begun, and the row's change; an error when the row holds what is never written.
    fn claim(&self, row: callbacks::Model) -> Result<(Delivery, callbacks::ActiveModel), StoreError> {
        let at = |column| Column("callbacks", column);
        let attempt = at("attempt").some(row.attempt.checked_add(1))?;
        let claim = at("claim").some(row.claim.checked_add(1))?;
        let delivery = Delivery {
            id: row.id,
            cid: at("cid").some(Cid::new(row.cid))?,
            project: at("project").some(ProjectId::new(row.project))?,
            url: row.url,
            status: status_of(at("status"), row.status)?,
            attempt: u32::try_from(attempt).map_err(|error| at("attempt").corrupt(error))?,
            claim,
        };
        let change = callbacks::ActiveModel {
            attempt: Set(attempt),
            claim: Set(claim),
            due_at: Set(Some(self.until.get())),
            lease_until: Set(Some(self.until.get())),
            updated: Set(self.now.get()),
            ..callbacks::ActiveModel::default()
        };
        Ok((delivery, change))
    }
}

type Row = Result<callbacks::Model, StoreError>;

/// Rows as far as they can be read. What is wrong with the database as a whole is an error.
async fn one_by_one(desk: &Desk<'_>, ids: &[i64]) -> Result<BTreeMap<i64, Row>, StoreError> {
    let mut rows = BTreeMap::new();
    for id in ids {
        match callbacks::Entity::find_by_id(*id).one(desk.tx).await.map_err(StoreError::from) {
            Ok(row) => rows.extend(row.map(|row| (*id, Ok(row)))),
            // A statement that was carried out, with an answer of the wrong type.
            Err(error @ StoreError::Database { .. }) => {
                rows.insert(*id, Err(error));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

/// Takes a row that can't be read out of the queue. An operator finds it among the failed ones, and can have it sent
/// again once it was mended.
async fn set_aside(desk: &Desk<'_>, id: i64, error: &StoreError, now: Millis) -> Result<(), StoreError> {
    tracing::error!(
        alert = "callback",
        id,
        error = error as &dyn std::error::Error,
        "a callback can't be read and is set aside: compare the database with a backup"
    );
    let change = callbacks::ActiveModel {
        state: Set(CallbackState::Failed.as_str().to_owned()),
        due_at: Set(None),
        lease_until: Set(None),
        updated: Set(now.get()),
        ..callbacks::ActiveModel::default()
    };
    update(desk, id, change).await
}

async fn update(desk: &Desk<'_>, id: i64, change: callbacks::ActiveModel) -> Result<(), StoreError> {
    callbacks::Entity::update_many().set(change).filter(callbacks::Column::Id.eq(id)).exec(desk.tx).await?;
    Ok(())
}

struct Release {
    id: i64,
    claim: i64,
    due_at: Millis,
    now: Millis,
}

impl Write for Release {
    type Done = ();
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), StoreError> {
        let row = callbacks::Entity::find_by_id(self.id).lock_exclusive().one(desk.tx).await?;
        let Some(row) = row.filter(|row| row.claim == self.claim && row.lease_until.is_some()) else {
            return Ok(Ok(()));
        };
        let change = callbacks::ActiveModel {
            attempt: Set((row.attempt - 1).max(0)),
            due_at: Set(Some(self.due_at.get())),
            lease_until: Set(None),
            updated: Set(self.now.get()),
            ..callbacks::ActiveModel::default()
        };
        update(desk, row.id, change).await?;
        Ok(Ok(()))
    }
}

struct Record {
    id: i64,
    result: DeliveryResult,
}

impl Write for Record {
    type Done = ();
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), StoreError> {
        let Some(row) = callbacks::Entity::find_by_id(self.result.id).one(desk.tx).await? else {
            return Ok(Err(Column("callbacks", "id").corrupt("a delivery of no callback")));
        };
        let log = self.log(row.cid);
        deliveries::Entity::insert(bulk::all_set(log.into_active_model()))
            .exec_without_returning(desk.tx)
            .await?;
        let pending = row.state == CallbackState::Pending.as_str();
        let (state, due_at) = match self.result.after {
            AfterDelivery::Delivered => (CallbackState::Delivered, None),
            // An older claim's word: somebody else is at it.
            _ if row.claim != self.result.claim || !pending => return Ok(Ok(())),
            AfterDelivery::RetryAt(at) => (CallbackState::Pending, Some(at.get())),
            AfterDelivery::Failed => (CallbackState::Failed, None),
        };
        let change = callbacks::ActiveModel {
            state: Set(state.as_str().to_owned()),
            due_at: Set(due_at),
            lease_until: Set(None),
            updated: Set(self.result.at.get()),
            ..callbacks::ActiveModel::default()
        };
        update(desk, row.id, change).await?;
        Ok(Ok(()))
    }
}

impl Record {
    fn log(&self, cid: i64) -> deliveries::Model {
        let DeliveryResult {
            id,
            claim: _,
            attempt,
            at,
            http_status,
            reply_head,
            error,
            duration_ms,
            after: _,
        } = &self.result;
        deliveries::Model {
            id: self.id,
            callback: *id,
            cid,
            attempt: i32::try_from(*attempt).unwrap_or(i32::MAX),
            at: at.get(),
            http_status: http_status.map(i32::from),
            reply_head: reply_head[..reply_head.floor_char_boundary(REPLY_HEAD_BYTES)].to_owned(),
            error: error.clone(),
            duration_ms: *duration_ms,
        }
    }
}

struct Resend {
    cid: Cid,
    by: PrincipalId,
    now: Millis,
}

impl Write for Resend {
    type Done = ();
    type Refusal = ResendError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), ResendError> {
        let row = callbacks::Entity::find()
            .filter(callbacks::Column::Cid.eq(self.cid.get()))
            .lock_exclusive()
            .one(desk.tx)
            .await?;
        let Some(row) = row else { return Ok(Err(ResendError::None(self.cid))) };
        let change = callbacks::ActiveModel {
            state: Set(CallbackState::Pending.as_str().to_owned()),
            attempt: Set(0),
            // Whoever is at it now no longer decides what follows.
            claim: Set(row.claim.saturating_add(1)),
            due_at: Set(Some(self.now.get())),
            lease_until: Set(None),
            updated: Set(self.now.get()),
            ..callbacks::ActiveModel::default()
        };
        update(desk, row.id, change).await?;
        let line = audit::Audit {
            at: self.now,
            who: Actor::Principal(self.by.clone()),
            what: "callback.resend".to_owned(),
            detail: format!("payout {}", self.cid),
        };
        audit::append(desk, line).await?;
        Ok(Ok(()))
    }
}
