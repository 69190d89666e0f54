//! The rules' counters: exact sliding windows and totals, loaded once a batch and decided in memory.
//!
//! The truth is in the tables. What is kept in memory is valid only as long as the rule's row in `usage_heads` says
//! so, which every batch reads in its own transaction: another writer's uses are loaded, never overlooked.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque, btree_map};

use payout::coin::CoinId;
use payout::ids::{Cid, RuleId};
use payout::money::Amount;
use payout::time::Millis;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::bulk;
use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::{usage_heads, usage_totals, usages};
use payout::policy::RuleUse;

/// The largest amount there is: what a sum that does not fit counts as, so that no limit has room for more.
fn endless() -> Amount {
    Amount::from_base_units("115792089237316195423570985008687907853269984665640564039457584007913129639935")
        .expect("2^256 - 1 fits in 256 bits")
}

/// Counters of all rules that were used since the writer started.
#[derive(Debug, Default)]
pub(crate) struct UsageCache {
    rules: HashMap<RuleId, RuleCounter>,
    /// The newest time that a use was counted at: windows only move forward.
    now: Millis,
    /// Uses of this transaction, to be written.
    fresh: Vec<usages::Model>,
    touched: BTreeSet<(RuleId, CoinId)>,
}

#[derive(Debug, Default)]
struct RuleCounter {
    /// The newest use that is counted here.
    seq: i64,
    totals: HashMap<CoinId, Amount>,
    /// By length in milliseconds: two versions of a rule may differ in it.
    windows: BTreeMap<i64, Window>,
}

#[derive(Debug, Default)]
struct Window {
    uses: VecDeque<(Millis, CoinId, Amount)>,
    sums: HashMap<CoinId, Amount>,
    /// A sum did not fit: it counts as endless until everything is loaded again.
    overflowed: bool,
}

impl Window {
    fn push(&mut self, at: Millis, coin: &CoinId, amount: Amount) {
        let sum = self.sums.entry(coin.clone()).or_default();
        match sum.checked_add(amount) {
            Some(larger) => *sum = larger,
            None => self.overflowed = true,
        }
        self.uses.push_back((at, coin.clone(), amount));
    }

    /// Drops uses that are no later than `start`: strictly later ones count.
    fn slide(&mut self, start: Millis) {
        while let Some((at, coin, amount)) = self.uses.front() {
            if *at > start {
                break;
            }
            if let Some(sum) = self.sums.get_mut(coin) {
                match sum.checked_sub(*amount) {
                    Some(smaller) => *sum = smaller,
                    None => self.overflowed = true,
                }
            }
            self.uses.pop_front();
        }
    }
}

/// A counter that a batch needs: of a rule, in a window of this length if it has one.
pub(super) type Wanted = (RuleId, Option<i64>);

impl UsageCache {
    /// The time at which this batch counts: never before an earlier batch's, so that a window that has moved on
    /// does not have to move back.
    pub(super) fn clock(&mut self, now: Millis) {
        self.now = self.now.max(now);
    }

    /// Brings the counters of `wanted` up to date with the database and slides their windows.
    pub(super) async fn load(
        &mut self,
        tx: &DatabaseTransaction,
        wanted: &BTreeSet<Wanted>,
    ) -> Result<(), StoreError> {
        let rules: BTreeSet<&RuleId> = wanted.iter().map(|(rule, _)| rule).collect();
        if rules.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = rules.iter().map(|rule| rule.as_str()).collect();
        let heads: HashMap<String, i64> = usage_heads::Entity::find()
            .filter(usage_heads::Column::Rule.is_in(names))
            .lock_exclusive()
            .all(tx)
            .await?
            .into_iter()
            .map(|head| (head.rule, head.seq))
            .collect();
        for rule in rules {
            let head = heads.get(rule.as_str()).copied().unwrap_or(0);
            let counter = self.rules.entry(rule.clone()).or_default();
            if counter.seq != head {
                // Another writer used it: what is here is not the whole.
                *counter = RuleCounter { seq: head, ..RuleCounter::default() };
                counter.totals = totals(tx, rule).await?;
            }
        }
        for (rule, length_ms) in wanted {
            let Some(length_ms) = *length_ms else { continue };
            let counter = self.rules.get_mut(rule).expect("it was entered above");
            // Every window of the rule slides, those of its former versions too: they must not grow for ever.
            for (length_ms, window) in &mut counter.windows {
                window.slide(self.now.plus(-length_ms));
            }
            if let btree_map::Entry::Vacant(vacant) = counter.windows.entry(length_ms) {
                vacant.insert(window_since(tx, rule, self.now.plus(-length_ms)).await?);
            }
        }
        Ok(())
    }

