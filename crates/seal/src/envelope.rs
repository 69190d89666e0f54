//! A sealed secret.
//!
//! ```text
//! "bursar seal" 00 ‖ version 01 ‖ lock (01 passphrase, 02 key) ‖ memory KiB u32 ‖ passes u32 ‖ lanes u32
//!   ‖ salt 16 ‖ nonce 12 ‖ commitment 32 ‖ purpose length u8 ‖ purpose ‖ ciphertext and tag ‖ SHA-256 of all before
//! ```
//!
//! Numbers are big-endian. The associated data is everything before the ciphertext. A sum at the end tells a damaged
//! file from a wrong passphrase; it protects against accidents only, the tag against people. AES-GCM-SIV does not
//! commit to its key: a file could be made that opens to one text under one passphrase and to another under a second.
//! The commitment, a hash of the key, rules that out, and is what says that a passphrase is wrong.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use payout::ids::Digest;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::lock::{BadParams, Lock, Params};

const MAGIC: &[u8; 12] = b"bursar seal\0";
const VERSION: u8 = 1;
const WITH_PASSPHRASE: u8 = 1;
const WITH_KEY: u8 = 2;
const SALT: usize = 16;
const NONCE: usize = 12;
const HASH: usize = 32;
const TAG: usize = 16;
/// Up to and without the purpose.
const FIXED: usize = MAGIC.len() + 2 + 12 + SALT + NONCE + HASH + 1;

/// What a secret is for, such as `share/7/2`: what was sealed for one purpose doesn't open for another. 1 to 255 bytes
/// of printable ASCII; not secret, it is readable in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose<'a>(&'a str);

impl<'a> TryFrom<&'a str> for Purpose<'a> {
    type Error = SealError;
    fn try_from(text: &'a str) -> Result<Self, SealError> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b));
        if fits { Ok(Self(text)) } else { Err(SealError::BadPurpose) }
    }
}

/// Why something can't be sealed or opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A purpose is 1 to 255 bytes of printable ASCII.
    #[error("a purpose is 1 to 255 printable ASCII characters")]
    BadPurpose,
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
    /// Cost parameters out of bounds, or memory that can't be had.
    #[error(transparent)]
    Params(#[from] BadParams),
    /// Not such a file at all.
    #[error("this is not a sealed secret")]
    NotSealed,
    /// Made by a newer version.
    #[error("this secret was sealed by a newer version (format {0}); use that version")]
    Newer(u8),
    /// Bytes are missing or changed.
    #[error("the sealed secret is damaged: restore it from a copy")]
    Damaged,
    /// Sealed for something else.
    #[error("this secret was sealed as {found:?}, not as {expected:?}")]
    OtherPurpose {
        /// What the file says.
        found: String,
        /// What was asked for.
        expected: String,
    },
    /// Sealed with the other kind of lock.
    #[error("this secret is sealed with a {0}")]
    OtherLock(&'static str),
    /// The file is whole, but not made with this passphrase.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The file is whole, but not made with this key.
    #[error("wrong key")]
    WrongKey,
}

/// Seals `plain` for `purpose`. `params` are the costs of guessing a passphrase; a [`crate::Key`] needs none.
///
/// # Errors
/// A purpose that is none, no randomness, or no memory for the parameters.
pub fn seal<'a>(
    plain: &[u8],
    lock: impl Into<Lock<'a>>,
    purpose: &str,
    params: Params,
) -> Result<Vec<u8>, SealError> {
    let mut fresh = [0; SALT + NONCE];
    getrandom::fill(&mut fresh).map_err(|_| SealError::NoRandomness)?;
    seal_with(plain, lock.into(), Purpose::try_from(purpose)?, params, &fresh)
}

fn seal_with(
    plain: &[u8],
    lock: Lock<'_>,
    purpose: Purpose<'_>,
    params: Params,
    fresh: &[u8; SALT + NONCE],
) -> Result<Vec<u8>, SealError> {
    let (salt, nonce) = fresh.split_at(SALT);
    let keys = Keys::derive(lock, params, salt)?;
    let (kind, words) = match lock {
        Lock::Passphrase(_) => (WITH_PASSPHRASE, params.to_words()),
        Lock::Key(_) => (WITH_KEY, [0; 3]),
    };
    let mut out = Vec::with_capacity(FIXED + purpose.0.len() + plain.len() + TAG + HASH);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[VERSION, kind]);
    words.iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
    out.extend_from_slice(fresh);
    out.extend_from_slice(&keys.commitment);
    out.push(u8::try_from(purpose.0.len()).map_err(|_| SealError::BadPurpose)?);
    out.extend_from_slice(purpose.0.as_bytes());
    let text = keys
        .cipher()
        .encrypt(&nonce_of(nonce), Payload { msg: plain, aad: &out })
        .expect("AES-GCM-SIV takes 64 GiB, more than fits in a buffer here");
    out.extend_from_slice(&text);
    let sum = Sha256::digest(&out);
    out.extend_from_slice(&sum);
    Ok(out)
}

