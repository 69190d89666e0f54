//! What bytes can burn. Energy is bounded by the bytes themselves; bandwidth and a new account are not: they are paid
//! from what is staked or free, and else burnt at the chain's price.
//!
//! The prices are parameters that TRON's super representatives can change by vote. Co-signers have no node and count
//! with the bounds here; a gateway that sees higher prices on chain holds, until a new version counts with them.

use payout::money::Amount;

/// What a byte of bandwidth costs at most, sun: parameter `getTransactionFee` (1000 since proposal 68 of 2021).
pub const BYTE_BOUND_SUN: u64 = 1_000;

/// What sending TRX to an address without an account costs at most beside the amount, sun: parameters
/// `getCreateNewAccountFeeInSystemContract` (1 TRX) and `getCreateAccountFee` (0.1 TRX, in place of bandwidth).
pub const ACCOUNT_BOUND_SUN: u64 = 1_100_000;

/// What a node adds to a transaction's size for its result (java-tron, `Constant.MAX_RESULT_SIZE_IN_TX`), bytes.
pub const RESULT_BYTES: u32 = 64;

/// The fee fields of unsigned bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeTerms {
    /// The most that energy may burn, sun; `None` where no contract is called.
    pub fee_limit: Option<u64>,
    /// Bandwidth that the signed transaction takes, bytes.
    pub bandwidth: u32,
}

impl FeeTerms {
    /// The most that can be burnt, sun.
    pub fn max_fee(&self) -> Amount {
        let bandwidth = u64::from(self.bandwidth) * BYTE_BOUND_SUN;
        let most = match self.fee_limit {
            // TRC20 contracts keep balances themselves: no account is made.
            Some(fee_limit) => u128::from(fee_limit) + u128::from(bandwidth),
            // Whoever pays for a new account pays no bandwidth (java-tron, `BandwidthProcessor.consume`).
            None => u128::from(bandwidth.max(ACCOUNT_BOUND_SUN)),
        };
        Amount::from_u128(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_burns_its_limit_and_bandwidth_and_a_transfer_a_new_account_or_bandwidth() {
        let most = |fee_limit, bandwidth| FeeTerms { fee_limit, bandwidth }.max_fee();
        assert_eq!(most(Some(5_000_000), 345), Amount::from_u128(5_345_000));
        assert_eq!(most(None, 268), Amount::from_u128(1_100_000));
        assert_eq!(most(None, 1_200), Amount::from_u128(1_200_000));
        assert_eq!(most(Some(u64::MAX), u32::MAX).as_u128(), Some(u128::from(u64::MAX) + 4_294_967_295_000));
    }
}
