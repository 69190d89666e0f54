//! `/bursar/v1/restore`: what an old copy lacked, and the admins' word that signing may go on.
//!
//! The report is made when it is asked for: what became of a payout on chain is read anew each time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use futures::future::join_all;
use payout::ids::{Address, AddressIndex, ChainId, Cid, NetworkId, PrincipalId, ProjectId, ThirdPartyId};
use payout::life::{State as Life, Token};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{Admins, Finding, Outcome, Payer, PayoutRow, Restore, RestoreError, RestoreState, StoreError};
use tokio::time::timeout;

use super::door::{Admin, By, Viewer};
use super::fault::{Answer, Fault};
use super::office::Office;
use super::payouts::why::seat_name;
use crate::derived;
use crate::node::{Outflow, Sighting};
use crate::restore::Shut;
use crate::state::Gateway;

/// Lines of one list of the report; what is beyond them is counted.
const LINES: u64 = 500;
/// The longest that a chain's nodes may take for one address or payout.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many admins must confirm, where there are as many.
const ADMINS: usize = 2;

/// What an old copy lacked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreSheet {
    /// Its id, which a confirmation names; `None` when this database was never found to be an old copy.
    pub id: Option<i64>,
    /// `none`, `importing`, `closed` or `open`.
    pub state: String,
    /// When it was noticed.
    pub since: Option<Millis>,
    /// How.
    pub reason: Option<String>,
    /// The newest thing that the database knew of then.
    pub copied: Option<Millis>,
    /// How old the copy was when it was noticed, milliseconds.
    pub age_ms: Option<i64>,
    /// Why nothing is signed now, if nothing is.
    pub shut: Option<String>,
    /// The co-signers, and whether they have told what they signed.
    pub cosigners: Vec<ComparedLine>,
    /// How many of them must have.
    pub needed: usize,
    /// Policy versions that the database lacked; they are in force again.
    pub versions: u32,
    /// Payouts that co-signers knew and the database did not, or not so far.
    pub findings: Vec<FindingLine>,
    /// Payouts that nobody had signed when the copy was made, and nobody since: they go on from there.
    pub resumed: Vec<Cid>,
    /// Callbacks whose receivers may have heard the same before.
    pub repeated: Vec<RetoldLine>,
    /// Payouts whose end nobody is told of: where to was lost.
    pub untold: Vec<Cid>,
    /// What left our addresses on chain and belongs to no payout.
    pub unexplained: Vec<OutflowLine>,
    /// Addresses of which that could not be found out, and why.
    pub unknown: Vec<String>,
    /// Who has confirmed.
    pub votes: Vec<PrincipalId>,
    /// How many admins must.
    pub votes_needed: usize,
}

/// A co-signer of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedLine {
    /// Its name.
    pub name: String,
    /// Whether everything that it contributed to was compared with the database since the gateway started.
    pub compared: bool,
    /// Its journal's entry up to which it ever was.
    pub entry: Option<u64>,
}

/// A payout that only co-signers knew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    /// Its number.
    pub cid: Cid,
    /// Whose.
    pub project: ProjectId,
    /// The caller's number.
    pub third_party_id: ThirdPartyId,
    /// The chain.
    pub chain_id: ChainId,
    /// The paying address.
    pub from: Address,
    /// Its token.
    pub token: Token,
    /// When a co-signer contributed first, by its clock.
    pub signed: Millis,
    /// Who told of it, by name.
    pub told_by: Vec<String>,
    /// `adopted`, `moved_on` or `kept_out`.
    pub outcome: Outcome,
    /// Why it was kept out.
    pub why: Option<String>,
    /// The wire contract's status now; `None` for one that was kept out.
    pub status: Option<u8>,
    /// Its state now.
    pub state: Option<String>,
    /// What the chain says of it now.
    pub on_chain: String,
}

/// A callback that may be a repetition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetoldLine {
    /// The payout.
    pub cid: Cid,
    /// Where it goes.
    pub url: String,
}

/// An outflow that belongs to no payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutflowLine {
    /// The chain.
    pub chain_id: ChainId,
    /// The network.
    pub network_id: NetworkId,
    /// The address.
    pub from: Address,
    /// What it spent, and by which transaction.
    pub outflow: Outflow,
}

/// An admin's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreVoteBody {
    /// The restore whose report was read.
    pub restore: i64,
    /// How many payouts it listed: what was found since has not been read.
    pub findings: usize,
}

/// What a word led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreReceipt {
    /// `closed` or `open`.
    pub state: String,
    /// Who has confirmed.
    pub votes: Vec<PrincipalId>,
    /// How many admins must.
    pub votes_needed: usize,
}

pub(super) async fn show(State(office): State<Arc<Office>>, _by: By<Viewer>) -> Answer<RestoreSheet> {
    Ok(Json(sheet(&office.gateway).await?))
}

