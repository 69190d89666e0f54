//! Co-signers' signed refusals for ever, append-only.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "nevers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub intent: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub cosigner: i32,
    pub reason: String,
    pub at: i64,
    pub signature: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
