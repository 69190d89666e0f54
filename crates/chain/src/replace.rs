//! Replacing bytes that are already signed, on the same token.

use crate::decoded::Decoded;
use crate::family::FeeTerms;

/// Whether nodes that hold `old` will take `new` in its place: the same token on the same network, and every fee field
/// raised by the family's step. A void of a stuck payout has to do that too.
///
/// Where the bytes name no payer, the caller knows that both are the same wallet's.
pub fn outbids(old: &Decoded, new: &Decoded) -> bool {
    let same_token = old.network_id == new.network_id && old.payer == new.payer && old.token == new.token;
    let enough = match (old.fee, new.fee) {
        (FeeTerms::Evm(old), FeeTerms::Evm(new)) => new.fee.outbids(&old.fee),
        (FeeTerms::Xrp(old), FeeTerms::Xrp(new)) => new.outbids(&old),
        // A transaction of TRON is its own token: nothing takes its place.
        (FeeTerms::Tron(_), _) | (_, FeeTerms::Tron(_)) => false,
        (FeeTerms::Evm(_), FeeTerms::Xrp(_)) | (FeeTerms::Xrp(_), FeeTerms::Evm(_)) => false,
    };
    same_token && enough
}

/// Whether `new` is `old` with a higher fee and nothing else: same token, coin, recipient, amount and memo.
pub fn is_fee_replacement(old: &Decoded, new: &Decoded) -> bool {
    old.effect == new.effect && outbids(old, new)
}

#[cfg(test)]
mod tests;
