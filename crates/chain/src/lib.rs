//! What Bursar knows of chains: addresses, unsigned bytes and their meaning, digests, signatures, effects.
//!
//! A chain family is one folder that implements [`ChainFamily`] and one line in [`family()`]. The gateway builds with
//! it; a co-signer decodes the same bytes again and believes only what it decoded. Nothing here does I/O, asks a clock
//! or a random source, or holds a secret.

mod compare;
mod decoded;
mod derive;
pub mod evm;
mod family;
mod fingerprint;
mod replace;
mod signature;
pub mod tron;
pub mod xrp;

pub use compare::{Mismatch, compare};
pub use decoded::{DecodeError, Decoded, Effect, TokenRef, ValidUntil};
pub use derive::{DeriveError, child_public_key, derive_address, derive_addresses};
pub use family::{AddressError, ChainFamily, FeeTerms, MemoError, Payee, PayeeError, TokenIdError, family};
pub use fingerprint::{FIRST_ADDRESSES, Fingerprinted, fingerprint};
pub use replace::{is_fee_replacement, outbids};
pub use signature::{AttachError, Attached, EcdsaSignature};
