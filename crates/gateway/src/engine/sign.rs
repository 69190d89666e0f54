//! The step *sign*: asks the co-signers, and stores what came of it.
//!
//! What is about to be done is stored before it is done: that co-signers are asked ([`Event::SigningStarted`]) and in
//! which session, before the first of them hears of it; the signed bytes, before anybody broadcasts them. A crash in
//! between costs a new session for the same token: from the first session on, a signature is treated as existing.

mod before;
mod record;
mod refused;

use std::sync::{Mutex, PoisonError};

use chain::{Attached, ChainFamily, EcdsaSignature};
use payout::ids::{Cid, NetworkId};
use payout::intent::Intent;
use payout::life::{Build, Cause, Event, Happened, SignedTx, State, Step};
use payout::policy::Wallet;
use payout::time::Millis;
use store::{Advance, AdvanceError, PayoutRow, Wait, Wake};
use tokio::sync::watch;
use wire::message::StopAct;

use super::record::{after, hold, wait};
use super::{Next, StepError, pace, paused, request};
use crate::clock;
use crate::hub::{Asker, Opening, SignOrder, SignOutcome, Signing};
use crate::restore::Shut;
use crate::state::Gateway;

/// How often a row is read again because somebody else wrote to it while the signature was made.
const REREADS: usize = 8;
/// Without a quorum there is nothing to ask; its return wakes whoever waits, and this is for the case that it did not.
const NO_QUORUM_MS: i64 = 15_000;
/// At least so long before co-signers are asked again about the same payout, ms: after a refusal, after an accident.
const REFUSED_MS: i64 = 2000;
const ABORTED_MS: i64 = 500;

/// Moves a payout on that is built, or whose signing, or a higher offer's, has begun.
///
/// # Errors
/// [`StepError`]; what it stored until then is whole.
pub async fn step(gateway: &Gateway, row: PayoutRow) -> Result<Next, StepError> {
    let build = match &row.payout.state {
        State::Built { build } | State::Signing { build, .. } | State::Outbidding { build, .. } => {
            build.clone()
        }
        State::Undecided { .. }
        | State::Screening { .. }
        | State::Approving { .. }
        | State::Queued
        | State::Signed { .. }
        | State::Sent { .. }
        | State::Overtaken { .. }
        | State::Succeeded { .. }
        | State::Failed { .. }
        | State::Refused { .. }
        | State::Rejected { .. }
        | State::Withdrawn { .. } => return Ok(Next::Nothing),
    };
    let shut =
        async |shut: Shut| hold(gateway, &row, shut.to_wait(), pace::again(&row, clock::now(), 1000)).await;
    if let Err(why) = gateway.gate.may_decide() {
        return shut(why).await;
    }
    // What a restored database has learnt may have landed long ago: that is seen before anybody has confirmed anything.
    if let Some(next) = before::look(gateway, &row, &build).await? {
        return Ok(next);
    }
    if let Err(why) = gateway.gate.may_sign() {
        return shut(why).await;
    }
    let nevers = refused::nevers(gateway, &row).await?;
    if let Some(next) = refused::end_if_nobody_is_left(gateway, &row, &nevers).await? {
        return Ok(next);
    }
    let now = clock::now();
    if let Some(pause) = paused::first(gateway, &row.payout.intent, now).await? {
        let due_at = pause.until.min(now.plus(NO_QUORUM_MS));
        return hold(gateway, &row, paused::reason(&pause, now), due_at).await;
    }
    let key = match PayingKey::of(gateway, &row.payout.intent) {
        Ok(key) => key,
        Err(wait) => return hold(gateway, &row, wait, now.plus(NO_QUORUM_MS)).await,
    };
    deliver_stops(gateway, &row).await?;
    let order = SignOrder {
        intent: row.digest,
        wallet: key.wallet.clone(),
        request: request::sign_request(gateway, &row, build.unsigned.clone()).await?,
        doubted: nevers.iter().map(|never| never.index).collect(),
    };
    let asked = Asked { gateway, build: &build, key, row: Mutex::new(row) };
    let Signing { outcome, sessions } = gateway.hub.sign(order, &asked).await;
    let row = asked.row.into_inner().unwrap_or_else(PoisonError::into_inner);
    for report in &sessions {
        gateway.metrics.session(record::outcome_name(&report.end));
    }
    match outcome {
        SignOutcome::Signed { made, .. } => {
            let kept = record::keep_all(gateway, &row, &sessions);
            let (kept, stored) =
                tokio::join!(kept, store_signed(gateway, row.cid(), row.version, build, made));
            if let Err(error) = kept {
                // What was signed is stored; only what `bursar why` shows of it is not.
                tracing::warn!(cid = %row.cid(), error = &error as &dyn std::error::Error, "a session was not kept");
            }
            stored
        }
        SignOutcome::Refused { refusals } => {
            // Kept before the end is decided: whether the token is free follows from the sessions.
            record::keep_all(gateway, &row, &sessions).await?;
            refused::take(gateway, &row, &refusals).await
        }
        SignOutcome::NoQuorum { why, .. } => {
            let wait = wait(why, "bring the missing co-signers back; it goes on by itself when they are");
            hold(gateway, &row, wait, clock::now().plus(NO_QUORUM_MS)).await
        }
        SignOutcome::Aborted { why } => {
            record::keep_all(gateway, &row, &sessions).await?;
            let due_at = pace::again(&row, clock::now(), ABORTED_MS);
            let wait =
                wait(format!("signing broke off: {why}"), "none: the co-signers are asked again shortly");
            hold(gateway, &row, wait, due_at).await
        }
        SignOutcome::Busy => {
            let due_at = clock::now().plus(ABORTED_MS);
            let wait = wait("as many signing sessions as may be are in flight", "none: it takes its turn");
            hold(gateway, &row, wait, due_at).await
        }
        // The worker that asks has an older claim, which ours has ended; it reads again when it is done.
        SignOutcome::AskedAlready => {
            let due_at = clock::now().plus(i64::from(gateway.config.engine.session_timeout_ms));
            hold(gateway, &row, wait("the co-signers are being asked", "none"), due_at).await
        }
        SignOutcome::Stopped(error) => {
            record::keep_all(gateway, &row, &sessions).await?;
            Err(error)
        }
    }
}

