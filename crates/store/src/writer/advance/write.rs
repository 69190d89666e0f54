//! Writing what advances have decided.

use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter, Set};

use super::prepare::Move;
use crate::error::StoreError;
use crate::schema::entity::{acts, callbacks, history, payouts, recipients, tokens};
use crate::writer::bulk;

pub(super) async fn write(tx: &DatabaseTransaction, moves: Vec<Move>) -> Result<(), StoreError> {
    let (mut all_history, mut all_acts, mut takes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut known, mut callbacks, mut freed) = (Vec::new(), Vec::new(), Vec::new());
    for Move { before, row, payout: _, history, acts, take, free, recipient, callback } in moves {
        update(tx, before, row).await?;
        all_history.extend(history);
        all_acts.extend(acts);
        takes.extend(take);
        freed.extend(free);
        known.extend(recipient);
        callbacks.extend(callback);
    }
    if !freed.is_empty() {
        // After the updates: the table lets a token go only when its payout has ended unsigned.
        tokens::Entity::delete_many().filter(tokens::Column::Intent.is_in(freed)).exec(tx).await?;
    }
    let takes_tokens = !takes.is_empty();
    bulk::insert::<tokens::Entity>(tx, takes).await?;
    if takes_tokens {
        crash::point!("token taken");
    }
    bulk::insert::<history::Entity>(tx, all_history).await?;
    bulk::insert::<acts::Entity>(tx, all_acts).await?;
    bulk::insert::<callbacks::Entity>(tx, callbacks).await?;
    if !known.is_empty() {
        let known = known.into_iter().map(|row| bulk::all_set(row.into_active_model()));
        recipients::Entity::insert_many(known)
            .on_conflict_do_nothing_on([
                recipients::Column::ChainId,
                recipients::Column::Address,
                recipients::Column::Project,
            ])
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

async fn update(tx: &DatabaseTransaction, before: i64, row: payouts::Model) -> Result<(), StoreError> {
    let cid = row.cid;
    let changed = payouts::ActiveModel {
        state: Set(row.state),
        state_name: Set(row.state_name),
        status: Set(row.status),
        step: Set(row.step),
        token: Set(row.token),
        txid: Set(row.txid),
        version: Set(row.version),
        due_at: Set(row.due_at),
        lease_until: Set(row.lease_until),
        lease_owner: Set(row.lease_owner),
        wait_reason: Set(row.wait_reason),
        wait_next: Set(row.wait_next),
        wait_since: Set(row.wait_since),
        updated: Set(row.updated),
        head_seq: Set(row.head_seq),
        head_hash: Set(row.head_hash),
        ..payouts::ActiveModel::default()
    };
    let done = payouts::Entity::update_many()
        .set(changed)
        .filter(payouts::Column::Cid.eq(cid))
        .filter(payouts::Column::Version.eq(before))
        .exec(tx)
        .await?;
    // The row is locked since it was read; anything else is a fault that undoes the transaction.
    if done.rows_affected == 1 { Ok(()) } else { Err(DbErr::RecordNotUpdated.into()) }
}
