//! What a change of settings is asked as, and the checks before it is stored.

use payout::ids::ProjectId;
use payout::policy::Environment;
use payout::request::check;
use payout::request::sign::ApiKey;
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{ApiKeyText, ProjectSettings, SettingsChange};

use crate::callback::target::{self, Reach};
use crate::operator::fault::Fault;
use crate::state::Gateway;

/// The longest that an old API key works beside a new one, hours.
const LONGEST_OVERLAP_H: u32 = 30 * 24;

/// A change that is asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProjectChange {
    /// A new project.
    Create {
        /// Its number.
        project: ProjectId,
        /// Its settings.
        settings: ProjectSettings,
        /// Its first API key; made by the gateway if absent.
        #[serde(default)]
        api_key: Option<String>,
    },
    /// Other settings, whole.
    Set {
        /// Which project.
        project: ProjectId,
        /// The new settings.
        settings: ProjectSettings,
    },
    /// A new API key.
    RotateKey {
        /// Which project.
        project: ProjectId,
        /// The key; made by the gateway if absent.
        #[serde(default)]
        api_key: Option<String>,
        /// How long the old one still works, hours.
        keep_old_hours: u32,
    },
    /// An API key stops working now.
    RetireKey {
        /// Which project.
        project: ProjectId,
        /// Which key.
        key: i64,
    },
}

/// Without keys.
impl std::fmt::Debug for ProjectChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, project) = match self {
            Self::Create { project, .. } => ("Create", project),
            Self::Set { project, .. } => ("Set", project),
            Self::RotateKey { project, .. } => ("RotateKey", project),
            Self::RetireKey { project, .. } => ("RetireKey", project),
        };
        write!(f, "{what}({project})")
    }
}

/// A change that may be stored.
pub(super) struct Prepared {
    pub(super) change: SettingsChange,
    /// The key that was made here.
    pub(super) new_key: Option<String>,
}

pub(super) fn prepare(gateway: &Gateway, asked: ProjectChange, now: Millis) -> Result<Prepared, Fault> {
    let environment = gateway.environment();
    Ok(match asked {
        ProjectChange::Create { project, settings, api_key } => {
            check_settings(&settings, environment)?;
            let (api_key, new_key) = key(api_key, environment)?;
            Prepared { change: SettingsChange::CreateProject { project, settings, api_key }, new_key }
        }
        ProjectChange::Set { project, settings } => {
            check_settings(&settings, environment)?;
            Prepared { change: SettingsChange::SetProject { project, settings }, new_key: None }
        }
        ProjectChange::RotateKey { project, api_key, keep_old_hours } => {
            if keep_old_hours > LONGEST_OVERLAP_H {
                return Err(Fault::field("keep_old_hours", "must be 30 days at most"));
            }
            let old_retires = now.plus(i64::from(keep_old_hours) * 3_600_000);
            let (api_key, new_key) = key(api_key, environment)?;
            Prepared { change: SettingsChange::RotateApiKey { project, api_key, old_retires }, new_key }
        }
        ProjectChange::RetireKey { project, key } => {
            Prepared { change: SettingsChange::RetireApiKey { project, key, at: now }, new_key: None }
        }
    })
}

fn check_settings(settings: &ProjectSettings, environment: Environment) -> Result<(), Fault> {
    let name = settings.name.trim();
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(Fault::field("name", "must have 1 to 64 characters"));
    }
    if settings.ips.len() > 256 {
        return Err(Fault::field("ips", "must be 256 entries at most"));
    }
    if settings.allow_private_callbacks && environment == Environment::Production {
        return Err(Fault::field("allow_private_callbacks", "is not possible in a production deployment"));
    }
    if let Some(text) = &settings.verification_url {
        let url =
            check::callback_url(text).map_err(|rejected| Fault::field("verification_url", rejected.msg))?;
        if environment == Environment::Production && !url.is_https() {
            return Err(Fault::field(
                "verification_url",
                "must begin with https:// in a production deployment",
            ));
        }
        target::allowed(&url, Reach::of(settings, environment))
            .map_err(|why| Fault::field("verification_url", why))?;
    }
    Ok(())
}

/// The key to store, and its text if it was made here.
fn key(asked: Option<String>, environment: Environment) -> Result<(ApiKeyText, Option<String>), Fault> {
    let Some(text) = asked else {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| {
            Fault::unavailable("the operating system gives no randomness", "look at the gateway's host")
        })?;
        let text = hex::encode(bytes);
        return Ok((ApiKeyText::new(text.clone()), Some(text)));
    };
    let key = ApiKey::new(text.clone()).map_err(|rule| Fault::field("api_key", rule))?;
    if key.is_published_example() && environment != Environment::Demo {
        return Err(Fault::field(
            "api_key",
            "is the key of the vendor's published examples, which everybody knows",
        ));
    }
    if text.len() < 16 {
        return Err(Fault::field("api_key", "must have 16 characters at least"));
    }
    Ok((ApiKeyText::new(text), None))
}
