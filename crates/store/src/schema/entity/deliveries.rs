//! Every try of every callback, append-only.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub callback: i64,
    pub cid: i64,
    pub attempt: i32,
    pub at: i64,
    pub http_status: Option<i32>,
    pub reply_head: String,
    pub error: Option<String>,
    pub duration_ms: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
