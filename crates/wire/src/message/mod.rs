//! The messages. Both sides of a deployment may be one protocol version apart, so a variant's place in its enum and a
//! field's place in its struct never change: new variants go to the end, and a changed struct gets a new variant.

mod bytes;
mod entry;
mod from_cosigner;
mod label;
mod peer;
mod recall;
mod refusal;
mod request;
mod to_cosigner;

pub use entry::{JournalHead, SignedEntry};
pub use from_cosigner::{CeremonyNews, Condition, FirstAddress, FromCosigner, Standing, WalletStanding};
pub use label::{BadLabel, Label};
pub use payout::policy::Finality;
pub use peer::{PeerMessage, echo_digest};
pub use recall::{Paper, Recollection};
pub use refusal::{Check, NeverProof, Refusal};
pub use request::{
    CallerProof, OpenCeremony, Purpose, REFRESH_DOMAIN, SignRequest, StopAct, Target, refresh_text,
};
pub use to_cosigner::ToCosigner;

/// The protocol that this code speaks. A party accepts this number and the one before it.
///
/// 2 has the questions by which a restored gateway learns what was signed ([`RECALLS`]).
pub const PROTOCOL: u16 = 2;

/// The first protocol whose co-signers answer [`ToCosigner::Recall`], [`ToCosigner::Papers`] and
/// [`ToCosigner::Versions`]. An older one would end the connection over them.
pub const RECALLS: u16 = 2;

/// Whether a peer that says `protocol` can be talked to: version N works beside N − 1.
pub const fn speaks(protocol: u16) -> bool {
    protocol > 0 && protocol.abs_diff(PROTOCOL) <= 1
}
