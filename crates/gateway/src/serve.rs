//! `bursar serve`: puts the parts together, opens the three doors, and closes them in order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use payout::ids::ProjectId;
use payout::key::SecretKey;
use payout::policy::{ChainError, Environment, Genesis, GenesisError, Policy};
use payout::request::sign::ApiKey;
use store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::hub::{Hub, HubConfig, HubError};
use crate::listener::{self, Limits};
use crate::node::{Nodes, OpenError};
use crate::state::{Gateway, Parts, SharedPolicy};
use crate::{api, callback, engine, operator, restore};

/// How long requests and steps that are under way may take once the gateway is told to stop.
const GRACE: Duration = Duration::from_millis(2000);
/// What strangers may take of the payout API's listener. An idle connection lasts as long as proxies expect.
const CALLERS: Limits = Limits { connections: 512, head: Duration::from_secs(60) };
/// The same of the operators' listener.
const OPERATORS: Limits = Limits { connections: 64, head: Duration::from_secs(60) };

/// Why the gateway doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The genesis file can't be read.
    #[error("cannot read {path}")]
    ReadGenesis {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The genesis file is no genesis.
    #[error("{path} is no genesis file")]
    Genesis {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: GenesisError,
    },
    /// The roster lists no gateway with our key.
    #[error(
        "the genesis roster lists no gateway with this gateway's public key {key}: \
         use the key file that belongs to this deployment"
    )]
    NotInRoster {
        /// Our public key.
        key: String,
    },
    /// The database does not open, or can't be read.
    #[error("the database can't be used")]
    Store(#[from] StoreError),
    /// A stored version of the policy does not verify.
    #[error(
        "the database holds a version of the policy that does not follow from genesis; restore the database"
    )]
    Policy(#[from] ChainError),
    /// The vendor's published key outside a demo.
    #[error(
        "project {0} has the API key of the vendor's published examples, which everybody knows: \
         rotate it with `bursar project keys` before serving"
    )]
    PublishedKey(ProjectId),
    /// A road to a chain does not open.
    #[error("the chains' nodes are not configured right")]
    Nodes(#[from] OpenError),
    /// The co-signers' door does not open.
    #[error("the co-signers' listener can't start")]
    Hub(#[from] HubError),
    /// A listener does not open.
    #[error("cannot listen on {address}: is another gateway running?")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file of addresses can't be written.
    #[error("cannot write {path}")]
    Addresses {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A part ended that never ends by itself: without it payouts would be accepted and not moved on.
    #[error("a part of the gateway has failed; start it again: what was under way is taken up")]
    PartFailed,
}

/// Runs the gateway until `stop` turns true, or until one of its parts has failed.
///
/// # Errors
/// [`ServeError`] when it can't start or go on; each says what to do.
pub async fn serve(
    config: Config,
    identity: &SecretKey,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let genesis = read_genesis(&config)?;
    let name = genesis
        .roster
        .gateways
        .iter()
        .find(|seat| seat.key == identity.public())
        .map(|seat| seat.name.clone())
        .ok_or_else(|| ServeError::NotInRoster { key: identity.public().to_string() })?;
    let store = Store::open(&config.store.path).await?;
    let policy = replay(&genesis, &store).await?;
    refuse_published_key(&genesis, &store).await?;
    let unsettled = store.restore().await?;
    let nodes = Nodes::open(&config.chain, policy.newest_rules(), genesis.environment)?;
    let policy = SharedPolicy::new(policy);
    let hub = Hub::start(hub_config(&config, &genesis, identity, name), {
        let policy = policy.clone();
        Arc::new(move || policy.get())
    })
    .await?;
    let api_door = listen(config.server.listen).await?;
    let operator_door = listen(config.server.operator_listen).await?;
    announce(&config, &api_door, &operator_door, &hub)?;

    let gateway = Gateway::new(Parts { config, genesis, store, hub, nodes, policy, restore: unsettled });
    let (halt, halted) = watch::channel(false);
    let mut parts = JoinSet::new();
    parts.spawn(engine::run::run(Arc::clone(&gateway), halted.clone()));
    parts.spawn(callback::run(Arc::clone(&gateway), halted.clone()));
    parts.spawn(restore::follow(Arc::clone(&gateway), halted.clone()));
    let (api, operator) = (api::router(Arc::clone(&gateway)), operator::router(Arc::clone(&gateway)));
    parts.spawn(listener::listen(api_door, api, CALLERS, halted.clone()));
    parts.spawn(listener::listen(operator_door, operator, OPERATORS, halted));

    let ended = tokio::select! {
        // A closed channel means the same as a stop: whoever held it is gone.
        _ = stop.wait_for(|stop| *stop) => Ok(()),
        Some(part) = parts.join_next() => {
            tracing::error!(panic = ?part.err(), "a part of the gateway has failed");
            Err(ServeError::PartFailed)
        }
        () = gateway.store.ended() => {
            tracing::error!("the database's writer has failed: nothing can be stored");
            Err(ServeError::PartFailed)
        }
    };
    tracing::info!("stopping: no new requests, finishing what is under way");
    halt.send_replace(true);
    let all = async { while parts.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tracing::warn!("some work did not end in time; it is taken up again at the next start");
        parts.shutdown().await;
    }
    gateway.hub.close().await;
    gateway.store.close().await;
    tracing::info!("stopped");
    ended
}

/// Reads and checks the pinned genesis.
///
/// # Errors
/// [`ServeError::ReadGenesis`] and [`ServeError::Genesis`].
pub fn read_genesis(config: &Config) -> Result<Genesis, ServeError> {
    let path = &config.genesis;
    let text = std::fs::read_to_string(path)
        .map_err(|source| ServeError::ReadGenesis { path: path.clone(), source })?;
    Genesis::parse(&text).map_err(|source| ServeError::Genesis { path: path.clone(), source })
}

/// The policy as the stored versions make it: each is verified again.
///
/// # Errors
/// [`ServeError::Policy`] when one does not follow.
pub async fn replay(genesis: &Genesis, store: &Store) -> Result<Policy, ServeError> {
    let mut policy = Policy::from_genesis(genesis);
    for (version, adopted) in store.policy_versions().await? {
        policy.append_at(version, adopted)?;
    }
    Ok(policy)
}

async fn refuse_published_key(genesis: &Genesis, store: &Store) -> Result<(), ServeError> {
    if genesis.environment == Environment::Demo {
        return Ok(());
    }
    let published = |key: &store::ApiKey| key.text.reveal() == ApiKey::PUBLISHED_EXAMPLE;
    match store.projects().await?.iter().find(|project| project.api_keys.iter().any(published)) {
        Some(project) => Err(ServeError::PublishedKey(project.id)),
        None => Ok(()),
    }
}

fn hub_config(config: &Config, genesis: &Genesis, identity: &SecretKey, gateway: String) -> HubConfig {
    HubConfig {
        listen: config.server.cosigner_listen,
        identity: wire::channel::Identity::from(identity),
        gateway,
        roster: genesis.roster.clone(),
        deployment: genesis.deployment(),
        session_timeout: Duration::from_millis(config.engine.session_timeout_ms.into()),
        sessions: config.engine.sessions.into(),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

/// Says where the doors are: in the log, and in a file if one is configured.
fn announce(config: &Config, api: &TcpListener, operator: &TcpListener, hub: &Hub) -> Result<(), ServeError> {
    let bound = |listener: &TcpListener, asked: SocketAddr| listener.local_addr().unwrap_or(asked);
    let api = bound(api, config.server.listen);
    let operator = bound(operator, config.server.operator_listen);
    let cosigner = hub.local_addr();
    tracing::info!(%api, %operator, %cosigner, "listening");
    let Some(path) = &config.server.addresses_file else { return Ok(()) };
    let text = serde_json::json!({"api": api, "operator": operator, "cosigner": cosigner}).to_string();
    let wrong = |source| ServeError::Addresses { path: path.clone(), source };
    let half = path.with_extension("part");
    std::fs::write(&half, text).map_err(wrong)?;
    std::fs::rename(&half, path).map_err(wrong)
}
