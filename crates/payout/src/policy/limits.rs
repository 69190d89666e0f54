//! A rule's counters: what they allow, and what is used of it.

use serde::{Deserialize, Serialize};

use super::condition::Unmet;
use super::document::{Outcome, Rule, Rules};
use super::lookup::HOUR_MS;
use crate::coin::{Coin, CoinId};
use crate::money::Amount;
use crate::time::Millis;

/// How a coin's amounts are written for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// The coin's name.
    pub name: String,
    /// Its decimal places.
    pub decimals: u8,
}

impl Unit {
    /// The unit of a coin.
    pub fn of(coin: &Coin) -> Self {
        Self { name: coin.name.clone(), decimals: coin.decimals }
    }

    /// Such as `1.5 USDT-ERC20`.
    pub fn show(&self, amount: Amount) -> String {
        format!("{} {}", amount.to_decimal(self.decimals), self.name)
    }
}

/// A rule's limits for one coin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Within a sliding window.
    pub window: Option<WindowLimit>,
    /// For ever.
    pub budget: Option<Amount>,
    /// How to write the coin's amounts.
    pub unit: Unit,
}

/// A window's limits for one coin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowLimit {
    /// Its length, hours.
    pub hours: u32,
    /// The most payouts in it, over all coins of the rule.
    pub count: u32,
    /// The most money in it, of the coin.
    pub sum: Amount,
}

/// What is used of a rule, the payout in question not included.
///
/// A co-signer that has contributed to the intent before leaves that out too: a payout counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleUse {
    /// Payouts in the window, over all coins.
    pub window_count: u32,
    /// Money in the window, of the coin.
    pub window_sum: Amount,
    /// Money ever, of the coin.
    pub total: Amount,
}

impl Limits {
    /// The limits of a rule for a coin. A deny has none: it is never used up. `None`: the coin is not in the rules.
    pub fn of(rules: &Rules, rule: &Rule, coin: &CoinId) -> Option<Self> {
        let unit = Unit::of(rules.coin(coin)?);
        if rule.outcome == Outcome::Deny {
            return Some(Self { window: None, budget: None, unit });
        }
        // A window or a budget that does not name the coin allows nothing of it.
        let window = rule.window.as_ref().map(|window| WindowLimit {
            hours: window.hours,
            count: window.count,
            sum: window.sums.get(coin).copied().unwrap_or(Amount::ZERO),
        });
        let budget =
            (!rule.budget.is_empty()).then(|| rule.budget.get(coin).copied().unwrap_or(Amount::ZERO));
        Some(Self { window, budget, unit })
    }

    /// Whether nothing needs to be counted.
    pub const fn is_empty(&self) -> bool {
        self.window.is_none() && self.budget.is_none()
    }

    /// Whether `amount` still fits beside what is `used`.
    ///
    /// # Errors
    /// The first limit that it would pass; a sum that does not fit in 256 bits passes every limit.
    pub fn fit(&self, amount: Amount, used: &RuleUse) -> Result<(), Unmet> {
        if let Some(WindowLimit { hours, count, sum }) = &self.window {
            if used.window_count >= *count {
                return Err(Unmet::WindowCount { count: *count, hours: *hours });
            }
            let would_be = used.window_sum.checked_add(amount).ok_or(Unmet::Overflow)?;
            if would_be > *sum {
                return Err(Unmet::WindowSum {
                    would_be: self.unit.show(would_be),
                    most: self.unit.show(*sum),
                    hours: *hours,
                });
            }
        }
        if let Some(budget) = self.budget {
            let would_be = used.total.checked_add(amount).ok_or(Unmet::Overflow)?;
            if would_be > budget {
                return Err(Unmet::Budget {
                    would_be: self.unit.show(would_be),
                    budget: self.unit.show(budget),
                });
            }
        }
        Ok(())
    }

    /// From when on uses count in the window that ends `now`: strictly later ones do. `None` without a window.
    pub fn window_start(&self, now: Millis) -> Option<Millis> {
        let window = self.window.as_ref()?;
        Some(now.plus(-(i64::from(window.hours) * HOUR_MS)))
    }
}
