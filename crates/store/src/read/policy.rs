//! Reading the policy's versions and proposals.

use payout::ids::Digest;
use payout::policy::SignedVersion;
use payout::time::Millis;
use sea_orm::{EntityTrait, QueryOrder};

use crate::column::Column;
use crate::error::StoreError;
use crate::row::Proposal;
use crate::schema::entity::{policy_versions, proposals};
use crate::store::Store;

impl Store {
    /// All published versions but genesis, in the order in which they were published, each with the time of its
    /// adoption: what [`payout::policy::Policy::append_at`] takes.
    ///
    /// # Errors
    /// The database's.
    pub async fn policy_versions(&self) -> Result<Vec<(SignedVersion, Millis)>, StoreError> {
        let rows = policy_versions::Entity::find()
            .order_by_asc(policy_versions::Column::Id)
            .all(self.readers())
            .await?;
        let at = |column| Column("policy_versions", column);
        rows.iter()
            .map(|row| Ok((at("document").json(&row.document)?, at("stored").millis(row.stored)?)))
            .collect()
    }

    /// Proposals that collect signatures, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn proposals(&self) -> Result<Vec<Proposal>, StoreError> {
        let rows =
            proposals::Entity::find().order_by_desc(proposals::Column::Created).all(self.readers()).await?;
        rows.into_iter().map(Proposal::from_model).collect()
    }

    /// One proposal.
    ///
    /// # Errors
    /// The database's.
    pub async fn proposal(&self, digest: &Digest) -> Result<Option<Proposal>, StoreError> {
        let row = proposals::Entity::find_by_id(digest.to_string()).one(self.readers()).await?;
        row.map(Proposal::from_model).transpose()
    }
}
