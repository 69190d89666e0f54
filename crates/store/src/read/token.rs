//! Reading tokens.

use std::collections::HashMap;

use payout::ids::{Address, Cid, Digest, NetworkId};
use payout::life::Token;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

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
        let query = tokens::Entity::find()
            .filter(tokens::Column::NetworkId.eq(network.as_str()))
            .filter(tokens::Column::FromAddress.eq(from.as_str()))
            .filter(tokens::Column::Position.is_not_null())
            .order_by_desc(tokens::Column::Position);
        self.token(query).await
    }

    /// An address's tokens that some payout which has not ended spends, lowest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn tokens_in_flight(
        &self,
        network: &NetworkId,
        from: &Address,
    ) -> Result<Vec<TokenRow>, StoreError> {
        // From the payouts that live, whose index is small; an address may have taken millions of tokens.
        let live: Vec<(i64, i32, String)> = payouts::Entity::find()
            .select_only()
            .columns([payouts::Column::Cid, payouts::Column::Status, payouts::Column::Token])
            .filter(payouts::Column::NetworkId.eq(network.as_str()))
            .filter(payouts::Column::FromAddress.eq(from.as_str()))
            .filter(payouts::Column::Step.is_not_null())
            .filter(payouts::Column::Token.is_not_null())
            .order_by_asc(payouts::Column::Cid)
            .into_tuple()
            .all(self.readers())
            .await?;
        let mut spenders: HashMap<String, Vec<(i64, i32)>> = HashMap::new();
        for (cid, status, token) in live {
            spenders.entry(token).or_default().push((cid, status));
        }
        let mut found = Vec::with_capacity(spenders.len());
        let tokens: Vec<&String> = spenders.keys().collect();
        for tokens in tokens.chunks(READ_AT_ONCE) {
            let rows = tokens::Entity::find()
                .filter(tokens::Column::NetworkId.eq(network.as_str()))
                .filter(tokens::Column::FromAddress.eq(from.as_str()))
                .filter(tokens::Column::Token.is_in(tokens.iter().copied()))
                .all(self.readers())
                .await?;
            for token in rows {
                let Some(spenders) = spenders.get(&token.token) else { continue };
                let own = spenders.iter().find(|(cid, _)| *cid == token.cid);
                let Some((_, status)) = own.or_else(|| spenders.last()) else { continue };
                let cids = spenders.iter().map(|(cid, _)| Column("payouts", "cid").some(Cid::new(*cid)));
                found.push(TokenRow { spenders: cids.collect::<Result<_, _>>()?, ..row(token, *status)? });
            }
        }
        found.sort_by(|a, b| (a.position, &a.token).cmp(&(b.position, &b.token)));
        Ok(found)
    }

    /// The token that an intent holds, whether its payout has ended or not.
    ///
    /// # Errors
    /// The database's.
    pub async fn token_of(&self, intent: &Digest) -> Result<Option<TokenRow>, StoreError> {
        self.token(tokens::Entity::find().filter(tokens::Column::Intent.eq(intent.to_string()))).await
    }

    /// The token of an address with this number.
    ///
    /// # Errors
    /// The database's.
    pub async fn token_at(
        &self,
        network: &NetworkId,
        from: &Address,
        position: i64,
    ) -> Result<Option<TokenRow>, StoreError> {
        let query = tokens::Entity::find()
            .filter(tokens::Column::NetworkId.eq(network.as_str()))
            .filter(tokens::Column::FromAddress.eq(from.as_str()))
            .filter(tokens::Column::Position.eq(position));
        self.token(query).await
    }

    /// Who holds a token of an address, whether that payout has ended or not.
    ///
    /// # Errors
    /// The database's.
    pub async fn token_named(
        &self,
        network: &NetworkId,
        from: &Address,
        token: &Token,
    ) -> Result<Option<TokenRow>, StoreError> {
        let query = tokens::Entity::find()
            .filter(tokens::Column::NetworkId.eq(network.as_str()))
            .filter(tokens::Column::FromAddress.eq(from.as_str()))
            .filter(tokens::Column::Token.eq(token.as_str()));
        self.token(query).await
    }

    async fn token(&self, query: Select<tokens::Entity>) -> Result<Option<TokenRow>, StoreError> {
        let Some(found) = query.limit(1).one(self.readers()).await? else { return Ok(None) };
        let status: Option<i32> = payouts::Entity::find_by_id(found.cid)
            .select_only()
            .column(payouts::Column::Status)
            .into_tuple()
            .one(self.readers())
            .await?;
        let status = Column("tokens", "cid").some(status)?;
        Ok(Some(row(found, status)?))
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
        spenders: Vec::new(),
    })
}
