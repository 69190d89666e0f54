//! Exclusivity tokens, one to one with intents. Freed only where nobody can have signed (`writer::advance::free`).

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub network_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_address: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub token: String,
    pub position: Option<i64>,
    pub intent: String,
    pub cid: i64,
    pub taken: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
