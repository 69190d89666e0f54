//! Our end of the link to one co-signer, over one gateway's relay: who opens it, and what follows when it breaks.
//!
//! The lower index dials: it makes up a link's id and sends the first bytes of TLS. The higher one can only *knock*
//! (link 0, no bytes), which asks to be dialled. Each side does so when it comes to the gateway, and again with growing
//! pauses until the link stands, since a relay drops what is for somebody absent. Nothing that a relay can do here is
//! worse than dropping: a knock makes a new handshake, and a new handshake replaces a link only when it has proved the
//! peer's key.
//!
//! No I/O: what is to be relayed is returned, ids and time are arguments.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use payout::key::PublicKey;
use wire::channel::Identity;
use wire::link::{LinkError, PeerLink};
use wire::message::PeerMessage;

use super::pauses::Pauses;

/// A handshake may take this long before another one is tried.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How many ids of dead links are remembered, so that their last bytes don't look like a new link.
const DEAD: usize = 16;

/// A link's id and bytes for the relay.
pub type Outward = Vec<(u64, Vec<u8>)>;

/// What bytes from the relay led to.
#[derive(Debug, Default)]
pub struct Heard {
    /// What the peer said, in order.
    pub messages: Vec<PeerMessage>,
    /// What is to be relayed.
    pub send: Outward,
    /// What became of the link.
    pub news: Vec<News>,
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It stands: messages flow. What was said over an earlier one may be lost.
    Ready,
    /// It broke. What was said over it may be lost.
    Lost(String),
}

struct Link {
    id: u64,
    tls: PeerLink,
    since: Instant,
    /// Whether the peer has answered at all.
    answered: bool,
}

/// See the module.
pub struct Peer {
    me: Identity,
    my_index: u8,
    index: u8,
    key: PublicKey,
    /// The link that messages go over.
    link: Option<Link>,
    /// The higher index only: a handshake that will replace `link`.
    coming: Option<Link>,
    dead: VecDeque<u64>,
    pauses: Pauses,
    /// When to try again if nothing stands.
    again: Option<Instant>,
}

impl Peer {
    /// No link yet.
    pub fn new(me: &Identity, my_index: u8, index: u8, key: PublicKey) -> Self {
        Self {
            me: me.clone(),
            my_index,
            index,
            key,
            link: None,
            coming: None,
            dead: VecDeque::new(),
            pauses: Pauses::up_to(LONGEST_PAUSE),
            again: None,
        }
    }