pub(super) async fn confirm(State(office): State<Arc<Office>>, by: By<Admin>) -> Answer<RestoreReceipt> {
    let gateway = &office.gateway;
    let RestoreVoteBody { restore, findings } = by.read()?;
    if gateway.store.findings(restore).await?.len() != findings {
        return Err(Fault::conflict(
            "more was found since that report was made",
            "read `bursar restore --check` again",
        ));
    }
    if !gateway.gate.is_complete() {
        return Err(RestoreError::Importing.into());
    }
    let votes_needed = votes_needed(gateway);
    let policy = gateway.policy();
    let all = policy.people().admins().map(|admin| admin.id.clone()).collect();
    let admins = Admins { all, needed: u64::try_from(votes_needed).unwrap_or(u64::MAX) };
    let settled = gateway.store.confirm_restore(restore, by.id(), admins, by.now).await?;
    tracing::warn!(restore, by = %by.principal.id, "an admin confirms that signing may go on");
    let state = word(settled.state).to_owned();
    gateway.gate.note_restore(settled);
    let votes = gateway.store.restore_votes(restore).await?.into_iter().map(|vote| vote.by).collect();
    Ok(Json(RestoreReceipt { state, votes, votes_needed }))
}

/// Two, or all where there are fewer.
fn votes_needed(gateway: &Gateway) -> usize {
    gateway.policy().people().admins().count().clamp(1, ADMINS)
}

const fn word(state: RestoreState) -> &'static str {
    match state {
        RestoreState::Importing => "importing",
        RestoreState::Closed => "closed",
        RestoreState::Open => "open",
    }
}

async fn sheet(gateway: &Gateway) -> Result<RestoreSheet, StoreError> {
    let restore = gateway.store.newest_restore().await?;
    let about = About::read(gateway, restore.as_ref()).await?;
    let (unexplained, unknown) = outflows(gateway).await?;
    Ok(RestoreSheet {
        id: restore.as_ref().map(|restore| restore.id),
        state: restore.as_ref().map_or("none", |restore| word(restore.state)).to_owned(),
        since: restore.as_ref().map(|restore| restore.since),
        reason: restore.as_ref().map(|restore| restore.reason.clone()),
        copied: restore.as_ref().and_then(|restore| restore.copied),
        age_ms: restore.as_ref().and_then(|restore| Some(restore.since.since(restore.copied?))),
        shut: gateway.gate.may_sign().err().map(|shut| shut.to_string()),
        cosigners: compared(gateway).await?,
        needed: gateway.gate.needed(),
        versions: restore.as_ref().map_or(0, |restore| restore.versions),
        findings: about.findings,
        resumed: about.resumed,
        repeated: about.repeated,
        untold: about.untold,
        unexplained,
        unknown,
        votes: about.votes,
        votes_needed: votes_needed(gateway),
    })
}

/// What belongs to one restore.
#[derive(Default)]
struct About {
    findings: Vec<FindingLine>,
    resumed: Vec<Cid>,
    repeated: Vec<RetoldLine>,
    untold: Vec<Cid>,
    votes: Vec<PrincipalId>,
}

impl About {
    async fn read(gateway: &Gateway, restore: Option<&Restore>) -> Result<Self, StoreError> {
        let Some(restore) = restore else { return Ok(Self::default()) };
        let store = &gateway.store;
        let findings = store.findings(restore.id).await?;
        let lines = join_all(findings.into_iter().map(|found| finding(gateway, found))).await;
        let (findings, told): (Vec<FindingLine>, Vec<bool>) =
            lines.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let untold =
            findings.iter().zip(told).filter(|(found, told)| found.outcome == Outcome::Adopted && !told);
        let repeated = store.retold(restore.since, LINES).await?.into_iter();
        Ok(Self {
            untold: untold.map(|(found, _)| found.cid).collect(),
            resumed: store.resumed(restore.since, LINES).await?,
            repeated: repeated.map(|store::Retold { cid, url }| RetoldLine { cid, url }).collect(),
            votes: store.restore_votes(restore.id).await?.into_iter().map(|vote| vote.by).collect(),
            findings,
        })
    }
}

/// A line of the report, and whether it is known where to tell the payout's end.
async fn finding(gateway: &Gateway, found: Finding) -> Result<(FindingLine, bool), StoreError> {
    let row = gateway.store.payout_by_intent(&found.intent).await?;
    let policy = gateway.policy();
    let on_chain = match &row {
        Some(row) => on_chain(gateway, row).await,
        None => "not followed: it is not in the database".to_owned(),
    };
    let told = row.as_ref().is_some_and(|row| row.terms.callback_url.is_some());
    let line = FindingLine {
        cid: found.cid,
        project: found.project,
        third_party_id: found.third_party_id,
        chain_id: found.chain_id,
        from: found.from,
        token: found.token,
        signed: found.signed,
        told_by: found.told_by.iter().map(|index| seat_name(policy.roster(), *index)).collect(),
        outcome: found.outcome,
        why: found.why,
        status: row.as_ref().map(|row| row.status.code()),
        state: row.as_ref().map(|row| row.payout.state.name().to_owned()),
        on_chain,
    };
    Ok((line, told))
}

