//! Reading the outbox.

use payout::ids::Cid;
use payout::time::Millis;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::column::Column;
use crate::error::StoreError;
use crate::row::{CallbackRow, CallbackState, DeliveryLog};
use crate::schema::entity::{callbacks, deliveries};
use crate::store::Store;

impl Store {
    /// Callbacks in a state, newest first; all if `None`. One that can't be read is left out, with an alarm.
    ///
    /// # Errors
    /// The database's.
    pub async fn callbacks(
        &self,
        state: Option<CallbackState>,
        limit: u32,
    ) -> Result<Vec<CallbackRow>, StoreError> {
        let rows = callbacks::Entity::find()
            .apply_if(state, |query, state| query.filter(callbacks::Column::State.eq(state.as_str())))
            .order_by_desc(callbacks::Column::Id)
            .limit(u64::from(limit))
            .all(self.readers())
            .await?;
        let read = |row: callbacks::Model| {
            let (id, cid) = (row.id, row.cid);
            let row = CallbackRow::from_model(row);
            row.inspect_err(|error| {
                let error = error as &dyn std::error::Error;
                tracing::error!(alert = "callback", id, cid, error, "a callback can't be read");
            })
        };
        Ok(rows.into_iter().filter_map(|row| read(row).ok()).collect())
    }

    /// A payout's callback.
    ///
    /// # Errors
    /// The database's.
    pub async fn callback(&self, cid: Cid) -> Result<Option<CallbackRow>, StoreError> {
        let row = callbacks::Entity::find()
            .filter(callbacks::Column::Cid.eq(cid.get()))
            .one(self.readers())
            .await?;
        row.map(CallbackRow::from_model).transpose()
    }

    /// Every try of a payout's callback, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn deliveries(&self, cid: Cid) -> Result<Vec<DeliveryLog>, StoreError> {
        let rows = deliveries::Entity::find()
            .filter(deliveries::Column::Cid.eq(cid.get()))
            .order_by_asc(deliveries::Column::Id)
            .all(self.readers())
            .await?;
        rows.into_iter().map(DeliveryLog::from_model).collect()
    }

    /// When the next callback is due, for the sender's timer.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_callback_due(&self) -> Result<Option<Millis>, StoreError> {
        let next: Option<i64> = callbacks::Entity::find()
            .select_only()
            .column(callbacks::Column::DueAt)
            .filter(callbacks::Column::DueAt.is_not_null())
            .order_by_asc(callbacks::Column::DueAt)
            .limit(1)
            .into_tuple()
            .one(self.readers())
            .await?;
        Column("callbacks", "due_at").millis_opt(next)
    }
}
