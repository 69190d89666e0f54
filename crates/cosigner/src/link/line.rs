//! One connection to one gateway, and the links to all other co-signers inside its relay.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use wire::channel::Identity;
use wire::connection::{ConnectionError, Writer};
use wire::message::{FromCosigner, PeerMessage};
use wire::roster::Directory;

use super::peer::{Heard, Outward, Peer};
use crate::rooms::LineId;

/// The most bytes of a link in one message to the gateway: less than a frame takes.
const PIECE: usize = 1024 * 1024;

/// Whether something was handed to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Told {
    /// It is on its way; it may be lost all the same.
    Sent,
    /// There is no link.
    NoLink,
}

/// See the module.
pub struct Line {
    /// Ours, for logs and to tell lines apart.
    pub id: LineId,
    /// The gateway's name.
    pub gateway: String,
    writer: Writer<FromCosigner>,
    peers: BTreeMap<u8, Mutex<Peer>>,
    /// Set when the line can't be used any more.
    over: watch::Sender<bool>,
}

impl Line {
    /// A line over a connection, with no links yet.
    pub fn new(
        id: LineId,
        gateway: String,
        writer: Writer<FromCosigner>,
        (me, my_index): (&Identity, u8),
        directory: &Directory,
    ) -> Self {
        let others = directory.cosigners().filter(|seat| seat.index != my_index);
        let peers = others
            .map(|seat| (seat.index, Mutex::new(Peer::new(me, my_index, seat.index, seat.key))))
            .collect();
        Self { id, gateway, writer, peers, over: watch::channel(false).0 }
    }

    /// Says something to the gateway. A line that does not take it any more is given up.
    pub fn say(&self, message: &FromCosigner) {
        match self.writer.try_send(message) {
            Ok(()) => {}
            // No fault of the line, which others are using.
            Err(ConnectionError::Frame(error)) => {
                tracing::error!(gateway = self.gateway, %error, "a message was not sent");
            }
            Err(error) => {
                tracing::debug!(gateway = self.gateway, %error, "a message was not sent");
                self.give_up();
            }
        }
    }

    /// Says something to another co-signer. Order is kept: whoever calls first is heard first.
    pub fn tell(&self, index: u8, message: &PeerMessage) -> Told {
        let Some(mut peer) = self.peer(index) else { return Told::NoLink };
        match peer.send(message) {
            Ok(send) => {
                self.relay(index, send);
                Told::Sent
            }
            Err(error) => {
                tracing::debug!(peer = index, %error, message = message.name(), "not told");
                Told::NoLink
            }
        }
    }

    /// Takes bytes that the gateway relayed from another co-signer.
    pub fn hear(&self, index: u8, link: u64, bytes: &[u8]) -> Heard {
        let Some(mut peer) = self.peer(index) else { return Heard::default() };
        let mut heard = peer.receive(link, bytes, fresh(), Instant::now());
        self.relay(index, std::mem::take(&mut heard.send));
        heard
    }

    /// Opens the links, when the gateway has said that it is the one.
    pub fn open_links(&self) {
        for (index, peer) in &self.peers {
            let mut peer = lock(peer);
            let send = peer.open(fresh(), Instant::now());
            self.relay(*index, send);
        }
    }

    /// Tries again where no link stands; says when to call again.
    pub fn tend(&self) -> Option<Instant> {
        let mut next = None;
        for (index, peer) in &self.peers {
            let mut peer = lock(peer);
            let send = peer.tick(fresh(), Instant::now());
            self.relay(*index, send);
            next = [next, peer.due()].into_iter().flatten().min();
        }
        next
    }

    /// The co-signers to whom a link stands.
    pub fn linked(&self) -> Vec<u8> {
        self.peers.iter().filter(|(_, peer)| lock(peer).is_ready()).map(|(index, _)| *index).collect()
    }

    /// Whether a link to a co-signer stands.
    pub fn is_linked(&self, index: u8) -> bool {
        self.peer(index).is_some_and(|peer| peer.is_ready())
    }

    /// How much waits to be written, of what may: percent.
    pub fn fullness(&self) -> u8 {
        self.writer.fullness()
    }

    /// Whether the line can't be used any more.
    pub fn is_over(&self) -> bool {
        *self.over.borrow() || self.writer.is_closed()
    }

    /// Ends the line.
    pub fn give_up(&self) {
        self.over.send_replace(true);
    }

    /// Waits until the line is given up.
    pub async fn given_up(&self) {
        let mut over = self.over.subscribe();
        // The sender is in our hand.
        let _ = over.wait_for(|over| *over).await;
    }

    fn relay(&self, peer: u8, send: Outward) {
        for (link, data) in send {
            if data.len() <= PIECE {
                self.say(&FromCosigner::Relay { peer, link, data });
                continue;
            }
            // A message that just fits into a frame does not any more when it is encrypted. The link is a stream.
            for part in data.chunks(PIECE) {
                self.say(&FromCosigner::Relay { peer, link, data: part.to_vec() });
            }
        }
    }

    fn peer(&self, index: u8) -> Option<MutexGuard<'_, Peer>> {
        self.peers.get(&index).map(lock)
    }
}

fn lock(peer: &Mutex<Peer>) -> MutexGuard<'_, Peer> {
    // Nothing that runs under the lock panics half-way through a change.
    peer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 8 random bytes. A link's id must only differ from recent ones; without randomness no handshake succeeds anyway.
fn fresh() -> [u8; 8] {
    let mut bytes = [0; 8];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the operating system gave no randomness");
    }
    bytes
}
