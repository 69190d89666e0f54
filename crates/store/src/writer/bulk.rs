//! Many rows in one statement.

use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable};

use crate::dialect::MAX_PARAMETERS;
use crate::error::StoreError;

/// Inserts rows; any conflict is an error of the database.
pub(super) async fn insert<E>(tx: &DatabaseTransaction, rows: Vec<E::Model>) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).map(all_set).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<E::ActiveModel> = rows.by_ref().take(rows_per_statement::<E>()).collect();
        E::insert_many(chunk).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// How many rows fit in a statement's parameters.
pub(super) fn rows_per_statement<E: EntityTrait>() -> usize {
    MAX_PARAMETERS / E::Column::iter().count().max(1)
}

/// A model turned into an active one counts as unchanged; for an insert every column is set.
pub(super) fn all_set<A: ActiveModelTrait>(row: A) -> A {
    row.reset_all()
}
