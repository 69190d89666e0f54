//! Base58 with the ledger's own alphabet and a checksum (XRPL documentation, "base58 Encodings").

use sha2::{Digest as _, Sha256};

use crate::family::AddressError;

/// Longer than any text that is read here: an X-address has 47 characters.
const MAX_CHARS: usize = 64;

const CHECKSUM_BYTES: usize = 4;

/// The payload of a text, its checksum verified and taken off.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, AddressError> {
    if text.len() > MAX_CHARS {
        return Err(AddressError::Malformed);
    }
    let mut bytes = bs58::decode(text)
        .with_alphabet(bs58::Alphabet::RIPPLE)
        .into_vec()
        .map_err(|_| AddressError::Malformed)?;
    let length = bytes.len().checked_sub(CHECKSUM_BYTES).ok_or(AddressError::Malformed)?;
    let checksum = bytes.split_off(length);
    if checksum != checksum_of(&bytes) {
        return Err(AddressError::Checksum);
    }
    Ok(bytes)
}

/// The text of a payload.
pub(super) fn encode(payload: &[u8]) -> String {
    let bytes = [payload, &checksum_of(payload)].concat();
    bs58::encode(bytes).with_alphabet(bs58::Alphabet::RIPPLE).into_string()
}

fn checksum_of(payload: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash: [u8; 32] = Sha256::digest(Sha256::digest(payload)).into();
    [hash[0], hash[1], hash[2], hash[3]]
}
