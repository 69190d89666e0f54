//! `GET /status`: chains, co-signers, queue. For monitoring; asks for no signature, so it says nothing of any payout.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use payout::ids::{ChainId, Digest};
use payout::policy::{Environment, Heads};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::StoreError;

use super::cosigners::{self, CosignerLine};
use super::fault::Answer;
use super::office::Office;
use crate::clock;
use crate::node::{NodeHealth, Road};
use crate::state::Gateway;

/// How long the nodes' answers are repeated: whoever asks often does not make us ask the nodes often.
const FRESH: Duration = Duration::from_secs(1);
/// The longest wait for a chain's nodes.
const PATIENCE: Duration = Duration::from_secs(4);

/// How the house is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusSheet {
    /// The deployment's id.
    pub deployment: Digest,
    /// Its name.
    pub name: String,
    /// What it is.
    pub environment: Environment,
    /// The gateway's software.
    pub software: String,
    /// The gateway's clock.
    pub now: Millis,
    /// The newest policy versions.
    pub heads: Heads,
    /// How many co-signers sign.
    pub threshold: u8,
    /// Whether enough co-signers are ready to sign.
    pub can_sign: bool,
    /// Why nothing is signed although they are, if nothing is: the database was, or may be, an old copy.
    #[serde(default)]
    pub shut: Option<String>,
    /// The co-signers.
    pub cosigners: Vec<CosignerLine>,
    /// The chains.
    pub chains: Vec<ChainLine>,
    /// How many payouts are where.
    pub queue: Vec<QueueLine>,
    /// How long the oldest payout that has not ended has been here, milliseconds.
    pub oldest_ms: Option<i64>,
    /// Pauses that hold now.
    pub pauses: u32,
}

/// One chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainLine {
    /// Which.
    pub chain_id: ChainId,
    /// Its nodes; none when none is configured.
    pub nodes: Vec<NodeLine>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeLine {
    /// Scheme, host and port.
    pub node: String,
    /// Its newest block.
    pub height: Option<u64>,
    /// The age of that block, milliseconds.
    pub lag_ms: Option<i64>,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// Payouts at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueLine {
    /// The wire contract's integer.
    pub status: u8,
    /// The step that moves them on.
    pub step: Option<String>,
    /// How many.
    pub count: u64,
    /// How many of them say why they wait.
    pub waiting: u64,
}

pub(super) async fn handle(State(office): State<Arc<Office>>) -> Answer<StatusSheet> {
    Ok(Json(sheet(&office).await?))
}

pub(super) async fn sheet(office: &Office) -> Result<StatusSheet, StoreError> {
    office.status.get(look(office)).await
}

async fn look(office: &Office) -> Result<StatusSheet, StoreError> {
    let gateway = &office.gateway;
    let now = clock::now();
    let policy = gateway.policy();
    let (tally, oldest, pauses) =
        tokio::try_join!(gateway.store.tally(), gateway.store.oldest_live(), gateway.store.pauses(now))?;
    let cosigners = cosigners::lines(gateway);
    let threshold = policy.roster().threshold;
    let ready =
        cosigners.iter().filter(|line| matches!(line.condition.as_str(), "ready" | "doubted")).count();
    let queue = tally.into_iter().map(|place| QueueLine {
        status: place.status.code(),
        step: place.step.map(|step| step.as_str().to_owned()),
        count: place.count,
        waiting: place.waiting,
    });
    Ok(StatusSheet {
        deployment: policy.deployment(),
        name: gateway.genesis.name.clone(),
        environment: gateway.environment(),
        software: SOFTWARE.to_owned(),
        now,
        heads: policy.heads(),
        threshold,
        can_sign: ready >= usize::from(threshold),
        shut: gateway.gate.may_sign().err().map(|shut| shut.to_string()),
        cosigners,
        chains: office.chains.lines(gateway, now).await,
        queue: queue.collect(),
        oldest_ms: oldest.map(|created| now.since(created)),
        pauses: u32::try_from(pauses.len()).unwrap_or(u32::MAX),
    })
}

/// Name and version.
pub const SOFTWARE: &str = concat!("bursar ", env!("CARGO_PKG_VERSION"));

/// The nodes' last answers.
#[derive(Default)]
pub(super) struct ChainWatch {
    last: tokio::sync::Mutex<Option<(Instant, Vec<ChainLine>)>>,
}

impl ChainWatch {
    async fn lines(&self, gateway: &Gateway, now: Millis) -> Vec<ChainLine> {
        // Held over the question: those who ask meanwhile get the same answer.
        let mut last = self.last.lock().await;
        if let Some((at, lines)) = &*last
            && at.elapsed() < FRESH
        {
            return lines.clone();
        }
        let policy = gateway.policy();
        let asked = policy.newest_rules().networks.iter().map(|network| async {
            let nodes = match gateway.nodes.road(&network.chain_id) {
                Some(road) => tokio::time::timeout(PATIENCE, nodes_of(road, now))
                    .await
                    .unwrap_or_else(|_| vec![silent()]),
                None => Vec::new(),
            };
            ChainLine { chain_id: network.chain_id.clone(), nodes }
        });
        let lines = futures::future::join_all(asked).await;
        *last = Some((Instant::now(), lines.clone()));
        lines
    }
}

fn silent() -> NodeLine {
    let error = Some(format!("no answer within {} s", PATIENCE.as_secs()));
    NodeLine { node: "all nodes".to_owned(), height: None, lag_ms: None, error }
}

/// A chain's nodes, as they answer now.
pub(super) async fn nodes_of(road: &Arc<dyn Road>, now: Millis) -> Vec<NodeLine> {
    let line = |NodeHealth { node, state }| match state {
        Ok(head) => NodeLine {
            node,
            height: Some(head.height),
            lag_ms: Some(now.since(head.time).max(0)),
            error: None,
        },
        Err(error) => NodeLine { node, height: None, lag_ms: None, error: Some(error) },
    };
    road.health().await.into_iter().map(line).collect()
}
