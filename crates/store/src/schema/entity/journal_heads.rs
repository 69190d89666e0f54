//! How far co-signers' journals have been compared with this database.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal_heads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cosigner: i32,
    pub entry: String,
    pub at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
