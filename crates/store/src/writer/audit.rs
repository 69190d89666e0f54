//! Writing the audit log.

use payout::ids::Digest;
use payout::time::Millis;
use sea_orm::{EntityTrait, IntoActiveModel, QueryOrder, QuerySelect};

use super::bulk;
use super::queue::{Answer, Desk, Write};
use crate::column::Column;
use crate::error::StoreError;
use crate::row::{Actor, AuditEntry};
use crate::schema::entity::audit;
use crate::store::Store;

/// A line for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// When.
    pub at: Millis,
    /// Who.
    pub who: Actor,
    /// What, one word or two: `pause`, `project.set`.
    pub what: String,
    /// The particulars; never a secret.
    pub detail: String,
}

impl Store {
    /// Appends a line.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit(&self, audit: Audit) -> Result<AuditEntry, StoreError> {
        self.write(audit).await
    }
}

/// The newest entry's number and hash.
pub(crate) type Head = (i64, Digest);

impl Write for Audit {
    type Done = AuditEntry;
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<AuditEntry, StoreError> {
        Ok(Ok(append(desk, self.clone()).await?))
    }
}

/// Appends a line in the transaction of what it tells.
pub(super) async fn append(desk: &mut Desk<'_>, line: Audit) -> Result<AuditEntry, StoreError> {
    let (seq, previous) = match desk.audit_head {
        Some(head) => head,
        None => newest(desk).await?,
    };
    let Audit { at, who, what, detail } = line;
    let entry = AuditEntry::chain(seq + 1, previous, at, who, what, detail);
    let row = audit::Model {
        seq: entry.seq,
        at: entry.at.get(),
        who: entry.who.to_text(),
        what: entry.what.clone(),
        detail: entry.detail.clone(),
        previous: entry.previous.to_string(),
        hash: entry.hash.to_string(),
    };
    audit::Entity::insert(bulk::all_set(row.into_active_model())).exec_without_returning(desk.tx).await?;
    desk.audit_head = Some((entry.seq, entry.hash));
    Ok(entry)
}

async fn newest(desk: &Desk<'_>) -> Result<Head, StoreError> {
    let row = audit::Entity::find().order_by_desc(audit::Column::Seq).limit(1).one(desk.tx).await?;
    match row {
        Some(row) => Ok((row.seq, Column("audit", "hash").parse(&row.hash)?)),
        None => Ok((0, AuditEntry::ORIGIN)),
    }
}
