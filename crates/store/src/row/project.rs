//! Projects and the settings that move money or news of it: these change by two people.

use std::fmt;

use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::{api_keys, changes};
use crate::writer::{APPLIED, DROPPED, PENDING};
use ipnet::IpNet;
use payout::ids::{PrincipalId, ProjectId, WalletId};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// A project's API key: the secret of the wire contract's MD5 scheme. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKeyText(String);

/// Stands before the fingerprint of a key whose text is gone.
const HIDDEN: &str = "fingerprint:";

impl ApiKeyText {
    /// Wraps a key.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The first eight hex digits of its SHA-256: names the key in logs and on screens.
    pub fn fingerprint(&self) -> String {
        if let Some(fingerprint) = self.0.strip_prefix(HIDDEN) {
            return fingerprint.to_owned();
        }
        hex::encode(&sha2::Sha256::digest(self.0.as_bytes())[..4])
    }
}

impl fmt::Debug for ApiKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyText({})", self.fingerprint())
    }
}

/// One of a project's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: i64,
    /// The secret.
    pub text: ApiKeyText,
    /// When it was made.
    pub created: Millis,
    /// When it stops working; `None` for the newest.
    pub retires: Option<Millis>,
}

impl ApiKey {
    /// Whether it works at `now`.
    pub fn is_live_at(&self, now: Millis) -> bool {
        self.retires.is_none_or(|end| now < end)
    }
}

/// What a project is configured to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectSettings {
    /// For people.
    pub name: String,
    /// Whether its calls are taken.
    pub enabled: bool,
    /// From where calls may come; empty means from nowhere.
    pub ips: Vec<IpNet>,
    /// Whether callbacks may go to private addresses (development only).
    pub allow_private_callbacks: bool,
    /// Whether status 3 has a callback.
    pub notify_withdrawn: bool,
    /// The external check.
    pub verification_url: Option<String>,
    /// The wallet that pays when the call names none.
    pub default_wallet: Option<WalletId>,
    /// Requests a second.
    pub rate_limit_per_s: u32,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its number (`pid`).
    pub id: ProjectId,
    /// Its settings.
    pub settings: ProjectSettings,
    /// Its keys that are not retired for good, newest first; at most two are live at once.
    pub api_keys: Vec<ApiKey>,
    /// When it was made.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

/// A change that one person proposes and another confirms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SettingsChange {
    /// A new project with its first key.
    CreateProject {
        /// Its number.
        project: ProjectId,
        /// Its settings.
        settings: ProjectSettings,
        /// Its first key.
        api_key: ApiKeyText,
    },
    /// Other settings, whole.
    SetProject {
        /// Which project.
        project: ProjectId,
        /// The new settings.
        settings: ProjectSettings,
    },
    /// A new key; the one before stops working at `old_retires`.
    RotateApiKey {
        /// Which project.
        project: ProjectId,
        /// The new key.
        api_key: ApiKeyText,
        /// The end of the old one.
        old_retires: Millis,
    },
    /// A key stops working.
    RetireApiKey {
        /// Which project.
        project: ProjectId,
        /// Which key.
        key: i64,
        /// From when on.
        at: Millis,
    },
}

impl SettingsChange {
    /// Which project it is about.
    pub const fn project(&self) -> ProjectId {
        match self {
            Self::CreateProject { project, .. }
            | Self::SetProject { project, .. }
            | Self::RotateApiKey { project, .. }
            | Self::RetireApiKey { project, .. } => *project,
        }
    }

    /// The word in the audit log.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::CreateProject { .. } => "project.create",
            Self::SetProject { .. } => "project.set",
            Self::RotateApiKey { .. } => "project.rotate_api_key",
            Self::RetireApiKey { .. } => "project.retire_api_key",
        }
    }

    /// The same change with the fingerprint in the key's place, for the record once it is settled.
    pub(crate) fn without_secrets(&self) -> Self {
        let hide = |key: &ApiKeyText| ApiKeyText::new(format!("{HIDDEN}{}", key.fingerprint()));
        match self {
            Self::CreateProject { project, settings, api_key } => {
                Self::CreateProject { project: *project, settings: settings.clone(), api_key: hide(api_key) }
            }
            Self::RotateApiKey { project, api_key, old_retires } => {
                Self::RotateApiKey { project: *project, api_key: hide(api_key), old_retires: *old_retires }
            }
            Self::SetProject { .. } | Self::RetireApiKey { .. } => self.clone(),
        }
    }
}

/// Where a change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeState {
    /// Waits for a second person.
    Pending,
    /// In force.
    Applied {
        /// Who confirmed.
        by: PrincipalId,
        /// When.
        at: Millis,
    },
    /// Taken back or turned down.
    Dropped {
        /// By whom.
        by: PrincipalId,
        /// When.
        at: Millis,
    },
}

/// A change as it is stored. Once settled, its key is replaced by a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its id.
    pub id: i64,
    /// What.
    pub change: SettingsChange,
    /// Who proposed it.
    pub by: PrincipalId,
    /// When.
    pub proposed: Millis,
    /// Where it is.
    pub state: ChangeState,
}

impl ApiKey {
    pub(crate) fn from_model(row: api_keys::Model) -> Result<Self, StoreError> {
        let at = |column| Column("api_keys", column);
        Ok(Self {
            id: row.id,
            text: ApiKeyText::new(row.key),
            created: at("created").millis(row.created)?,
            retires: at("retires").millis_opt(row.retires)?,
        })
    }
}

impl ChangeRow {
    pub(crate) fn from_model(row: changes::Model) -> Result<Self, StoreError> {
        let at = |column| Column("changes", column);
        let settled_by = at("settled_by").parse_opt(row.settled_by.as_deref())?;
        let settled = settled_by.zip(at("settled").millis_opt(row.settled)?);
        let state = match (row.state.as_str(), settled) {
            (PENDING, None) => ChangeState::Pending,
            (APPLIED, Some((by, at))) => ChangeState::Applied { by, at },
            (DROPPED, Some((by, at))) => ChangeState::Dropped { by, at },
            _ => return Err(at("state").corrupt("a state that does not exist")),
        };
        Ok(Self {
            id: row.id,
            change: at("change").json(&row.change)?,
            by: at("proposed_by").parse(&row.proposed_by)?,
            proposed: at("proposed").millis(row.proposed)?,
            state,
        })
    }
}
