//! Storing what a person orders of the house itself, about a payout or about a wallet.

use payout::approval::SignedAct;
use payout::ids::Cid;
use payout::intent::Intent;
use payout::time::Millis;
use store::{AcceptOption, AcceptRefusal, Terms};

use super::options::signed_draft;
use super::person::ApplicationError;
use crate::state::Gateway;

/// Stores the one of the `options`, made again from the same words at the same time, that was drafted and signed, and wakes
/// whoever goes on with it: the only intent that is stored is one of our own making.
///
/// # Errors
/// [`ApplicationError::Stale`] when it is none of them any more, or is stored already.
pub(super) async fn keep(
    gateway: &Gateway,
    options: Vec<AcceptOption>,
    drafted: &Intent,
    terms: Terms,
    act: SignedAct,
    now: Millis,
) -> Result<Cid, ApplicationError> {
    let option = options.into_iter().find(|option| option.payout.intent == *drafted);
    let option = option.ok_or(ApplicationError::Stale)?;
    let step = option.payout.step();
    match gateway.store.accept(signed_draft(option, terms, act, now)).await {
        Ok(cid) => {
            gateway.wake.next(step);
            Ok(cid)
        }
        Err(AcceptRefusal::Store(error)) => Err(error.into()),
        Err(
            AcceptRefusal::NoRule { .. }
            | AcceptRefusal::Replayed
            | AcceptRefusal::Inconsistent
            | AcceptRefusal::DuplicateBusinessNumber,
        ) => Err(ApplicationError::Stale),
    }
}
