//! Reading restores: the one that is under way, what was found, and what an old copy is compared with.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use payout::ids::{Address, ChainId, Cid, Digest, NetworkId};
use payout::life::Token;
use payout::time::Millis;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::column::{Column, to_word};
use crate::error::StoreError;
use crate::row::{Finding, Outcome, Restore, RestoreState, RestoreVote};
use crate::schema::entity::{
    audit, callbacks, findings, journal_heads, payouts, restore_votes, restores, tokens,
};
use crate::store::Store;

/// Ids in one look-up.
const READ_AT_ONCE: usize = 1000;

/// An address that pays, on its network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Payer {
    /// The chain.
    pub chain_id: ChainId,
    /// The network.
    pub network_id: NetworkId,
    /// The address.
    pub from: Address,
}

/// A callback whose receiver may have heard it before, or hears of a payout that it was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retold {
    /// The payout.
    pub cid: Cid,
    /// Where it goes.
    pub url: String,
}

impl Store {
    /// The restore that is not settled, if there is one.
    ///
    /// # Errors
    /// The database's.
    pub async fn restore(&self) -> Result<Option<Restore>, StoreError> {
        unsettled(self.readers()).await
    }

    /// The newest restore, settled or not.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest_restore(&self) -> Result<Option<Restore>, StoreError> {
        newest(self.readers()).await
    }

    /// Who has confirmed it.
    ///
    /// # Errors
    /// The database's.
    pub async fn restore_votes(&self, restore: i64) -> Result<Vec<RestoreVote>, StoreError> {
        let rows = restore_votes::Entity::find()
            .filter(restore_votes::Column::Restore.eq(restore))
            .order_by_asc(restore_votes::Column::At)
            .all(self.readers())
            .await?;
        let at = |column| Column("restore_votes", column);
        rows.into_iter()
            .map(|row| {
                let by = at("principal").parse(&row.principal)?;
                Ok(RestoreVote { by, at: at("at").millis(row.at)? })
            })
            .collect()
    }

    /// What was found, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn findings(&self, restore: i64) -> Result<Vec<Finding>, StoreError> {
        let rows = findings::Entity::find()
            .filter(findings::Column::Restore.eq(restore))
            .order_by_asc(findings::Column::Signed)
            .order_by_asc(findings::Column::Cid)
            .all(self.readers())
            .await?;
        rows.into_iter().map(Finding::from_model).collect()
    }

    /// How far each co-signer's journal was compared with this database: the entry, and when.
    ///
    /// # Errors
    /// The database's.
    pub async fn journal_heads(&self) -> Result<BTreeMap<u8, (u64, Millis)>, StoreError> {
        let rows = journal_heads::Entity::find().all(self.readers()).await?;
        let at = |column| Column("journal_heads", column);
        rows.into_iter()
            .map(|row| {
                let index = u8::try_from(row.cosigner).map_err(|error| at("cosigner").corrupt(error))?;
                Ok((index, (at("entry").parse(&row.entry)?, at("at").millis(row.at)?)))
            })
            .collect()
    }

    /// The newest thing that this database knows of.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest_write(&self) -> Result<Option<Millis>, StoreError> {
        newest_write(self.readers()).await
    }

    /// Which of these intents have a token here, and which.
    ///
    /// # Errors
    /// The database's.
    pub async fn tokens_of_intents(
        &self,
        intents: &[Digest],
    ) -> Result<HashMap<Digest, (NetworkId, Address, Token)>, StoreError> {
        let mut found = HashMap::new();
        for intents in intents.chunks(READ_AT_ONCE) {
            let rows = tokens::Entity::find()
                .filter(tokens::Column::Intent.is_in(intents.iter().map(Digest::to_string)))
                .all(self.readers())
                .await?;
            let at = |column| Column("tokens", column);
            for row in rows {
                let place = (
                    at("network_id").parse(&row.network_id)?,
                    at("from_address").parse(&row.from_address)?,
                    Token::new(row.token),
                );
                found.insert(at("intent").parse(&row.intent)?, place);
            }
        }
        Ok(found)
    }

    /// The intent that a token serves here.
    ///
    /// # Errors
    /// The database's.
    pub async fn intent_of_token(
        &self,
        network: &NetworkId,
        from: &Address,
        token: &Token,
    ) -> Result<Option<Digest>, StoreError> {
        let key = (network.to_string(), from.to_string(), token.to_string());
        let row = tokens::Entity::find_by_id(key).one(self.readers()).await?;
        row.map(|row| Column("tokens", "intent").parse(&row.intent)).transpose()
    }

    /// Tokens of an address that payouts have which could not be stored here: nobody else may have them.
    ///
    /// # Errors
    /// The database's.
    pub async fn tokens_kept_out(
        &self,
        network: &NetworkId,
        from: &Address,
    ) -> Result<Vec<Token>, StoreError> {
        let rows: Vec<String> = findings::Entity::find()
            .select_only()
            .column(findings::Column::Token)
            .filter(findings::Column::NetworkId.eq(network.as_str()))
            .filter(findings::Column::FromAddress.eq(from.as_str()))
            .filter(findings::Column::Outcome.eq(to_word(&Outcome::KeptOut)))
            .into_tuple()
            .all(self.readers())
            .await?;
        Ok(rows.into_iter().map(Token::new).collect())
    }

    /// Every address that ever paid, or is to pay.
    ///
    /// # Errors
    /// The database's.
    pub async fn payers(&self) -> Result<BTreeSet<Payer>, StoreError> {
        let rows: Vec<(String, String, String)> = payouts::Entity::find()
            .select_only()
            .columns([payouts::Column::ChainId, payouts::Column::NetworkId, payouts::Column::FromAddress])
            .distinct()
            .into_tuple()
            .all(self.readers())
            .await?;
        let found: Vec<(String, String, String)> = findings::Entity::find()
            .select_only()
            .columns([findings::Column::ChainId, findings::Column::NetworkId, findings::Column::FromAddress])
            .distinct()
            .into_tuple()
            .all(self.readers())
            .await?;
        let at = |column| Column("payouts", column);
        rows.into_iter()
            .chain(found)
            .map(|(chain, network, from)| {
                Ok(Payer {
                    chain_id: at("chain_id").parse(&chain)?,
                    network_id: at("network_id").parse(&network)?,
                    from: at("from_address").parse(&from)?,
                })
            })
            .collect()
    }

    /// Every token of an address that is explained: a payout has it, stored or kept out.
    ///
    /// # Errors
    /// The database's.
    pub async fn explained_tokens(
        &self,
        network: &NetworkId,
        from: &Address,
    ) -> Result<BTreeSet<Token>, StoreError> {
        let rows: Vec<String> = tokens::Entity::find()
            .select_only()
            .column(tokens::Column::Token)
            .filter(tokens::Column::NetworkId.eq(network.as_str()))
            .filter(tokens::Column::FromAddress.eq(from.as_str()))
            .into_tuple()
            .all(self.readers())
            .await?;
        let kept_out = self.tokens_kept_out(network, from).await?;
        Ok(rows.into_iter().map(Token::new).chain(kept_out).collect())
    }

    /// Callbacks that their receivers may have had before this database was put back, at `since`: those of payouts
    /// that it knew and that had not been told by then. At most `limit`.
    ///
    /// # Errors
    /// The database's.
    pub async fn retold(&self, since: Millis, limit: u64) -> Result<Vec<Retold>, StoreError> {
        let told_since = Query::select()
            .column(callbacks::Column::Cid)
            .from(callbacks::Entity)
            .and_where(callbacks::Column::Updated.gte(since.get()))
            .to_owned();
        let rows: Vec<(i64, String)> = payouts::Entity::find()
            .select_only()
            .columns([payouts::Column::Cid, payouts::Column::CallbackUrl])
            .filter(payouts::Column::CallbackUrl.is_not_null())
            .filter(payouts::Column::Created.lt(since.get()))
            .filter(
                Condition::any()
                    .add(payouts::Column::Step.is_not_null())
                    .add(payouts::Column::Cid.in_subquery(told_since)),
            )
            .order_by_asc(payouts::Column::Cid)
            .limit(limit)
            .into_tuple()
            .all(self.readers())
            .await?;
        rows.into_iter()
            .map(|(cid, url)| Ok(Retold { cid: Column("payouts", "cid").some(Cid::new(cid))?, url }))
            .collect()
    }

    /// Payouts that this database knew before `since` and that nobody has signed for: they go on from where the copy
    /// had them, whatever was done with them since it was made. At most `limit`.
    ///
    /// # Errors
    /// The database's.
    pub async fn resumed(&self, since: Millis, limit: u64) -> Result<Vec<Cid>, StoreError> {
        let rows: Vec<i64> = payouts::Entity::find()
            .select_only()
            .column(payouts::Column::Cid)
            .filter(payouts::Column::Created.lt(since.get()))
            .filter(payouts::Column::Step.is_in(["screen", "approve", "build"]))
            .order_by_asc(payouts::Column::Cid)
            .limit(limit)
            .into_tuple()
            .all(self.readers())
            .await?;
        rows.into_iter().map(|cid| Column("payouts", "cid").some(Cid::new(cid))).collect()
    }
}

