//! Reading what was signed about a payout.

use std::collections::HashMap;

use payout::approval::SignedAct;
use payout::ids::Cid;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::together::{Found, Question, padded};
use crate::column::Column;
use crate::error::StoreError;
use crate::row::CallerProof;
use crate::schema::entity::{acts, callers};
use crate::store::Store;

impl Store {
    /// The signed acts about a payout, in the order of their arrival.
    ///
    /// # Errors
    /// The database's.
    pub async fn acts(&self, cid: Cid) -> Result<Vec<SignedAct>, StoreError> {
        self.look_ups().acts.ask(ActsOf(cid.get())).await
    }

    /// The caller's own signature over the request.
    ///
    /// # Errors
    /// The database's.
    pub async fn caller(&self, cid: Cid) -> Result<Option<CallerProof>, StoreError> {
        self.look_ups().callers.ask(CallerOf(cid.get())).await
    }
}

/// The acts about a payout.
pub(crate) struct ActsOf(i64);

impl Question for ActsOf {
    type Answer = Vec<SignedAct>;

    async fn answer(
        questions: &[Self],
        readers: &DatabaseConnection,
    ) -> Result<Vec<Found<Self>>, StoreError> {
        let keys = padded(questions.iter().map(|question| question.0));
        let rows = acts::Entity::find()
            .filter(acts::Column::Cid.is_in(keys))
            .order_by_asc(acts::Column::Id)
            .all(readers)
            .await?;
        let mut found: HashMap<i64, Vec<String>> = HashMap::new();
        for row in rows {
            found.entry(row.cid).or_default().push(row.signed);
        }
        let acts = |question: &Self| {
            let rows = found.get(&question.0).into_iter().flatten();
            rows.map(|signed| Column("acts", "signed").json(signed)).collect()
        };
        Ok(questions.iter().map(acts).collect())
    }
}

/// The caller's signature over the request of a payout.
pub(crate) struct CallerOf(i64);

impl Question for CallerOf {
    type Answer = Option<CallerProof>;

    async fn answer(
        questions: &[Self],
        readers: &DatabaseConnection,
    ) -> Result<Vec<Found<Self>>, StoreError> {
        let keys = padded(questions.iter().map(|question| question.0));
        let rows = callers::Entity::find().filter(callers::Column::Cid.is_in(keys)).all(readers).await?;
        let found: HashMap<i64, callers::Model> = rows.into_iter().map(|row| (row.cid, row)).collect();
        let caller = |question: &Self| {
            let row = found.get(&question.0);
            Ok(row.map(|row| CallerProof { header: row.header.clone(), body: row.body.clone() }))
        };
        Ok(questions.iter().map(caller).collect())
    }
}
