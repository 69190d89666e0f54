//! A finished signature.

use k256::ecdsa::{self, RecoveryId, VerifyingKey};

/// An ECDSA signature over secp256k1, in low-S form (BIP 62), as every chain we sign for accepts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// r, big-endian.
    pub r: [u8; 32],
    /// s, big-endian, at most half the group's order.
    pub s: [u8; 32],
    /// Which of the up to four keys that fit is the signer's: bit 0 is the parity of R's y, bit 1 whether R's x was
    /// reduced. 0 to 3.
    pub recovery_id: u8,
}

impl Signature {
    /// Whether the signature is in low-S form, is over `digest`, and gives back exactly `public_key` (SEC 1
    /// compressed) by its recovery id.
    pub fn recovers(&self, public_key: &[u8; 33], digest: &[u8; 32]) -> bool {
        let Ok(signature) = ecdsa::Signature::from_scalars(self.r, self.s) else { return false };
        let Some(recovery_id) = RecoveryId::from_byte(self.recovery_id) else { return false };
        if bool::from(k256::elliptic_curve::scalar::IsHigh::is_high(&*signature.s())) {
            return false;
        }
        VerifyingKey::recover_from_prehash(digest, &signature, recovery_id)
            .is_ok_and(|key| key.to_sec1_point(true).as_bytes() == public_key)
    }

    /// r ‖ s ‖ recovery id.
    pub fn to_bytes(&self) -> [u8; 65] {
        let mut bytes = [0; 65];
        bytes[..32].copy_from_slice(&self.r);
        bytes[32..64].copy_from_slice(&self.s);
        bytes[64] = self.recovery_id;
        bytes
    }
}
