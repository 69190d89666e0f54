//! `GET /bursar/v1/policy` and `/versions`: the documents in force, and every signed version after genesis, which a
//! reader with the genesis file verifies for themselves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use payout::ids::Digest;
use payout::policy::{Book, Environment, Head, Heads, People, Roster, Rules, SignedVersion};
use serde::{Deserialize, Serialize};

use super::door::{By, Viewer};
use super::fault::Answer;
use super::office::Office;

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySheet {
    /// The deployment's id.
    pub deployment: Digest,
    /// The deployment's name.
    pub name: String,
    /// What it is.
    pub environment: Environment,
    /// Co-signers and gateways.
    pub roster: Roster,
    /// The newest versions.
    pub heads: Heads,
    /// The newest rules.
    pub rules: Rules,
    /// The newest people.
    pub people: People,
    /// The newest address book, each payee dated no earlier than the gateway learnt of it.
    pub book: Book,
}

pub(super) async fn show(State(office): State<Arc<Office>>, _by: By<Viewer>) -> Answer<PolicySheet> {
    let policy = office.gateway.policy();
    Ok(Json(PolicySheet {
        deployment: policy.deployment(),
        name: office.gateway.genesis.name.clone(),
        environment: policy.environment(),
        roster: policy.roster().clone(),
        heads: policy.heads(),
        rules: policy.newest_rules().clone(),
        people: policy.people().clone(),
        book: policy.book().clone(),
    }))
}

/// All versions but genesis, in the order in which they were appended.
pub(super) async fn versions(
    State(office): State<Arc<Office>>,
    _by: By<Viewer>,
) -> Answer<Vec<SignedVersion>> {
    let policy = office.gateway.policy();
    let before = Head { version: 0, digest: policy.deployment() };
    Ok(Json(policy.versions_after(&Heads { rules: before, people: before, book: before })))
}
