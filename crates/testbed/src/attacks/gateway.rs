//! A hostile gateway: the gateway's real key, channel and frames, and a relay that does what an attack wants.
//!
//! It checks nothing, keeps everything that co-signers say, and lets co-signers of the harness's own
//! ([`super::turncoat`]) sit among the honest ones.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use payout::ids::Digest;
use payout::key::SecretKey;
use payout::policy::Genesis;
use payout::time::Millis;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use wire::channel::{Identity, server_config};
use wire::connection::{Connection, Limits, Writer};
use wire::message::{FromCosigner, Label, PROTOCOL, Standing, ToCosigner};
use wire::roster::Directory;

use super::case::Fault;
use super::turncoat::Event;

/// Co-signers give a gateway up that is silent for 15 s.
const PING: Duration = Duration::from_secs(3);

/// Bytes of a link between two co-signers, on their way through the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Who sent them; the relay can say what it likes.
    pub from: u8,
    /// Who is to get them.
    pub to: u8,
    /// Which link of the two.
    pub link: u64,
    /// Ciphertext.
    pub data: Vec<u8>,
}

/// What a relay makes of a parcel, with what was heard before it: what to deliver now, in order.
type Relay = Box<dyn FnMut(Parcel, &Heard) -> Vec<Parcel> + Send>;

/// What the gateway says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Welcome {
    /// The deployment that it claims to serve.
    pub deployment: Digest,
    /// How far its clock is off, ms.
    pub clock_ms: i64,
}

/// Everything that was heard.
#[derive(Default)]
pub struct Heard {
    /// Who is connected, each with the number of its visit.
    seats: BTreeMap<u8, (u32, Writer<ToCosigner>)>,
    /// What each last said of itself, also when it is gone.
    pub standings: BTreeMap<u8, Standing>,
    /// How many connections of each have been made and lost.
    pub visits: BTreeMap<u8, (u32, u32)>,
    /// Everything else, in order.
    pub words: Vec<(u8, FromCosigner)>,
}

impl Heard {
    /// Whether a co-signer is connected.
    pub fn is_present(&self, index: u8) -> bool {
        self.seats.contains_key(&index)
    }

    /// What each participant said last of a session; a signature before everything else.
    pub fn ends_of(&self, label: Label) -> BTreeMap<u8, FromCosigner> {
        let mut ends = BTreeMap::new();
        for (index, word) in &self.words {
            match word {
                FromCosigner::Signed { session, .. }
                | FromCosigner::Refused { session, .. }
                | FromCosigner::Aborted { session, .. }
                    if *session == label => {}
                _ => continue,
            }
            let signed = matches!(ends.get(index), Some(FromCosigner::Signed { .. }));
            if !signed {
                ends.insert(*index, word.clone());
            }
        }
        ends
    }

    /// Every signature that anybody sent in a session.
    pub fn signatures_of(&self, label: Label) -> impl Iterator<Item = (u8, &[u8])> {
        self.words.iter().filter_map(move |(index, word)| match word {
            FromCosigner::Signed { session, signature } if *session == label => {
                Some((*index, signature.as_slice()))
            }
            _ => None,
        })
    }
}

/// See the module.
pub struct Gateway {
    address: SocketAddr,
    inner: Arc<Inner>,
    tasks: [AbortHandle; 2],
}

pub(super) struct Inner {
    directory: Directory,
    welcome: Mutex<Welcome>,
    heard: Mutex<Heard>,
    relay: Mutex<Relay>,
    turncoats: Mutex<BTreeMap<u8, mpsc::UnboundedSender<Event>>>,
    /// The ids of sessions, which hostile participants tell.
    ids: Mutex<BTreeMap<Label, Digest>>,
    changed: watch::Sender<u64>,
    hung_up: watch::Sender<u64>,
}

