//! Forgetting replay keys and nonces whose time is over.

use payout::time::Millis;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use crate::error::StoreError;
use crate::schema::entity::{operator_nonces, replays};

/// How often the writer forgets, by its callers' clock.
pub(super) const EVERY_MS: i64 = 60_000;

pub(super) async fn run(tx: &DatabaseTransaction, now: Millis) -> Result<(), StoreError> {
    replays::Entity::delete_many().filter(replays::Column::ForgetAfter.lt(now.get())).exec(tx).await?;
    operator_nonces::Entity::delete_many()
        .filter(operator_nonces::Column::ForgetAfter.lt(now.get()))
        .exec(tx)
        .await?;
    Ok(())
}
