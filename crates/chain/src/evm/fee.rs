//! What bytes offer for gas, and what outbids it.

/// Gas limit and prices of unsigned bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GasTerms {
    /// The most gas.
    pub gas_limit: u64,
    /// The prices.
    pub fee: Fee,
}

/// Prices, in wei per unit of gas. The variant is the transaction's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fee {
    /// Type 2.
    Eip1559 {
        /// The most, base fee and tip together.
        max_fee_per_gas: u128,
        /// The tip; at most `max_fee_per_gas`.
        max_priority_fee_per_gas: u128,
    },
    /// Type 0, bound to its network by EIP-155.
    Legacy {
        /// The price, which is both the most and the tip.
        gas_price: u128,
    },
}

impl Fee {
    /// The most per unit of gas, wei.
    pub const fn max_fee_per_gas(&self) -> u128 {
        match *self {
            Self::Eip1559 { max_fee_per_gas, .. } => max_fee_per_gas,
            Self::Legacy { gas_price } => gas_price,
        }
    }

    /// The most that a block's producer gets per unit of gas, wei.
    pub const fn max_priority_fee_per_gas(&self) -> u128 {
        match *self {
            Self::Eip1559 { max_priority_fee_per_gas, .. } => max_priority_fee_per_gas,
            Self::Legacy { gas_price } => gas_price,
        }
    }

    /// The lowest prices of the same type that replace these: each 12.5 % higher, rounded up, and by 1 wei at least.
    /// geth asks for 10 %; other nodes ask for up to 12.5 %. `None` where a price does not fit any more.
    pub fn replacement(&self) -> Option<Self> {
        Some(match *self {
            Self::Eip1559 { max_fee_per_gas, max_priority_fee_per_gas } => Self::Eip1559 {
                max_fee_per_gas: raised(max_fee_per_gas)?,
                max_priority_fee_per_gas: raised(max_priority_fee_per_gas)?,
            },
            Self::Legacy { gas_price } => Self::Legacy { gas_price: raised(gas_price)? },
        })
    }

    /// Whether both prices are high enough to replace `old`, of whatever type the two are.
    pub fn outbids(&self, old: &Self) -> bool {
        let enough = |old: u128, new: u128| raised(old).is_some_and(|least| new >= least);
        enough(old.max_fee_per_gas(), self.max_fee_per_gas())
            && enough(old.max_priority_fee_per_gas(), self.max_priority_fee_per_gas())
    }
}

/// 12.5 % more, rounded up, and 1 wei more at least.
fn raised(price: u128) -> Option<u128> {
    price.checked_add(price.div_ceil(8).max(1))
}
