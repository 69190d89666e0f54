//! Claiming work by row.
//!
//! A lease is the row's `due_at` pushed to the lease's end, so that one index finds what is due, and a worker that
//! died needs nobody to clean up after it. A claim also moves the version: whoever held an older claim is stale.

use payout::ids::Cid;
use payout::life::Step;
use payout::time::Millis;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::queue::{Answer, Desk, Write};
use crate::error::StoreError;
use crate::row::PayoutRow;
use crate::schema::entity::payouts;
use crate::store::Store;

/// What is to be looked at now although it waits for a later time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// One payout.
    Payout(Cid),
    /// All that wait for a step: a pause ended, a co-signer came back.
    Step(Step),
}

impl Store {
    /// Payouts that are due for a step, longest due first, each leased to this caller for `lease_ms`. The rows carry
    /// the version to write back.
    ///
    /// # Errors
    /// The database's.
    pub async fn claim(
        &self,
        step: Step,
        limit: u32,
        lease_ms: i64,
        now: Millis,
    ) -> Result<Vec<PayoutRow>, StoreError> {
        self.write(Claim { step, limit, until: now.plus(lease_ms), now, owner: owner() }).await
    }

    /// Makes waiting payouts due at once; leased ones are left alone. Returns how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn wake(&self, wake: Wake, now: Millis) -> Result<u64, StoreError> {
        self.write(WakeUp { wake, now }).await
    }
}

/// Names the process in the row, for people who look into the database.
fn owner() -> String {
    format!("pid {}", std::process::id())
}

struct Claim {
    step: Step,
    limit: u32,
    until: Millis,
    now: Millis,
    owner: String,
}

impl Write for Claim {
    type Done = Vec<PayoutRow>;
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<Vec<PayoutRow>, StoreError> {
        desk.newest = desk.newest.max(self.now);
        let due = payouts::Entity::find()
            .filter(payouts::Column::Step.eq(self.step.as_str()))
            .filter(payouts::Column::DueAt.lte(self.now.get()))
            .order_by_asc(payouts::Column::DueAt)
            .order_by_asc(payouts::Column::Cid)
            .limit(u64::from(self.limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .all(desk.tx)
            .await?;
        if due.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        payouts::Entity::update_many()
            .col_expr(payouts::Column::Version, Expr::col(payouts::Column::Version).add(1))
            .col_expr(payouts::Column::DueAt, self.until.get().into())
            .col_expr(payouts::Column::LeaseUntil, self.until.get().into())
            .col_expr(payouts::Column::LeaseOwner, self.owner.clone().into())
            .filter(payouts::Column::Cid.is_in(due.iter().map(|row| row.cid)))
            .exec(desk.tx)
            .await?;
        let mut claimed = Vec::with_capacity(due.len());
        for mut row in due {
            row.version += 1;
            row.due_at = self.until.get();
            row.lease_until = Some(self.until.get());
            let cid = row.cid;
            match PayoutRow::from_model(row) {
                Ok(row) => claimed.push(row),
                // It stays leased: one damaged row must not keep the step from all the others.
                Err(error) => {
                    tracing::error!(cid, error = &error as &dyn std::error::Error, "a payout is unreadable")
                }
            }
        }
        Ok(Ok(claimed))
    }
}

struct WakeUp {
    wake: Wake,
    now: Millis,
}

impl Write for WakeUp {
    type Done = u64;
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<u64, StoreError> {
        let which = match self.wake {
            Wake::Payout(cid) => payouts::Column::Cid.eq(cid.get()).and(payouts::Column::Step.is_not_null()),
            Wake::Step(step) => payouts::Column::Step.eq(step.as_str()),
        };
        let free = Condition::any()
            .add(payouts::Column::LeaseUntil.is_null())
            .add(payouts::Column::LeaseUntil.lte(self.now.get()));
        let done = payouts::Entity::update_many()
            .col_expr(payouts::Column::DueAt, self.now.get().into())
            .filter(which)
            .filter(payouts::Column::DueAt.gt(self.now.get()))
            .filter(free)
            .exec(desk.tx)
            .await?;
        Ok(Ok(done.rows_affected))
    }
}
