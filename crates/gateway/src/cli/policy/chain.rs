//! The three chains as words of the command line.

use clap::ValueEnum;
use payout::policy::ChainName;

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ChainWord {
    /// Chains, coins, wallets, fees and rules.
    Rules,
    /// Persons, machines and groups.
    People,
    /// Payees.
    Book,
}

impl From<ChainWord> for ChainName {
    fn from(word: ChainWord) -> Self {
        match word {
            ChainWord::Rules => Self::Rules,
            ChainWord::People => Self::People,
            ChainWord::Book => Self::Book,
        }
    }
}
