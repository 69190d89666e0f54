//! A link between two co-signers inside the gateway's relay: the channel's TLS again, end to end, without I/O.
//!
//! The relay may drop, repeat, reorder or change what it carries; TLS finds it out, the link dies, and nothing altered
//! was delivered. A dead link says nothing about the peer, since any relay can kill one: the caller opens another
//! under a new id, and bans nobody.

use std::io::{Read, Write};

use payout::key::PublicKey;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, ServerConnection};

use crate::channel::{self, ChannelError, Identity};
use crate::frame::{self, FrameBuffer, FrameError, MAX_LENGTH};
use crate::message::PeerMessage;

/// The most bytes that wait for the handshake.
const MAX_WAITING: usize = 2 * MAX_LENGTH;

/// Why a link is dead, or was never made. Never a reason to ban the peer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LinkError {
    /// A link has two ends.
    #[error("a co-signer has no link to itself")]
    Oneself,
    /// The other end is not the peer, or what came was altered on the way.
    #[error("the link failed")]
    Channel(#[from] ChannelError),
    /// The peer sent something that is no message.
    #[error("the peer sent no message")]
    Frame(#[from] FrameError),
    /// Too much was sent before the handshake was over.
    #[error("more than {MAX_WAITING} bytes wait for the handshake")]
    Backlog,
    /// The peer ended the link.
    #[error("the peer ended the link")]
    Closed,
    /// The link failed before.
    #[error("the link has failed already")]
    Dead,
}

/// One end of a link.
pub struct PeerLink {
    tls: Connection,
    protocol: Vec<u8>,
    state: State,
    received: FrameBuffer,
}

enum State {
    /// Frames wait here: nothing is handed to TLS before the peer has proved its key.
    Handshake(Vec<u8>),
    Ready,
    Closed,
    Dead,
}

impl PeerLink {
    /// Our end of link `link_id` to co-signer `peer_index`, whose key the roster gives. The lower index is the TLS
    /// client, so both sides know their part without a word. Both indices and the id are in the handshake: a relay
    /// can't join the ends of two different links.
    ///
    /// # Errors
    /// [`LinkError::Oneself`].
    pub fn new(
        me: &Identity,
        my_index: u8,
        peer_index: u8,
        peer_key: PublicKey,
        link_id: u64,
    ) -> Result<Self, LinkError> {
        if my_index == peer_index || peer_key == me.public() {
            return Err(LinkError::Oneself);
        }
        let (lower, higher) = (my_index.min(peer_index), my_index.max(peer_index));
        let protocol = format!("bursar-peer/1 {lower} {higher} {link_id}").into_bytes();
        let mut tls = if my_index < peer_index {
            let name = ServerName::try_from("peer").expect("it is a DNS name");
            ClientConnection::new(channel::client(me, peer_key, protocol.clone()), name).map(Connection::from)
        } else {
            ServerConnection::new(channel::server(me, vec![peer_key], protocol.clone())).map(Connection::from)
        }
        .map_err(ChannelError::from)?;
        // Whole rounds are written at once; `outgoing` empties the buffer.
        tls.set_buffer_limit(None);
        Ok(Self { tls, protocol, state: State::Handshake(Vec::new()), received: FrameBuffer::default() })
    }

    /// Whether the peer has proved its key and messages flow. The client's end is ready before the server has checked
    /// it; a refusal then comes as an error.
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// Takes bytes that the relay brought; gives the messages that are complete.
    ///
    /// # Errors
    /// The link is dead. [`Self::outgoing`] still has the alert that tells the peer so.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Vec<PeerMessage>, LinkError> {
        match self.state {
            State::Handshake(_) | State::Ready => {}
            State::Closed => return Err(LinkError::Closed),
            State::Dead => return Err(LinkError::Dead),
        }
        self.read(bytes).inspect_err(|error| {
            self.state = if *error == LinkError::Closed { State::Closed } else { State::Dead };
        })
    }

    /// Queues a message; before the handshake is over it waits.
    ///
    /// # Errors
    /// The message is longer than a frame, too much waits, or the link is over. Only the last ends the link.
    pub fn send(&mut self, message: &PeerMessage) -> Result<(), LinkError> {
        let frame = frame::encode(message)?;
        match &mut self.state {
            State::Handshake(waiting) if waiting.len() + frame.len() > MAX_WAITING => Err(LinkError::Backlog),
            State::Handshake(waiting) => {
                waiting.extend_from_slice(&frame);
                Ok(())
            }
            State::Ready => {
                write(&mut self.tls, &frame);
                Ok(())
            }
            State::Closed => Err(LinkError::Closed),
            State::Dead => Err(LinkError::Dead),
        }
    }

    /// The bytes to give to the relay; empty when there are none. Call after `new`, `receive`, `send` and `close`.
    pub fn outgoing(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut bytes).expect("a vector takes all bytes");
        }
        bytes
    }

    /// Ends the link in order; [`Self::outgoing`] then has what tells the peer.
    pub fn close(&mut self) {
        if matches!(self.state, State::Handshake(_) | State::Ready) {
            self.tls.send_close_notify();
            self.state = State::Closed;
        }
    }

    fn read(&mut self, mut bytes: &[u8]) -> Result<Vec<PeerMessage>, LinkError> {
        let mut messages = Vec::new();
        while !bytes.is_empty() {
            // Cannot fail on I/O; it refuses when its buffer of plaintext is full, which is emptied below each time.
            self.tls.read_tls(&mut bytes).map_err(|_| LinkError::Dead)?;
            let io = self.tls.process_new_packets().map_err(ChannelError::from)?;
            self.become_ready()?;
            let length = io.plaintext_bytes_to_read();
            let mut plain = zeroize::Zeroizing::new(vec![0; length]);
            self.tls.reader().read_exact(&mut plain).map_err(|_| LinkError::Dead)?;
            self.received.push(&plain);
            while let Some(message) = self.received.take()? {
                messages.push(message);
            }
            if io.peer_has_closed() {
                // What it sent before is given out first; the next call says that it is over.
                self.state = State::Closed;
                return if messages.is_empty() { Err(LinkError::Closed) } else { Ok(messages) };
            }
        }
        Ok(messages)
    }

    /// Once the handshake is over: is it the link that we meant? Then what waited goes out.
    fn become_ready(&mut self) -> Result<(), LinkError> {
        let State::Handshake(waiting) = &mut self.state else { return Ok(()) };
        if self.tls.is_handshaking() {
            return Ok(());
        }
        channel::peer_key_under(&self.tls, &self.protocol)?;
        write(&mut self.tls, waiting);
        self.state = State::Ready;
        Ok(())
    }
}

impl std::fmt::Debug for PeerLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PeerLink({})", String::from_utf8_lossy(&self.protocol))
    }
}

fn write(tls: &mut Connection, bytes: &[u8]) {
    tls.writer().write_all(bytes).expect("the buffer has no limit");
}
