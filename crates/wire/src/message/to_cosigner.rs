//! What a gateway says to a co-signer. None of it is trusted: each message is a request, a document that carries its
//! own signatures, or ciphertext for somebody else.

use payout::approval::FreezeOrder;
use payout::ids::Digest;
use payout::policy::{Heads, SignedVersion};
use payout::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Label, OpenCeremony, SignRequest, StopAct};

/// Gateway to co-signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToCosigner {
    /// The first message.
    Welcome {
        /// What the gateway speaks ([`super::PROTOCOL`]).
        protocol: u16,
        /// Which deployment it serves; another than the co-signer's ends the connection.
        deployment: Digest,
        /// Its clock, for an early warning only.
        now: Millis,
        /// Its name on the roster.
        gateway: String,
    },
    /// Policy versions newer than the heads that the co-signer named, in order; again when one is published.
    Policy(Vec<SignedVersion>),
    /// An approved intent, shown at once, funded or not, so that its expiry is met; `unsigned` is empty.
    Sight {
        /// The gateway's number of the question, repeated in the answer.
        request: u64,
        /// What is shown.
        request_body: SignRequest,
    },
    /// Begin a signing session.
    Open {
        /// Its name, fresh.
        session: Label,
        /// The participants' indices, sorted.
        participants: Vec<u8>,
        /// What is to be signed.
        request: SignRequest,
    },
    /// Rejections, withdrawals and freezes, to be journaled for ever.
    Stop {
        /// Stops of single intents.
        acts: Vec<StopAct>,
        /// Freezes, or a quorum of lifts.
        freezes: Vec<FreezeOrder>,
    },
    /// Begin a ceremony; all co-signers of the roster take part.
    Ceremony(OpenCeremony),
    /// Bytes from another co-signer's end of a link.
    Relay {
        /// Who sent them.
        peer: u8,
        /// Which link of the two.
        link: u64,
        /// Ciphertext.
        #[serde(with = "super::bytes")]
        data: Vec<u8>,
    },
    /// The session is over.
    Close {
        /// Which.
        session: Label,
        /// Why, for the log.
        why: String,
    },
    /// Answer with the same number.
    Ping(u64),
    /// Tell your own contributions after an entry of your journal.
    Recall {
        /// The gateway's number of the question, repeated in the answer.
        request: u64,
        /// The newest entry that the gateway knows of; 0 for all.
        after: u64,
    },
    /// Tell what these contributions were made for.
    Papers {
        /// The gateway's number of the question, repeated in the answer.
        request: u64,
        /// The numbers of the contributions' entries.
        entries: Vec<u64>,
    },
    /// Tell the policy versions that you hold beyond these.
    Versions {
        /// The gateway's number of the question, repeated in the answer.
        request: u64,
        /// The newest that the gateway has.
        heads: Heads,
    },
}
