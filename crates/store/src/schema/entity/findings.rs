//! Payouts that co-signers' journals knew and this database did not.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "findings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub intent: String,
    pub restore: i64,
    pub cid: i64,
    pub project: i64,
    pub third_party_id: String,
    pub chain_id: String,
    pub network_id: String,
    pub from_address: String,
    pub token: String,
    pub signed: i64,
    pub told_by: String,
    pub outcome: String,
    pub why: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
