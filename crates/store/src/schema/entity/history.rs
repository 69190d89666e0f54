//! A payout's history, append-only and chained.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cid: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i32,
    pub at: i64,
    pub cause: String,
    pub record: String,
    pub previous: String,
    pub hash: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
