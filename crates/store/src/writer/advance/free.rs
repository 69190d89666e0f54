//! Tokens that are free again because their payout ended, or its bytes lapsed, before anybody can have signed for them.
//!
//! A hole in an address's nonces stops all its later payments, so a token is not left with a payout that needs it no
//! more. But freed wrongly it would be worse: co-signers give a token to one intent for ever. Whatever is not certain
//! keeps it; a void then moves the lane on.

use std::collections::{BTreeSet, HashMap, HashSet};

use payout::life::{Event, State};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};

use super::Advance;
use crate::error::StoreError;
use crate::row::{Never, SessionRow};
use crate::schema::entity::{nevers, payouts, sessions};

/// Whether `event` ends a payout in `state` in a way that can free its token.
pub(super) const fn ends(state: &State, event: &Event) -> bool {
    match event {
        Event::Rejected { .. } | Event::Withdrawn { .. } | Event::Lapsed => {
            matches!(state, State::Built { .. })
        }
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
    let mut intents =
        with(|event| matches!(event, Event::Rejected { .. } | Event::Withdrawn { .. } | Event::Lapsed));
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
    let promised = promised(tx, &refused).await?;
    for model in sessions::Entity::find().filter(sessions::Column::Intent.is_in(refused)).all(tx).await? {
        let session = SessionRow::from_model(model)?;
        let intent = session.intent.to_string();
        let nobody = BTreeSet::new();
        if !session.may_have_contributed(promised.get(&intent).unwrap_or(&nobody)).is_empty() {
            kept.insert(intent);
        }
    }
    Ok(kept)
}

/// Who has promised never to sign which intent.
async fn promised(
    tx: &DatabaseTransaction,
    intents: &[String],
) -> Result<HashMap<String, BTreeSet<u8>>, StoreError> {
    let mut promised: HashMap<String, BTreeSet<u8>> = HashMap::new();
    let asked = nevers::Entity::find().filter(nevers::Column::Intent.is_in(intents.to_vec()));
    for model in asked.all(tx).await? {
        let never = Never::from_model(model)?;
        promised.entry(never.intent.to_string()).or_default().insert(never.index);
    }
    Ok(promised)
}
