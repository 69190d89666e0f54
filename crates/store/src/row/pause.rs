//! An operator's pause: nothing new is built or signed within its scope until it ends.

use std::fmt;

use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::pauses;
use payout::coin::CoinId;
use payout::ids::{ChainId, PrincipalId, ProjectId, WalletId};
use payout::intent::Intent;
use payout::time::Millis;

/// What is paused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PauseScope {
    /// Everything on a chain.
    Chain(ChainId),
    /// A coin.
    Coin(CoinId),
    /// A wallet.
    Wallet(WalletId),
    /// A project.
    Project(ProjectId),
}

impl PauseScope {
    /// Whether a pause of this scope concerns what the intent pays.
    pub fn covers(&self, intent: &Intent) -> bool {
        match self {
            Self::Chain(chain) => *chain == intent.chain_id,
            Self::Coin(coin) => coin.chain_id == intent.chain_id && coin.token_id == intent.token_id,
            Self::Wallet(wallet) => *wallet == intent.wallet,
            Self::Project(project) => *project == intent.project,
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Chain(_) => "chain",
            Self::Coin(_) => "coin",
            Self::Wallet(_) => "wallet",
            Self::Project(_) => "project",
        }
    }

    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Chain(id) => id.to_string(),
            Self::Coin(id) => id.to_string(),
            Self::Wallet(id) => id.to_string(),
            Self::Project(id) => id.to_string(),
        }
    }

    pub(crate) fn from_parts(kind: &str, subject: &str) -> Option<Self> {
        match kind {
            "chain" => subject.parse().ok().map(Self::Chain),
            "coin" => subject.parse().ok().map(Self::Coin),
            "wallet" => subject.parse().ok().map(Self::Wallet),
            "project" => subject.parse().ok().map(Self::Project),
            _ => None,
        }
    }
}

/// `chain 60`, `coin 60@60`, `wallet 7`, `project 9`.
impl fmt::Display for PauseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.subject())
    }
}

/// One pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseRow {
    /// Its id.
    pub id: i64,
    /// What is paused.
    pub scope: PauseScope,
    /// Why.
    pub reason: String,
    /// Who ordered it.
    pub by: PrincipalId,
    /// Since when.
    pub from: Millis,
    /// Until when at the latest.
    pub until: Millis,
    /// Who ended it early, and when.
    pub lifted: Option<(PrincipalId, Millis)>,
}

impl PauseRow {
    /// Whether it holds at `now`.
    pub fn holds_at(&self, now: Millis) -> bool {
        self.lifted.is_none() && self.from <= now && now < self.until
    }
}

impl PauseRow {
    pub(crate) fn from_model(row: pauses::Model) -> Result<Self, StoreError> {
        let at = |column| Column("pauses", column);
        let lifted_by = at("lifted_by").parse_opt(row.lifted_by.as_deref())?;
        Ok(Self {
            id: row.id,
            scope: at("subject").some(PauseScope::from_parts(&row.kind, &row.subject))?,
            reason: row.reason,
            by: at("ordered_by").parse(&row.ordered_by)?,
            from: at("starts").millis(row.starts)?,
            until: at("ends").millis(row.ends)?,
            lifted: lifted_by.zip(at("lifted").millis_opt(row.lifted)?),
        })
    }
}
