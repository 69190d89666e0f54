//! The outbox: news for callers, written in the transaction that made it true.

use super::stored::status_of;
use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::{callbacks, deliveries};
use payout::ids::{Cid, ProjectId};
use payout::life::Status;
use payout::time::Millis;

/// Where a callback is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackState {
    /// To be sent, now or at its next try.
    Pending,
    /// The caller answered `success`.
    Delivered,
    /// All tries were used up; an operator can send it again.
    Failed,
}

impl CallbackState {
    /// The word in the operators' API and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn from_str(text: &str) -> Option<Self> {
        match text {
            "pending" => Some(Self::Pending),
            "delivered" => Some(Self::Delivered),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}

/// A claimed callback: to be sent once, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The callback's id.
    pub id: i64,
    /// The payout that it is about.
    pub cid: Cid,
    /// Whose.
    pub project: ProjectId,
    /// Where to.
    pub url: String,
    /// The terminal status that it tells.
    pub status: Status,
    /// Which try of the current schedule, from 1. A re-send starts again at 1.
    pub attempt: u32,
    /// Names this very claim; a result is recorded under it.
    pub claim: i64,
}

/// A callback as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackRow {
    /// Its id.
    pub id: i64,
    /// The payout.
    pub cid: Cid,
    /// Whose.
    pub project: ProjectId,
    /// Where to.
    pub url: String,
    /// The status that it tells.
    pub status: Status,
    /// Where it is.
    pub state: CallbackState,
    /// Tries begun under the current schedule.
    pub attempt: u32,
    /// When the next try is due; during a lease, the lease's end. `None` when nothing more is sent by itself.
    pub due_at: Option<Millis>,
    /// When it was written.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

/// One try, as it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLog {
    /// The callback.
    pub callback: i64,
    /// Which try of its schedule.
    pub attempt: u32,
    /// When it was sent.
    pub at: Millis,
    /// The HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// The first bytes of the answer, at most [`crate::REPLY_HEAD_BYTES`], as text.
    pub reply_head: String,
    /// What went wrong, if nothing was answered.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

impl CallbackRow {
    pub(crate) fn from_model(row: callbacks::Model) -> Result<Self, StoreError> {
        let at = |column| Column("callbacks", column);
        Ok(Self {
            id: row.id,
            cid: at("cid").some(Cid::new(row.cid))?,
            project: at("project").some(ProjectId::new(row.project))?,
            url: row.url,
            status: status_of(at("status"), row.status)?,
            state: at("state").some(CallbackState::from_str(&row.state))?,
            attempt: u32::try_from(row.attempt).map_err(|error| at("attempt").corrupt(error))?,
            due_at: at("due_at").millis_opt(row.due_at)?,
            created: at("created").millis(row.created)?,
            updated: at("updated").millis(row.updated)?,
        })
    }
}

impl DeliveryLog {
    pub(crate) fn from_model(row: deliveries::Model) -> Result<Self, StoreError> {
        let at = |column| Column("deliveries", column);
        let http_status = row.http_status.map(u16::try_from).transpose();
        Ok(Self {
            callback: row.callback,
            attempt: u32::try_from(row.attempt).map_err(|error| at("attempt").corrupt(error))?,
            at: at("at").millis(row.at)?,
            http_status: http_status.map_err(|error| at("http_status").corrupt(error))?,
            reply_head: row.reply_head,
            error: row.error,
            duration_ms: row.duration_ms,
        })
    }
}
