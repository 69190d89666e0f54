//! A stand-in for a gateway's hub: real channel and frames, and a relay that does what a test wants.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use payout::policy::{Genesis, Policy};
use payout::time::Millis;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use wire::channel::{Identity, server_config};
use wire::connection::{Connection, Limits, Writer};
use wire::message::{FromCosigner, Label, PROTOCOL, SignRequest, Standing, ToCosigner};
use wire::roster::Directory;

use crate::house;

/// From, to, bytes; whether to deliver.
type Relay = Box<dyn FnMut(u8, u8, &mut Vec<u8>) -> bool + Send>;

pub(super) struct Hub {
    pub(super) address: SocketAddr,
    inner: Arc<Inner>,
    said: mpsc::UnboundedReceiver<(u8, FromCosigner)>,
    next_label: u8,
}

struct Inner {
    directory: Directory,
    deployment: payout::ids::Digest,
    policy: Mutex<Policy>,
    seats: Mutex<BTreeMap<u8, Writer<ToCosigner>>>,
    standings: Mutex<BTreeMap<u8, Standing>>,
    relay: Mutex<Relay>,
    /// Counts up when everybody is hung up on.
    hung_up: tokio::sync::watch::Sender<u32>,
    tell: mpsc::UnboundedSender<(u8, FromCosigner)>,
}

impl Hub {
    pub(super) async fn start(genesis: &Genesis, policy: Policy) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, said) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            directory: Directory::new(&genesis.roster),
            deployment: genesis.deployment(),
            policy: Mutex::new(policy),
            seats: Mutex::default(),
            standings: Mutex::default(),
            relay: Mutex::new(Box::new(|_, _, _| true)),
            hung_up: tokio::sync::watch::channel(0).0,
            tell,
        });
        let tls = server_config(&Identity::from(&house::key("gateway")), inner.directory.cosigner_keys());
        let this = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, this) = (Arc::clone(&tls), Arc::clone(&this));
                stream.set_nodelay(true).unwrap();
                tokio::spawn(async move {
                    if let Ok(connection) = Connection::accept(stream, tls, Limits::default()).await {
                        this.attend(connection).await;
                    }
                });
            }
        });
        Self { address, inner, said, next_label: 0 }
    }

    pub(super) fn relay_by(&self, relay: impl FnMut(u8, u8, &mut Vec<u8>) -> bool + Send + 'static) {
        *self.inner.relay.lock().unwrap() = Box::new(relay);
    }

    pub(super) fn say(&self, index: u8, message: &ToCosigner) {
        if let Some(writer) = self.inner.seats.lock().unwrap().get(&index) {
            let _ = writer.try_send(message);
        }
    }

    pub(super) fn say_all(&self, message: &ToCosigner) {
        let seats: Vec<u8> = self.inner.seats.lock().unwrap().keys().copied().collect();
        seats.into_iter().for_each(|index| self.say(index, message));
    }

    /// Publishes a version: to those who are here now, and to whoever comes.
    pub(super) fn publish(&self, version: payout::policy::SignedVersion) {
        self.inner.policy.lock().unwrap().append(version.clone()).unwrap();
        self.say_all(&ToCosigner::Policy(vec![version]));
    }

    pub(super) fn policy(&self) -> Policy {
        self.inner.policy.lock().unwrap().clone()
    }

    pub(super) fn standing(&self, index: u8) -> Option<Standing> {
        self.inner.standings.lock().unwrap().get(&index).cloned()
    }

    /// Hangs up on everybody.
    pub(super) fn hang_up(&self) {
        self.inner.seats.lock().unwrap().clear();
        self.inner.hung_up.send_modify(|count| *count += 1);
    }

    pub(super) fn label(&mut self) -> Label {
        self.next_label += 1;
        Label::from_bytes([self.next_label; 16])
    }

    pub(super) fn open(&mut self, participants: &[u8], request: &SignRequest) -> Label {
        let label = self.label();
        self.open_as(label, participants, request);
        label
    }

    pub(super) fn open_as(&self, session: Label, participants: &[u8], request: &SignRequest) {
        for index in participants {
            let (participants, request) = (participants.to_vec(), request.clone());
            self.say(*index, &ToCosigner::Open { session, participants, request });
        }
    }

    /// The next thing that a co-signer says, but for pongs and standings.
    pub(super) async fn heard(&mut self) -> (u8, FromCosigner) {
        tokio::time::timeout(Duration::from_secs(60), self.said.recv())
            .await
            .expect("a co-signer says something")
            .unwrap()
    }

    /// What each participant says last about a session.
    pub(super) async fn outcome(&mut self, label: Label, participants: &[u8]) -> BTreeMap<u8, FromCosigner> {
        let mut all = self.outcomes(&[(label, participants.to_vec())]).await;
        all.remove(&label).unwrap()
    }

    pub(super) async fn outcomes(
        &mut self,
        sessions: &[(Label, Vec<u8>)],
    ) -> BTreeMap<Label, BTreeMap<u8, FromCosigner>> {
        let mut all: BTreeMap<Label, BTreeMap<u8, FromCosigner>> =
            sessions.iter().map(|(label, _)| (*label, BTreeMap::new())).collect();
        while sessions.iter().any(|(label, participants)| all[label].len() < participants.len()) {
            let (index, message) = self.heard().await;
            if let FromCosigner::Refused { session, .. }
            | FromCosigner::Signed { session, .. }
            | FromCosigner::Aborted { session, .. } = &message
                && let Some(outcomes) = all.get_mut(session)
            {
                outcomes.insert(index, message);
            }
        }
        all
    }
}

impl Inner {
    async fn attend(self: Arc<Self>, connection: Connection<FromCosigner, ToCosigner>) {
        let Connection { peer, mut reader, writer } = connection;
        let index = self.directory.cosigner_of(&peer).unwrap();
        let mut hung_up = self.hung_up.subscribe();
        loop {
            tokio::select! {
                message = reader.read() => match message {
                    Ok(Some(message)) => self.take(index, message, &writer),
                    Ok(None) | Err(_) => break,
                },
                _ = hung_up.changed() => break,
            }
        }
    }

    fn take(&self, index: u8, message: FromCosigner, writer: &Writer<ToCosigner>) {
        match message {
            FromCosigner::Hello(standing) => {
                let welcome = ToCosigner::Welcome {
                    protocol: PROTOCOL,
                    deployment: self.deployment,
                    now: Millis::default(),
                    gateway: "gateway".to_owned(),
                };
                writer.try_send(&welcome).unwrap();
                let newer = self.policy.lock().unwrap().versions_after(&standing.heads);
                writer.try_send(&ToCosigner::Policy(newer)).unwrap();
                self.seats.lock().unwrap().insert(index, writer.clone());
                self.standings.lock().unwrap().insert(index, standing);
            }
            FromCosigner::Standing(standing) => {
                self.standings.lock().unwrap().insert(index, standing);
            }
            FromCosigner::Relay { peer, link, mut data } => {
                let deliver = (self.relay.lock().unwrap())(index, peer, &mut data);
                let seats = self.seats.lock().unwrap();
                if let Some(to) = seats.get(&peer).filter(|_| deliver) {
                    let _ = to.try_send(&ToCosigner::Relay { peer: index, link, data });
                }
            }
            FromCosigner::Pong(_) => {}
            other => drop(self.tell.send((index, other))),
        }
    }
}
