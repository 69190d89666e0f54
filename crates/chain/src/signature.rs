//! Signatures as threshold signing returns them, and the transactions that carry them.

use k256::ecdsa::signature::hazmat::PrehashVerifier as _;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use crate::decoded::DecodeError;

/// An ECDSA signature on secp256k1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EcdsaSignature {
    /// The x-coordinate of the nonce point modulo the group order, big-endian.
    pub r: [u8; 32],
    /// Big-endian.
    pub s: [u8; 32],
    /// Bit 0: the nonce point's y is odd; bit 1: its x exceeded the group order (SEC 1, 4.1.6).
    pub recovery_id: u8,
}

/// Bytes to broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// The signed transaction, as a node takes it.
    pub signed: Vec<u8>,
    /// Its id in the chain's spelling.
    pub txid: String,
}

/// Why a signature was not put on the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// The bytes are none that would have been signed.
    #[error("the unsigned bytes are refused")]
    Bytes(#[from] DecodeError),
    /// The public key is no compressed curve point.
    #[error("the public key is no compressed point of secp256k1")]
    BadKey,
    /// r or s is zero or not below the group order.
    #[error("r or s is out of range")]
    BadSignature,
    /// The recovery id is above 3, or one that the chain can't express.
    #[error("recovery id {0} can't be expressed on this chain")]
    BadRecoveryId(u8),
    /// A signature of another key or over another digest.
    #[error("the signature is not this key's over this digest")]
    DoesNotVerify,
    /// The key's signature, but the recovery id leads to another key.
    #[error("the recovery id leads to another key")]
    WrongRecoveryId,
}

impl EcdsaSignature {
    /// Checks that this is `public_key`'s signature over `digest` and that the recovery id leads back to that key, and
    /// gives its low-S form (EIP-2, BIP 62), which is the only one that chains take.
    ///
    /// # Errors
    /// See [`AttachError`].
    pub fn verified(&self, digest: &[u8; 32], public_key: &[u8; 33]) -> Result<Self, AttachError> {
        let key = crate::derive::verifying_key(public_key).map_err(|_| AttachError::BadKey)?;
        let given = Signature::from_scalars(self.r, self.s).map_err(|_| AttachError::BadSignature)?;
        let given_id =
            RecoveryId::from_byte(self.recovery_id).ok_or(AttachError::BadRecoveryId(self.recovery_id))?;
        let low = given.normalize_s();
        // Negating s negates the nonce point: its y changes parity, its x stays.
        let flipped = low != given;
        let low_id = RecoveryId::new(given_id.is_y_odd() != flipped, given_id.is_x_reduced());
        key.verify_prehash(digest, &low).map_err(|_| AttachError::DoesNotVerify)?;
        let recovered = VerifyingKey::recover_from_prehash(digest, &low, low_id);
        if recovered.ok() != Some(key) {
            return Err(AttachError::WrongRecoveryId);
        }
        let (r, s) = low.split_bytes();
        Ok(Self { r: r.into(), s: s.into(), recovery_id: low_id.to_byte() })
    }
}
