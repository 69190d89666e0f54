//! `GET /bursar/v1/audit?after=&limit=`: the audit log, hash-chained, oldest first; without `after` its newest part.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use payout::ids::{Digest, PrincipalId};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{Actor, Audit, AuditEntry, StoreError};

use super::door::{By, Viewer};
use super::fault::{Answer, Fault};
use super::office::Office;
use crate::state::Gateway;

/// The most lines of one answer.
const MOST: u32 = 1000;

/// Which part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Lines after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// At most so many; 100 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// From 1, without gaps.
    pub seq: i64,
    /// When, by the gateway's clock.
    pub at: Millis,
    /// Who; `None` is the gateway itself.
    pub principal: Option<PrincipalId>,
    /// What, in a word or two.
    pub what: String,
    /// The particulars.
    pub detail: String,
    /// The hash of the line before.
    pub previous: Digest,
    /// Over all the above.
    pub hash: Digest,
}

impl From<AuditEntry> for AuditLine {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { seq, at, who, what, detail, previous, hash } = entry;
        let principal = match who {
            Actor::Principal(id) => Some(id),
            Actor::Gateway => None,
        };
        Self { seq, at, principal, what, detail, previous, hash }
    }
}

impl From<AuditLine> for AuditEntry {
    fn from(line: AuditLine) -> Self {
        let AuditLine { seq, at, principal, what, detail, previous, hash } = line;
        Self {
            seq,
            at,
            who: principal.map_or(Actor::Gateway, Actor::Principal),
            what,
            detail,
            previous,
            hash,
        }
    }
}

pub(super) async fn list(
    State(office): State<Arc<Office>>,
    query: Result<Query<AuditQuery>, QueryRejection>,
    _by: By<Viewer>,
) -> Answer<Vec<AuditLine>> {
    let Query(AuditQuery { after, limit }) =
        query.map_err(|error| Fault::bad(error.body_text(), "correct the query"))?;
    let limit = limit.unwrap_or(100).clamp(1, MOST);
    let entries = match after {
        Some(after) => office.gateway.store.audit_list(after, limit).await?,
        None => {
            let mut newest = office.gateway.store.audit_newest(limit).await?;
            newest.reverse();
            newest
        }
    };
    Ok(Json(entries.into_iter().map(AuditLine::from).collect()))
}

/// Writes a line for an act that the store does not log by itself.
pub(super) async fn note(
    gateway: &Gateway,
    who: &PrincipalId,
    what: &str,
    detail: String,
    at: Millis,
) -> Result<(), StoreError> {
    let line = Audit { at, who: Actor::Principal(who.clone()), what: what.to_owned(), detail };
    gateway.store.audit(line).await.map(drop)
}
