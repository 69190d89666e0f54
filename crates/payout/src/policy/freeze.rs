//! Freezes: one admin stops all signing of a deployment, the admins' quorum lets it go on.

use super::document::People;
use super::pinned::Policy;
use super::quorum::SignatureFault;
use crate::approval::{Freeze, FreezeOrder};
use crate::ids::Digest;
use crate::time::Millis;

/// The longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 200;

/// How far ahead of our clock an order may be dated. A lift must be dated after the freeze, so a freeze from the end of
/// time could never be lifted.
pub const FREEZE_AHEAD_MS: i64 = 24 * 3_600_000;

/// Why an order is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// Signed for another deployment.
    #[error("this order is for the deployment {0}")]
    OtherDeployment(Digest),
    /// The signer has no say, or the signature is not theirs.
    #[error("{who} {fault}")]
    Signer {
        /// Who, by the order's word.
        who: crate::ids::PrincipalId,
        /// Why it does not count.
        fault: SignatureFault,
    },
    /// More than [`MAX_REASON_CHARS`].
    #[error("a reason has at most {MAX_REASON_CHARS} characters")]
    Reason,
    /// More than [`FREEZE_AHEAD_MS`] ahead.
    #[error("the order is dated more than a day ahead")]
    Ahead,
}

impl Policy {
    /// Whether an order that arrives now is one to keep: signed by an admin in office, for this deployment.
    ///
    /// # Errors
    /// [`FreezeError`] says why it is not.
    pub fn check_freeze_order(&self, order: &FreezeOrder, now: Millis) -> Result<(), FreezeError> {
        if order.deployment != self.deployment() {
            return Err(FreezeError::OtherDeployment(order.deployment));
        }
        judge(self.people(), order)
            .map_err(|fault| FreezeError::Signer { who: order.principal.clone(), fault })?;
        if order.reason.chars().count() > MAX_REASON_CHARS {
            return Err(FreezeError::Reason);
        }
        if order.at.since(now) > FREEZE_AHEAD_MS { Err(FreezeError::Ahead) } else { Ok(()) }
    }

    /// The freeze that stands, if any, from all orders that were kept, in any order.
    ///
    /// A freeze counts if its signer was an admin at its date: removing a person does not undo their alarm, and whoever
    /// has the key of somebody who was removed gives no new one. It can be dated back into their time, once: after the
    /// next lift no order from then counts.
    ///
    /// It stands until the quorum of today's admins has signed lifts dated after it. Forged orders and orders for
    /// other deployments are passed over.
    pub fn freeze_state(&self, orders: &[FreezeOrder]) -> Option<FreezeOrder> {
        let ours = |order: &&FreezeOrder| order.deployment == self.deployment();
        let froze = |order: &&FreezeOrder| order.order == Freeze::Freeze && self.was_admin(order);
        let newest = orders.iter().filter(ours).filter(froze).max_by_key(|order| order.at)?;
        let lifts = |order: &&FreezeOrder| {
            order.order == Freeze::Lift && order.at > newest.at && judge(self.people(), order).is_ok()
        };
        let lifted: std::collections::BTreeSet<_> =
            orders.iter().filter(ours).filter(lifts).map(|order| &order.principal).collect();
        let needed = usize::from(self.people().admin_quorum).max(1);
        if lifted.len() >= needed { None } else { Some(newest.clone()) }
    }

    /// Whether who signed an order was in office when it says that it was given. Each version of the people was in
    /// force until the next one was adopted; where nobody knows when that was, the order counts.
    fn was_admin(&self, order: &FreezeOrder) -> bool {
        let ends = self.people_adopted.iter().skip(1).map(Some).chain([None]);
        let in_force = |until: Option<&Millis>| {
            until.is_none_or(|until| *until == Millis::default() || order.at <= *until)
        };
        self.people.iter().zip(ends).any(|(people, until)| in_force(until) && judge(people, order).is_ok())
    }
}

fn judge(people: &People, order: &FreezeOrder) -> Result<(), SignatureFault> {
    let principal = people.principal(&order.principal).ok_or(SignatureFault::Unknown)?;
    if !principal.is_admin() {
        return Err(SignatureFault::NotEntitled);
    }
    if !principal.keys.contains(&order.key) {
        return Err(SignatureFault::NotTheirKey);
    }
    order.verify().map_err(|_| SignatureFault::DoesNotVerify)
}