    /// Whether messages flow.
    pub fn is_ready(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.tls.is_ready())
    }

    /// Dials or knocks. `fresh` is 8 random bytes.
    pub fn open(&mut self, fresh: [u8; 8], now: Instant) -> Outward {
        self.again = Some(now + self.pauses.next(fresh[0]).max(PATIENCE));
        if self.my_index > self.index {
            return vec![(0, Vec::new())];
        }
        self.bury();
        // 0 is a knock.
        let id = u64::from_be_bytes(fresh).max(1);
        match PeerLink::new(&self.me, self.my_index, self.index, self.key, id) {
            Ok(tls) => {
                let mut link = Link { id, tls, since: now, answered: false };
                let send = outgoing(&mut link);
                self.link = Some(link);
                send
            }
            // The roster was checked: no two seats share a key or an index.
            Err(_) => Vec::new(),
        }
    }

    /// When [`Self::tick`] has something to do.
    pub fn due(&self) -> Option<Instant> {
        if self.is_ready() { None } else { self.again }
    }

    /// Tries again if it is time. `fresh` is 8 random bytes.
    pub fn tick(&mut self, fresh: [u8; 8], now: Instant) -> Outward {
        let under_way = |link: &Option<Link>| {
            link.as_ref().is_some_and(|link| link.answered && now < link.since + PATIENCE)
        };
        if self.due().is_none_or(|due| now < due) {
            return Vec::new();
        }
        if under_way(&self.link) || under_way(&self.coming) {
            self.again = Some(now + PATIENCE);
            return Vec::new();
        }
        self.open(fresh, now)
    }

    /// Takes bytes that the relay brought. `fresh` is 8 random bytes, for the link that a knock asks for.
    pub fn receive(&mut self, id: u64, bytes: &[u8], fresh: [u8; 8], now: Instant) -> Heard {
        let mut heard = Heard::default();
        if id == 0 {
            self.knocked(fresh, now, &mut heard);
        } else if self.link.as_ref().is_some_and(|link| link.id == id) {
            self.hear(bytes, now, &mut heard);
        } else if self.my_index > self.index && !self.dead.contains(&id) {
            self.hear_coming(id, bytes, now, &mut heard);
        }
        heard
    }

    /// Says something over the link that stands or is being made.
    ///
    /// # Errors
    /// There is none, or the message is too long.
    pub fn send(&mut self, message: &PeerMessage) -> Result<Outward, LinkError> {
        let link = self.link.as_mut().or(self.coming.as_mut()).ok_or(LinkError::Closed)?;
        link.tls.send(message)?;
        Ok(outgoing(link))
    }

    fn knocked(&mut self, fresh: [u8; 8], now: Instant, heard: &mut Heard) {
        let under_way = self
            .link
            .as_ref()
            .is_some_and(|link| link.answered && !link.tls.is_ready() && now < link.since + PATIENCE);
        if self.my_index > self.index || under_way {
            return;
        }
        if self.is_ready() {
            // It would not knock if it had this link.
            heard.news.push(News::Lost("the peer began anew".to_owned()));
        }
        heard.send = self.open(fresh, now);
    }

    fn hear(&mut self, bytes: &[u8], now: Instant, heard: &mut Heard) {
        let Some(link) = self.link.as_mut() else { return };
        let was_ready = link.tls.is_ready();
        link.answered = true;
        match link.tls.receive(bytes) {
            Ok(messages) => {
                heard.messages = messages;
                heard.send = outgoing(link);
                if !was_ready && link.tls.is_ready() {
                    self.pauses.reset();
                    heard.news.push(News::Ready);
                }
            }
            Err(error) => {
                heard.send = outgoing(link);
                heard.news.push(News::Lost(error.to_string()));
                self.bury();
                // Not at once: a relay that breaks every link would make us do nothing but handshakes.
                self.again = Some(now + self.pauses.next(0));
            }
        }
    }

    fn hear_coming(&mut self, id: u64, bytes: &[u8], now: Instant, heard: &mut Heard) {
        if self.coming.as_ref().is_none_or(|link| link.id != id) {
            let Ok(tls) = PeerLink::new(&self.me, self.my_index, self.index, self.key, id) else { return };
            self.coming = Some(Link { id, tls, since: now, answered: true });
        }
        let Some(mut link) = self.coming.take() else { return };
        let received = link.tls.receive(bytes);
        heard.send = outgoing(&mut link);
        match received {
            Err(error) => {
                tracing::debug!(peer = self.index, link = id, %error, "a handshake failed");
                self.remember(id);
                if self.link.is_none() {
                    self.again = Some(now + self.pauses.next(0));
                }
            }
            Ok(messages) if link.tls.is_ready() => {
                if self.is_ready() {
                    heard.news.push(News::Lost("the peer began anew".to_owned()));
                }
                self.bury();
                self.pauses.reset();
                self.link = Some(link);
                heard.news.push(News::Ready);
                heard.messages = messages;
            }
            Ok(_) => self.coming = Some(link),
        }
    }

    fn bury(&mut self) {
        if let Some(link) = self.link.take() {
            self.remember(link.id);
        }
    }

    fn remember(&mut self, id: u64) {
        if self.dead.len() == DEAD {
            self.dead.pop_front();
        }
        self.dead.push_back(id);
    }
}

fn outgoing(link: &mut Link) -> Outward {
    let bytes = link.tls.outgoing();
    if bytes.is_empty() { Vec::new() } else { vec![(link.id, bytes)] }
}

#[cfg(test)]
#[path = "peer/tests.rs"]
mod tests;
