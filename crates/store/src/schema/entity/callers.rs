//! The callers' own signatures, append-only.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "callers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cid: i64,
    pub header: String,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
