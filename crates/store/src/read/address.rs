//! Reading derived addresses.

use payout::coin::Family;
use payout::ids::{Address, ProjectId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

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
        let key = (to_word(&family), address.to_string());
        let row = addresses::Entity::find_by_id(key).one(self.readers()).await?;
        row.map(AddressRow::from_model).transpose()
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
