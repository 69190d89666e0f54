//! Reading the audit log.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::error::StoreError;
use crate::row::AuditEntry;
use crate::schema::entity::audit;
use crate::store::Store;

impl Store {
    /// Entries after `after` (0: from the beginning), oldest first, at most `limit`. The whole log is checked with
    /// [`crate::verify_audit`].
    ///
    /// # Errors
    /// The database's.
    pub async fn audit_list(&self, after: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = audit::Entity::find()
            .filter(audit::Column::Seq.gt(after))
            .order_by_asc(audit::Column::Seq)
            .limit(u64::from(limit))
            .all(self.readers())
            .await?;
        rows.into_iter().map(AuditEntry::from_model).collect()
    }

    /// The newest entries, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit_newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = audit::Entity::find()
            .order_by_desc(audit::Column::Seq)
            .limit(u64::from(limit))
            .all(self.readers())
            .await?;
        rows.into_iter().map(AuditEntry::from_model).collect()
    }
}
