//! Tokens that are free again because their payout ended before anybody can have signed for them.
//!
//! A hole in an address's nonces stops all its later payments, so a token is not left with a payout that needs it no
//! more. But freed wrongly it would be worse: co-signers give a token to one intent for ever. Whatever is not certain
//! keeps it; a void then moves the lane on.

use std::collections::{HashMap, HashSet};

use payout::life::{Event, State};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};

use super::Advance;
use crate::column::Column;
use crate::error::StoreError;
use crate::row::{CosignerReport, SessionOutcome};
use crate::schema::entity::{payouts, sessions};

/// Whether `event` ends a payout in `state` in a way that can free its token.
pub(super) const fn ends(state: &State, event: &Event) -> bool {
    match event {
        Event::Rejected { .. } | Event::Withdrawn { .. } => matches!(state, State::Built { .. }),
        Event::SignatureRefused { .. } => true,
        Event::Decided { .. }
        | Event::ScreeningPassed
        | Event::ApprovalGiven { .. }
        | Event::ApprovalComplete { .. }
        | Event::Built { .. }
        | Event::SigningStarted
        | Event::Signed { .. }
        | Event::Outbid { .. }
        | Event::TokenUsed
        | Event::Broadcast
        | Event::Succeeded { .. }
        | Event::Died { .. } => false,
    }
}

/// Of the intents that `commands` may end: those whose tokens stay.
pub(super) async fn kept(
    tx: &DatabaseTransaction,
    commands: &[&Advance],
    found: &HashMap<i64, payouts::Model>,
) -> Result<HashSet<String>, StoreError> {
    let with = |wanted: fn(&Event) -> bool| -> Vec<String> {
        let ending = commands
            .iter()
            .filter(|command| command.happened.iter().any(|happened| wanted(&happened.event)))
            .filter_map(|command| found.get(&command.cid.get()));
        ending.map(|row| row.digest.clone()).collect()
    };
    let refused = with(|event| matches!(event, Event::SignatureRefused { .. }));
    let mut intents = with(|event| matches!(event, Event::Rejected { .. } | Event::Withdrawn { .. }));
    intents.extend_from_slice(&refused);
    if intents.is_empty() {
        return Ok(HashSet::new());
    }
    // Whatever spends the same token, such as a void, may land.
    let targeted: Vec<Option<String>> = payouts::Entity::find()
        .select_only()
        .column(payouts::Column::Target)
        .filter(payouts::Column::Target.is_in(intents))
        .into_tuple()
        .all(tx)
        .await?;
    let mut kept: HashSet<String> = targeted.into_iter().flatten().collect();
    if refused.is_empty() {
        return Ok(kept);
    }
    for session in sessions::Entity::find().filter(sessions::Column::Intent.is_in(refused)).all(tx).await? {
        if may_have_signed(&session)? {
            kept.insert(session.intent);
        }
    }
    Ok(kept)
}

/// Whether a participant passed its checks, or may have: from there on it may have contributed.
fn may_have_signed(session: &sessions::Model) -> Result<bool, StoreError> {
    let outcome: SessionOutcome = Column("sessions", "outcome").json(&session.outcome)?;
    let reports: Vec<CosignerReport> = Column("sessions", "reports").json(&session.reports)?;
    Ok(match outcome {
        SessionOutcome::Open | SessionOutcome::Signed => true,
        SessionOutcome::Refused | SessionOutcome::Aborted { .. } => {
            session.closed.is_none() || reports.iter().any(|report| !report.checks.is_empty())
        }
    })
}
