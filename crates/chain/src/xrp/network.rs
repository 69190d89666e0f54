//! Networks of the ledger's software, by their `NetworkID`.

use payout::ids::NetworkId;

use crate::decoded::DecodeError;

/// Networks up to this number must not be named in the bytes, those above must be (rippled, `telNETWORK_ID_MAKES_TX_NON_CANONICAL`
/// and `telREQUIRES_NETWORK_ID`).
const LAST_UNNAMED: u32 = 1024;

const MAIN: u32 = 0;

/// SLIP-44's numbers.
const COIN_TYPE: u32 = 144;
const TEST_COIN_TYPE: u32 = 1;

/// The `NetworkID` that a network's id spells in decimal; `None` for any other text.
pub fn number_of(network: &NetworkId) -> Option<u32> {
    network.as_str().parse().ok().filter(|id: &u32| id.to_string() == network.as_str())
}

pub(super) fn is_main(network: &NetworkId) -> bool {
    number_of(network) == Some(MAIN)
}

/// The second step of the derivation path.
pub(super) fn coin_type(network: &NetworkId) -> u32 {
    if is_main(network) { COIN_TYPE } else { TEST_COIN_TYPE }
}

/// What bytes for a network must have in their field `NetworkID`; `None` if they must not have it.
pub(super) fn named(network: &NetworkId) -> Option<Option<u32>> {
    number_of(network).map(|id| (id > LAST_UNNAMED).then_some(id))
}

/// The network of bytes that were read for `network` and have this in their field `NetworkID`.
pub(super) fn of_bytes(network: &NetworkId, field: Option<u32>) -> Result<NetworkId, DecodeError> {
    let asked = number_of(network).ok_or(DecodeError::OutOfRange("the network id"))?;
    match field {
        None if asked > LAST_UNNAMED => Err(DecodeError::Unbound),
        None => Ok(network.clone()),
        Some(found) if found <= LAST_UNNAMED => Err(DecodeError::NotCanonical),
        Some(found) => Ok(found.to_string().parse().expect("digits are a network id")),
    }
}