/// What became of it, in words.
async fn on_chain(gateway: &Gateway, row: &PayoutRow) -> String {
    let state = &row.payout.state;
    if let Life::Succeeded { txid, .. } = state {
        return format!("paid by {txid}");
    }
    if matches!(state, Life::Failed { .. }) {
        return "proven dead".to_owned();
    }
    let Some(build) = state.build() else { return "not signed".to_owned() };
    let intent = &row.payout.intent;
    let Some(road) = gateway.nodes.road(&intent.chain_id) else { return "no node to ask".to_owned() };
    let versions = state.versions();
    let says = match timeout(PATIENCE, road.look(intent, build, &versions)).await {
        Err(_) => "the nodes do not answer".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Ok(Ok(sighting)) => match sighting {
            Sighting::Missing => format!("{} is free", build.token),
            Sighting::Pending => "pending".to_owned(),
            Sighting::Included { waits, .. } => waits,
            Sighting::Succeeded(chance) => format!("paid by {}", chance.txid),
            Sighting::Dead(_) => format!("{} was used for something else, or it failed", build.token),
            Sighting::Doubt(why) => format!("in doubt: {why}"),
        },
    };
    if versions.is_empty() { format!("no signed bytes are known; {says}") } else { says }
}

async fn compared(gateway: &Gateway) -> Result<Vec<ComparedLine>, StoreError> {
    let heads = gateway.store.journal_heads().await?;
    let compared = gateway.gate.compared();
    let seats = gateway.genesis.roster.cosigners.iter().map(|seat| ComparedLine {
        name: seat.name.clone(),
        compared: compared.contains(&seat.index),
        entry: heads.get(&seat.index).map(|(entry, _)| *entry),
    });
    Ok(seats.collect())
}

/// Addresses that pay, or could: those of payouts that are known, and each wallet's payout address, from which a payout
/// may have been paid that is not known.
async fn payers(gateway: &Gateway) -> Result<BTreeSet<Payer>, StoreError> {
    let mut payers = gateway.store.payers().await?;
    let policy = gateway.policy();
    let rules = policy.newest_rules();
    for network in &rules.networks {
        for wallet in &rules.wallets {
            // No such index in this wallet: nothing can have been paid from it.
            let Ok(from) = derived::address(network, wallet, AddressIndex::PAYOUT) else { continue };
            let (chain_id, network_id) = (network.chain_id.clone(), network.network_id.clone());
            payers.insert(Payer { chain_id, network_id, from });
        }
    }
    Ok(payers)
}

/// What left our addresses and belongs to no payout; and the addresses that could not be looked at.
async fn outflows(gateway: &Gateway) -> Result<(Vec<OutflowLine>, Vec<String>), StoreError> {
    let (mut lines, mut unknown) = (Vec::new(), Vec::new());
    for Payer { chain_id, network_id, from } in payers(gateway).await? {
        let known = gateway.store.explained_tokens(&network_id, &from).await?;
        let Some(road) = gateway.nodes.road(&chain_id) else {
            unknown.push(format!("{from} on chain {chain_id}: no node to ask"));
            continue;
        };
        match timeout(PATIENCE, road.unexplained(&from, &known)).await {
            Err(_) => unknown.push(format!("{from} on chain {chain_id}: the nodes do not answer")),
            Ok(Err(error)) => unknown.push(format!("{from} on chain {chain_id}: {error}")),
            Ok(Ok(outflows)) => lines.extend(outflows.into_iter().map(|outflow| OutflowLine {
                chain_id: chain_id.clone(),
                network_id: network_id.clone(),
                from: from.clone(),
                outflow,
            })),
        }
    }
    Ok((lines, unknown))
}

impl From<Shut> for Fault {
    fn from(shut: Shut) -> Self {
        Self::unavailable(shut.to_string(), shut.to_wait().next_action)
    }
}

impl From<RestoreError> for Fault {
    fn from(error: RestoreError) -> Self {
        let words = error.to_string();
        match error {
            RestoreError::Unknown(_) => Self::missing(words, "look at `bursar restore --check`"),
            RestoreError::Importing => {
                Self::conflict(words, "start the co-signers: each that connects tells what it signed")
            }
            RestoreError::Already(_) => Self::conflict(words, "ask another admin: `bursar restore confirm`"),
            RestoreError::Store(error) => error.into(),
        }
    }
}
