//! Flags of the wallet's own account that a maintenance may set and clear.

/// A flag of an account (AccountSet, "AccountSet Flags"). Only these: others could lock the account or give its key away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountFlag {
    /// Payments to the account need a destination tag.
    RequireDest,
    /// The account asks others not to send it XRP; wallets honour that, the ledger does not.
    DisallowXrp,
    /// Only senders that the account has authorised may pay it.
    DepositAuth,
}

impl AccountFlag {
    const ALL: [Self; 3] = [Self::RequireDest, Self::DisallowXrp, Self::DepositAuth];

    /// The word in intents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequireDest => "require_dest",
            Self::DisallowXrp => "disallow_xrp",
            Self::DepositAuth => "deposit_auth",
        }
    }

    /// `asfRequireDest`, `asfDisallowXRP`, `asfDepositAuth`.
    pub const fn number(self) -> u32 {
        match self {
            Self::RequireDest => 1,
            Self::DisallowXrp => 3,
            Self::DepositAuth => 9,
        }
    }

    /// The flag of a word.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.as_str() == word)
    }

    /// The flag of a number in `SetFlag` or `ClearFlag`.
    pub(super) fn of_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.number() == number)
    }
}
