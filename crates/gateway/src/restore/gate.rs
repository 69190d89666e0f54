//! What may happen now: the one place that knows whether this database can be relied on.

use std::collections::BTreeSet;

use payout::policy::Roster;
use store::{Restore, RestoreState, Wait};
use tokio::sync::watch;

use crate::engine::record::wait;

/// Why something may not happen yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    /// Co-signers are still being asked what they signed, and the database may be an old copy.
    #[error(
        "the database may be an old copy ({why}): {compared} of {needed} co-signers have told what they signed"
    )]
    Importing {
        /// How that was noticed.
        why: String,
        /// How many have told.
        compared: usize,
        /// How many must.
        needed: usize,
    },
    /// They knew more than the database, and admins have not confirmed.
    #[error("the database was an old copy ({why}): signing is closed until the admins confirm")]
    Closed {
        /// How that was noticed.
        why: String,
    },
    /// The usual moment after a start.
    #[error("{compared} of {needed} co-signers have been compared with the database since the start")]
    Comparing {
        /// How many have.
        compared: usize,
        /// How many must.
        needed: usize,
    },
}

impl Shut {
    /// As the reason of a payout's wait.
    pub fn to_wait(&self) -> Wait {
        let next = match self {
            Self::Importing { .. } => {
                "start the co-signers: each that connects tells what it signed; see `bursar restore --check`"
            }
            Self::Closed { .. } => {
                "two admins read `bursar restore --check` and run `bursar restore confirm`"
            }
            Self::Comparing { .. } => "none: it goes on as soon as enough co-signers are connected",
        };
        wait(self.to_string(), next)
    }
}

/// What the gate knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    restore: Option<Restore>,
    compared: BTreeSet<u8>,
    needed: usize,
}

/// The gate. Clones of what it says are old at once; whoever acts on it may act on what was true a moment ago, and so
/// asks the store or the co-signers, who decide.
#[derive(Debug)]
pub struct Gate(watch::Sender<Known>);

impl Gate {
    /// For a deployment's roster, with the restore that is not settled, if the database has one.
    ///
    /// As many as sign must tell. n − t + 1 would be enough if all of them told the truth; of t, so many are left when
    /// 2t − n − 1, the most that a deployment is made to bear, keep something back. Who signs needs t anyway.
    pub fn new(roster: &Roster, restore: Option<Restore>) -> Self {
        let needed = usize::from(roster.threshold);
        Self(watch::channel(Known { restore, compared: BTreeSet::new(), needed }).0)
    }

