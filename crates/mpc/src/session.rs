//! What every suite offers: sessions over byte messages.

use crate::abort::Abort;
use crate::keygen::Keygen;
use crate::party::Party;
use crate::refresh::Refresh;
use crate::share::KeyShare;
use crate::sign::Sign;
use crate::signature::Signature;

/// A message to send to one party or to all others of the session.
///
/// In key generation and refresh the payload holds secrets: it travels only inside a confidential channel between the
/// two parties.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The round, counted from 1. Given to [`Session::receive`] at the other end.
    pub round: u8,
    /// One party, or `None` for every other party of the session.
    pub to: Option<Party>,
    /// Opaque bytes: postcard, with one encoding for each value.
    pub payload: Vec<u8>,
}

impl std::fmt::Debug for Outgoing {
    /// The payload may be secret, so only its length (bytes) is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing")
            .field("round", &self.round)
            .field("to", &self.to)
            .field("bytes", &self.payload.len())
            .finish()
    }
}

/// What came of a message.
#[derive(Debug)]
pub enum Progress<T> {
    /// The message was taken; others are still missing ([`Session::waiting_for`]).
    Waiting,
    /// The message changed nothing, and nothing is to be done but perhaps to log it: a repetition of the same bytes, a
    /// sender outside the session, or a session that has ended. It is no abort, so that a party outside the session
    /// cannot end it.
    Ignored {
        /// For the log.
        why: &'static str,
    },
    /// One or more rounds are complete; send these.
    Send(Vec<Outgoing>),
    /// The session ended well. Send the last messages, the others may still need them.
    Done {
        /// The last messages.
        send: Vec<Outgoing>,
        /// What the session was for.
        output: T,
    },
}

/// A started session and its first messages.
pub type Started<S> = Result<(S, Vec<Outgoing>), Abort>;

/// One party's side of a running protocol.
pub trait Session {
    /// What the protocol is for.
    type Output;

    /// Takes the message that `from` sent in `round`. `from` is who the channel authenticated.
    ///
    /// Messages may come in any order; one that is a round early is kept.
    ///
    /// # Errors
    /// The session is over, see [`Abort`]. From then on it ignores everything.
    fn receive(&mut self, from: Party, round: u8, payload: &[u8]) -> Result<Progress<Self::Output>, Abort>;

    /// The round whose messages are awaited, counted from 1, or 0 when the session has ended.
    fn round(&self) -> u8;

    /// Whose message of the awaited round is missing; empty when the session has ended.
    fn waiting_for(&self) -> Vec<Party>;
}

/// Threshold ECDSA over secp256k1, whatever the protocol behind it.
pub trait Ecdsa {
    /// What a party keeps of the key.
    type Share;
    /// Makes a key.
    type Keygen: Session<Output = Self::Share>;
    /// Signs one digest.
    type Sign: Session<Output = Signature>;
    /// Makes new shares of the same key.
    type Refresh: Session<Output = Self::Share>;

    /// See [`Keygen::start`].
    ///
    /// # Errors
    /// The numbers do not fit together.
    fn keygen(me: Party, threshold: u8, parties: u8, session_id: [u8; 32]) -> Started<Self::Keygen>;

    /// See [`Sign::start`].
    ///
    /// # Errors
    /// The participants or the path do not fit the share.
    fn sign(
        share: &Self::Share,
        path: &[u32],
        participants: &[Party],
        session_id: [u8; 32],
        digest: [u8; 32],
    ) -> Started<Self::Sign>;

    /// See [`Refresh::start`].
    ///
    /// # Errors
    /// There can be no further epoch.
    fn refresh(share: &Self::Share, session_id: [u8; 32]) -> Started<Self::Refresh>;
}

/// The suite that this crate provides.
#[derive(Clone, Copy, Debug)]
pub struct Dkls23;

impl Ecdsa for Dkls23 {
    type Share = KeyShare;
    type Keygen = Keygen;
    type Sign = Sign;
    type Refresh = Refresh;

    fn keygen(me: Party, threshold: u8, parties: u8, session_id: [u8; 32]) -> Started<Keygen> {
        Keygen::start(me, threshold, parties, session_id)
    }

    fn sign(
        share: &KeyShare,
        path: &[u32],
        participants: &[Party],
        session_id: [u8; 32],
        digest: [u8; 32],
    ) -> Started<Sign> {
        Sign::start(share, path, participants, session_id, digest)
    }

    fn refresh(share: &KeyShare, session_id: [u8; 32]) -> Started<Refresh> {
        Refresh::start(share, session_id)
    }
}
