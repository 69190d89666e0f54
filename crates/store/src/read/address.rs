//! Reading derived addresses.

use std::collections::HashMap;

use payout::coin::Family;
use payout::ids::{Address, ProjectId};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::together::{Found, Question, any_of_pairs};
use crate::column::to_word;
use crate::error::StoreError;
use crate::row::AddressRow;
use crate::schema::entity::addresses;
use crate::store::Store;

impl Store {
    /// Whose address this is: the same address is ours on every chain of its family.
    ///
    /// # Errors
    /// The database's.
    pub async fn address_owner(
        &self,
        family: Family,
        address: &Address,
    ) -> Result<Option<AddressRow>, StoreError> {
        self.look_ups().owners.ask(OwnerOf { family: to_word(&family), address: address.to_string() }).await
    }

    /// A project's addresses, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn addresses(&self, project: ProjectId) -> Result<Vec<AddressRow>, StoreError> {
        let rows = addresses::Entity::find()
            .filter(addresses::Column::Project.eq(project.get()))
            .order_by_asc(addresses::Column::AddressIndex)
            .all(self.readers())
            .await?;
        rows.into_iter().map(AddressRow::from_model).collect()
    }
}

/// Whose an address is.
pub(crate) struct OwnerOf {
    family: String,
    address: String,
}

impl Question for OwnerOf {
    type Answer = Option<AddressRow>;

    async fn answer(
        questions: &[Self],
        readers: &DatabaseConnection,
    ) -> Result<Vec<Found<Self>>, StoreError> {
        let asked = questions.iter().map(|OwnerOf { family, address }| (family.as_str(), address.as_str()));
        let any = any_of_pairs((addresses::Column::Family, addresses::Column::Address), asked);
        let rows = addresses::Entity::find().filter(any).all(readers).await?;
        let found: HashMap<(String, String), addresses::Model> =
            rows.into_iter().map(|row| ((row.family.clone(), row.address.clone()), row)).collect();
        let owner = |OwnerOf { family, address }: &Self| {
            let row = found.get(&(family.clone(), address.clone())).cloned();
            row.map(AddressRow::from_model).transpose()
        };
        Ok(questions.iter().map(owner).collect())
    }
}
