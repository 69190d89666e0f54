//! Coins by name and sums in token units.

use std::collections::BTreeMap;

use toml::Spanned;

use super::lines::{FileError, Source};
use crate::coin::{Coin, CoinId};
use crate::money::Amount;

/// `"1.5"`: token units in quotes, because a TOML number is a float.
pub(crate) type Sum = Spanned<String>;
/// Sums by coin.
pub(crate) type SumTable = BTreeMap<Spanned<String>, Sum>;

/// The coins that a file may name.
pub(crate) struct Coins<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) coins: &'a [Coin],
}

impl Coins<'_> {
    pub(crate) fn find(&self, written: &Spanned<String>) -> Result<&Coin, FileError> {
        let name = written.get_ref();
        let by_name = self.coins.iter().find(|coin| coin.name == *name);
        let found = by_name.or_else(|| {
            let id = name.parse::<CoinId>().ok()?;
            self.coins.iter().find(|coin| coin.id() == id)
        });
        found.ok_or_else(|| self.source.error(&written.span(), format!("the coin {name:?} is not listed")))
    }

    pub(crate) fn list(&self, written: &[Spanned<String>]) -> Result<Vec<CoinId>, FileError> {
        written.iter().map(|name| self.find(name).map(Coin::id)).collect()
    }

    pub(crate) fn sum(&self, written: &Sum, coin: &Coin) -> Result<Amount, FileError> {
        let text = written.get_ref();
        // Nothing is a sum too: a budget of nothing closes a rule without taking it out.
        if text == "0" {
            return Ok(Amount::ZERO);
        }
        Amount::parse(text, coin.decimals).map_err(|error| {
            self.source.error(&written.span(), format!("the amount {text:?} of {} {error}", coin.name))
        })
    }

    pub(crate) fn table(&self, written: &SumTable) -> Result<BTreeMap<CoinId, Amount>, FileError> {
        let mut table = BTreeMap::new();
        for (name, sum) in written {
            let coin = self.find(name)?;
            if table.insert(coin.id(), self.sum(sum, coin)?).is_some() {
                return Err(self.source.error(&name.span(), format!("{} is written twice", coin.name)));
            }
        }
        Ok(table)
    }
}
