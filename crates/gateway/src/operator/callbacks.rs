//! `/bursar/v1/callbacks`: the outbox: what was told, what was not, and telling it again.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use payout::ids::{Cid, ProjectId};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{CallbackRow, CallbackState, DeliveryLog, ResendError};
use url::Url;

use super::door::{By, Operator, Viewer};
use super::fault::{Answer, Fault};
use super::office::Office;
use crate::callback;

/// The most lines of one answer.
const MOST: u32 = 500;

/// Which callbacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackQuery {
    /// Of this payout, with every try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cid: Option<Cid>,
    /// `pending`, `delivered` or `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// At most so many; 100 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackSheet {
    /// The payout that it is about.
    pub cid: Cid,
    /// Whose.
    pub project: ProjectId,
    /// Where to.
    pub url: String,
    /// The status that it tells.
    pub status: u8,
    /// `pending`, `delivered` or `failed`.
    pub state: String,
    /// Tries begun under the present schedule.
    pub attempt: u32,
    /// When it was written.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
    /// Every try, oldest first; only where one payout was asked for.
    pub tries: Vec<TryLine>,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryLine {
    /// Which try of its schedule.
    pub attempt: u32,
    /// When it was sent.
    pub at: Millis,
    /// The HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// The beginning of the answer.
    pub reply_head: String,
    /// What went wrong, if nothing was answered.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

impl From<DeliveryLog> for TryLine {
    fn from(log: DeliveryLog) -> Self {
        let DeliveryLog { callback: _, attempt, at, http_status, reply_head, error, duration_ms } = log;
        Self { attempt, at, http_status, reply_head, error, duration_ms }
    }
}

fn sheet(row: CallbackRow, tries: Vec<DeliveryLog>) -> CallbackSheet {
    CallbackSheet {
        cid: row.cid,
        project: row.project,
        url: row.url,
        status: row.status.code(),
        state: row.state.as_str().to_owned(),
        attempt: row.attempt,
        created: row.created,
        updated: row.updated,
        tries: tries.into_iter().map(TryLine::from).collect(),
    }
}

pub(super) async fn list(
    State(office): State<Arc<Office>>,
    query: Result<Query<CallbackQuery>, QueryRejection>,
    _by: By<Viewer>,
) -> Answer<Vec<CallbackSheet>> {
    let Query(CallbackQuery { cid, state, limit }) =
        query.map_err(|error| Fault::bad(error.body_text(), "correct the query"))?;
    let store = &office.gateway.store;
    if let Some(cid) = cid {
        let Some(row) = store.callback(cid).await? else { return Ok(Json(Vec::new())) };
        return Ok(Json(vec![sheet(row, store.deliveries(cid).await?)]));
    }
    let state = state.as_deref().map(self::state).transpose()?;
    let rows = store.callbacks(state, limit.unwrap_or(100).clamp(1, MOST)).await?;
    Ok(Json(rows.into_iter().map(|row| sheet(row, Vec::new())).collect()))
}

fn state(word: &str) -> Result<CallbackState, Fault> {
    [CallbackState::Pending, CallbackState::Delivered, CallbackState::Failed]
        .into_iter()
        .find(|state| state.as_str() == word)
        .ok_or_else(|| Fault::field("state", "must be pending, delivered or failed"))
}

pub(super) async fn resend(
    State(office): State<Arc<Office>>,
    Path(cid): Path<String>,
    by: By<Operator>,
) -> Result<StatusCode, Fault> {
    let cid: Cid = cid.parse().map_err(|rule| Fault::field("cid", rule))?;
    office.gateway.store.resend(cid, by.id(), by.now).await?;
    office.gateway.wake.callback().notify_one();
    Ok(StatusCode::ACCEPTED)
}

impl From<ResendError> for Fault {
    fn from(error: ResendError) -> Self {
        let words = error.to_string();
        match error {
            ResendError::None(_) => {
                Self::missing(words, "a callback exists once a payout with a callback URL has ended")
            }
            ResendError::Store(error) => error.into(),
        }
    }
}

/// What a test sends, and whose settings apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackTest {
    /// The project: its key signs, its settings say what may be reached.
    pub project: ProjectId,
    /// Where to.
    pub url: String,
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackTested {
    /// Whether the receiver answered as the wire contract wants it.
    pub delivered: bool,
    /// The HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// The beginning of the answer.
    pub reply_head: String,
    /// What went wrong, if nothing was answered.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

pub(super) async fn test(State(office): State<Arc<Office>>, by: By<Operator>) -> Answer<CallbackTested> {
    let CallbackTest { project, url } = by.read()?;
    let tested = callback::test(&office.gateway, project, &url)
        .await
        .map_err(|why| Fault::bad(why.to_string(), "correct the URL or the project's settings"))?;
    // The host alone: path and query may hold the receiver's secret, and the log is kept for ever.
    let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let detail = format!("project {project} {host}");
    super::audit::note(&office.gateway, &by.id(), "callback.test", detail, by.now).await?;
    let callback::Tested { http_status, reply_head, error, duration_ms, delivered } = tested;
    Ok(Json(CallbackTested { delivered, http_status, reply_head, error, duration_ms }))
}
