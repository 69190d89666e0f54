//! Test signatures: before anything is paid to a new key, each co-signer has signed with it once.

use payout::ids::Digest;

/// Sets of t co-signers that together are all n: two at most, because 2t > n.
pub fn test_subsets(threshold: u8, parties: u8) -> Vec<Vec<u8>> {
    let first: Vec<u8> = (1..=threshold).collect();
    if threshold >= parties {
        return vec![first];
    }
    vec![first, (parties - threshold + 1..=parties).collect()]
}

/// What the members of test `number` sign, with the wallet's root key, to which nothing is ever paid. No transaction of
/// any chain has such a digest.
pub fn test_digest(ceremony_id: &Digest, number: u8) -> Digest {
    Digest::of("bursar/test-signature/v1", &[ceremony_id.as_bytes(), &[number]])
}

/// The id of test `number`'s session.
pub(super) fn test_session(ceremony_id: &Digest, number: u8) -> Digest {
    Digest::of("bursar/test-session/v1", &[ceremony_id.as_bytes(), &[number]])
}

/// Tests share the message of the ceremony's rounds: test k counts from 16·(k + 1).
const SPAN: u8 = 16;

/// The number on the wire of a test's round.
pub(super) const fn to_wire(number: u8, round: u8) -> u8 {
    SPAN * (number + 1) + round
}

/// The test and its round; none for the rounds of the ceremony's own protocol.
pub(super) const fn from_wire(round: u8) -> Option<(u8, u8)> {
    match (round / SPAN).checked_sub(1) {
        Some(number) => Some((number, round % SPAN)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cosigner_of_every_roster_joins_a_test() {
        for n in 2..=9u8 {
            for t in (n / 2 + 1).max(2)..=n {
                let subsets = test_subsets(t, n);
                assert!(subsets.iter().all(|subset| subset.len() == usize::from(t)));
                assert!(
                    (1..=n).all(|index| subsets.iter().any(|subset| subset.contains(&index))),
                    "{t} of {n}"
                );
            }
        }
    }

    #[test]
    fn rounds_of_tests_and_of_the_protocol_never_mix() {
        assert!((0..16).all(|round| from_wire(round).is_none()));
        assert_eq!(from_wire(to_wire(0, 1)), Some((0, 1)));
        assert_eq!(from_wire(to_wire(1, 3)), Some((1, 3)));
    }
}
