//! Changing a project by two people.

use payout::ids::{PrincipalId, ProjectId};
use payout::time::Millis;

use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::queue::{Answer, Desk, Write};
use super::{audit, bulk};
use crate::column::to_json;
use crate::error::StoreError;
use crate::row::{Actor, ApiKey, ApiKeyText, ChangeRow, ChangeState, ProjectSettings, SettingsChange};
use crate::schema::entity::{api_keys, changes, projects};
use crate::store::Store;

/// How many people a change needs: the caller knows how many admins there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum People {
    /// Proposer and another.
    Two,
    /// A deployment with a single admin: proposing applies.
    One,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// No such change.
    #[error("there is no change {0}")]
    Unknown(i64),
    /// It was applied or dropped.
    #[error("the change is settled already")]
    Settled,
    /// Who proposed can't confirm.
    #[error("a change is confirmed by another person than the one who proposed it")]
    SamePerson,
    /// The project's number is taken.
    #[error("project {0} exists already")]
    ProjectExists(ProjectId),
    /// There is no such project.
    #[error("there is no project {0}")]
    NoProject(ProjectId),
    /// A third key would be live.
    #[error("the project has two live API keys: let one retire first")]
    TooManyKeys,
    /// The project has no such key, or the key is the project's already.
    #[error("{0}")]
    BadKey(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Proposes a change; with [`People::One`] it is in force at once. Written to the audit log.
    ///
    /// # Errors
    /// [`ChangeError`]: a change that could not be applied now is not proposed either.
    pub async fn propose_change(
        &self,
        change: SettingsChange,
        by: PrincipalId,
        people: People,
        now: Millis,
    ) -> Result<ChangeRow, ChangeError> {
        let row = ChangeRow { id: self.mint(now), change, by, proposed: now, state: ChangeState::Pending };
        self.write(Propose { row, people, key_id: self.mint(now) }).await
    }

    /// A second person puts a change in force. Written to the audit log.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn confirm_change(
        &self,
        id: i64,
        by: PrincipalId,
        now: Millis,
    ) -> Result<ChangeRow, ChangeError> {
        self.write(Settle { id, by, now, verdict: Verdict::Confirm { key_id: self.mint(now) } }).await
    }

    /// Takes a change back or turns it down. Written to the audit log.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn drop_change(&self, id: i64, by: PrincipalId, now: Millis) -> Result<ChangeRow, ChangeError> {
        self.write(Settle { id, by, now, verdict: Verdict::Drop }).await
    }
}

struct Propose {
    row: ChangeRow,
    people: People,
    key_id: i64,
}

