//! Third: no freeze stands, and the owner of this host has not paused it.

use payout::policy::Policy;
use wire::message::{Check, Refusal};

use super::context::Context;
use crate::journal::Union;
use crate::refuse::later;

pub(crate) fn check(ctx: &Context<'_>) -> Result<(), Refusal> {
    by_admins(ctx.policy, ctx.union)?;
    match ctx.paused {
        None => Ok(()),
        Some(reason) => Err(later(Check::Frozen, format!("paused on this host: {reason}"))),
    }
}

pub(crate) fn by_admins(policy: &Policy, union: &Union) -> Result<(), Refusal> {
    match policy.freeze_state(union.freezes()) {
        None => Ok(()),
        Some(freeze) => {
            Err(later(Check::Frozen, format!("frozen by {}: {}", freeze.principal, freeze.reason)))
        }
    }
}
