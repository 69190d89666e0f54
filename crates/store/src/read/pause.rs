//! Reading pauses.

use payout::time::Millis;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::together::{Found, Question};
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
        self.look_ups().pauses.ask(PausesAt(now.get())).await
    }
}

/// The pauses that hold at a time.
pub(crate) struct PausesAt(i64);

impl Question for PausesAt {
    type Answer = Vec<PauseRow>;

    async fn answer(
        questions: &[Self],
        readers: &DatabaseConnection,
    ) -> Result<Vec<Found<Self>>, StoreError> {
        let times = || questions.iter().map(|question| question.0);
        let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(Vec::new()) };
        let rows = pauses::Entity::find()
            .filter(pauses::Column::Lifted.is_null())
            .filter(pauses::Column::Starts.lte(last))
            .filter(pauses::Column::Ends.gt(first))
            .order_by_asc(pauses::Column::Id)
            .all(readers)
            .await?;
        let pauses = |question: &Self| {
            let holding = rows.iter().filter(|row| row.starts <= question.0 && row.ends > question.0);
            holding.cloned().map(PauseRow::from_model).collect()
        };
        Ok(questions.iter().map(pauses).collect())
    }
}
