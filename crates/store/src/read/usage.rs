//! Reading counters, for display and for `bursar why`. What decides is counted by the writer.

use payout::coin::CoinId;
use payout::ids::RuleId;
use payout::money::Amount;
use payout::policy::RuleUse;
use payout::time::Millis;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::{usage_totals, usages};
use crate::store::Store;

impl Store {
    /// What was committed under a rule: strictly after `since` (all coins counted, this coin summed), and ever.
    ///
    /// # Errors
    /// The database's; [`StoreError::Corrupt`] for a sum that no 256 bits hold.
    pub async fn usage(&self, rule: &RuleId, coin: &CoinId, since: Millis) -> Result<RuleUse, StoreError> {
        let uses: Vec<(String, String)> = usages::Entity::find()
            .select_only()
            .columns([usages::Column::Coin, usages::Column::Amount])
            .filter(usages::Column::Rule.eq(rule.as_str()))
            .filter(usages::Column::At.gt(since.get()))
            .into_tuple()
            .all(self.readers())
            .await?;
        let amount = Column("usages", "amount");
        let mut window_sum = Amount::ZERO;
        let coin = coin.to_string();
        for (_, used) in uses.iter().filter(|(of, _)| *of == coin) {
            let used = amount.some(Amount::from_base_units(used))?;
            window_sum = amount.some(window_sum.checked_add(used))?;
        }
        let key = (rule.to_string(), coin);
        let total = usage_totals::Entity::find_by_id(key).one(self.readers()).await?;
        let total = total
            .map(|row| Column("usage_totals", "total").some(Amount::from_base_units(&row.total)))
            .transpose()?;
        Ok(RuleUse {
            window_count: u32::try_from(uses.len()).unwrap_or(u32::MAX),
            window_sum,
            total: total.unwrap_or_default(),
        })
    }
}
