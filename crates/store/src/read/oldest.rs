//! Reading how long the oldest work has waited.

use payout::life::Status;
use payout::time::Millis;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::payouts;
use crate::store::Store;

impl Store {
    /// When the oldest payout that has not ended was accepted.
    ///
    /// # Errors
    /// The database's.
    pub async fn oldest_live(&self) -> Result<Option<Millis>, StoreError> {
        let live = [Status::AwaitingApproval, Status::AwaitingSignature, Status::OnItsWay];
        let created: Option<i64> = payouts::Entity::find()
            .select_only()
            .column(payouts::Column::Created)
            .filter(payouts::Column::Status.is_in(live.map(|status| i32::from(status.code()))))
            .order_by_asc(payouts::Column::Cid)
            .limit(1)
            .into_tuple()
            .one(self.readers())
            .await?;
        Column("payouts", "created").millis_opt(created)
    }
}
