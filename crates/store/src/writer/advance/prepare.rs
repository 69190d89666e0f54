//! The checks of one advance, and what it will write. Nothing is written here.

use std::collections::HashSet;

use payout::ids::Digest;
use payout::intent::Kind;
use payout::life::{Entry, Event, Happened, Illegal, Payout, Record};

use super::view::View;
use super::{Advance, AdvanceError, TokenTake, free};
use crate::column::Column;
use crate::row::stored::{NotifyWithdrawn, Place, build_of, is_told, payout_of};
use crate::schema::entity::{acts, callbacks, history, payouts, recipients, tokens};
use crate::writer::queue::Desk;
use crate::writer::rows;

/// A command that has passed its own checks, with what it will write.
pub(super) struct Move {
    pub(super) before: i64,
    pub(super) row: payouts::Model,
    pub(super) payout: Payout,
    pub(super) history: Vec<history::Model>,
    pub(super) acts: Vec<acts::Model>,
    pub(super) take: Option<tokens::Model>,
    /// The intent whose token is free again.
    pub(super) free: Option<String>,
    pub(super) recipient: Option<recipients::Model>,
    pub(super) callback: Option<callbacks::Model>,
}

/// All checks of one command, and what it will write.
pub(super) fn prepare(
    desk: &Desk<'_>,
    command: &Advance,
    mut row: payouts::Model,
    view: &mut View,
) -> Result<Move, AdvanceError> {
    if row.version != command.version {
        return Err(AdvanceError::Stale);
    }
    let mut payout = payout_of(&row)?;
    let only_waits = command.happened.is_empty() && command.acts.is_empty();
    if only_waits && payout.step().is_none() {
        return Err(Illegal { state: payout.state.name(), event: "held" }.into());
    }
    let was_over = payout.state.status().is_terminal();
    let mut written = Vec::with_capacity(command.happened.len());
    let mut freed = None;
    for Happened { event, cause, at } in &command.happened {
        if free::ends(&payout.state, event) && !view.kept.contains(&row.digest) {
            freed = Some(row.digest.clone());
        }
        payout = payout.apply(event.clone(), *at)?;
        let seq = u32::try_from(row.head_seq).map_err(|_| column("head_seq").corrupt("negative"))? + 1;
        let previous: Digest = column("head_hash").parse(&row.head_hash)?;
        let record = Record::Event(Box::new(event.clone()));
        let entry = Entry::chain(command.cid, seq, previous, *at, cause.clone(), record);
        row.head_hash = entry.hash.to_string();
        written.push(rows::history(&entry));
        row.head_seq += 1;
    }
    let take = take(command, &payout, &row.digest, view)?;
    let acts = new_acts(desk, command, view)?;
    let before = row.version;
    settle(&mut row, &payout, command);
    let status = payout.state.status();
    let wish = view.notify_withdrawn.get(&row.project).copied().unwrap_or(NotifyWithdrawn::No);
    let tell = !was_over && is_told(status, wish);
    let callback = if tell { rows::callback(&row, desk.mint.next(command.now), command.now) } else { None };
    let take = take.map(|take| view.tokens.enter(take, command));
    Ok(Move {
        before,
        recipient: recipient(command, &row),
        row,
        payout,
        history: written,
        acts,
        take,
        free: freed,
        callback,
    })
}

const fn column(name: &'static str) -> Column {
    Column("payouts", name)
}

/// The token that a `Built` event takes, checked: one to one with the intent, for ever.
fn take<'a>(
    command: &'a Advance,
    payout: &Payout,
    digest: &str,
    view: &View,
) -> Result<Option<&'a TokenTake>, AdvanceError> {
    let mut builds = command.happened.iter().filter_map(|happened| build_of(&happened.event));
    let Some(build) = builds.next() else {
        return match command.take {
            None => Ok(None),
            Some(_) => {
                Err(AdvanceError::TokenMismatch("a token is taken when the bytes are built, not otherwise"))
            }
        };
    };
    let intent = &payout.intent;
    match (intent.kind, &command.take) {
        (Kind::Payout | Kind::Maintenance, None) => {
            Err(AdvanceError::TokenMismatch("bytes were built and no token was taken"))
        }
        (Kind::Payout | Kind::Maintenance, Some(take)) => {
            let fits = take.network_id == intent.network_id
                && take.from == intent.from
                && take.token == build.token
                && take.intent.to_string() == digest;
            if !fits {
                return Err(AdvanceError::TokenMismatch("the token is not the one of this payout's bytes"));
            }
            view.tokens.check(take)?;
            Ok(Some(take))
        }
        // They spend the target's token: whichever lands, the other is dead.
        (Kind::Void | Kind::RaiseCap, take) => {
            let of_target = intent.target.and_then(|target| view.tokens.of_intent(&target.to_string()));
            let same = of_target.is_some_and(|held| {
                held.network_id == intent.network_id.as_str()
                    && held.from_address == intent.from.as_str()
                    && held.token == build.token.as_str()
            });
            match (same, take) {
                (true, None) => Ok(None),
                _ => Err(AdvanceError::TokenMismatch("a void or raised cap spends its target's token")),
            }
        }
    }
}

fn new_acts(desk: &Desk<'_>, command: &Advance, view: &mut View) -> Result<Vec<acts::Model>, AdvanceError> {
    let rows: Vec<acts::Model> = command
        .acts
        .iter()
        .map(|act| rows::act(desk.mint.next(command.now), command.cid, act, command.now))
        .collect();
    let key = |row: &acts::Model| (row.intent.clone(), row.principal.clone(), row.act.clone());
    let distinct: HashSet<_> = rows.iter().map(key).collect();
    if distinct.len() < rows.len() || distinct.iter().any(|act| view.acts.contains(act)) {
        return Err(AdvanceError::ActRepeated);
    }
    view.acts.extend(distinct);
    Ok(rows)
}

/// The derived columns, the wait and the end of the lease.
fn settle(row: &mut payouts::Model, payout: &Payout, command: &Advance) {
    let Place { state, state_name, status, step, token, txid } = Place::of(payout);
    row.state = state;
    row.state_name = state_name;
    row.status = status;
    row.step = step;
    row.token = token;
    row.txid = txid;
    row.version += 1;
    row.due_at = command.due_at.unwrap_or(command.now).get();
    row.lease_until = None;
    row.lease_owner = None;
    row.updated = command.now.get();
    let wait = command.wait.as_ref().filter(|_| row.step.is_some());
    let same = wait.map(|wait| &wait.reason) == row.wait_reason.as_ref();
    row.wait_since = wait.map(|_| if same { row.wait_since } else { None }.unwrap_or(command.now.get()));
    row.wait_reason = wait.map(|wait| wait.reason.clone());
    row.wait_next = wait.map(|wait| wait.next_action.clone());
}

/// From its signature on, a payment's recipient is a known one.
fn recipient(command: &Advance, row: &payouts::Model) -> Option<recipients::Model> {
    let signed = command.happened.iter().any(|happened| matches!(happened.event, Event::Signed { .. }));
    (signed && row.kind == Kind::Payout.as_str()).then(|| recipients::Model {
        chain_id: row.chain_id.clone(),
        address: row.to_address.clone(),
        project: row.project,
        cid: row.cid,
        at: command.now.get(),
    })
}
