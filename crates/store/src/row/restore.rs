//! A time at which this database was, or may have been, an old copy; and what was found.

use payout::ids::{Address, ChainId, Cid, Digest, NetworkId, PrincipalId, ProjectId, ThirdPartyId};
use payout::life::Token;
use payout::time::Millis;
use serde::{Deserialize, Serialize};

use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::{findings, restores};

/// How far a restore is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoreState {
    /// Not enough co-signers have told yet what they signed: nothing is accepted, ended, built or signed.
    Importing,
    /// They have, and knew more than the database: nothing is built or signed until admins confirm.
    Closed,
    /// Over.
    Open,
}

/// One such time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// Its id.
    pub id: i64,
    /// When it was noticed.
    pub since: Millis,
    /// The newest thing that the database knew of then: about when the copy was made.
    pub copied: Option<Millis>,
    /// How it was noticed.
    pub reason: String,
    /// How far it is.
    pub state: RestoreState,
    /// How many policy versions co-signers held that the database did not.
    pub versions: u32,
    /// When it was over.
    pub settled: Option<Millis>,
}

/// An admin's word that signing may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreVote {
    /// Who.
    pub by: PrincipalId,
    /// When.
    pub at: Millis,
}

/// What was done with a payout that only co-signers knew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was unknown, and is stored now.
    Adopted,
    /// It was known in an earlier state, and has been moved on.
    MovedOn,
    /// It could not be stored; its token is kept from others.
    KeptOut,
}

/// A payout that co-signers' journals knew and the database did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The intent that was signed for.
    pub intent: Digest,
    /// At which restore it was found.
    pub restore: i64,
    /// The payout's number.
    pub cid: Cid,
    /// Whose.
    pub project: ProjectId,
    /// The caller's number.
    pub third_party_id: ThirdPartyId,
    /// The chain.
    pub chain_id: ChainId,
    /// The network.
    pub network_id: NetworkId,
    /// The paying address.
    pub from: Address,
    /// The token that it has for ever.
    pub token: Token,
    /// When the first co-signer that told of it contributed, by that one's clock.
    pub signed: Millis,
    /// Who told of it, by index.
    pub told_by: Vec<u8>,
    /// What was done.
    pub outcome: Outcome,
    /// Why it was kept out.
    pub why: Option<String>,
}

impl Restore {
    pub(crate) fn from_model(row: restores::Model) -> Result<Self, StoreError> {
        let at = |column| Column("restores", column);
        Ok(Self {
            id: row.id,
            since: at("since").millis(row.since)?,
            copied: at("copied").millis_opt(row.copied)?,
            reason: row.reason,
            state: at("state").word(&row.state)?,
            versions: u32::try_from(row.versions).map_err(|error| at("versions").corrupt(error))?,
            settled: at("settled").millis_opt(row.settled)?,
        })
    }
}

impl Finding {
    pub(crate) fn from_model(row: findings::Model) -> Result<Self, StoreError> {
        let at = |column| Column("findings", column);
        Ok(Self {
            intent: at("intent").parse(&row.intent)?,
            restore: row.restore,
            cid: at("cid").some(Cid::new(row.cid))?,
            project: at("project").some(ProjectId::new(row.project))?,
            third_party_id: at("third_party_id").parse(&row.third_party_id)?,
            chain_id: at("chain_id").parse(&row.chain_id)?,
            network_id: at("network_id").parse(&row.network_id)?,
            from: at("from_address").parse(&row.from_address)?,
            token: Token::new(row.token),
            signed: at("signed").millis(row.signed)?,
            told_by: at("told_by").json(&row.told_by)?,
            outcome: at("outcome").word(&row.outcome)?,
            why: row.why,
        })
    }
}
