//! What bytes offer for their place in a ledger, and what takes their place.

/// Fee and end of validity. Both may change while everything else stays: whichever of the versions lands, it spends the
/// one token that they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    /// What is burnt, drops (millionths of the coin).
    pub drops: u64,
    /// `LastLedgerSequence`: the last ledger that may hold the transaction.
    pub last_ledger: u32,
}

impl Fee {
    /// The lowest fee that servers take in place of this one while it is on its way: 25 % more, rounded up, and 1 drop
    /// at least (rippled, `TxQ`, retrySequencePercent). `None` where it does not fit.
    pub fn replacement(&self) -> Option<u64> {
        self.drops.checked_add(self.drops.div_ceil(4).max(1))
    }

    /// Whether this can take the place of `old`: a fee that servers prefer while both are valid, or the same fee beyond
    /// the end of the old one. What lapses earlier than `old` never replaces it.
    pub fn outbids(&self, old: &Self) -> bool {
        let higher = old.replacement().is_some_and(|least| self.drops >= least);
        let later = self.last_ledger > old.last_ledger && self.drops >= old.drops;
        later || (higher && self.last_ledger >= old.last_ledger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee(drops: u64, last_ledger: u32) -> Fee {
        Fee { drops, last_ledger }
    }

    #[test]
    fn a_replacement_pays_a_quarter_more_or_is_valid_for_longer() {
        let old = fee(10, 100);
        for better in [fee(13, 100), fee(13, 101), fee(10, 101), fee(12, 101)] {
            assert!(better.outbids(&old), "{better:?}");
        }
        for no_better in [fee(10, 100), fee(12, 100), fee(9, 101), fee(1000, 99)] {
            assert!(!no_better.outbids(&old), "{no_better:?}");
        }
    }

    #[test]
    fn the_smallest_and_the_largest_fee_have_a_replacement_or_none() {
        assert_eq!(fee(0, 1).replacement(), Some(1));
        assert_eq!(fee(1, 1).replacement(), Some(2));
        assert_eq!(fee(u64::MAX, 1).replacement(), None);
    }
}
