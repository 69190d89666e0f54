//! Third: no freeze stands, and the owner of this host has not paused it.

use wire::message::{Check, Refusal};

use super::context::Context;
use crate::refuse::later;

pub(crate) fn check(ctx: &Context<'_>) -> Result<(), Refusal> {
    if let Some(freeze) = ctx.policy.freeze_state(ctx.union.freezes()) {
        return Err(later(Check::Frozen, format!("frozen by {}: {}", freeze.principal, freeze.reason)));
    }
    match ctx.paused {
        None => Ok(()),
        Some(reason) => Err(later(Check::Frozen, format!("paused on this host: {reason}"))),
    }
}
