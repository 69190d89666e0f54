//! Threshold signing sessions over byte messages: key generation, signing, refresh.
//!
//! A session is a state machine without I/O. It is started with the values that all its parties agreed on before,
//! hands out messages to send, takes the others' messages one at a time and ends with an output or an [`Abort`].
//! ECDSA over secp256k1 is `DKLs23` of the crate `dkls23`; the traits [`Session`] and [`Ecdsa`] let another suite,
//! or a single key in a simulation, stand in its place.
//!
//! What stays with the caller, because a session cannot do it:
//! - *Authenticate, then feed.* `from` is the party whose channel the bytes came from, never what a message says.
//! - *Confidential channels between each two parties.* Key generation and refresh send secrets.
//! - *A session id for once.* It commits to roster, key, path, digest, signers and fresh randomness of each party, is
//!   recorded before the first message, and a repeat is refused.
//! - *The digest.* A signer computes it itself from bytes that it decoded.
//! - *Bans.* An [`Abort::Ban`] is written and synced before anyone hears of it. See [`Abort`].
//! - *Time.* A session never waits; who has not spoken is [`Session::waiting_for`].
//!
//! A session lives in memory only, cannot be stored or copied, and wipes its secrets when it ends or is dropped.
//! There are no presignatures.

mod abort;
mod bind;
mod dealing;
mod keygen;
mod machine;
mod party;
mod payload;
mod refresh;
mod session;
mod share;
mod sign;
mod signature;

#[cfg(any(test, feature = "testing"))]
pub mod local;

pub use abort::Abort;
pub use keygen::Keygen;
pub use party::{MAX_PARTIES, Party};
pub use refresh::Refresh;
pub use session::{Dkls23, Ecdsa, Outgoing, Progress, Session, Started};
pub use share::{KeyShare, PathError, ShareError, Suite, Version};
pub use sign::Sign;
pub use signature::Signature;
