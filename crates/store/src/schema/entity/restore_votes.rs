//! Admins who confirmed that signing may go on after a restore.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "restore_votes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub restore: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal: String,
    pub at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
