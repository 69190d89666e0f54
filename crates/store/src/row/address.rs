//! A derived address of a project.

use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::addresses;
use payout::coin::Family;
use payout::ids::{Address, AddressIndex, ChainId, ProjectId, WalletId};
use payout::time::Millis;

/// One derived address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRow {
    /// Whose.
    pub project: ProjectId,
    /// Derived from this wallet's key.
    pub wallet: WalletId,
    /// The chain that it was asked for.
    pub chain_id: ChainId,
    /// The family: the same address is ours on every chain of it.
    pub family: Family,
    /// The derivation path's last step.
    pub index: AddressIndex,
    /// The address, canonical.
    pub address: Address,
    /// The caller's name for it.
    pub alias: Option<String>,
    /// When it was made.
    pub created: Millis,
}

impl AddressRow {
    pub(crate) fn from_model(row: addresses::Model) -> Result<Self, StoreError> {
        let at = |column| Column("addresses", column);
        let index = u32::try_from(row.address_index).ok().and_then(AddressIndex::new);
        Ok(Self {
            project: at("project").some(ProjectId::new(row.project))?,
            wallet: at("wallet").some(WalletId::new(row.wallet))?,
            chain_id: at("chain_id").parse(&row.chain_id)?,
            family: at("family").word(&row.family)?,
            index: at("address_index").some(index)?,
            address: at("address").parse(&row.address)?,
            alias: row.alias,
            created: at("created").millis(row.created)?,
        })
    }
}