/// Delivers again what was asked to stop this payout after its signing had begun: the gateway may have ended between
/// storing and delivering it. Co-signers that journal it answer the next question with *never*.
async fn deliver_stops(gateway: &Gateway, row: &PayoutRow) -> Result<(), StepError> {
    if !matches!(row.payout.state, State::Signing { .. }) {
        return Ok(());
    }
    let acts = gateway.store.acts(row.cid()).await?.into_iter();
    let about_it = acts.filter(|act| act.intent == row.digest && act.act.is_stop());
    let stops: Vec<StopAct> =
        about_it.map(|act| StopAct { intent: row.payout.intent.canonical(), act }).collect();
    if !stops.is_empty() {
        gateway.hub.stop(stops, Vec::new()).await;
    }
    Ok(())
}

/// Makes what waits for co-signers due at once whenever one of them comes back or changes. Ends when `stop` is true.
pub async fn follow_cosigners(gateway: &Gateway, mut stop: watch::Receiver<bool>) {
    let mut changes = gateway.hub.subscribe();
    loop {
        tokio::select! {
            // A closed channel means the same as a stop.
            _ = stop.wait_for(|stop| *stop) => return,
            changed = changes.changed() => if changed.is_err() { return },
        }
        match gateway.store.wake(Wake::Step(Step::Sign), clock::now()).await {
            Ok(_) => gateway.wake.of(Step::Sign).notify_one(),
            // The timer looks as well.
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "waiting payouts were not woken");
            }
        }
    }
}

/// The key that has to sign: a child of the wallet's.
struct PayingKey {
    wallet: Wallet,
    family: &'static dyn ChainFamily,
    network_id: NetworkId,
    public_key: [u8; 33],
}

impl PayingKey {
    fn of(gateway: &Gateway, intent: &Intent) -> Result<Self, Wait> {
        let policy = gateway.policy();
        let rules = policy.newest_rules();
        let publish = "publish rules that list it";
        let wallet = rules
            .wallet(intent.wallet)
            .ok_or_else(|| wait(format!("the rules list no wallet {}", intent.wallet), publish))?;
        let network = rules
            .network(&intent.chain_id)
            .ok_or_else(|| wait(format!("the rules list no chain {}", intent.chain_id), publish))?;
        let family = chain::family(network.family);
        let public_key = crate::derived::child_key(network, wallet, intent.address_index)
            .map_err(|error| wait(error.to_string(), "withdraw it: this address has no key"))?;
        Ok(Self { wallet: wallet.clone(), family, network_id: network.network_id.clone(), public_key })
    }
}

