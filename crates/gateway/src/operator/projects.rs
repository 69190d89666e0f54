//! `/bursar/v1/projects`: settings that move money or news of it, changed by two people.
//!
//! An operator proposes, an admin who is somebody else confirms. Where no other admin exists, the proposal of an admin
//! is applied at once, and the audit log shows one name for both.

mod change;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use payout::ids::{PrincipalId, ProjectId};
use payout::policy::Principal;
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{ApiKey, ChangeError, ChangeRow, ChangeState, People, Project, ProjectSettings, SettingsChange};

use super::door::{Admin, By, Operator, Viewer};
use super::fault::{Answer, Fault};
use super::office::Office;
use crate::state::Gateway;

pub use change::ProjectChange;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectSheet {
    /// Its number (`pid`).
    pub id: ProjectId,
    /// Its settings.
    pub settings: ProjectSettings,
    /// Its API keys, by fingerprint, newest first.
    pub api_keys: Vec<KeyLine>,
    /// When it was made.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyLine {
    /// Its id.
    pub id: i64,
    /// The first eight hex digits of its SHA-256.
    pub fingerprint: String,
    /// When it was made.
    pub created: Millis,
    /// When it stops working; `None` for the newest.
    pub retires: Option<Millis>,
}

impl From<Project> for ProjectSheet {
    fn from(project: Project) -> Self {
        let Project { id, settings, api_keys, created, updated } = project;
        let line = |ApiKey { id, text, created, retires }| KeyLine {
            id,
            fingerprint: text.fingerprint(),
            created,
            retires,
        };
        Self { id, settings, api_keys: api_keys.into_iter().map(line).collect(), created, updated }
    }
}

/// A change, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    /// Its id.
    pub id: i64,
    /// Which project.
    pub project: ProjectId,
    /// What, in a word or two.
    pub what: String,
    /// The new settings, where they change.
    pub settings: Option<ProjectSettings>,
    /// The new key's fingerprint, where there is one.
    pub fingerprint: Option<String>,
    /// Who proposed it.
    pub by: PrincipalId,
    /// When.
    pub proposed: Millis,
    /// `pending`, `applied` or `dropped`.
    pub state: String,
    /// Who settled it.
    pub settled_by: Option<PrincipalId>,
}

impl From<&ChangeRow> for ChangeLine {
    fn from(row: &ChangeRow) -> Self {
        let (settings, fingerprint) = match &row.change {
            SettingsChange::CreateProject { settings, api_key, .. } => {
                (Some(settings.clone()), Some(api_key.fingerprint()))
            }
            SettingsChange::SetProject { settings, .. } => (Some(settings.clone()), None),
            SettingsChange::RotateApiKey { api_key, .. } => (None, Some(api_key.fingerprint())),
            SettingsChange::RetireApiKey { .. } => (None, None),
        };
        let (state, settled_by) = match &row.state {
            ChangeState::Pending => ("pending", None),
            ChangeState::Applied { by, .. } => ("applied", Some(by.clone())),
            ChangeState::Dropped { by, .. } => ("dropped", Some(by.clone())),
        };
        Self {
            id: row.id,
            project: row.change.project(),
            what: row.change.what().to_owned(),
            settings,
            // Once it is settled the key itself is gone from the row, and so is its fingerprint.
            fingerprint: fingerprint.filter(|_| row.state == ChangeState::Pending),
            by: row.by.clone(),
            proposed: row.proposed,
            state: state.to_owned(),
            settled_by,
        }
    }
}

/// A change that was proposed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// The change.
    pub change: ChangeLine,
    /// The new API key where the gateway made one. It is said this once.
    pub api_key: Option<String>,
}

/// Without the key.
impl std::fmt::Debug for Proposed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proposed").field("change", &self.change).finish_non_exhaustive()
    }
}

pub(super) async fn list(State(office): State<Arc<Office>>, _by: By<Viewer>) -> Answer<Vec<ProjectSheet>> {
    let projects = office.gateway.store.projects().await?;
    Ok(Json(projects.into_iter().map(ProjectSheet::from).collect()))
}

pub(super) async fn changes(State(office): State<Arc<Office>>, _by: By<Viewer>) -> Answer<Vec<ChangeLine>> {
    let rows = office.gateway.store.pending_changes().await?;
    Ok(Json(rows.iter().map(ChangeLine::from).collect()))
}

pub(super) async fn propose(State(office): State<Arc<Office>>, by: By<Operator>) -> Answer<Proposed> {
    let gateway = &office.gateway;
    let asked: ProjectChange = by.read()?;
    let made = change::prepare(gateway, asked, by.now)?;
    let people = deciders(gateway, &by.principal);
    let row = gateway.store.propose_change(made.change, by.id(), people, by.now).await?;
    gateway.doors.projects.forget();
    tracing::info!(project = %row.change.project(), what = row.change.what(), by = %by.principal.id, "settings change");
    Ok(Json(Proposed { change: ChangeLine::from(&row), api_key: made.new_key }))
}

pub(super) async fn confirm(
    State(office): State<Arc<Office>>,
    Path(id): Path<i64>,
    by: By<Admin>,
) -> Answer<ChangeLine> {
    let row = office.gateway.store.confirm_change(id, by.id(), by.now).await?;
    office.gateway.doors.projects.forget();
    Ok(Json(ChangeLine::from(&row)))
}

/// Who proposed may take it back; an admin may turn it down.
pub(super) async fn drop(
    State(office): State<Arc<Office>>,
    Path(id): Path<i64>,
    by: By<Operator>,
) -> Answer<ChangeLine> {
    let store = &office.gateway.store;
    let pending = store.pending_changes().await?;
    let row = pending.iter().find(|row| row.id == id).ok_or(ChangeError::Unknown(id))?;
    if row.by != by.principal.id && !by.principal.is_admin() {
        return Err(Fault::forbidden(
            format!("{} proposed it", row.by),
            "who proposed a change takes it back; an admin turns it down",
        ));
    }
    Ok(Json(ChangeLine::from(&store.drop_change(id, by.id(), by.now).await?)))
}

/// Whether somebody else could confirm what `proposer` proposes.
fn deciders(gateway: &Gateway, proposer: &Principal) -> People {
    let policy = gateway.policy();
    let others = policy.people().admins().any(|admin| admin.id != proposer.id);
    if others || !proposer.is_admin() { People::Two } else { People::One }
}

impl From<ChangeError> for Fault {
    fn from(error: ChangeError) -> Self {
        let words = error.to_string();
        match error {
            ChangeError::Unknown(_) | ChangeError::NoProject(_) => {
                Self::missing(words, "look at `bursar project list`")
            }
            ChangeError::Settled => {
                Self::conflict(words, "nothing needs to be done: `bursar audit` says by whom")
            }
            ChangeError::SamePerson => Self::forbidden(words, "ask another admin: `bursar project confirm`"),
            ChangeError::ProjectExists(_) => {
                Self::conflict(words, "take another number, or `bursar project set`")
            }
            ChangeError::TooManyKeys => Self::conflict(words, "`bursar project keys retire` one of them"),
            ChangeError::BadKey(_) => Self::field("api_key", words),
            ChangeError::Store(error) => error.into(),
        }
    }
}
