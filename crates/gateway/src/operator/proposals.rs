//! `/bursar/v1/policy/proposals`: a new version of rules, people or address book collects the signatures that it needs,
//! and is published. The signatures make it valid, here and at each co-signer; this only keeps them together.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use payout::ids::{Digest, PrincipalId};
use payout::policy::{
    ChainError, ChainName, Document, Policy, Principal, SignatureFault, SignedVersion, Signers,
    VersionSignature,
};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{PolicyError, Proposal};

use super::door::{Approver, By, Viewer};
use super::fault::{Answer, Fault};
use super::office::Office;
use crate::state::Gateway;

/// A proposed version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalSheet {
    /// What the signatures cover.
    pub digest: Digest,
    /// The version with the signatures so far.
    pub version: SignedVersion,
    /// Who proposed it.
    pub by: PrincipalId,
    /// When.
    pub created: Millis,
    /// How many signatures it needs.
    pub needed: u8,
    /// Whose signatures count.
    pub given: Vec<PrincipalId>,
    /// Whose don't, and why.
    pub ignored: Vec<String>,
    /// Whether it can be published now.
    pub ready: bool,
    /// What is remarkable about the document, or why it does not follow any more.
    pub findings: Vec<String>,
}

/// A version that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Which chain.
    pub chain: ChainName,
    /// Its number.
    pub version: u64,
    /// Its digest.
    pub digest: Digest,
}

pub(super) async fn list(State(office): State<Arc<Office>>, _by: By<Viewer>) -> Answer<Vec<ProposalSheet>> {
    let policy = office.gateway.policy();
    let proposals = office.gateway.store.proposals().await?;
    Ok(Json(proposals.into_iter().map(|proposal| sheet(&policy, proposal)).collect()))
}

pub(super) async fn show(
    State(office): State<Arc<Office>>,
    Path(digest): Path<String>,
    _by: By<Viewer>,
) -> Answer<ProposalSheet> {
    let proposal = find(&office.gateway, &digest).await?;
    Ok(Json(sheet(&office.gateway.policy(), proposal)))
}

/// Takes a version that would follow; its signatures may be none yet.
pub(super) async fn propose(State(office): State<Arc<Office>>, by: By<Approver>) -> Answer<ProposalSheet> {
    let gateway = &office.gateway;
    let version: SignedVersion = by.read()?;
    let policy = gateway.policy();
    may_sign(&policy, version.chain, &by.principal)?;
    policy.examine(&version)?;
    refuse_bad_signatures(&policy.signers(&version))?;
    let proposal = gateway.store.put_proposal(version, by.id(), by.now).await?;
    super::audit::note(
        gateway,
        &by.id(),
        "policy.propose",
        format!("{} {} {}", proposal.version.chain, proposal.version.version, proposal.digest),
        by.now,
    )
    .await?;
    Ok(Json(sheet(&policy, proposal)))
}

/// Adds one signature.
pub(super) async fn vote(
    State(office): State<Arc<Office>>,
    Path(digest): Path<String>,
    by: By<Approver>,
) -> Answer<ProposalSheet> {
    let gateway = &office.gateway;
    let signature: VersionSignature = by.read()?;
    let proposal = find(gateway, &digest).await?;
    let policy = gateway.policy();
    policy.examine(&proposal.version)?;
    let alone = SignedVersion { signatures: vec![signature], ..proposal.version };
    refuse_bad_signatures(&policy.signers(&alone))?;
    let proposal = gateway.store.put_proposal(alone, by.id(), by.now).await?;
    let detail = format!("{} {} {}", proposal.version.chain, proposal.version.version, proposal.digest);
    super::audit::note(gateway, &by.id(), "policy.vote", detail, by.now).await?;
    Ok(Json(sheet(&policy, proposal)))
}

/// Puts a version in force that has its signatures.
pub(super) async fn publish(
    State(office): State<Arc<Office>>,
    Path(digest): Path<String>,
    by: By<Approver>,
) -> Answer<Published> {
    let gateway = &office.gateway;
    // One after the other: two that both follow the same version would each look right.
    let _turn = office.publishing.lock().await;
    let proposal = find(gateway, &digest).await?;
    let mut policy = Policy::clone(&gateway.policy());
    may_sign(&policy, proposal.version.chain, &by.principal)?;
    policy.append_at(proposal.version.clone(), by.now)?;
    let published = Published {
        chain: proposal.version.chain,
        version: proposal.version.version,
        digest: proposal.digest,
    };
    gateway.store.append_policy(proposal.version, by.now).await?;
    gateway.set_policy(policy);
    let detail = format!("{} {} {}", published.chain, published.version, published.digest);
    super::audit::note(gateway, &by.id(), "policy.publish", detail, by.now).await?;
    tracing::info!(chain = %published.chain, version = published.version, by = %by.principal.id, "policy published");
    Ok(Json(published))
}

