//! What co-signers say to each other, inside a [`crate::link::PeerLink`]: the relay never sees it.

use std::fmt;

use payout::ids::Digest;
use payout::key::Signature;
use payout::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Finality, JournalHead, Label, SignedEntry};

/// Co-signer to co-signer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerMessage {
    /// How far each journal reaches that I hold.
    Heads(Vec<JournalHead>),
    /// Journal entries that you lack, in order for each author.
    Entries(Vec<SignedEntry>),
    /// I take part in this session.
    Begin {
        /// Which.
        session: Label,
        /// The digest of the request that I was shown ([`super::SignRequest::digest`]).
        request: Digest,
        /// My fresh randomness, a part of the session's id.
        random: [u8; 32],
        /// My journals, to be merged before anything is checked.
        heads: Vec<JournalHead>,
        /// My clock.
        now: Millis,
    },
    /// My checks passed over the merged journals; I have journaled nothing yet.
    Checked {
        /// Which.
        session: Label,
        /// The session's id as I computed it ([`crate::session`]).
        id: Digest,
    },
    /// A message of the signing protocol.
    Round {
        /// Which session.
        session: Label,
        /// From 1.
        round: u8,
        /// The protocol's own bytes.
        #[serde(with = "super::bytes")]
        payload: Vec<u8>,
    },
    /// I don't sign this.
    Refuse {
        /// Which session.
        session: Label,
        /// Why, for people.
        reason: String,
        /// Whether asking again can help.
        finality: Finality,
    },
    /// I stop here.
    Abort {
        /// Which session or ceremony.
        session: Label,
        /// Why, for people.
        why: String,
    },
    /// I take part in this ceremony.
    CeremonyBegin {
        /// Which.
        ceremony: Label,
        /// The digest of the order that I was shown ([`super::OpenCeremony::digest`]).
        request: Digest,
        /// My fresh randomness.
        random: [u8; 32],
    },
    /// A message of the key generation or refresh. Carries secret parts of the receiver's share.
    CeremonyRound {
        /// Which ceremony.
        ceremony: Label,
        /// From 1.
        round: u8,
        /// The protocol's own bytes.
        #[serde(with = "super::bytes")]
        payload: Vec<u8>,
    },
    /// What I saw and computed; a key counts only when all echoes are equal.
    Echo {
        /// Which ceremony.
        ceremony: Label,
        /// The digest of all broadcast messages.
        transcript: Digest,
        /// What my terminal prints.
        fingerprint: String,
        /// Over [`echo_digest`], by my roster key.
        signature: Signature,
    },
    /// I have durably passed this stage.
    Ack {
        /// Which ceremony.
        ceremony: Label,
        /// Its name.
        stage: String,
    },
    /// What my other sessions in flight have claimed but not journaled yet: without it, three sessions over three
    /// pairs of co-signers could each miss the third's contribution, and together break a limit.
    Pending {
        /// The session that this is said in.
        session: Label,
        /// The claims, each in the co-signers' own encoding.
        claims: Vec<Vec<u8>>,
    },
}

/// What the signature of an [`PeerMessage::Echo`] covers.
pub fn echo_digest(ceremony: &Label, transcript: &Digest, fingerprint: &str) -> Digest {
    Digest::of("bursar/echo/v1", &[ceremony.as_bytes(), transcript.as_bytes(), fingerprint.as_bytes()])
}

impl PeerMessage {
    /// The variant's name, for logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Heads(_) => "heads",
            Self::Entries(_) => "entries",
            Self::Begin { .. } => "begin",
            Self::Checked { .. } => "checked",
            Self::Round { .. } => "round",
            Self::Refuse { .. } => "refuse",
            Self::Abort { .. } => "abort",
            Self::CeremonyBegin { .. } => "ceremony begin",
            Self::CeremonyRound { .. } => "ceremony round",
            Self::Echo { .. } => "echo",
            Self::Ack { .. } => "ack",
            Self::Pending { .. } => "pending",
        }
    }
}

/// Says which message it is and how long, never what is in it: payloads carry parts of key shares, and a debug line
/// would be a leak.
impl fmt::Debug for PeerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct(self.name());
        match self {
            Self::Heads(heads) => out.field("count", &heads.len()),
            Self::Entries(entries) => out.field("count", &entries.len()),
            Self::Begin { session, request, now, .. } => {
                out.field("session", session).field("request", request).field("now", now)
            }
            Self::Checked { session, id } => out.field("session", session).field("id", id),
            Self::Round { session, round, payload } => {
                out.field("session", session).field("round", round).field("length", &payload.len())
            }
            Self::Refuse { session, reason, finality } => {
                out.field("session", session).field("reason", reason).field("finality", finality)
            }
            Self::Abort { session, why } => out.field("session", session).field("why", why),
            Self::CeremonyBegin { ceremony, request, .. } => {
                out.field("ceremony", ceremony).field("request", request)
            }
            Self::CeremonyRound { ceremony, round, payload } => {
                out.field("ceremony", ceremony).field("round", round).field("length", &payload.len())
            }
            Self::Echo { ceremony, transcript, fingerprint, .. } => out
                .field("ceremony", ceremony)
                .field("transcript", transcript)
                .field("fingerprint", fingerprint),
            Self::Ack { ceremony, stage } => out.field("ceremony", ceremony).field("stage", stage),
            Self::Pending { session, claims } => out.field("session", session).field("count", &claims.len()),
        };
        out.finish()
    }
}
