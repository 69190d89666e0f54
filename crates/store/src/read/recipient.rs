//! Who was paid before.

use std::collections::HashSet;

use payout::ids::{Address, ChainId, ProjectId};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QuerySelect};

use super::together::{Found, Question, any_of_pairs};
use crate::error::StoreError;
use crate::schema::entity::recipients;
use crate::store::Store;

impl Store {
    /// Whether a payment to this address was ever signed; by one project, or by any.
    ///
    /// # Errors
    /// The database's.
    pub async fn known_recipient(
        &self,
        project: Option<ProjectId>,
        chain_id: &ChainId,
        to: &Address,
    ) -> Result<bool, StoreError> {
        let Some(project) = project else {
            let question = Known { chain_id: chain_id.to_string(), address: to.to_string() };
            return self.look_ups().recipients.ask(question).await;
        };
        let row = recipients::Entity::find()
            .filter(recipients::Column::ChainId.eq(chain_id.as_str()))
            .filter(recipients::Column::Address.eq(to.as_str()))
            .filter(recipients::Column::Project.eq(project.get()))
            .limit(1)
            .one(self.readers())
            .await?;
        Ok(row.is_some())
    }
}

/// Whether anybody paid to an address.
pub(crate) struct Known {
    chain_id: String,
    address: String,
}

impl Question for Known {
    type Answer = bool;

    async fn answer(
        questions: &[Self],
        readers: &DatabaseConnection,
    ) -> Result<Vec<Found<Self>>, StoreError> {
        let asked = questions.iter().map(|Known { chain_id, address }| (chain_id.as_str(), address.as_str()));
        let any = any_of_pairs((recipients::Column::ChainId, recipients::Column::Address), asked);
        let found: Vec<(String, String)> = recipients::Entity::find()
            .select_only()
            .columns([recipients::Column::ChainId, recipients::Column::Address])
            .distinct()
            .filter(any)
            .into_tuple()
            .all(readers)
            .await?;
        let found: HashSet<(String, String)> = found.into_iter().collect();
        Ok(questions
            .iter()
            .map(|Known { chain_id, address }| Ok(found.contains(&(chain_id.clone(), address.clone()))))
            .collect())
    }
}
