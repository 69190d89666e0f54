//! Secrets at rest.
//!
//! - [`seal`] and [`open`]: Argon2id and AES-256-GCM-SIV, bound to a purpose, so that a share can't be read as a key.
//! - [`KeyFile`]: a person's or machine's Ed25519 key, sealed, in a file that also says whose it is.
//! - [`write_atomically`]: a file is the old one or the new one, never half of both.
//!
//! Nothing here prompts, and no secret is in an error or a debug text.

mod envelope;
mod file;
mod key_file;
mod lock;

pub use envelope::{Purpose, SealError, open, seal};
pub use file::{PRIVATE, WriteError, write_atomically};
pub use key_file::{KeyFile, KeyFileError};
pub use lock::{BadParams, Key, Lock, Params, Passphrase, PassphraseError};