/// What the hub asks us while it asks the co-signers.
struct Asked<'g> {
    gateway: &'g Gateway,
    build: &'g Build,
    key: PayingKey,
    /// As it was last read or written; the lock is held for no wait.
    row: Mutex<PayoutRow>,
}

impl Asker for Asked<'_> {
    type Made = Attached;
    type Stop = StepError;

    async fn opening(&self, opening: Opening<'_>) -> Result<(), StepError> {
        let row = self.row.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let opened = record::keep_opening(self.gateway, &row, opening);
        if !matches!(row.payout.state, State::Built { .. }) {
            return Ok(opened.await?);
        }
        // Both at once, so that they share a commit.
        let (opened, started) = tokio::join!(opened, start(self.gateway, &row));
        let started = match started {
            Ok(started) => started,
            Err(error) => {
                // Left open it would count as a session whose end is unknown, and keep the token for ever.
                if opened.is_ok() {
                    record::keep_unopened(self.gateway, &row, opening).await?;
                }
                return Err(error);
            }
        };
        opened?;
        crash::point!("signing begun");
        *self.row.lock().unwrap_or_else(PoisonError::into_inner) = started;
        Ok(())
    }

    fn accept(&self, signature: &[u8; 65]) -> Result<Attached, String> {
        let (r, rest) = signature.split_first_chunk().expect("65 bytes are 32 and 33");
        let (s, rest) = rest.split_first_chunk().expect("33 bytes are 32 and 1");
        let signature = EcdsaSignature { r: *r, s: *s, recovery_id: rest[0] };
        crash::point!("signature received");
        let PayingKey { family, network_id, public_key, .. } = &self.key;
        let attached = family.attach(network_id, &self.build.unsigned, &signature, public_key);
        attached.map_err(|error| error.to_string())
    }
}

/// Stores that co-signers are about to be asked.
async fn start(gateway: &Gateway, row: &PayoutRow) -> Result<PayoutRow, StepError> {
    let now = clock::now();
    // Storing an event ends the claim; nobody else shall look before it would have ended.
    let due_at = row.lease_until.unwrap_or_else(|| now.plus(i64::from(gateway.config.engine.lease_ms)));
    let event = Event::SigningStarted;
    Ok(gateway.store.advance(advance(row.cid(), row.version, vec![event], now, Some(due_at))).await?)
}

/// Stores the signed bytes. Whoever wrote to the row meanwhile changes nothing in what was signed, so a stale version is
/// read again as long as the payout waits for this very signature.
async fn store_signed(
    gateway: &Gateway,
    cid: Cid,
    version: i64,
    build: Build,
    Attached { signed, txid }: Attached,
) -> Result<Next, StepError> {
    let tx = SignedTx { build, signed, txid };
    let mut version = version;
    for _ in 0..REREADS {
        let event = Event::Signed { tx: tx.clone() };
        match gateway.store.advance(advance(cid, version, vec![event], clock::now(), None)).await {
            Ok(row) => {
                crash::point!("signed bytes stored");
                after(gateway, &row);
                return Ok(Next::Advanced);
            }
            Err(AdvanceError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
        let row = gateway.store.payout(cid).await?.ok_or(StepError::Stale)?;
        match &row.payout.state {
            State::Signing { build, .. } | State::Outbidding { build, .. } if *build == tx.build => {
                version = row.version;
            }
            // Another session was quicker: it is signed already.
            _ => return Ok(Next::Nothing),
        }
    }
    Err(StepError::Stale)
}

fn advance(cid: Cid, version: i64, events: Vec<Event>, now: Millis, due_at: Option<Millis>) -> Advance {
    let happened = |event| Happened { event, cause: Cause::Engine(Step::Sign), at: now };
    Advance {
        cid,
        version,
        happened: events.into_iter().map(happened).collect(),
        take: None,
        acts: Vec::new(),
        wait: None,
        due_at,
        now,
    }
}

#[cfg(test)]
mod tests;