impl Gateway {
    /// Opens its door with this key.
    ///
    /// # Errors
    /// The operating system's.
    pub async fn start(key: &SecretKey, genesis: &Genesis) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let directory = Directory::new(&genesis.roster);
        let tls = server_config(&Identity::from(key), directory.cosigner_keys());
        let inner = Arc::new(Inner {
            directory,
            welcome: Mutex::new(Welcome { deployment: genesis.deployment(), clock_ms: 0 }),
            heard: Mutex::default(),
            relay: Mutex::new(Box::new(|parcel, _| vec![parcel])),
            turncoats: Mutex::default(),
            ids: Mutex::default(),
            changed: watch::channel(0).0,
            hung_up: watch::channel(0).0,
        });
        let this = Arc::clone(&inner);
        let door = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, this) = (Arc::clone(&tls), Arc::clone(&this));
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    if let Ok(connection) = Connection::accept(stream, tls, Limits::default()).await {
                        this.attend(connection).await;
                    }
                });
            }
        });
        let this = Arc::clone(&inner);
        let pings = tokio::spawn(async move {
            loop {
                tokio::time::sleep(PING).await;
                let present: Vec<u8> = this.heard().seats.keys().copied().collect();
                present.into_iter().for_each(|index| this.say(index, &ToCosigner::Ping(0)));
            }
        });
        Ok(Self { address, inner, tasks: [door.abort_handle(), pings.abort_handle()] })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Says something to a co-signer that is connected.
    pub fn say(&self, index: u8, message: &ToCosigner) {
        self.inner.say(index, message);
    }

    /// Says something else of itself from the next connection on.
    pub fn welcome_as(&self, welcome: Welcome) {
        *lock(&self.inner.welcome) = welcome;
    }

    /// What it says of itself.
    pub fn welcome(&self) -> Welcome {
        *lock(&self.inner.welcome)
    }

    /// Relays by this from now on.
    pub fn relay_by(&self, mut relay: impl FnMut(Parcel) -> Vec<Parcel> + Send + 'static) {
        self.relay_knowing(move |parcel, _| relay(parcel));
    }

    /// The same by a rule that looks at what was heard.
    pub fn relay_knowing(&self, relay: impl FnMut(Parcel, &Heard) -> Vec<Parcel> + Send + 'static) {
        *lock(&self.inner.relay) = Box::new(relay);
    }

    /// Relays what comes, as it comes.
    pub fn relay_honestly(&self) {
        self.relay_by(|parcel| vec![parcel]);
    }

    /// Hands something to the co-signer that it names, past the relay's rule.
    pub fn hand(&self, parcel: Parcel) {
        self.inner.hand(parcel);
    }

    /// Hangs up on everybody.
    pub fn hang_up(&self) {
        self.inner.heard().seats.clear();
        self.inner.hung_up.send_modify(|count| *count += 1);
    }

    /// Gives a co-signer of the harness its place.
    pub(super) fn seat(&self, index: u8, events: mpsc::UnboundedSender<Event>) {
        lock(&self.inner.turncoats).insert(index, events);
    }

    /// Takes it away again.
    pub(super) fn unseat(&self, index: u8) {
        lock(&self.inner.turncoats).remove(&index);
    }

    /// The id of a session that a hostile co-signer took part in.
    pub fn id_of(&self, label: Label) -> Option<Digest> {
        lock(&self.inner.ids).get(&label).copied()
    }

    /// Looks at what was heard.
    pub fn look<T>(&self, look: impl FnOnce(&Heard) -> T) -> T {
        look(&self.inner.heard())
    }

    /// Waits until what was heard shows something.
    ///
    /// # Errors
    /// [`Fault::Late`].
    pub async fn until<T>(
        &self,
        what: &str,
        patience: Duration,
        mut find: impl FnMut(&Heard) -> Option<T>,
    ) -> Result<T, Fault> {
        let mut changed = self.inner.changed.subscribe();
        let end = Instant::now() + patience;
        loop {
            if let Some(found) = self.look(&mut find) {
                return Ok(found);
            }
            if tokio::time::timeout_at(end, changed.changed()).await.is_err() {
                return Err(Fault::Late(what.to_owned()));
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        self.hang_up();
    }
}

impl Inner {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        lock(&self.heard)
    }

    pub(super) fn note_id(&self, label: Label, id: Digest) {
        lock(&self.ids).insert(label, id);
    }

    fn say(&self, index: u8, message: &ToCosigner) {
        let seat = self.heard().seats.get(&index).cloned();
        if let Some((_, writer)) = seat {
            // Whoever is gone hears nothing.
            let _ = writer.try_send(message);
        }
    }

    /// Sends a parcel on its way, by the relay's rule.
    pub(super) fn post(&self, parcel: Parcel) {
        // Under the lock until everything is handed over: two senders' parcels keep the order that the rule saw.
        let mut relay = lock(&self.relay);
        let parcels = relay(parcel, &self.heard());
        parcels.into_iter().for_each(|parcel| self.hand(parcel));
    }

    fn hand(&self, parcel: Parcel) {
        let turncoat = lock(&self.turncoats).get(&parcel.to).cloned();
        match turncoat {
            Some(turncoat) => drop(turncoat.send(Event::Parcel(parcel))),
            None => {
                let Parcel { from, to, link, data } = parcel;
                self.say(to, &ToCosigner::Relay { peer: from, link, data });
            }
        }
    }

    /// Takes in what a co-signer says, honest or not.
    pub(super) fn take(&self, index: u8, word: FromCosigner) {
        match word {
            FromCosigner::Relay { peer, link, data } => {
                self.post(Parcel { from: index, to: peer, link, data });
                return;
            }
            FromCosigner::Pong(_) => return,
            FromCosigner::Standing(standing) => drop(self.heard().standings.insert(index, standing)),
            other => self.heard().words.push((index, other)),
        }
        self.changed.send_modify(|count| *count += 1);
    }

    async fn attend(self: Arc<Self>, connection: Connection<FromCosigner, ToCosigner>) {
        let Connection { peer, mut reader, writer } = connection;
        let Some(index) = self.directory.cosigner_of(&peer) else { return };
        let mut hung_up = self.hung_up.subscribe();
        let mut visit = 0;
        loop {
            let word = tokio::select! {
                word = reader.read() => word,
                _ = hung_up.changed() => break,
            };
            match word {
                Ok(Some(FromCosigner::Hello(standing))) => visit = self.admit(index, standing, &writer),
                Ok(Some(word)) => self.take(index, word),
                Ok(None) | Err(_) => break,
            }
        }
        let mut heard = self.heard();
        if heard.seats.get(&index).is_some_and(|(seated, _)| *seated == visit) {
            heard.seats.remove(&index);
        }
        heard.visits.entry(index).or_default().1 += 1;
        drop(heard);
        self.changed.send_modify(|count| *count += 1);
    }

    fn admit(&self, index: u8, standing: Standing, writer: &Writer<ToCosigner>) -> u32 {
        let Welcome { deployment, clock_ms } = *lock(&self.welcome);
        let now = now().plus(clock_ms);
        let welcome =
            ToCosigner::Welcome { protocol: PROTOCOL, deployment, now, gateway: super::GATEWAY.to_owned() };
        let _ = writer.try_send(&welcome);
        let mut heard = self.heard();
        heard.standings.insert(index, standing);
        let visits = heard.visits.entry(index).or_default();
        visits.0 += 1;
        let visit = visits.0;
        heard.seats.insert(index, (visit, writer.clone()));
        drop(heard);
        self.changed.send_modify(|count| *count += 1);
        visit
    }
}

/// The wall clock.
pub(super) fn now() -> Millis {
    Millis::default().plus(crate::vendor::now_ms())
}

/// Nothing that runs under these locks panics half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
