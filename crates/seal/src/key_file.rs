//! A principal's key in a file: whose it is in the open, the seed sealed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use payout::ids::PrincipalId;
use payout::key::{PublicKey, SecretKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::envelope::{self, SealError};
use crate::lock::{Lock, Params};

const KIND: &str = "bursar key";

/// `{"kind":"bursar key","principal":"ann","public":"…","sealed":"base64"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    kind: String,
    principal: PrincipalId,
    public: PublicKey,
    sealed: String,
}

/// Why a key file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Not JSON of this shape.
    #[error("not a key file")]
    Shape(#[source] serde_json::Error),
    /// JSON of this shape that says it is something else.
    #[error("not a key file: its kind is {0:?}, not \"bursar key\"")]
    Kind(String),
    /// The sealed part is no base64.
    #[error("the key file is damaged: its sealed part is not base64")]
    Base64(#[source] base64::DecodeError),
    /// The sealed part doesn't open.
    #[error("the key of {principal} doesn't open")]
    Seal {
        /// Whose.
        principal: PrincipalId,
        /// Why.
        #[source]
        cause: SealError,
    },
    /// The sealed seed is of another key than the file says.
    #[error("the key file of {0} was altered: the key inside is not the one that it names")]
    OtherKey(PrincipalId),
}

impl KeyFile {
    /// Seals `key` for `principal`.
    ///
    /// # Errors
    /// See [`crate::seal`].
    pub fn create<'a>(
        principal: PrincipalId,
        key: &SecretKey,
        lock: impl Into<Lock<'a>>,
        params: Params,
    ) -> Result<Self, SealError> {
        let seed = Zeroizing::new(key.to_seed());
        let sealed = envelope::seal(&*seed, lock, &purpose(&principal), params)?;
        Ok(Self { kind: KIND.to_owned(), principal, public: key.public(), sealed: STANDARD.encode(sealed) })
    }

    /// Reads a file's text; opens nothing.
    ///
    /// # Errors
    /// Not a key file.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let file: Self = serde_json::from_str(text).map_err(KeyFileError::Shape)?;
        if file.kind == KIND { Ok(file) } else { Err(KeyFileError::Kind(file.kind)) }
    }

    /// The file's text, one line. Not secret as far as the passphrase is good; write it [`crate::PRIVATE`] all the
    /// same.
    ///
    /// # Panics
    /// Never: it is four strings.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string(self).expect("four strings are JSON");
        text.push('\n');
        text
    }

    /// Whose it says it is.
    pub fn principal(&self) -> &PrincipalId {
        &self.principal
    }

    /// The public key that it says it has.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The key.
    ///
    /// # Errors
    /// [`KeyFileError::Seal`] with [`SealError::WrongPassphrase`] or [`SealError::Damaged`], or
    /// [`KeyFileError::OtherKey`] when the file names another public key than it holds.
    pub fn open<'a>(&self, lock: impl Into<Lock<'a>>) -> Result<SecretKey, KeyFileError> {
        let failed = |cause| KeyFileError::Seal { principal: self.principal.clone(), cause };
        let sealed = STANDARD.decode(&self.sealed).map_err(KeyFileError::Base64)?;
        let plain = envelope::open(&sealed, lock, &purpose(&self.principal)).map_err(failed)?;
        let seed = plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| failed(SealError::Damaged))?;
        let key = SecretKey::from_seed(&seed);
        if key.public() == self.public {
            Ok(key)
        } else {
            Err(KeyFileError::OtherKey(self.principal.clone()))
        }
    }
}

/// Names the principal, so that a file can't be handed to somebody else by editing its name.
fn purpose(principal: &PrincipalId) -> String {
    format!("key/{principal}")
}

#[cfg(test)]
mod tests;
