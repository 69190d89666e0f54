//! A share as bytes: a head that any version can read, then the share itself.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `BURSHARE` |
//! | 1 | format, 1 |
//! | 2 | suite, big-endian |
//! | 6 | version of the library that made it: major, minor, patch, each two bytes big-endian |
//! | rest | postcard of epoch, t, n, own index and [`Secret`], in its one encoding |

use std::fmt;

use zeroize::Zeroizing;

use super::{KeyShare, Secret};
use crate::party::{Group, Party};
use crate::payload::{encode, from_canonical};

const MAGIC: &[u8; 8] = b"BURSHARE";
const FORMAT: u8 = 1;
const HEAD_BYTES: usize = 8 + 1 + 2 + 6;

/// A threshold protocol over a curve. Another suite is a reshare of the key, not a rewrite of its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// ECDSA over secp256k1 with `DKLs23`.
    Dkls23Secp256k1,
}

impl Suite {
    /// The number that stands for the suite in a share's bytes.
    pub const fn code(self) -> u16 {
        match self {
            Self::Dkls23Secp256k1 => 1,
        }
    }
}

/// A version of the suite's library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Major.
    pub major: u16,
    /// Minor.
    pub minor: u16,
    /// Patch.
    pub patch: u16,
}

impl Version {
    /// The version that this crate is built with; it makes all new shares.
    pub const CURRENT: Self = Self { major: 0, minor: 6, patch: 2 };
    /// The oldest version whose shares are taken. Shares made before 0.5.2 may have given the whole key to any
    /// co-signer (a base oblivious transfer over a point of known discrete logarithm); between 0.5.2 and 0.6.2 the
    /// commitments and session bindings became what this crate relies on.
    pub const OLDEST: Self = Self { major: 0, minor: 6, patch: 2 };
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Bytes that are no share this crate will use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// Not a share at all.
    #[error("these bytes are no key share")]
    NotAShare,
    /// Written by a newer program.
    #[error("a key share of format {0}, which this program does not know")]
    UnknownFormat(u8),
    /// Of another protocol or curve.
    #[error("a key share of suite {0}, which this program does not know")]
    UnknownSuite(u16),
    /// Made by a library version whose shares may have been given away.
    #[error("the key share was made by dkls23 {0}, older than {oldest}: make a new key and move the funds", oldest = Version::OLDEST)]
    TooOld(Version),
    /// Made by a library version newer than ours.
    #[error("the key share was made by dkls23 {0}, newer than {current}", current = Version::CURRENT)]
    TooNew(Version),
    /// The rest does not parse, is not in its one encoding, or goes on after its end.
    #[error("the key share is damaged: {0}")]
    Damaged(&'static str),
    /// t, n and the own index do not fit together.
    #[error("the key share is of party {me} in {threshold} of {parties}, which cannot be")]
    Group {
        /// t.
        threshold: u8,
        /// n.
        parties: u8,
        /// The own index.
        me: u8,
    },
    /// Its parts do not belong together.
    #[error("the key share does not fit together: {0}")]
    Inconsistent(&'static str),
}

pub(super) fn to_bytes(share: &KeyShare) -> Zeroizing<Vec<u8>> {
    let body = Zeroizing::new(encode(&(
        share.epoch,
        share.group.threshold(),
        share.group.parties(),
        share.me.index(),
        &share.secret,
    )));
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEAD_BYTES + body.len()));
    bytes.extend_from_slice(MAGIC);
    bytes.push(FORMAT);
    bytes.extend_from_slice(&share.suite().code().to_be_bytes());
    for part in [share.made_by.major, share.made_by.minor, share.made_by.patch] {
        bytes.extend_from_slice(&part.to_be_bytes());
    }
    bytes.extend_from_slice(&body);
    bytes
}

pub(super) fn from_bytes(bytes: &[u8]) -> Result<KeyShare, ShareError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(ShareError::NotAShare)?;
    let (format, rest) = rest.split_first().ok_or(ShareError::NotAShare)?;
    if *format != FORMAT {
        return Err(ShareError::UnknownFormat(*format));
    }
    let (suite, rest) = number(rest)?;
    if suite != Suite::Dkls23Secp256k1.code() {
        return Err(ShareError::UnknownSuite(suite));
    }
    let (major, rest) = number(rest)?;
    let (minor, rest) = number(rest)?;
    let (patch, body) = number(rest)?;
    let made_by = Version { major, minor, patch };
    if made_by < Version::OLDEST {
        return Err(ShareError::TooOld(made_by));
    }
    if made_by > Version::CURRENT {
        return Err(ShareError::TooNew(made_by));
    }
    let (epoch, threshold, parties, me, secret): (u64, u8, u8, u8, Secret) =
        from_canonical(body).map_err(ShareError::Damaged)?;
    let wrong_group = || ShareError::Group { threshold, parties, me };
    let group = Group::new(threshold, parties).map_err(|_| wrong_group())?;
    let me = Party::new(me).filter(|me| group.contains(*me).is_ok()).ok_or_else(wrong_group)?;
    secret.check(group, me).map_err(ShareError::Inconsistent)?;
    Ok(KeyShare::new(made_by, epoch, group, me, secret))
}

fn number(bytes: &[u8]) -> Result<(u16, &[u8]), ShareError> {
    let (number, rest) = bytes.split_first_chunk().ok_or(ShareError::NotAShare)?;
    Ok((u16::from_be_bytes(*number), rest))
}
