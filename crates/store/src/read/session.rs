//! Reading what co-signers said.

use payout::ids::{Cid, Digest};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::together::{Found, Question, padded};
use crate::error::StoreError;
use crate::row::{Never, SessionRow};
use crate::schema::entity::{nevers, sessions};
use crate::store::Store;

impl Store {
    /// A payout's signing sessions, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn sessions(&self, cid: Cid) -> Result<Vec<SessionRow>, StoreError> {
        let rows = sessions::Entity::find()
            .filter(sessions::Column::Cid.eq(cid.get()))
            .order_by_asc(sessions::Column::Opened)
            .all(self.readers())
            .await?;
        rows.into_iter().map(SessionRow::from_model).collect()
    }

    /// The *never* entries about an intent, by co-signer.
    ///
    /// # Errors
    /// The database's.
    pub async fn nevers(&self, intent: &Digest) -> Result<Vec<Never>, StoreError> {
        self.look_ups().nevers.ask(NeversOf(intent.to_string())).await
    }
}

/// The *never* entries about an intent.
pub(crate) struct NeversOf(String);

impl Question for NeversOf {
    type Answer = Vec<Never>;

    async fn answer(
        questions: &[Self],
        readers: &DatabaseConnection,
    ) -> Result<Vec<Found<Self>>, StoreError> {
        let keys = padded(questions.iter().map(|question| question.0.clone()));
        let rows = nevers::Entity::find()
            .filter(nevers::Column::Intent.is_in(keys))
            .order_by_asc(nevers::Column::Cosigner)
            .all(readers)
            .await?;
        let nevers = |question: &Self| {
            let about_it = rows.iter().filter(|row| row.intent == question.0);
            about_it.cloned().map(Never::from_model).collect()
        };
        Ok(questions.iter().map(nevers).collect())
    }
}
