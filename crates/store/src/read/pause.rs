//! Reading pauses.

use payout::time::Millis;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::error::StoreError;
use crate::row::PauseRow;
use crate::schema::entity::pauses;
use crate::store::Store;

impl Store {
    /// The pauses that hold at `now`, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn pauses(&self, now: Millis) -> Result<Vec<PauseRow>, StoreError> {
        let rows = pauses::Entity::find()
            .filter(pauses::Column::Lifted.is_null())
            .filter(pauses::Column::Starts.lte(now.get()))
            .filter(pauses::Column::Ends.gt(now.get()))
            .order_by_asc(pauses::Column::Id)
            .all(self.readers())
            .await?;
        rows.into_iter().map(PauseRow::from_model).collect()
    }
}
