//! Test signatures: each co-signer signs once with what it was dealt, before anybody relies on it.

use std::collections::BTreeMap;
use std::time::Instant;

use mpc::{Party, Progress, Sign, Signature};

use super::machine::{Action, Actions, Machine, party};
use super::phase::{Made, Phase};
use super::proof::{self, test_digest, test_subsets};

impl Machine {
    /// Starts the test signatures that we are a member of.
    pub(super) fn test(&mut self, made: Made, now: Instant, actions: &mut Actions) {
        let subsets = test_subsets(self.terms.roster.threshold, self.terms.roster.share_count());
        let mut tests = BTreeMap::new();
        for (number, members) in (0u8..).zip(subsets) {
            if !members.contains(&self.terms.me) {
                continue;
            }
            let parties: Vec<Party> = members.into_iter().map(party).collect();
            let session = *proof::test_session(&made.id, number).as_bytes();
            let digest = *test_digest(&made.id, number).as_bytes();
            match Sign::start(&made.share, &[], &parties, session, digest) {
                Ok((test, send)) => {
                    actions.extend(self.rounds_among(send, Some(number), &parties));
                    tests.insert(number, Box::new(test));
                }
                Err(abort) => return self.broken(abort, actions),
            }
        }
        self.enter(Phase::Testing { made, tests }, now, actions);
    }

    pub(super) fn play(
        &mut self,
        made: Made,
        mut tests: BTreeMap<u8, Box<Sign>>,
        from: u8,
        (wire_round, payload): (u8, &[u8]),
        now: Instant,
        actions: &mut Actions,
    ) {
        let Some((number, round)) = proof::from_wire(wire_round) else {
            return self.fail(&format!("co-signer {from} spoke out of turn"), actions);
        };
        let Some(test) = tests.get_mut(&number) else {
            return self.fail(&format!("co-signer {from} sent to a test that is not ours"), actions);
        };
        let subsets = test_subsets(self.terms.roster.threshold, self.terms.roster.share_count());
        let members = subsets.into_iter().nth(usize::from(number)).unwrap_or_default();
        let parties: Vec<Party> = members.into_iter().map(party).collect();
        let output: Option<Signature> = match test.receive(party(from), round, payload) {
            Ok(Progress::Waiting | Progress::Ignored { .. }) => None,
            Ok(Progress::Send(send)) => {
                actions.extend(self.rounds_among(send, Some(number), &parties));
                self.deadlines.step(now);
                None
            }
            Ok(Progress::Done { send, output }) => {
                actions.extend(self.rounds_among(send, Some(number), &parties));
                Some(output)
            }
            Err(abort) => return self.broken(abort, actions),
        };
        if let Some(signature) = output {
            let digest = *test_digest(&made.id, number).as_bytes();
            if !signature.recovers(&made.share.public_key(), &digest) {
                return self.fail("a test signature does not verify", actions);
            }
            tests.remove(&number);
        }
        if !tests.is_empty() {
            self.phase = Phase::Testing { made, tests };
            return;
        }
        let printed = made.printed.clone();
        self.enter(Phase::Proving { made }, now, actions);
        actions.push(Action::Prove { printed });
    }
}
