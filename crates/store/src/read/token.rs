//! Reading tokens.

use std::collections::HashMap;

use payout::ids::{Address, Cid, NetworkId};
use payout::life::Token;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::column::Column;
use crate::error::StoreError;
use crate::row::TokenRow;
use crate::row::stored::status_of;
use crate::schema::entity::{payouts, tokens};
use crate::store::Store;

impl Store {
    /// The token with the highest number that an address ever took.
    ///
    /// # Errors
    /// The database's.
    pub async fn highest_token(
        &self,
        network: &NetworkId,
        from: &Address,
    ) -> Result<Option<TokenRow>, StoreError> {
        let highest = tokens::Entity::find()
            .filter(tokens::Column::NetworkId.eq(network.as_str()))
            .filter(tokens::Column::FromAddress.eq(from.as_str()))
            .filter(tokens::Column::Position.is_not_null())
            .order_by_desc(tokens::Column::Position)
            .limit(1)
            .one(self.readers())
            .await?;
        let Some(highest) = highest else { return Ok(None) };
        let status: Option<i32> = payouts::Entity::find_by_id(highest.cid)
            .select_only()
            .column(payouts::Column::Status)
            .into_tuple()
            .one(self.readers())
            .await?;
        let status = Column("tokens", "cid").some(status)?;
        Ok(Some(row(highest, status)?))
    }

    /// An address's tokens whose payouts have not ended, lowest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn tokens_in_flight(
        &self,
        network: &NetworkId,
        from: &Address,
    ) -> Result<Vec<TokenRow>, StoreError> {
        // From the payouts that live, whose index is small; an address may have taken millions of tokens.
        let live: Vec<(i64, i32)> = payouts::Entity::find()
            .select_only()
            .columns([payouts::Column::Cid, payouts::Column::Status])
            .filter(payouts::Column::NetworkId.eq(network.as_str()))
            .filter(payouts::Column::FromAddress.eq(from.as_str()))
            .filter(payouts::Column::Step.is_not_null())
            .filter(payouts::Column::Token.is_not_null())
            .into_tuple()
            .all(self.readers())
            .await?;
        let live: HashMap<i64, i32> = live.into_iter().collect();
        let mut found = Vec::with_capacity(live.len());
        let cids: Vec<i64> = live.keys().copied().collect();
        for cids in cids.chunks(READ_AT_ONCE) {
            let rows = tokens::Entity::find()
                .filter(tokens::Column::Cid.is_in(cids.iter().copied()))
                .all(self.readers())
                .await?;
            for token in rows {
                if let Some(status) = live.get(&token.cid) {
                    found.push(row(token, *status)?);
                }
            }
        }
        found.sort_by(|a, b| (a.position, &a.token).cmp(&(b.position, &b.token)));
        Ok(found)
    }
}

/// Ids in one look-up.
const READ_AT_ONCE: usize = 1000;

fn row(model: tokens::Model, status: i32) -> Result<TokenRow, StoreError> {
    let at = |column| Column("tokens", column);
    Ok(TokenRow {
        token: Token::new(model.token),
        position: model.position,
        intent: at("intent").parse(&model.intent)?,
        cid: at("cid").some(Cid::new(model.cid))?,
        from: at("from_address").parse(&model.from_address)?,
        status: status_of(Column("payouts", "status"), status)?,
        taken: at("taken").millis(model.taken)?,
    })
}