/// Opens what [`seal`] made for the same purpose.
///
/// # Errors
/// [`SealError::WrongPassphrase`] or [`SealError::WrongKey`] for a whole file; [`SealError::Damaged`] when bytes were
/// lost or changed; the other variants say what else the file is.
pub fn open<'a>(
    sealed: &[u8],
    lock: impl Into<Lock<'a>>,
    purpose: &str,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let lock = lock.into();
    let expected = Purpose::try_from(purpose)?;
    let parts = Parts::read(sealed)?;
    if parts.purpose != expected.0.as_bytes() {
        return Err(SealError::OtherPurpose {
            found: String::from_utf8_lossy(parts.purpose).into_owned(),
            expected: purpose.to_owned(),
        });
    }
    let (params, wrong) = match (lock, parts.kind) {
        (Lock::Passphrase(_), WITH_PASSPHRASE) => {
            let [memory_kib, passes, lanes] = parts.words;
            (Params::new(memory_kib, passes, lanes)?, SealError::WrongPassphrase)
        }
        (Lock::Key(_), WITH_KEY) => (Params::INTERACTIVE, SealError::WrongKey),
        (Lock::Key(_), WITH_PASSPHRASE) => return Err(SealError::OtherLock("passphrase")),
        (Lock::Passphrase(_), WITH_KEY) => return Err(SealError::OtherLock("key")),
        _ => return Err(SealError::Damaged),
    };
    let keys = Keys::derive(lock, params, parts.salt)?;
    if keys.commitment != parts.commitment {
        return Err(wrong);
    }
    keys.cipher()
        .decrypt(&nonce_of(parts.nonce), Payload { msg: parts.text, aad: parts.header })
        .map(Zeroizing::new)
        .map_err(|_| SealError::Damaged)
}

/// A sealed secret, taken apart; its sum is right.
struct Parts<'a> {
    header: &'a [u8],
    kind: u8,
    words: [u32; 3],
    salt: &'a [u8],
    nonce: &'a [u8],
    commitment: &'a [u8],
    purpose: &'a [u8],
    text: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(sealed: &'a [u8]) -> Result<Self, SealError> {
        let after_magic = sealed.strip_prefix(MAGIC.as_slice()).ok_or(SealError::NotSealed)?;
        match after_magic.first() {
            Some(&VERSION) => {}
            Some(&version) if version > VERSION => return Err(SealError::Newer(version)),
            _ => return Err(SealError::Damaged),
        }
        let (body, sum) = sealed.split_last_chunk::<HASH>().ok_or(SealError::Damaged)?;
        if Sha256::digest(body)[..] != sum[..] {
            return Err(SealError::Damaged);
        }
        let mut rest = body.get(MAGIC.len() + 1..).ok_or(SealError::Damaged)?;
        let kind = take(&mut rest, 1)?[0];
        let mut words = [0; 3];
        for word in &mut words {
            *word = u32::from_be_bytes(take(&mut rest, 4)?.try_into().map_err(|_| SealError::Damaged)?);
        }
        let salt = take(&mut rest, SALT)?;
        let nonce = take(&mut rest, NONCE)?;
        let commitment = take(&mut rest, HASH)?;
        let length = usize::from(take(&mut rest, 1)?[0]);
        let purpose = take(&mut rest, length)?;
        let header = &body[..body.len() - rest.len()];
        Ok(Self { header, kind, words, salt, nonce, commitment, purpose, text: rest })
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], SealError> {
    let (part, after) = rest.split_at_checked(length).ok_or(SealError::Damaged)?;
    *rest = after;
    Ok(part)
}

/// Both come from the same stretched secret by hashes of different domains; the salt makes a raw key's differ from
/// file to file.
struct Keys {
    encryption: Zeroizing<[u8; 32]>,
    commitment: [u8; 32],
}

impl Keys {
    fn derive(lock: Lock<'_>, params: Params, salt: &[u8]) -> Result<Self, BadParams> {
        let root = match lock {
            Lock::Passphrase(passphrase) => params.stretch(passphrase, salt)?,
            Lock::Key(key) => Zeroizing::new(*key.as_bytes()),
        };
        let encryption = Zeroizing::new(*Digest::of("bursar/seal/key/v1", &[&*root, salt]).as_bytes());
        let commitment = *Digest::of("bursar/seal/commitment/v1", &[&*root, salt]).as_bytes();
        Ok(Self { encryption, commitment })
    }

    fn cipher(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new((&*self.encryption).into())
    }
}

fn nonce_of(bytes: &[u8]) -> Nonce {
    Nonce::try_from(bytes).expect("both callers cut twelve bytes")
}

#[cfg(test)]
mod tests;
