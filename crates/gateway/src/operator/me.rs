//! `GET /bursar/v1/me`: who the gateway takes the caller for.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use payout::ids::{Digest, GroupId};
use payout::policy::{Environment, Principal};
use payout::time::Millis;
use serde::{Deserialize, Serialize};

use super::door::{By, Viewer};
use super::fault::Answer;
use super::office::Office;

/// Who asks, where, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// As the newest people chain has them.
    pub principal: Principal,
    /// The groups that they stand in.
    pub groups: Vec<GroupId>,
    /// The deployment's id.
    pub deployment: Digest,
    /// The deployment's name.
    pub name: String,
    /// What it is.
    pub environment: Environment,
    /// The gateway's clock.
    pub now: Millis,
}

pub(super) async fn show(State(office): State<Arc<Office>>, by: By<Viewer>) -> Answer<Me> {
    let gateway = &office.gateway;
    let policy = gateway.policy();
    let groups = policy.people().groups.iter().filter(|group| group.members.contains(&by.principal.id));
    Ok(Json(Me {
        groups: groups.map(|group| group.id.clone()).collect(),
        principal: by.principal,
        deployment: policy.deployment(),
        name: gateway.genesis.name.clone(),
        environment: gateway.environment(),
        now: by.now,
    }))
}
