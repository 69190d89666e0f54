//! Reading what co-signers said.

use payout::ids::{Cid, Digest};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

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
        let rows = nevers::Entity::find()
            .filter(nevers::Column::Intent.eq(intent.to_string()))
            .order_by_asc(nevers::Column::Cosigner)
            .all(self.readers())
            .await?;
        rows.into_iter().map(Never::from_model).collect()
    }
}
