//! Reading payouts.

use payout::ids::{Cid, Digest, ProjectId, ThirdPartyId};
use payout::intent::Kind;
use payout::life::{Entry, Status, Step};
use payout::time::Millis;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use crate::column::Column;
use crate::error::StoreError;
use crate::row::stored::status_of;
use crate::row::{PayoutRow, Tally};
use crate::schema::entity::{history, payouts};
use crate::store::Store;

/// Which payouts to list. Empty lists are no condition.
#[derive(Debug, Clone, Default)]
pub struct PayoutFilter {
    /// Of this project.
    pub project: Option<ProjectId>,
    /// At one of these statuses.
    pub statuses: Vec<Status>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Waiting for this step.
    pub step: Option<Step>,
    /// Older than this one: the last of the page before.
    pub before: Option<Cid>,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

/// Payouts on a page when the caller does not say.
const PAGE: u32 = 100;

impl Store {
    /// A payout by its number.
    ///
    /// # Errors
    /// The database's.
    pub async fn payout(&self, cid: Cid) -> Result<Option<PayoutRow>, StoreError> {
        self.one(payouts::Entity::find_by_id(cid.get())).await
    }

    /// A payout by its intent's digest.
    ///
    /// # Errors
    /// The database's.
    pub async fn payout_by_intent(&self, digest: &Digest) -> Result<Option<PayoutRow>, StoreError> {
        self.one(payouts::Entity::find().filter(payouts::Column::Digest.eq(digest.to_string()))).await
    }

    /// A payout by its caller's number.
    ///
    /// # Errors
    /// The database's.
    pub async fn payout_by_business_number(
        &self,
        project: ProjectId,
        number: &ThirdPartyId,
    ) -> Result<Option<PayoutRow>, StoreError> {
        let query = payouts::Entity::find()
            .filter(payouts::Column::Project.eq(project.get()))
            .filter(payouts::Column::ThirdPartyId.eq(number.as_str()))
            .filter(payouts::Column::DisplacedBy.is_null());
        self.one(query).await
    }

    async fn one(&self, query: Select<payouts::Entity>) -> Result<Option<PayoutRow>, StoreError> {
        query.one(self.readers()).await?.map(PayoutRow::from_model).transpose()
    }

    /// Payouts, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, filter: PayoutFilter) -> Result<Vec<PayoutRow>, StoreError> {
        let PayoutFilter { project, statuses, kind, step, before, limit } = filter;
        let codes: Vec<i32> = statuses.into_iter().map(|status| i32::from(status.code())).collect();
        let codes = (!codes.is_empty()).then_some(codes);
        let query = payouts::Entity::find()
            .apply_if(project, |query, project| query.filter(payouts::Column::Project.eq(project.get())))
            .apply_if(codes, |query, codes| query.filter(payouts::Column::Status.is_in(codes)))
            .apply_if(kind, |query, kind| query.filter(payouts::Column::Kind.eq(kind.as_str())))
            .apply_if(step, |query, step| query.filter(payouts::Column::Step.eq(step.as_str())))
            .apply_if(before, |query, before| query.filter(payouts::Column::Cid.lt(before.get())))
            .order_by_desc(payouts::Column::Cid)
            .limit(u64::from(if limit == 0 { PAGE } else { limit }));
        query.all(self.readers()).await?.into_iter().map(PayoutRow::from_model).collect()
    }

    /// Voids, raised caps and later attempts that name this intent as their target, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn payouts_targeting(&self, digest: &Digest) -> Result<Vec<PayoutRow>, StoreError> {
        let rows = payouts::Entity::find()
            .filter(payouts::Column::Target.eq(digest.to_string()))
            .order_by_asc(payouts::Column::Cid)
            .all(self.readers())
            .await?;
        rows.into_iter().map(PayoutRow::from_model).collect()
    }

    /// A payout's whole history, oldest first; check it with [`payout::life::verify_history`].
    ///
    /// # Errors
    /// The database's.
    pub async fn history(&self, cid: Cid) -> Result<Vec<Entry>, StoreError> {
        let rows = history::Entity::find()
            .filter(history::Column::Cid.eq(cid.get()))
            .order_by_asc(history::Column::Seq)
            .all(self.readers())
            .await?;
        rows.into_iter().map(entry).collect()
    }

    /// When the next payout is due for a step, for the engine's timer.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_due(&self, step: Step) -> Result<Option<Millis>, StoreError> {
        let next: Option<i64> = payouts::Entity::find()
            .select_only()
            .column(payouts::Column::DueAt)
            .filter(payouts::Column::Step.eq(step.as_str()))
            .order_by_asc(payouts::Column::DueAt)
            .limit(1)
            .into_tuple()
            .one(self.readers())
            .await?;
        Column("payouts", "due_at").millis_opt(next)
    }

    /// How many payouts are where, for metrics.
    ///
    /// # Errors
    /// The database's.
    pub async fn tally(&self) -> Result<Vec<Tally>, StoreError> {
        let groups: Vec<(i32, Option<String>, i64, i64)> = payouts::Entity::find()
            .select_only()
            .column(payouts::Column::Status)
            .column(payouts::Column::Step)
            .column_as(payouts::Column::WaitReason.count(), "waiting")
            .column_as(payouts::Column::Cid.count(), "count")
            .group_by(payouts::Column::Status)
            .group_by(payouts::Column::Step)
            .into_tuple()
            .all(self.readers())
            .await?;
        groups
            .into_iter()
            .map(|(status, step, waiting, count)| {
                let step = step.map(|step| Column("payouts", "step").word(&step)).transpose()?;
                let number = |n: i64| u64::try_from(n).unwrap_or(0);
                Ok(Tally {
                    status: status_of(Column("payouts", "status"), status)?,
                    step,
                    waiting: number(waiting),
                    count: number(count),
                })
            })
            .collect()
    }
}

fn entry(row: history::Model) -> Result<Entry, StoreError> {
    let at = |column| Column("history", column);
    Ok(Entry {
        cid: at("cid").some(Cid::new(row.cid))?,
        seq: u32::try_from(row.seq).map_err(|error| at("seq").corrupt(error))?,
        at: at("at").millis(row.at)?,
        cause: at("cause").json(&row.cause)?,
        record: at("record").json(&row.record)?,
        previous: at("previous").parse(&row.previous)?,
        hash: at("hash").parse(&row.hash)?,
    })
}
