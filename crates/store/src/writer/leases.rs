//! What a predecessor that was killed had claimed.
//!
//! Whoever holds the database's lock is the only program at it, so every lease in it belongs to one that is gone. Its
//! payouts and callbacks go on at once; waiting for the leases to run out would cost each of them half a minute.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};

use crate::dialect;
use crate::error::StoreError;
use crate::schema::entity::{callbacks, payouts};

/// Ends all leases. Only for the holder of the lock, before it claims anything. What was leased is due since it was last
/// written.
pub(crate) async fn end_all(writer: &DatabaseConnection) -> Result<(), StoreError> {
    let tx = dialect::begin(writer).await?;
    let nobody: Option<i64> = None;
    let payouts = payouts::Entity::update_many()
        .col_expr(payouts::Column::DueAt, Expr::col(payouts::Column::Updated))
        .col_expr(payouts::Column::LeaseUntil, nobody.into())
        .col_expr(payouts::Column::LeaseOwner, None::<String>.into())
        .filter(payouts::Column::LeaseUntil.is_not_null())
        .exec(&tx)
        .await?;
    let callbacks = callbacks::Entity::update_many()
        .col_expr(callbacks::Column::DueAt, Expr::col(callbacks::Column::Updated))
        .col_expr(callbacks::Column::LeaseUntil, nobody.into())
        .filter(callbacks::Column::LeaseUntil.is_not_null())
        .exec(&tx)
        .await?;
    tx.commit().await?;
    let (payouts, callbacks) = (payouts.rows_affected, callbacks.rows_affected);
    if payouts + callbacks > 0 {
        tracing::info!(payouts, callbacks, "taking up what a gateway that was killed had begun");
    }
    Ok(())
}
