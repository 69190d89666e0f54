//! One co-signer that wants nothing signed, and takes no part: honest quorums don't notice it.

use payout::approval::{Act, Freeze, FreezeOrder};
use payout::money::Amount;
use payout::policy::ChainName;
use proptest::prelude::*;

use super::limits::{contribution, quorum};
use super::*;
use crate::house::{act, key, name};
use payout::time::CLOCK_SKEW_MS;

/// What it writes.
#[derive(Debug, Clone)]
enum Lie {
    /// It contributed to this payout, on this token, for these amounts.
    Contributed { number: i64, nonce: u64, amount: u8, fee: u8 },
    /// Another payout has this number.
    Numbered { number: i64 },
    /// It saw something, a moment ahead of all clocks.
    Ahead,
    /// Somebody who may stopped another payout, somebody who may not this one.
    Stopped { number: i64 },
    /// Somebody who is no admin froze everything.
    Frozen,
    /// There is a newer policy.
    Newer { version: u64 },
    /// It never signs this.
    Never { number: i64 },
}

fn lie() -> impl Strategy<Value = Lie> {
    let number = 1i64..5;
    prop_oneof![
        (1i64..9, 1u64..5, 0u8..200, 0u8..200).prop_map(|(number, nonce, amount, fee)| Lie::Contributed {
            number,
            nonce,
            amount,
            fee
        }),
        number.clone().prop_map(|number| Lie::Numbered { number }),
        Just(Lie::Ahead),
        number.clone().prop_map(|number| Lie::Stopped { number }),
        Just(Lie::Frozen),
        (2u64..5).prop_map(|version| Lie::Newer { version }),
        number.prop_map(|number| Lie::Never { number }),
    ]
}

impl Cosigners {
    fn tell_lie(&mut self, liar: u8, lie: &Lie) {
        let everybody: Vec<u8> = (1..=self.house.genesis.roster.share_count()).collect();
        let facts = |cosigners: &Self, intent: &Intent, nonce| {
            let request = cosigners.house.request(intent, vec![], nonce);
            cosigners.outline(1, &everybody, &request).unwrap().demand().facts().clone()
        };
        let body = match *lie {
            Lie::Contributed { number, nonce, amount, fee } => {
                let mut facts = facts(self, &self.house.small(number + 100), nonce);
                let huge = |bits: u8| Amount::from_u256(Amount::from_u128(1).as_u256() << usize::from(bits));
                (facts.amount, facts.fee) = (huge(amount), huge(fee));
                contribution(facts)
            }
            Lie::Numbered { number } => {
                let mut intent = self.house.small(number);
                intent.expiry = intent.expiry.plus(-1);
                contribution(facts(self, &intent, 50))
            }
            Lie::Ahead => Body::Sight { intent: Digest::of("nothing", &[]) },
            Lie::Stopped { number } if number % 2 == 0 => {
                Body::Stop { act: act("ann", Act::Reject, &self.house.small(number + 100)) }
            }
            Lie::Stopped { number } => {
                Body::Stop { act: act("otto", Act::Reject, &self.house.small(number)) }
            }
            Lie::Frozen => {
                let deployment = self.house.genesis.deployment();
                let why = "no".to_owned();
                let order =
                    FreezeOrder::sign(&key("tom"), name("tom"), deployment, Freeze::Freeze, why, self.clock);
                Body::Freeze { order }
            }
            Lie::Newer { version } => Body::PolicyAdopted {
                chain: ChainName::People,
                version,
                digest: Digest::of("a lie", &[]),
                signatures: vec![],
            },
            Lie::Never { number } => {
                let intent = self.house.small(number).digest();
                Body::Never { intent, reason: "no".to_owned() }
            }
        };
        let at = self.clock.plus(CLOCK_SKEW_MS);
        self.lie(liar, at, &body);
        let honest = everybody.into_iter().filter(|index| *index != liar);
        honest.for_each(|index| drop(self.tell(liar, index).unwrap()));
    }
}

/// t of n, with somebody to spare.
fn shape() -> impl Strategy<Value = (u8, u8)> {
    prop_oneof![Just((2, 3)), Just((3, 4)), Just((3, 5)), Just((4, 5))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn one_liar_that_takes_no_part_cannot_block_an_honest_quorum(
        (threshold, count) in shape(),
        quorums in prop::collection::vec(any::<u64>(), 4),
        before in prop::collection::vec(lie(), 0..12),
        // Between the checks and the commit of each participant.
        between in prop::collection::vec(lie(), 4),
    ) {
        let mut cosigners = Cosigners::new(threshold, count);
        let liar = count;
        before.iter().for_each(|lie| cosigners.tell_lie(liar, lie));
        for ((number, seed), lie) in (1..).zip(quorums).zip(between) {
            // Of all but the last one, which lies.
            let quorum = quorum(threshold, count - 1, seed);
            let (_, request) = cosigners.small(number);
            let claims: Vec<Claim> =
                quorum.iter().map(|index| cosigners.claim(*index, &quorum, &request).unwrap()).collect();
            let reserved: Vec<Reservation> = quorum
                .iter()
                .zip(claims)
                .map(|(index, claim)| cosigners.reserve(*index, &quorum, claim, &request).unwrap())
                .collect();
            cosigners.tell_lie(liar, &lie);
            let session = cosigners.session_id();
            for reservation in reserved {
                cosigners.commit(reservation, session).unwrap();
            }
        }
        // What the honest ones wrote is still what their peers take in, although one of them has a slow clock.
        cosigners.clock = cosigners.clock.plus(-CLOCK_SKEW_MS);
        for index in 1..count {
            for peer in (1..count).filter(|peer| *peer != index) {
                cosigners.tell(index, peer).unwrap();
            }
        }
    }
}
