//! Pausing and going on.

use payout::ids::PrincipalId;
use payout::time::Millis;

use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};

use super::queue::{Answer, Desk, Write};
use super::{audit, bulk};
use crate::error::StoreError;
use crate::row::{Actor, PauseRow, PauseScope};
use crate::schema::entity::pauses;
use crate::store::Store;

/// A pause to be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What is paused.
    pub scope: PauseScope,
    /// Why.
    pub reason: String,
    /// Who orders it.
    pub by: PrincipalId,
    /// From now.
    pub now: Millis,
    /// Until when at the latest.
    pub until: Millis,
}

/// Why a pause was not ended.
#[derive(Debug, thiserror::Error)]
pub enum PauseError {
    /// No such pause.
    #[error("there is no pause {0}")]
    Unknown(i64),
    /// It has ended.
    #[error("the pause has ended already")]
    Ended,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Orders a pause. Written to the audit log.
    ///
    /// # Errors
    /// The database's.
    pub async fn pause(&self, pause: Pause) -> Result<PauseRow, StoreError> {
        let id = self.mint(pause.now);
        self.write(Order { id, pause }).await
    }

    /// Ends a pause early. Written to the audit log.
    ///
    /// # Errors
    /// [`PauseError`].
    pub async fn lift_pause(&self, id: i64, by: PrincipalId, now: Millis) -> Result<PauseRow, PauseError> {
        self.write(Lift { id, by, now }).await
    }
}

struct Order {
    id: i64,
    pause: Pause,
}

impl Write for Order {
    type Done = PauseRow;
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<PauseRow, StoreError> {
        let Pause { scope, reason, by, now, until } = self.pause.clone();
        let row = pauses::Model {
            id: self.id,
            kind: scope.kind().to_owned(),
            subject: scope.subject(),
            reason: reason.clone(),
            ordered_by: by.to_string(),
            starts: now.get(),
            ends: until.get(),
            lifted_by: None,
            lifted: None,
        };
        pauses::Entity::insert(bulk::all_set(row.into_active_model()))
            .exec_without_returning(desk.tx)
            .await?;
        let line = audit::Audit {
            at: now,
            who: Actor::Principal(by.clone()),
            what: "pause".to_owned(),
            detail: format!("{scope} until {until}: {reason}"),
        };
        audit::append(desk, line).await?;
        Ok(Ok(PauseRow { id: self.id, scope, reason, by, from: now, until, lifted: None }))
    }
}

struct Lift {
    id: i64,
    by: PrincipalId,
    now: Millis,
}

impl Write for Lift {
    type Done = PauseRow;
    type Refusal = PauseError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<PauseRow, PauseError> {
        let Some(row) = pauses::Entity::find_by_id(self.id).one(desk.tx).await? else {
            return Ok(Err(PauseError::Unknown(self.id)));
        };
        let mut pause = PauseRow::from_model(row)?;
        if pause.lifted.is_some() || self.now >= pause.until {
            return Ok(Err(PauseError::Ended));
        }
        let change = pauses::ActiveModel {
            lifted_by: Set(Some(self.by.to_string())),
            lifted: Set(Some(self.now.get())),
            ..pauses::ActiveModel::default()
        };
        pauses::Entity::update_many()
            .set(change)
            .filter(pauses::Column::Id.eq(self.id))
            .exec(desk.tx)
            .await?;
        let line = audit::Audit {
            at: self.now,
            who: Actor::Principal(self.by.clone()),
            what: "pause.lift".to_owned(),
            detail: format!("{} (pause {})", pause.scope, pause.id),
        };
        audit::append(desk, line).await?;
        pause.lifted = Some((self.by.clone(), self.now));
        Ok(Ok(pause))
    }
}
