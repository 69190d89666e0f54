//! The order of messages, the same for every protocol: who may speak, in which round, and once.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::abort::Abort;
use crate::party::Party;
use crate::session::{Outgoing, Progress};

/// A protocol as this machine drives it: messages are kept until a round is complete, then the protocol moves on.
pub(crate) trait Protocol: Sized {
    type Output;

    /// The number of rounds in which messages are received.
    const ROUNDS: u8;

    /// Parses and keeps a message. Called once for each sender and round.
    fn store(&mut self, round: u8, from: Party, payload: &[u8]) -> Result<(), Abort>;

    /// All messages of the current round are stored. Takes the protocol, so that what an abort leaves behind is
    /// dropped and wiped.
    fn advance(self) -> Result<Step<Self>, Abort>;
}

/// What a complete round leads to.
pub(crate) enum Step<P: Protocol> {
    Next(P, Vec<Outgoing>),
    Finished(Vec<Outgoing>, P::Output),
}

/// One party's side of a protocol.
pub(crate) struct Machine<P> {
    /// Everyone else in the session.
    peers: Vec<Party>,
    /// Running in a round (from 1), or nothing after the end.
    running: Option<(u8, P)>,
    /// SHA-256 of each message taken, to tell a repetition from a contradiction.
    taken: BTreeMap<(u8, Party), [u8; 32]>,
}

impl<P: Protocol> Machine<P> {
    pub(crate) fn new(peers: Vec<Party>, protocol: P) -> Self {
        Self { peers, running: Some((1, protocol)), taken: BTreeMap::new() }
    }

    pub(crate) fn receive(
        &mut self,
        from: Party,
        round: u8,
        payload: &[u8],
    ) -> Result<Progress<P::Output>, Abort> {
        if !self.peers.contains(&from) {
            return Ok(Progress::Ignored { why: "the sender is no other party of this session" });
        }
        let Some((current, mut protocol)) = self.running.take() else {
            return Ok(Progress::Ignored { why: "the session has ended" });
        };
        // From here on an error drops `protocol`: the session has ended.
        let hash: [u8; 32] = Sha256::digest(payload).into();
        match self.taken.get(&(round, from)) {
            Some(earlier) if *earlier == hash => {
                self.running = Some((current, protocol));
                return Ok(Progress::Ignored { why: "the same message again" });
            }
            Some(_) => return Err(Abort::because_of(from, "two different messages in one round")),
            None => {}
        }
        // A peer sends its message of round r + 1 after it has ours of round r, so it is never two rounds ahead. What
        // it sent in an earlier round is in `taken`.
        if round != current && Some(round) != current.checked_add(1) || round > P::ROUNDS {
            return Err(Abort::because_of(
                from,
                format_args!("a message of round {round} in round {current}"),
            ));
        }
        protocol.store(round, from, payload)?;
        self.taken.insert((round, from), hash);
        self.advance(current, protocol)
    }

    /// Goes on as long as rounds are complete: messages that came early may complete the next one too.
    fn advance(&mut self, mut round: u8, mut protocol: P) -> Result<Progress<P::Output>, Abort> {
        let mut send = Vec::new();
        while self.missing(round).next().is_none() {
            match protocol.advance()? {
                Step::Next(next, mut messages) => {
                    protocol = next;
                    round += 1;
                    send.append(&mut messages);
                }
                Step::Finished(mut messages, output) => {
                    send.append(&mut messages);
                    return Ok(Progress::Done { send, output });
                }
            }
        }
        self.running = Some((round, protocol));
        Ok(if send.is_empty() { Progress::Waiting } else { Progress::Send(send) })
    }

    fn missing(&self, round: u8) -> impl Iterator<Item = Party> {
        self.peers.iter().copied().filter(move |peer| !self.taken.contains_key(&(round, *peer)))
    }

    pub(crate) fn round(&self) -> u8 {
        self.running.as_ref().map_or(0, |(round, _)| *round)
    }

    pub(crate) fn waiting_for(&self) -> Vec<Party> {
        self.running.as_ref().map_or_else(Vec::new, |(round, _)| self.missing(*round).collect())
    }
}

/// Gives a public session type the methods of [`crate::Session`], both as its own and as the trait's.
macro_rules! session {
    ($name:ident, $output:ty) => {
        impl $name {
            /// Takes the message that `from` sent in `round`; see [`crate::Session::receive`].
            ///
            /// # Errors
            /// The session is over, see [`crate::Abort`].
            pub fn receive(
                &mut self,
                from: crate::Party,
                round: u8,
                payload: &[u8],
            ) -> Result<crate::Progress<$output>, crate::Abort> {
                self.0.receive(from, round, payload)
            }
        }

        impl crate::Session for $name {
            type Output = $output;

            fn receive(
                &mut self,
                from: crate::Party,
                round: u8,
                payload: &[u8],
            ) -> Result<crate::Progress<$output>, crate::Abort> {
                self.0.receive(from, round, payload)
            }

            fn round(&self) -> u8 {
                self.0.round()
            }

            fn waiting_for(&self) -> Vec<crate::Party> {
                self.0.waiting_for()
            }
        }

        impl std::fmt::Debug for $name {
            /// A session is made of secrets, so only its place is shown.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("round", &self.0.round())
                    .field("waiting_for", &self.0.waiting_for())
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use session;
