//! The outbox: one row a payout that ended and wants to be told.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "callbacks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub cid: i64,
    pub project: i64,
    pub url: String,
    pub status: i32,
    pub state: String,
    pub attempt: i32,
    pub claim: i64,
    pub due_at: Option<i64>,
    pub lease_until: Option<i64>,
    pub created: i64,
    pub updated: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