pub(crate) async fn unsettled(conn: &impl ConnectionTrait) -> Result<Option<Restore>, StoreError> {
    let row = restores::Entity::find()
        .filter(restores::Column::State.ne(to_word(&RestoreState::Open)))
        .limit(1)
        .one(conn)
        .await?;
    row.map(Restore::from_model).transpose()
}

pub(crate) async fn newest(conn: &impl ConnectionTrait) -> Result<Option<Restore>, StoreError> {
    let row = restores::Entity::find().order_by_desc(restores::Column::Since).limit(1).one(conn).await?;
    row.map(Restore::from_model).transpose()
}

pub(crate) async fn newest_write(conn: &impl ConnectionTrait) -> Result<Option<Millis>, StoreError> {
    let updated: Option<Option<i64>> = payouts::Entity::find()
        .select_only()
        .column_as(payouts::Column::Updated.max(), "newest")
        .into_tuple()
        .one(conn)
        .await?;
    let audited: Option<i64> = audit::Entity::find()
        .select_only()
        .column(audit::Column::At)
        .order_by_desc(audit::Column::Seq)
        .limit(1)
        .into_tuple()
        .one(conn)
        .await?;
    let compared: Option<Option<i64>> = journal_heads::Entity::find()
        .select_only()
        .column_as(journal_heads::Column::At.max(), "newest")
        .into_tuple()
        .one(conn)
        .await?;
    let newest = [updated.flatten(), audited, compared.flatten()].into_iter().flatten().max();
    Column("payouts", "updated").millis_opt(newest)
}
