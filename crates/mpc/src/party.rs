//! Who takes part: a party's index and the bounds of a group of parties.

use std::fmt;

use dkls23::protocols::{Parameters, PartyIndex};

/// The largest number of shares of one key.
pub const MAX_PARTIES: u8 = 9;

/// A party's index, 1 to [`MAX_PARTIES`]. Fixed when the co-signer is enrolled, never taken from a peer: it is the point
/// at which the secret polynomial is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party(u8);

impl Party {
    /// The party with this index, if there can be one. Index 0 would be the secret itself.
    pub const fn new(index: u8) -> Option<Self> {
        if index >= 1 && index <= MAX_PARTIES { Some(Self(index)) } else { None }
    }

    /// The index, 1 to [`MAX_PARTIES`].
    pub const fn index(self) -> u8 {
        self.0
    }

    /// Whom the library names. It knows members of the group only.
    pub(crate) fn from_library(index: PartyIndex) -> Self {
        Self::new(index.as_u8()).expect("the library names members of the group only")
    }

    /// The library's type for the same index.
    pub(crate) fn library(self) -> PartyIndex {
        PartyIndex::new(self.0).expect("a party's index is never 0")
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How many shares a key has and how many of them sign: 2 ≤ t ≤ n ≤ 9 and 2t > n, so that any two sets of signers
/// have a member in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    threshold: u8,
    parties: u8,
}

/// Why a set of parties cannot hold a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GroupError {
    /// Outside 2 ≤ t ≤ n ≤ 9.
    #[error("{threshold} of {parties} is outside 2 <= t <= n <= {MAX_PARTIES}")]
    OutOfBounds { threshold: u8, parties: u8 },
    /// Two disjoint sets could both sign.
    #[error("{threshold} of {parties} would let two sets without a common member sign (2t > n is required)")]
    Disjoint { threshold: u8, parties: u8 },
    /// An index above n.
    #[error("party {party} is not one of {parties}")]
    Outsider { party: Party, parties: u8 },
    /// Not exactly t signers.
    #[error("{got} signers where the key needs exactly {threshold}")]
    WrongCount { threshold: u8, got: usize },
    /// A signer is named twice.
    #[error("party {0} is named twice")]
    Twice(Party),
    /// We are not among the signers.
    #[error("this party ({0}) is not among the signers")]
    WithoutUs(Party),
}

impl Group {
    pub(crate) const fn new(threshold: u8, parties: u8) -> Result<Self, GroupError> {
        if threshold < 2 || threshold > parties || parties > MAX_PARTIES {
            return Err(GroupError::OutOfBounds { threshold, parties });
        }
        if 2 * threshold <= parties {
            return Err(GroupError::Disjoint { threshold, parties });
        }
        Ok(Self { threshold, parties })
    }

    pub(crate) const fn threshold(self) -> u8 {
        self.threshold
    }

    pub(crate) const fn parties(self) -> u8 {
        self.parties
    }

    pub(crate) fn contains(self, party: Party) -> Result<(), GroupError> {
        if party.0 > self.parties {
            return Err(GroupError::Outsider { party, parties: self.parties });
        }
        Ok(())
    }

    /// All members in the order of their indices.
    pub(crate) fn members(self) -> impl Iterator<Item = Party> {
        (1..=self.parties).map(Party)
    }

    /// All members but one.
    pub(crate) fn others(self, me: Party) -> Vec<Party> {
        self.members().filter(|party| *party != me).collect()
    }

    /// Checks that `signers` are exactly t different members with `me` among them; returns them in order.
    pub(crate) fn signers(self, me: Party, signers: &[Party]) -> Result<Vec<Party>, GroupError> {
        let mut sorted = signers.to_vec();
        sorted.sort_unstable();
        for party in &sorted {
            self.contains(*party)?;
        }
        for pair in sorted.windows(2) {
            if pair[0] == pair[1] {
                return Err(GroupError::Twice(pair[0]));
            }
        }
        if sorted.len() != usize::from(self.threshold) {
            return Err(GroupError::WrongCount { threshold: self.threshold, got: sorted.len() });
        }
        if !sorted.contains(&me) {
            return Err(GroupError::WithoutUs(me));
        }
        Ok(sorted)
    }

    pub(crate) const fn library(self) -> Parameters {
        Parameters { threshold: self.threshold, share_count: self.parties }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_zero_or_above_nine_is_no_party() {
        assert!(Party::new(0).is_none());
        assert!(Party::new(10).is_none());
        assert!((1..=9).all(|index| Party::new(index).is_some_and(|party| party.index() == index)));
    }

    #[test]
    fn only_groups_whose_signer_sets_overlap_are_allowed() {
        let allowed: Vec<(u8, u8)> = (0..=20)
            .flat_map(|n| (0..=20).map(move |t| (t, n)))
            .filter(|(t, n)| Group::new(*t, *n).is_ok())
            .collect();
        for (t, n) in &allowed {
            assert!(*t >= 2 && t <= n && *n <= 9 && 2 * t > *n, "{t} of {n}");
        }
        assert_eq!(allowed.len(), 24);
        assert_eq!(Group::new(2, 4), Err(GroupError::Disjoint { threshold: 2, parties: 4 }));
        assert_eq!(Group::new(255, 255), Err(GroupError::OutOfBounds { threshold: 255, parties: 255 }));
    }

    #[test]
    fn signers_are_exactly_t_different_members_and_we_are_one() {
        let group = Group::new(2, 3).unwrap();
        let party = |index| Party::new(index).unwrap();
        assert_eq!(group.signers(party(1), &[party(3), party(1)]), Ok(vec![party(1), party(3)]));
        assert_eq!(group.signers(party(1), &[party(1), party(1)]), Err(GroupError::Twice(party(1))));
        assert_eq!(
            group.signers(party(1), &[party(1)]),
            Err(GroupError::WrongCount { threshold: 2, got: 1 })
        );
        assert_eq!(
            group.signers(party(1), &[party(1), party(2), party(3)]),
            Err(GroupError::WrongCount { threshold: 2, got: 3 })
        );
        assert_eq!(group.signers(party(1), &[party(2), party(3)]), Err(GroupError::WithoutUs(party(1))));
        assert_eq!(
            group.signers(party(1), &[party(1), party(4)]),
            Err(GroupError::Outsider { party: party(4), parties: 3 })
        );
    }
}
