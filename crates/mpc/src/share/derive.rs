//! BIP32 children, non-hardened: every party derives its own share of the child alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use dkls23::protocols::derivation::{DerivData, MAX_CHILD_NUMBER, MAX_DEPTH};
use k256::Secp256k1;

use super::secret::Secret;

/// A path that has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// A hardened step needs the whole secret key, which exists nowhere.
    #[error("step {0} of the path is hardened (2^31 or more)")]
    Hardened(u32),
    /// BIP32 counts depth in one byte.
    #[error("a path of {0} steps is longer than 255")]
    TooDeep(usize),
    /// BIP32: with probability 2⁻¹²⁷ an index has no key.
    #[error("BIP32 leaves out index {0} here")]
    NoKey(u32),
}

/// How many derived keys a share keeps at hand. A wallet pays from few addresses.
const CHILDREN_KEPT: usize = 256;

/// Keys derived before, wiped when dropped. A step costs about as much as a fiftieth of a signature, a path is derived
/// when its address is checked and again when it signs, and the same few addresses pay all day.
pub(super) struct Children(Mutex<BTreeMap<Vec<u32>, DerivData<Secp256k1>>>);

impl Children {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub(super) fn derive(&self, secret: &Secret, path: &[u32]) -> Result<DerivData<Secp256k1>, PathError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = kept.get(path) {
            return Ok(key.clone());
        }
        let key = secret.derive(path)?;
        if kept.len() >= CHILDREN_KEPT {
            kept.clear();
        }
        kept.insert(path.to_vec(), key.clone());
        Ok(key)
    }
}

impl Secret {
    fn derive(&self, path: &[u32]) -> Result<DerivData<Secp256k1>, PathError> {
        if path.len() > usize::from(MAX_DEPTH) {
            return Err(PathError::TooDeep(path.len()));
        }
        path.iter().try_fold(self.root(), |key, step| {
            if *step > MAX_CHILD_NUMBER {
                return Err(PathError::Hardened(*step));
            }
            key.derive_child(*step).map_err(|_| PathError::NoKey(*step))
        })
    }
}