    /// What was used so far. The counter must have been loaded.
    pub(super) fn used(&self, rule: &RuleId, coin: &CoinId, length_ms: Option<i64>) -> RuleUse {
        let counter = self.rules.get(rule).expect("counters are loaded before they are asked");
        let window = length_ms.and_then(|length_ms| counter.windows.get(&length_ms));
        let (window_count, window_sum) = window.map_or((0, Amount::ZERO), |window| {
            let count = u32::try_from(window.uses.len()).unwrap_or(u32::MAX);
            let sum = window.sums.get(coin).copied().unwrap_or_default();
            (count, if window.overflowed { endless() } else { sum })
        });
        RuleUse { window_count, window_sum, total: counter.totals.get(coin).copied().unwrap_or_default() }
    }

    /// Counts a use.
    pub(super) fn count(&mut self, rule: &RuleId, coin: &CoinId, amount: Amount, cid: Cid) {
        let now = self.now;
        let counter = self.rules.get_mut(rule).expect("counters are loaded before they are used");
        counter.seq += 1;
        let total = counter.totals.entry(coin.clone()).or_default();
        *total = total.checked_add(amount).unwrap_or_else(endless);
        for window in counter.windows.values_mut() {
            window.push(now, coin, amount);
        }
        self.touched.insert((rule.clone(), coin.clone()));
        self.fresh.push(usages::Model {
            rule: rule.to_string(),
            seq: counter.seq,
            coin: coin.to_string(),
            amount: amount.to_string(),
            cid: cid.get(),
            at: now.get(),
        });
    }

    /// Forgets what was counted and not written, and everything else that is in memory.
    pub(super) fn forget(&mut self) {
        *self = Self { now: self.now, ..Self::default() };
    }

    /// Writes what was counted since the last time.
    pub(super) async fn flush(&mut self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        let fresh = std::mem::take(&mut self.fresh);
        if fresh.is_empty() {
            return Ok(());
        }
        bulk::insert::<usages::Entity>(tx, fresh).await?;
        let touched = std::mem::take(&mut self.touched);
        let counter = |rule: &RuleId| self.rules.get(rule).expect("a touched rule is loaded");
        let rules: BTreeSet<&RuleId> = touched.iter().map(|(rule, _)| rule).collect();
        let heads = rules
            .into_iter()
            .map(|rule| usage_heads::Model { rule: rule.to_string(), seq: counter(rule).seq })
            .map(|row| bulk::all_set(row.into_active_model()));
        usage_heads::Entity::insert_many(heads)
            .on_conflict(
                OnConflict::column(usage_heads::Column::Rule)
                    .update_column(usage_heads::Column::Seq)
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
        let totals = touched
            .iter()
            .map(|(rule, coin)| usage_totals::Model {
                rule: rule.to_string(),
                coin: coin.to_string(),
                total: counter(rule).totals.get(coin).copied().unwrap_or_default().to_string(),
            })
            .map(|row| bulk::all_set(row.into_active_model()));
        usage_totals::Entity::insert_many(totals)
            .on_conflict(
                OnConflict::columns([usage_totals::Column::Rule, usage_totals::Column::Coin])
                    .update_column(usage_totals::Column::Total)
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }
}

async fn totals(tx: &DatabaseTransaction, rule: &RuleId) -> Result<HashMap<CoinId, Amount>, StoreError> {
    let rows =
        usage_totals::Entity::find().filter(usage_totals::Column::Rule.eq(rule.as_str())).all(tx).await?;
    rows.into_iter()
        .map(|row| {
            let coin = Column("usage_totals", "coin").parse(&row.coin)?;
            let total = Column("usage_totals", "total").some(Amount::from_base_units(&row.total))?;
            Ok((coin, total))
        })
        .collect()
}

async fn window_since(tx: &DatabaseTransaction, rule: &RuleId, start: Millis) -> Result<Window, StoreError> {
    let rows: Vec<(i64, String, String)> = usages::Entity::find()
        .select_only()
        .columns([usages::Column::At, usages::Column::Coin, usages::Column::Amount])
        .filter(usages::Column::Rule.eq(rule.as_str()))
        .filter(usages::Column::At.gt(start.get()))
        .order_by_asc(usages::Column::At)
        .order_by_asc(usages::Column::Seq)
        .into_tuple()
        .all(tx)
        .await?;
    let mut window = Window::default();
    for (at, coin, amount) in rows {
        let at = Column("usages", "at").millis(at)?;
        let coin = Column("usages", "coin").parse(&coin)?;
        let amount = Column("usages", "amount").some(Amount::from_base_units(&amount))?;
        window.push(at, &coin, amount);
    }
    Ok(window)
}
