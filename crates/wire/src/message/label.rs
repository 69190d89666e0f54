//! The name of a session or ceremony on the wire.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// 16 bytes by which the gateway names a session or a ceremony, fresh for each. Nothing's safety hangs on it: what a
/// session is about is committed to by its id ([`crate::session`]), in which the label is one part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Label([u8; 16]);

impl Label {
    /// From 16 fresh random bytes that the caller brings.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({self})")
    }
}

/// A text that is no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a session's label is 32 lower-case hex digits")]
pub struct BadLabel;

impl FromStr for Label {
    type Err = BadLabel;
    fn from_str(text: &str) -> Result<Self, BadLabel> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadLabel)?;
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(BadLabel);
        }
        Ok(Self(bytes))
    }
}
