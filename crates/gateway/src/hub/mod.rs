//! The co-signers' hub: the gateway's side of their connections.
//!
//! Co-signers dial in and are known by their pinned keys. The hub passes bytes between them that it can neither read
//! nor alter, asks them for signatures, shows them intents, delivers stops and policy, and opens ceremonies. It decides
//! nothing: which co-signers to ask is a question of speed, and what they answer is checked by whoever asked.
//!
//! - `door`: accepts connections, checks who it is. `seat`: one connection, from hello to the end.
//! - `room`: who is here, what they said, and who waits for an answer.
//! - `quorum`: which of them to ask. `session`: asking them once. `sign`: asking until it is settled.
//! - `sight`, `stop`, `ceremony`, `recall`: the other questions.

mod ceremony;
mod desk;
mod door;
mod pace;
mod pick;
mod quorum;
mod recall;
mod room;
mod seat;
mod session;
mod sight;
mod sign;
mod standings;
mod stop;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use payout::ids::Digest;
use payout::policy::{Policy, Roster};
use tokio::sync::watch;
use wire::channel::Identity;

pub use ceremony::CeremonyError;
pub use recall::Silence;
pub use session::{SessionEnd, SessionReport, Voice};
pub use sign::{Asker, Opening, SignOrder, SignOutcome, Signing};
pub use standings::{Presence, SeatStanding};
pub use stop::Acknowledgement;

use pace::Pace;
use room::Room;

/// What a hub needs to start.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// Where co-signers dial in; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The gateway's key, which co-signers pin.
    pub identity: Identity,
    /// The gateway's name on the roster.
    pub gateway: String,
    /// Who may come in.
    pub roster: Roster,
    /// The deployment's id.
    pub deployment: Digest,
    /// The longest that one signing session may take.
    pub session_timeout: Duration,
    /// Signing sessions in flight at once.
    pub sessions: usize,
}

/// The policy in force, read anew whenever it is needed.
pub type PolicySource = Arc<dyn Fn() -> Arc<Policy> + Send + Sync>;

/// Why there is no hub.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The address can't be listened on.
    #[error("cannot listen for co-signers on {address}: is another gateway running, or is the port taken?")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The name is not on the roster, or stands there with another key: no co-signer would talk to this gateway.
    #[error(
        "genesis has no gateway {name:?} with the key {key}: use the key file that belongs to this deployment"
    )]
    NotOnRoster {
        /// The name.
        name: String,
        /// The key that was loaded.
        key: payout::key::PublicKey,
    },
}

/// The co-signers' hub. Cheap to clone; all clones are one hub.
#[derive(Clone)]
pub struct Hub {
    room: Arc<Room>,
    door: Arc<door::Door>,
}

impl Hub {
    /// Opens the door.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn start(config: HubConfig, policy: PolicySource) -> Result<Self, HubError> {
        let pace = Pace::with_session(config.session_timeout);
        Self::start_at(pace, config, policy).await
    }

    async fn start_at(pace: Pace, config: HubConfig, policy: PolicySource) -> Result<Self, HubError> {
        let key = config.identity.public();
        if !config.roster.gateways.iter().any(|seat| seat.name == config.gateway && seat.key == key) {
            return Err(HubError::NotOnRoster { name: config.gateway, key });
        }
        let listen = config.listen;
        let room = Arc::new(Room::new(&config, pace, policy));
        let door = door::Door::open(listen, &config.identity, Arc::clone(&room))
            .await
            .map_err(|source| HubError::Listen { address: listen, source })?;
        Ok(Self { room, door: Arc::new(door) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.door.address()
    }

    /// Changes whenever a co-signer comes, goes or says something new of itself: time to look again at what waits.
    /// The number means nothing.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.room.subscribe()
    }

    /// Sends every co-signer the policy versions that it lacks, by its own last word.
    pub fn push_policy(&self) {
        self.room.push_policy();
    }

    /// Closes the door and every connection.
    pub async fn close(&self) {
        self.door.close().await;
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("address", &self.local_addr()).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