impl Write for Propose {
    type Done = ChangeRow;
    type Refusal = ChangeError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<ChangeRow, ChangeError> {
        let ChangeRow { id, change, by, proposed: now, .. } = &self.row;
        let plan = match plan(desk, change, *now).await? {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let row = changes::Model {
            id: *id,
            project: change.project().get(),
            change: to_json(change),
            proposed_by: by.to_string(),
            proposed: now.get(),
            state: PENDING.to_owned(),
            settled_by: None,
            settled: None,
        };
        changes::Entity::insert(bulk::all_set(row.into_active_model()))
            .exec_without_returning(desk.tx)
            .await?;
        log(desk, &self.row, "proposed", by, *now).await?;
        match self.people {
            People::Two => Ok(Ok(self.row.clone())),
            People::One => {
                apply(desk, plan, self.key_id, *now).await?;
                Ok(Ok(settle(desk, self.row.clone(), APPLIED, by, *now).await?))
            }
        }
    }
}

pub(crate) const PENDING: &str = "pending";
pub(crate) const APPLIED: &str = "applied";
pub(crate) const DROPPED: &str = "dropped";

enum Verdict {
    Confirm { key_id: i64 },
    Drop,
}

struct Settle {
    id: i64,
    by: PrincipalId,
    now: Millis,
    verdict: Verdict,
}

impl Write for Settle {
    type Done = ChangeRow;
    type Refusal = ChangeError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<ChangeRow, ChangeError> {
        let row = changes::Entity::find_by_id(self.id).lock_exclusive().one(desk.tx).await?;
        let Some(row) = row else { return Ok(Err(ChangeError::Unknown(self.id))) };
        let row = ChangeRow::from_model(row)?;
        if row.state != ChangeState::Pending {
            return Ok(Err(ChangeError::Settled));
        }
        let state = match self.verdict {
            Verdict::Drop => DROPPED,
            Verdict::Confirm { .. } if row.by == self.by => return Ok(Err(ChangeError::SamePerson)),
            Verdict::Confirm { key_id } => match plan(desk, &row.change, self.now).await? {
                Ok(plan) => {
                    apply(desk, plan, key_id, self.now).await?;
                    APPLIED
                }
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        Ok(Ok(settle(desk, row, state, &self.by, self.now).await?))
    }
}

/// Marks the change as settled, hides its secret and logs it.
async fn settle(
    desk: &mut Desk<'_>,
    mut row: ChangeRow,
    state: &'static str,
    by: &PrincipalId,
    at: Millis,
) -> Result<ChangeRow, StoreError> {
    row.change = row.change.without_secrets();
    let who = by.clone();
    row.state = if state == APPLIED {
        ChangeState::Applied { by: who, at }
    } else {
        ChangeState::Dropped { by: who, at }
    };
    let change = changes::ActiveModel {
        change: Set(to_json(&row.change)),
        state: Set(state.to_owned()),
        settled_by: Set(Some(by.to_string())),
        settled: Set(Some(at.get())),
        ..changes::ActiveModel::default()
    };
    changes::Entity::update_many().set(change).filter(changes::Column::Id.eq(row.id)).exec(desk.tx).await?;
    log(desk, &row, state, by, at).await?;
    Ok(row)
}

async fn log(
    desk: &mut Desk<'_>,
    row: &ChangeRow,
    verb: &str,
    by: &PrincipalId,
    at: Millis,
) -> Result<(), StoreError> {
    let line = audit::Audit {
        at,
        who: Actor::Principal(by.clone()),
        what: row.change.what().to_owned(),
        detail: format!("{verb}, change {}: {}", row.id, to_json(&row.change.without_secrets())),
    };
    audit::append(desk, line).await?;
    Ok(())
}

/// A change that fits what is stored, as rows to be written.
enum Plan {
    Create { project: ProjectId, settings: ProjectSettings, key: ApiKeyText },
    Set { project: ProjectId, settings: ProjectSettings },
    Rotate { project: ProjectId, key: ApiKeyText, old: Vec<(i64, Millis)> },
    Retire { project: ProjectId, key: i64, at: Millis },
}

/// Whether the change fits; looks only.
async fn plan(desk: &Desk<'_>, change: &SettingsChange, now: Millis) -> Answer<Plan, ChangeError> {
    let id = change.project();
    let exists = projects::Entity::find_by_id(id.get()).lock_exclusive().one(desk.tx).await?.is_some();
    let creates = matches!(change, SettingsChange::CreateProject { .. });
    match (exists, creates) {
        (true, true) => return Ok(Err(ChangeError::ProjectExists(id))),
        (false, false) => return Ok(Err(ChangeError::NoProject(id))),
        _ => {}
    }
    if let SettingsChange::CreateProject { api_key, .. } | SettingsChange::RotateApiKey { api_key, .. } =
        change
    {
        let same =
            api_keys::Entity::find().filter(api_keys::Column::Key.eq(api_key.reveal())).one(desk.tx).await?;
        if same.is_some() {
            return Ok(Err(ChangeError::BadKey("this API key is in use already")));
        }
    }
    let live = live_keys(desk, id, now).await?;
    Ok(match change {
        SettingsChange::CreateProject { project, settings, api_key } => {
            Ok(Plan::Create { project: *project, settings: settings.clone(), key: api_key.clone() })
        }
        SettingsChange::SetProject { project, settings } => {
            Ok(Plan::Set { project: *project, settings: settings.clone() })
        }
        SettingsChange::RotateApiKey { project, api_key, old_retires } => {
            if live.len() >= 2 {
                return Ok(Err(ChangeError::TooManyKeys));
            }
            let old = live
                .iter()
                .map(|key| (key.id, key.retires.map_or(*old_retires, |end| end.min(*old_retires))))
                .collect();
            Ok(Plan::Rotate { project: *project, key: api_key.clone(), old })
        }
        SettingsChange::RetireApiKey { project, key, at } => {
            if live.iter().any(|have| have.id == *key) {
                Ok(Plan::Retire { project: *project, key: *key, at: *at })
            } else {
                Err(ChangeError::BadKey("the project has no such live API key"))
            }
        }
    })
}

async fn live_keys(desk: &Desk<'_>, project: ProjectId, now: Millis) -> Result<Vec<ApiKey>, StoreError> {
    let rows =
        api_keys::Entity::find().filter(api_keys::Column::Project.eq(project.get())).all(desk.tx).await?;
    let mut keys = rows.into_iter().map(ApiKey::from_model).collect::<Result<Vec<_>, _>>()?;
    keys.retain(|key| key.is_live_at(now));
    Ok(keys)
}

async fn apply(desk: &Desk<'_>, plan: Plan, key_id: i64, now: Millis) -> Result<(), StoreError> {
    match plan {
        Plan::Create { project, settings, key } => {
            let row = projects::Model {
                id: project.get(),
                settings: to_json(&settings),
                created: now.get(),
                updated: now.get(),
            };
            projects::Entity::insert(bulk::all_set(row.into_active_model()))
                .exec_without_returning(desk.tx)
                .await?;
            add_key(desk, project, &key, key_id, now).await
        }
        Plan::Set { project, settings } => touch(desk, project, Some(&settings), now).await,
        Plan::Rotate { project, key, old } => {
            for (id, end) in old {
                retire(desk, id, end).await?;
            }
            add_key(desk, project, &key, key_id, now).await?;
            touch(desk, project, None, now).await
        }
        Plan::Retire { project, key, at } => {
            retire(desk, key, at).await?;
            touch(desk, project, None, now).await
        }
    }
}

async fn add_key(
    desk: &Desk<'_>,
    project: ProjectId,
    key: &ApiKeyText,
    id: i64,
    now: Millis,
) -> Result<(), StoreError> {
    let row = api_keys::Model {
        id,
        project: project.get(),
        key: key.reveal().to_owned(),
        created: now.get(),
        retires: None,
    };
    api_keys::Entity::insert(bulk::all_set(row.into_active_model())).exec_without_returning(desk.tx).await?;
    Ok(())
}

async fn retire(desk: &Desk<'_>, id: i64, at: Millis) -> Result<(), StoreError> {
    let change = api_keys::ActiveModel { retires: Set(Some(at.get())), ..api_keys::ActiveModel::default() };
    api_keys::Entity::update_many().set(change).filter(api_keys::Column::Id.eq(id)).exec(desk.tx).await?;
    Ok(())
}

async fn touch(
    desk: &Desk<'_>,
    project: ProjectId,
    settings: Option<&ProjectSettings>,
    now: Millis,
) -> Result<(), StoreError> {
    let mut change = projects::ActiveModel { updated: Set(now.get()), ..projects::ActiveModel::default() };
    if let Some(settings) = settings {
        change.settings = Set(to_json(settings));
    }
    projects::Entity::update_many()
        .set(change)
        .filter(projects::Column::Id.eq(project.get()))
        .exec(desk.tx)
        .await?;
    Ok(())
}