    /// Whether payouts may be accepted, screened and ended: not while it is unknown which there are.
    ///
    /// # Errors
    /// [`Shut::Importing`].
    pub fn may_decide(&self) -> Result<(), Shut> {
        let known = self.0.borrow();
        match &known.restore {
            Some(restore) if restore.state == RestoreState::Importing => Err(known.importing(restore)),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether bytes may be built and co-signers asked to sign.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn may_sign(&self) -> Result<(), Shut> {
        let known = self.0.borrow();
        match &known.restore {
            Some(restore) if restore.state == RestoreState::Importing => Err(known.importing(restore)),
            Some(restore) => Err(Shut::Closed { why: restore.reason.clone() }),
            None if known.compared.len() < known.needed => {
                Err(Shut::Comparing { compared: known.compared.len(), needed: known.needed })
            }
            None => Ok(()),
        }
    }

    /// The restore that is not settled.
    pub fn restore(&self) -> Option<Restore> {
        self.0.borrow().restore.clone()
    }

    /// Who has been compared since the start.
    pub fn compared(&self) -> BTreeSet<u8> {
        self.0.borrow().compared.clone()
    }

    /// How many must be.
    pub fn needed(&self) -> usize {
        self.0.borrow().needed
    }

    /// Whether enough have been, `but` one aside.
    pub fn is_complete_without(&self, but: u8) -> bool {
        let known = self.0.borrow();
        known.compared.iter().filter(|index| **index != but).count() >= known.needed
    }

    /// Whether enough have been.
    pub fn is_complete(&self) -> bool {
        let known = self.0.borrow();
        known.compared.len() >= known.needed
    }

    /// Notes that everything that a co-signer contributed to is known here.
    pub fn note_compared(&self, index: u8) {
        self.0.send_if_modified(|known| known.compared.insert(index));
    }

    /// As after a start.
    #[cfg(test)]
    pub(crate) fn forget_compared(&self) {
        self.0.send_modify(|known| known.compared.clear());
    }

    /// Notes how a restore stands, as it was stored before.
    pub fn note_restore(&self, restore: Restore) {
        let restore = Some(restore).filter(|restore| restore.state != RestoreState::Open);
        self.0.send_if_modified(|known| {
            let news = known.restore != restore;
            known.restore = restore;
            news
        });
    }

    /// Changes whenever something else may happen.
    pub fn subscribe(&self) -> watch::Receiver<Known> {
        self.0.subscribe()
    }
}

impl Known {
    fn importing(&self, restore: &Restore) -> Shut {
        Shut::Importing { why: restore.reason.clone(), compared: self.compared.len(), needed: self.needed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use payout::key::SecretKey;
    use payout::policy::Seat;
    use payout::time::Millis;

    fn roster(threshold: u8, count: u8) -> Roster {
        let seat = |index| Seat {
            index,
            name: format!("co-{index}"),
            key: SecretKey::from_seed(&[index; 32]).public(),
        };
        Roster { threshold, cosigners: (1..=count).map(seat).collect(), gateways: Vec::new() }
    }

    fn restore(state: RestoreState) -> Restore {
        let since = Millis::new(5).unwrap();
        Restore {
            id: 1,
            since,
            copied: None,
            reason: "counts differ".to_owned(),
            state,
            versions: 0,
            settled: None,
        }
    }

    #[test]
    fn a_normal_start_accepts_at_once_and_signs_when_as_many_have_told_as_sign() {
        for (threshold, count, needed) in [(2, 3, 2), (3, 4, 3), (4, 5, 4), (2, 2, 2), (5, 9, 5)] {
            let gate = Gate::new(&roster(threshold, count), None);
            assert_eq!(gate.may_decide(), Ok(()));
            for index in 1..=needed {
                assert!(matches!(gate.may_sign(), Err(Shut::Comparing { .. })), "{threshold} of {count}");
                gate.note_compared(index);
            }
            assert_eq!(gate.may_sign(), Ok(()), "{threshold} of {count}");
        }
    }

    #[test]
    fn whoever_signed_an_honest_one_tells_although_as_many_lie_as_a_deployment_bears() {
        for (threshold, count) in [(2_u8, 3_u8), (3, 4), (3, 5), (4, 5), (4, 6), (5, 7)] {
            let needed = u32::try_from(Gate::new(&roster(threshold, count), None).needed()).unwrap();
            let liars_borne = u32::from(2 * threshold - count - 1);
            let sets = |size| (0_u32..1 << count).filter(move |set| set.count_ones() == size);
            for told in sets(needed) {
                for liars in sets(liars_borne) {
                    let honest = told & !liars;
                    let silent = sets(u32::from(threshold)).find(|signers| signers & honest == 0);
                    assert_eq!(silent, None, "{threshold} of {count}: {told:b} told, {liars:b} lie");
                }
            }
        }
    }

    #[test]
    fn the_same_cosigner_twice_is_one() {
        let gate = Gate::new(&roster(2, 3), None);
        gate.note_compared(1);
        gate.note_compared(1);
        assert!(gate.may_sign().is_err());
        assert!(!gate.is_complete_without(1));
    }

    #[test]
    fn nothing_is_decided_while_importing_and_nothing_is_signed_until_it_is_over() {
        let gate = Gate::new(&roster(2, 3), Some(restore(RestoreState::Importing)));
        gate.note_compared(1);
        gate.note_compared(2);
        assert!(matches!(gate.may_decide(), Err(Shut::Importing { compared: 2, needed: 2, .. })));
        assert!(gate.may_sign().is_err());
        gate.note_restore(restore(RestoreState::Closed));
        assert_eq!(gate.may_decide(), Ok(()));
        let shut = gate.may_sign().unwrap_err();
        assert!(shut.to_wait().next_action.contains("two admins"), "{shut}");
        gate.note_restore(restore(RestoreState::Open));
        assert_eq!(gate.may_sign(), Ok(()));
        assert_eq!(gate.restore(), None);
    }

    #[tokio::test]
    async fn whoever_waits_hears_of_each_change_once() {
        let gate = Gate::new(&roster(2, 3), None);
        let mut changes = gate.subscribe();
        gate.note_compared(1);
        assert!(changes.changed().await.is_ok());
        gate.note_compared(1);
        drop(gate);
        assert!(changes.changed().await.is_err());
    }
}
