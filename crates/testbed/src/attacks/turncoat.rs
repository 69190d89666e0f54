//! A hostile co-signer: the seat's real key and share, and no scruples.
//!
//! It agrees with everything, tells each peer what the peer wants to hear, journals nothing unless an attack says so, and
//! signs in the protocol whatever digest it is told to. It is made from the pure parts of the honest one: links,
//! messages, session ids and the signing protocol.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cosigner::journal::Body;
use cosigner::link::{Outward, Peer};
use cosigner::vault::Vault;
use mpc::KeyShare;
use payout::ids::{Digest, WalletId};
use payout::key::SecretKey;
use payout::policy::Genesis;
use payout::time::Millis;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use wire::channel::Identity;
use wire::message::{FromCosigner, JournalHead, Label, PeerMessage, SignedEntry};

use super::gateway::{Gateway, Inner, Parcel, now};
use super::plot::{Play, Plot};
use crate::vendor::random;

/// How often links that don't stand are tried again.
const TEND: Duration = Duration::from_millis(100);

/// What it is told.
#[derive(Debug)]
pub enum Event {
    /// Bytes of a link.
    Parcel(Parcel),
    /// Take part in a session.
    Plot(Box<Plot>),
    /// Say something to a peer, now.
    Say(u8, Box<PeerMessage>),
    /// From now on the clock that it tells of is off by so many ms.
    Clock(i64),
}

/// The harness's hand on it. Dropped, it leaves.
#[derive(Debug)]
pub struct Turncoat {
    index: u8,
    key: Arc<SecretKey>,
    events: UnboundedSender<Event>,
    task: AbortHandle,
    /// Its newest entry, by its own reckoning.
    seq: u64,
    hash: Digest,
    at: Millis,
}

/// What it brings along from the time when it was honest.
pub struct Past {
    /// Its vault.
    pub vault: Vault,
    /// How far the journals reach that it holds.
    pub heads: Vec<JournalHead>,
    /// The time of its own newest entry.
    pub at: Millis,
}

impl Turncoat {
    /// Sits down among the others.
    pub fn sit(index: u8, past: Past, genesis: &Genesis, wallet: WalletId, gateway: &Gateway) -> Self {
        let Past { vault, heads, at } = past;
        Self::with(index, (vault.identity(), vault.share(wallet, 1)), (heads, at), genesis, gateway)
    }

    /// A stranger in somebody's seat: a key of its own, and no share.
    pub fn pretend(index: u8, genesis: &Genesis, gateway: &Gateway) -> Self {
        let key = Arc::new(SecretKey::from_seed(&random()));
        Self::with(index, (key, None), (Vec::new(), Millis::default()), genesis, gateway)
    }

    fn with(
        index: u8,
        (key, share): (Arc<SecretKey>, Option<Arc<KeyShare>>),
        (heads, at): (Vec<JournalHead>, Millis),
        genesis: &Genesis,
        gateway: &Gateway,
    ) -> Self {
        let identity = Identity::from(&*key);
        let own = heads.iter().find(|head| head.index == index).copied();
        let (seq, hash) = own.map_or((0, genesis.deployment()), |head| (head.seq, head.hash));
        let others = genesis.roster.cosigners.iter().filter(|seat| seat.index != index);
        let peers =
            others.map(|seat| (seat.index, Peer::new(&identity, index, seat.index, seat.key))).collect();
        let (events, told) = unbounded_channel();
        gateway.seat(index, events.clone());
        let actor = Actor {
            index,
            deployment: genesis.deployment(),
            share,
            peers,
            heads,
            gateway: Arc::clone(gateway.inner()),
            plays: BTreeMap::new(),
            early: Vec::new(),
            clock_ms: 0,
        };
        let task = tokio::spawn(actor.run(told)).abort_handle();
        Self { index, key, events, task, seq, hash, at }
    }

    /// Its seat.
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// Tells it something.
    pub fn tell(&self, event: Event) {
        // It lives as long as this hand on it.
        let _ = self.events.send(event);
    }

    /// Says something to a peer over their link.
    pub fn say(&self, peer: u8, message: PeerMessage) {
        self.tell(Event::Say(peer, Box::new(message)));
    }

    /// Its next journal entry, signed. Later ones follow this one.
    pub fn writes(&mut self, at: Millis, body: &Body) -> SignedEntry {
        let entry = self.drafts(at, body);
        self.seq = entry.seq;
        self.hash = entry.hash();
        self.at = entry.at;
        entry
    }

    /// An entry in the place of its next one, which it may write again in another way.
    pub fn drafts(&self, at: Millis, body: &Body) -> SignedEntry {
        let bytes = encode(body);
        SignedEntry::sign(&self.key, self.index, self.seq + 1, self.hash, at, bytes)
    }

