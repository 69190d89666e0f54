//! Payouts, with the columns that are searched derived from the state.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payouts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cid: i64,
    pub project: i64,
    pub third_party_id: String,
    pub kind: String,
    pub attempt: i32,
    pub digest: String,
    pub wallet: i64,
    pub chain_id: String,
    pub network_id: String,
    pub token_id: String,
    pub from_address: String,
    pub to_address: String,
    pub rule: String,
    pub target: Option<String>,
    pub intent: String,
    pub state: String,
    pub state_name: String,
    pub status: i32,
    pub step: Option<String>,
    pub token: Option<String>,
    pub txid: Option<String>,
    pub version: i64,
    pub due_at: i64,
    pub lease_until: Option<i64>,
    pub lease_owner: Option<String>,
    pub wait_reason: Option<String>,
    pub wait_next: Option<String>,
    pub wait_since: Option<i64>,
    pub call: String,
    pub currency: String,
    pub amount: String,
    pub to_echo: String,
    pub callback_url: Option<String>,
    pub remark: Option<String>,
    pub created: i64,
    pub updated: i64,
    pub head_seq: i32,
    pub head_hash: String,
    pub displaced_by: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
