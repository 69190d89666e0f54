//! What gateway and co-signers say to each other, and how it travels.
//!
//! - [`message`]: the messages, every one of which has golden bytes in `tests/golden`.
//! - [`frame`]: length, version and body: how a message becomes bytes and back.
//! - [`channel`]: TLS 1.3 with pinned raw Ed25519 keys (RFC 7250), between co-signer and gateway.
//! - [`link`]: the same between two co-signers, inside the gateway's relay, which sees ciphertext only.
//! - [`journal`]: what the entries of co-signers' journals say.
//! - [`session`]: the id that a signing session commits to.
//! - [`roster`]: whose key is this?
//! - [`connection`]: the channel over a tokio socket.
//!
//! All but `connection` and the stream functions of `frame` is without I/O.

pub mod channel;
pub mod connection;
pub mod frame;
pub mod journal;
pub mod link;
pub mod message;
pub mod roster;
pub mod session;
