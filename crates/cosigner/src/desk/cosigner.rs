//! What a co-signer holds while it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use payout::ids::{Digest, WalletId};
use payout::key::SecretKey;
use payout::policy::Policy;
use payout::time::Millis;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use wire::channel::Identity;
use wire::message::JournalHead;
use wire::roster::Directory;

use super::catch_up::Questions;
use super::{inbox, journals, line};
use crate::ceremony;
use crate::config::Gateway;
use crate::journal::{Journal, Union};
use crate::link::{self, Line};
use crate::rooms::Rooms;
use crate::session;
use crate::vault::Vault;
use crate::verify::{Context, WalletKey, learn_own_addresses};

/// Ceremonies at once. They compute for seconds and concern everybody.
const CEREMONIES: usize = 1;

/// What a co-signer is put together from.
#[derive(Debug)]
pub struct Parts {
    /// Our index on the roster.
    pub me: u8,
    /// The pinned policy, with all versions that were adopted.
    pub policy: Policy,
    /// The journal.
    pub journal: Journal,
    /// The open vault.
    pub vault: Vault,
    /// The folder, for the fingerprints and the inbox.
    pub folder: PathBuf,
    /// The gateways to dial.
    pub gateways: Vec<Gateway>,
    /// Signing sessions in flight at once, at most.
    pub sessions: usize,
    /// How long sessions may take.
    pub timing: session::Timing,
    /// How long ceremonies may take.
    pub ceremony_timing: ceremony::Timing,
}

/// A co-signer at work. See the module.
pub struct Cosigner {
    pub(super) me: u8,
    deployment: Digest,
    pub(super) key: Arc<SecretKey>,
    pub(super) identity: Identity,
    pub(super) directory: Directory,
    pub(super) journal: Journal,
    pub(super) vault: Vault,
    pub(super) folder: PathBuf,
    pub(super) timing: session::Timing,
    pub(super) ceremony_timing: ceremony::Timing,
    pub(super) sessions: Arc<Rooms<session::Letter>>,
    pub(super) ceremonies: Arc<Rooms<ceremony::Letter>>,
    gateways: Vec<Gateway>,
    policy: RwLock<Arc<Policy>>,
    /// Held while versions are adopted, so that they are in order.
    pub(super) adopting: tokio::sync::Mutex<()>,
    keys: RwLock<Arc<BTreeMap<WalletId, WalletKey>>>,
    /// Why the owner of this host has paused it.
    paused: RwLock<Option<Arc<str>>>,
    lines: Mutex<BTreeMap<u64, Arc<Line>>>,
    next_line: AtomicU64,
    /// How far each co-signer's journals reach, by what it said and what we told it.
    pub(super) known: Mutex<BTreeMap<u8, Vec<JournalHead>>>,
    questions: Mutex<Questions>,
    /// Our own journal or standing has changed.
    pub(super) changed: Notify,
    stop: watch::Sender<bool>,
}