pub(super) async fn drop(
    State(office): State<Arc<Office>>,
    Path(digest): Path<String>,
    by: By<Approver>,
) -> Result<axum::http::StatusCode, Fault> {
    let gateway = &office.gateway;
    let proposal = find(gateway, &digest).await?;
    may_sign(&gateway.policy(), proposal.version.chain, &by.principal)?;
    gateway.store.drop_proposal(proposal.digest, by.id(), by.now).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

async fn find(gateway: &Gateway, digest: &str) -> Result<Proposal, Fault> {
    let missing = || {
        Fault::missing(format!("there is no proposal {digest}"), "look at `bursar policy show --proposals`")
    };
    let digest: Digest = digest.parse().map_err(|_| missing())?;
    gateway.store.proposal(&digest).await?.ok_or_else(missing)
}

/// Whether somebody has a say in a chain: admins in all, the book's group in the book.
fn may_sign(policy: &Policy, chain: ChainName, who: &Principal) -> Result<(), Fault> {
    let people = policy.people();
    let allowed = match chain {
        ChainName::Rules | ChainName::People => who.is_admin(),
        ChainName::Book => who.is_admin() || people.is_member(&people.book.group, &who.id),
    };
    if allowed {
        return Ok(());
    }
    Err(Fault::forbidden(
        format!("{} has no say in the {chain}", who.id),
        match chain {
            ChainName::Rules | ChainName::People => "ask an admin".to_owned(),
            ChainName::Book => format!("ask an admin or a member of {}", people.book.group),
        },
    ))
}

/// A signature that does not count is refused here rather than kept: whoever made it wants to know.
fn refuse_bad_signatures(signers: &Signers) -> Result<(), Fault> {
    match signers.ignored.iter().find(|(_, fault)| *fault != SignatureFault::Twice) {
        None => Ok(()),
        Some((who, fault)) => {
            Err(Fault::conflict(format!("{who} {fault}"), "sign with a key that stands in the newest people"))
        }
    }
}

fn sheet(policy: &Policy, proposal: Proposal) -> ProposalSheet {
    let Proposal { digest, version, by, created, updated: _ } = proposal;
    let signers = policy.signers(&version);
    let examined = policy.examine(&version);
    let ready = examined.is_ok() && signers.suffices();
    let findings = match examined {
        Ok(document) => remarks(policy, &document),
        Err(ChainError::Findings(findings)) => findings.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    };
    ProposalSheet {
        digest,
        version,
        by,
        created,
        needed: signers.needed,
        ready,
        findings,
        given: signers.given.into_iter().collect(),
        ignored: signers.ignored.into_iter().map(|(who, fault)| format!("{who} {fault}")).collect(),
    }
}

fn remarks(policy: &Policy, document: &Document) -> Vec<String> {
    policy.findings_with(document).iter().map(ToString::to_string).collect()
}

impl From<ChainError> for Fault {
    fn from(error: ChainError) -> Self {
        let words = match &error {
            ChainError::Findings(findings) => {
                let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
                list.join("; ")
            }
            _ => error.to_string(),
        };
        match error {
            ChainError::Document(_) | ChainError::TooLong { .. } | ChainError::Findings(_) => {
                Self::bad(words, "correct the document: `bursar policy check` says where")
            }
            ChainError::OtherDeployment(_) => Self::bad(words, "send it to that deployment's gateway"),
            ChainError::Gap { .. } | ChainError::Fork { .. } | ChainError::Parent { .. } => {
                Self::conflict(words, "propose it again on top of the newest version")
            }
            ChainError::Quorum { .. } => {
                Self::conflict(words, "collect the missing signatures: `bursar policy vote`")
            }
            ChainError::Immutable(_) => Self::conflict(words, "leave unchanged what never changes"),
        }
    }
}

impl From<PolicyError> for Fault {
    fn from(error: PolicyError) -> Self {
        let words = error.to_string();
        match error {
            PolicyError::Fork { .. } => {
                Self::conflict(words, "propose it again on top of the newest version")
            }
            PolicyError::TooHigh(_) => Self::bad(words, "propose it again on top of the newest version"),
            PolicyError::Unknown(_) => Self::missing(words, "look at `bursar policy show --proposals`"),
            PolicyError::Store(error) => error.into(),
        }
    }
}
