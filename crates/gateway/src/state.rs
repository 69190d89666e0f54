//! What every part of the gateway works with: one struct, made once at start, shared by reference.

use std::sync::{Arc, PoisonError, RwLock};

use payout::policy::{Environment, Genesis, Policy};
use store::{Store, StoreError};

use crate::api::Doors;
use crate::callback;
use crate::config::Config;
use crate::engine;
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::node::Nodes;
use crate::one_answer::OneAnswer;
use crate::restore::Gate;
use crate::wake::Wake;

/// The gateway's parts.
pub struct Gateway {
    /// The configuration file.
    pub config: Config,
    /// The pinned genesis.
    pub genesis: Genesis,
    /// The database.
    pub store: Store,
    /// The co-signers' connections.
    pub hub: Hub,
    /// The chains' nodes.
    pub nodes: Nodes,
    /// Signals between loops.
    pub wake: Wake,
    /// Counters and gauges.
    pub metrics: Metrics,
    /// Rate limits and known projects of the payout API.
    pub doors: Doors,
    /// What the engine remembers between steps; all of it can be lost.
    pub memory: engine::Memory,
    /// The HTTP clients for projects' receivers.
    pub post: callback::Post,
    /// Whether the database can be relied on: what may be accepted and signed.
    pub gate: Gate,
    /// Whether a payout can be stored.
    pub readiness: OneAnswer<Result<(), StoreError>>,
    policy: SharedPolicy,
}

/// The policy in force, shared with the hub, which is made first.
#[derive(Clone)]
pub struct SharedPolicy(Arc<RwLock<Arc<Policy>>>);

impl SharedPolicy {
    /// Shares a policy.
    pub fn new(policy: Policy) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(policy))))
    }

    /// The policy as it is now. What was read stays as it was: one decision is made under one version.
    pub fn get(&self) -> Arc<Policy> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in its place. The caller has stored the new version before.
    pub fn set(&self, policy: Policy) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }
}

/// The parts that are made before the whole.
pub struct Parts {
    /// The configuration file.
    pub config: Config,
    /// The pinned genesis.
    pub genesis: Genesis,
    /// The database.
    pub store: Store,
    /// The co-signers' connections.
    pub hub: Hub,
    /// The chains' nodes.
    pub nodes: Nodes,
    /// The policy in force.
    pub policy: SharedPolicy,
    /// The restore that is not settled, if the database has one.
    pub restore: Option<store::Restore>,
}

impl Gateway {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { config, genesis, store, hub, nodes, policy, restore } = parts;
        let gate = Gate::new(&genesis.roster, restore);
        let doors = Doors::new(&config.request);
        let metrics = Metrics::default();
        let memory = engine::Memory::default();
        let (wake, post, readiness) = (Wake::default(), callback::Post::default(), OneAnswer::default());
        Arc::new(Self {
            config,
            genesis,
            store,
            hub,
            nodes,
            wake,
            metrics,
            doors,
            memory,
            post,
            gate,
            readiness,
            policy,
        })
    }

    /// The policy as it is now.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.get()
    }

    /// Puts a policy in force that was stored before, and tells the co-signers.
    pub fn set_policy(&self, policy: Policy) {
        self.policy.set(policy);
        self.hub.push_policy();
    }

    /// What the deployment is, for ever.
    pub fn environment(&self) -> Environment {
        self.genesis.environment
    }
}
