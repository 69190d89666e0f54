//! The memory of creating calls: the same signed request creates once (wire contract, code A0402).

use std::collections::HashSet;

use payout::ids::{Digest, ProjectId};
use payout::time::Millis;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};

use crate::error::StoreError;
use crate::schema::entity::replays;

/// What makes a request the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayKey {
    /// `pid`.
    pub project: ProjectId,
    /// `nonce`.
    pub nonce: String,
    /// `timestamp`.
    pub timestamp: i64,
    /// `sign`, lower case.
    pub sign: String,
    /// When the time window is over and the key may be forgotten.
    pub forget_after: Millis,
}

impl ReplayKey {
    /// The row: one short key, so that a batch is looked up with one list.
    pub(super) fn to_row(&self) -> replays::Model {
        let key = Digest::of(
            "bursar/replay/v1",
            &[
                &self.project.get().to_be_bytes(),
                self.nonce.as_bytes(),
                &self.timestamp.to_be_bytes(),
                self.sign.as_bytes(),
            ],
        );
        replays::Model { key: key.to_string(), forget_after: self.forget_after.get() }
    }
}

/// Which of these keys were seen.
pub(super) async fn seen(
    tx: &DatabaseTransaction,
    keys: impl IntoIterator<Item = String>,
) -> Result<HashSet<String>, StoreError> {
    let keys: Vec<String> = keys.into_iter().collect();
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<String> = replays::Entity::find()
        .select_only()
        .column(replays::Column::Key)
        .filter(replays::Column::Key.is_in(keys))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(found.into_iter().collect())
}