impl Cosigner {
    /// Puts a co-signer together. Nothing runs yet.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { me, policy, journal, vault, folder, gateways, sessions, timing, ceremony_timing } = parts;
        let key = vault.identity();
        let cosigner = Self {
            me,
            deployment: policy.deployment(),
            identity: Identity::from(&*key),
            key,
            directory: Directory::new(policy.roster()),
            journal,
            vault,
            folder,
            timing,
            ceremony_timing,
            sessions: Rooms::new(sessions),
            ceremonies: Rooms::new(CEREMONIES),
            gateways,
            policy: RwLock::new(Arc::new(policy)),
            adopting: tokio::sync::Mutex::new(()),
            keys: RwLock::default(),
            paused: RwLock::default(),
            lines: Mutex::default(),
            next_line: AtomicU64::new(1),
            known: Mutex::default(),
            questions: Mutex::default(),
            changed: Notify::new(),
            stop: watch::channel(false).0,
        };
        cosigner.renew_keys();
        learn_own_addresses(&cosigner.policy());
        Arc::new(cosigner)
    }

    /// Dials all gateways and works until [`Self::stop`] is called; returns when what was in flight has ended.
    pub async fn run(self: &Arc<Self>) {
        // Before anybody can ask anything: what the owner of the host has stopped.
        inbox::look(self).await;
        let mut tasks = JoinSet::new();
        for gateway in self.gateways.clone() {
            let Some(key) = self.directory.gateway_key(&gateway.name) else {
                tracing::error!(gateway = gateway.name, "not on the roster of genesis: it is not dialled");
                continue;
            };
            let (cosigner, stop) = (Arc::clone(self), self.stop.subscribe());
            tasks.spawn(async move {
                let place = (gateway.name.as_str(), gateway.address.as_str(), key);
                link::dial(place, &cosigner.identity, stop, |connection| {
                    line::converse(Arc::clone(&cosigner), gateway.name.clone(), connection)
                })
                .await;
            });
        }
        tasks.spawn(journals::keep_up(Arc::clone(self), self.stop.subscribe()));
        tasks.spawn(inbox::watch(Arc::clone(self), self.stop.subscribe()));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(error = &error as &dyn std::error::Error, "a task ended badly");
                self.stop();
            }
        }
        // Sessions were told that their line is over; they end within the computing of one round.
        for _ in 0..100 {
            if self.sessions.count() + self.ceremonies.count() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if let Err(error) = self.journal.flush().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the journal did not end well");
        }
    }

    /// Ends [`Self::run`].
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// How many lines to gateways are open.
    pub fn line_count(&self) -> usize {
        self.lock_lines().len()
    }

    /// The policy that is held now.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_policy(&self, policy: Policy) {
        learn_own_addresses(&policy);
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// The keys that sign.
    pub(super) fn keys(&self) -> Arc<BTreeMap<WalletId, WalletKey>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks again which keys sign, after the journals or the vault have changed.
    pub(super) fn renew_keys(&self) {
        let policy = self.policy();
        let shares = self.vault.held();
        let keys = self.journal.with(|union| ceremony::keys_in_use(union, policy.roster(), &shares));
        let mut held = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if **held != keys {
            *held = Arc::new(keys);
            self.changed.notify_one();
        }
    }

    pub(super) fn paused(&self) -> Option<Arc<str>> {
        self.paused.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_paused(&self, reason: Option<&str>) {
        let mut paused = self.paused.write().unwrap_or_else(PoisonError::into_inner);
        if paused.as_deref() != reason {
            match reason {
                Some(reason) => tracing::warn!(reason, "paused by the owner of this host"),
                None => tracing::warn!("no longer paused"),
            }
            *paused = reason.map(Arc::from);
            self.changed.notify_one();
        }
    }

    /// Runs checks against what is held now.
    pub(super) fn checking<T>(&self, check: impl FnOnce(&Context<'_>) -> T) -> T {
        let (policy, keys, paused) = (self.policy(), self.keys(), self.paused());
        let (me, clock, paused) = (self.me, now(), paused.as_deref());
        self.journal
            .with(|union: &Union| check(&Context { policy: &policy, union, keys: &keys, me, clock, paused }))
    }

    /// All lines.
    pub(super) fn lines(&self) -> Vec<Arc<Line>> {
        self.lock_lines().values().cloned().collect()
    }

    pub(super) fn add_line(&self, make: impl FnOnce(u64) -> Line) -> Arc<Line> {
        let line = Arc::new(make(self.next_line.fetch_add(1, Ordering::Relaxed)));
        self.lock_lines().insert(line.id, Arc::clone(&line));
        line
    }

    pub(super) fn remove_line(&self, line: &Line) {
        self.lock_lines().remove(&line.id);
        self.questions().retain(|(its, _), _| *its != line.id);
        let why = format!("the connection to gateway {} is over", line.gateway);
        self.sessions.close_line(line.id, &why);
        self.ceremonies.close_line(line.id, &why);
    }

    /// What peers ask for, over which line.
    pub(super) fn questions(&self) -> std::sync::MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_lines(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn deployment(&self) -> &Digest {
        &self.deployment
    }
}

/// The wall clock.
pub(super) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Millis::default().plus(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// 32 random bytes.
///
/// # Errors
/// The operating system has none: nothing can be signed.
pub(super) fn random() -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| format!("the operating system gave no randomness: {error}"))?;
    Ok(bytes)
}