    /// An entry with everything of its own choice.
    pub fn forges(&self, author: u8, seq: u64, at: Millis, body: &Body) -> SignedEntry {
        SignedEntry::sign(&self.key, author, seq, self.hash, at, encode(body))
    }

    /// The number of its newest entry.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The time of its newest entry.
    pub const fn newest(&self) -> Millis {
        self.at
    }
}

impl Drop for Turncoat {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The co-signers' own encoding.
pub(super) fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("no maps, floats or foreign code, which is all that could fail")
}

struct Actor {
    index: u8,
    deployment: Digest,
    share: Option<Arc<KeyShare>>,
    peers: BTreeMap<u8, Peer>,
    heads: Vec<JournalHead>,
    gateway: Arc<Inner>,
    plays: BTreeMap<Label, Play>,
    /// What came of sessions that it was not told of yet.
    early: Vec<(u8, PeerMessage)>,
    clock_ms: i64,
}

impl Actor {
    async fn run(mut self, mut told: UnboundedReceiver<Event>) {
        let mut ticks = tokio::time::interval(TEND);
        let indices: Vec<u8> = self.peers.keys().copied().collect();
        for index in &indices {
            self.with_peer(*index, |peer| peer.open(random(), Instant::now()));
        }
        loop {
            tokio::select! {
                event = told.recv() => match event {
                    Some(event) => self.hear(event),
                    None => return,
                },
                _ = ticks.tick() => for index in &indices {
                    self.with_peer(*index, |peer| peer.tick(random(), Instant::now()));
                },
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Clock(clock_ms) => self.clock_ms = clock_ms,
            Event::Say(peer, message) => self.say(peer, &message),
            Event::Plot(plot) => self.join(*plot),
            Event::Parcel(Parcel { from, link, data, .. }) => {
                let Some(peer) = self.peers.get_mut(&from) else { return };
                let heard = peer.receive(link, &data, random(), Instant::now());
                self.send(from, heard.send);
                for message in heard.messages {
                    self.listen(from, message);
                }
            }
        }
    }

    fn join(&mut self, plot: Plot) {
        let label = plot.label;
        for peer in plot.peers(self.index) {
            let begin = PeerMessage::Begin {
                session: label,
                request: plot.request_of(peer),
                random: plot.random,
                heads: self.heads.clone(),
                now: now().plus(self.clock_ms),
            };
            self.say(peer, &begin);
        }
        let play = Play::new(self.index, self.deployment, self.share.clone(), plot);
        self.plays.insert(label, play);
        let (ours, others) = std::mem::take(&mut self.early)
            .into_iter()
            .partition(|(_, word)| session_of(word) == Some(label));
        self.early = others;
        let ours: Vec<(u8, PeerMessage)> = ours;
        for (from, word) in ours {
            self.listen(from, word);
        }
    }

    fn listen(&mut self, from: u8, word: PeerMessage) {
        let Some(label) = session_of(&word) else { return };
        let Some(play) = self.plays.get_mut(&label) else {
            self.early.push((from, word));
            return;
        };
        let said = play.hear(from, word);
        for (peer, message) in said.tell {
            self.say(peer, &message);
        }
        if let Some(id) = said.id {
            self.gateway.note_id(label, id);
        }
        if let Some(signature) = said.signature {
            self.gateway.take(self.index, FromCosigner::Signed { session: label, signature });
        }
    }

    fn say(&mut self, peer: u8, message: &PeerMessage) {
        // Without a link there is nothing to say it over.
        self.with_peer(peer, |peer| peer.send(message).unwrap_or_default());
    }

    fn with_peer(&mut self, index: u8, act: impl FnOnce(&mut Peer) -> Outward) {
        if let Some(peer) = self.peers.get_mut(&index) {
            let send = act(peer);
            self.send(index, send);
        }
    }

    fn send(&self, to: u8, send: Outward) {
        for (link, data) in send {
            self.gateway.post(Parcel { from: self.index, to, link, data });
        }
    }
}

fn session_of(word: &PeerMessage) -> Option<Label> {
    match word {
        PeerMessage::Begin { session, .. }
        | PeerMessage::Pending { session, .. }
        | PeerMessage::Checked { session, .. }
        | PeerMessage::Round { session, .. }
        | PeerMessage::Refuse { session, .. }
        | PeerMessage::Abort { session, .. } => Some(*session),
        PeerMessage::Heads(_)
        | PeerMessage::Entries(_)
        | PeerMessage::CeremonyBegin { .. }
        | PeerMessage::CeremonyRound { .. }
        | PeerMessage::Echo { .. }
        | PeerMessage::Ack { .. } => None,
    }
}
