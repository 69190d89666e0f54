//! `/bursar/v1/pauses`: nothing new is built or signed within a scope, until a time, for a reason.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use payout::coin::CoinId;
use payout::ids::{ChainId, PrincipalId, ProjectId, WalletId};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{Pause, PauseError, PauseRow, PauseScope, Wake};

use super::door::{By, Operator, Viewer};
use super::fault::{Answer, Fault};
use super::office::Office;

/// The longest pause; who needs a longer one changes the policy.
const LONGEST_MS: i64 = 30 * 24 * 3_600_000;
/// The longest reason, characters.
const LONGEST_REASON: usize = 200;

/// What is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything on a chain.
    Chain(ChainId),
    /// A coin.
    Coin(CoinId),
    /// A wallet.
    Wallet(WalletId),
    /// A project.
    Project(ProjectId),
}

impl From<Scope> for PauseScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Chain(id) => Self::Chain(id),
            Scope::Coin(id) => Self::Coin(id),
            Scope::Wallet(id) => Self::Wallet(id),
            Scope::Project(id) => Self::Project(id),
        }
    }
}

impl From<PauseScope> for Scope {
    fn from(scope: PauseScope) -> Self {
        match scope {
            PauseScope::Chain(id) => Self::Chain(id),
            PauseScope::Coin(id) => Self::Coin(id),
            PauseScope::Wallet(id) => Self::Wallet(id),
            PauseScope::Project(id) => Self::Project(id),
        }
    }
}

/// An order to pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseOrder {
    /// What.
    pub scope: Scope,
    /// Why, for the people who read it later.
    pub reason: String,
    /// Until when at the latest.
    pub until: Millis,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseLine {
    /// Its id.
    pub id: i64,
    /// What.
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// Who ordered it.
    pub by: PrincipalId,
    /// Since when.
    pub from: Millis,
    /// Until when at the latest.
    pub until: Millis,
}

impl From<PauseRow> for PauseLine {
    fn from(row: PauseRow) -> Self {
        let PauseRow { id, scope, reason, by, from, until, lifted: _ } = row;
        Self { id, scope: scope.into(), reason, by, from, until }
    }
}

pub(super) async fn list(State(office): State<Arc<Office>>, by: By<Viewer>) -> Answer<Vec<PauseLine>> {
    let rows = office.gateway.store.pauses(by.now).await?;
    Ok(Json(rows.into_iter().map(PauseLine::from).collect()))
}

pub(super) async fn order(State(office): State<Arc<Office>>, by: By<Operator>) -> Answer<PauseLine> {
    let PauseOrder { scope, reason, until } = by.read()?;
    reasonable(&reason)?;
    let length = until.since(by.now);
    if length <= 0 || length > LONGEST_MS {
        return Err(Fault::field("until", "must be in the future, by 30 days at most"));
    }
    let pause = Pause { scope: scope.into(), reason, by: by.id(), now: by.now, until };
    Ok(Json(office.gateway.store.pause(pause).await?.into()))
}

pub(super) async fn lift(
    State(office): State<Arc<Office>>,
    Path(id): Path<i64>,
    by: By<Operator>,
) -> Result<StatusCode, Fault> {
    office.gateway.store.lift_pause(id, by.id(), by.now).await?;
    // What was held looks again at once.
    for step in [payout::life::Step::Build, payout::life::Step::Sign] {
        office.gateway.store.wake(Wake::Step(step), by.now).await?;
        office.gateway.wake.next(Some(step));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A reason that people can read later.
pub(super) fn reasonable(reason: &str) -> Result<(), Fault> {
    let length = reason.trim().chars().count();
    if (1..=LONGEST_REASON).contains(&length) && !reason.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Fault::field("reason", format!("must have 1 to {LONGEST_REASON} characters")))
    }
}

impl From<PauseError> for Fault {
    fn from(error: PauseError) -> Self {
        let words = error.to_string();
        match error {
            PauseError::Unknown(_) => Self::missing(words, "look at `bursar pause list`"),
            PauseError::Ended => Self::conflict(words, "nothing needs to be done: it does not hold any more"),
            PauseError::Store(error) => error.into(),
        }
    }
}
