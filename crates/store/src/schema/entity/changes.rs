//! Changes of settings that wait for a second person, and those that are settled.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub project: i64,
    pub change: String,
    pub proposed_by: String,
    pub proposed: i64,
    pub state: String,
    pub settled_by: Option<String>,
    pub settled: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
