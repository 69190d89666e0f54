//! Whether a payout could be stored durably: by storing something durably.

use payout::time::Millis;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, Set};

use super::queue::{Answer, Desk, Write};
use crate::error::StoreError;
use crate::schema::entity::replays;
use crate::store::Store;

/// No replay key is spelled like this: those are digests.
const KEY: &str = "ready";

struct Ready {
    now: Millis,
}

impl Write for Ready {
    type Done = ();
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), StoreError> {
        let row = replays::ActiveModel { key: Set(KEY.to_owned()), forget_after: Set(self.now.get()) };
        let newest =
            OnConflict::column(replays::Column::Key).update_column(replays::Column::ForgetAfter).to_owned();
        replays::Entity::insert(row).on_conflict(newest).exec_without_returning(desk.tx).await?;
        Ok(Ok(()))
    }
}

impl Store {
    /// Writes and commits a row, as an accept would.
    ///
    /// # Errors
    /// What an accept would meet.
    pub async fn ready(&self, now: Millis) -> Result<(), StoreError> {
        self.write(Ready { now }).await
    }
}
