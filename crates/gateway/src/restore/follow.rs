//! Compares every co-signer that comes with this database, and again now and then, so that little is left to compare
//! at the next start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use payout::policy::ChainError;
use payout::time::Millis;
use store::{Finding, Outcome, Restore, StoreError};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use wire::message::{Condition, Standing};

use super::adopt::{Known, Unadoptable, adopt};
use super::examine::{self, Told, Unsound};
use crate::clock;
use crate::engine::run::stopped;
use crate::hub::Silence;
use crate::state::Gateway;

/// How often to look whether somebody is due.
const LOOK: Duration = Duration::from_millis(500);
/// How long before a co-signer that gave no good answer is asked again.
const AGAIN: Duration = Duration::from_secs(5);
/// How often a co-signer whose journal has grown is compared once more.
const EVERY: Duration = Duration::from_secs(60);
/// Papers that are asked for at once.
const PAPERS: usize = 64;

/// Why a co-signer was not compared.
#[derive(Debug, thiserror::Error)]
enum Uncompared {
    #[error(transparent)]
    Silence(#[from] Silence),
    #[error(transparent)]
    Unsound(#[from] Unsound),
    #[error("a policy version that it holds does not verify")]
    Policy(#[from] ChainError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is remembered of a co-signer while the gateway runs.
#[derive(Debug, Clone, Copy)]
struct Seat {
    /// Which of its connections was compared last.
    since: Millis,
    /// Its newest entry then.
    reached: u64,
    /// Not to be asked again before.
    not_before: Instant,
}

/// Compares until `stop` turns true.
pub async fn follow(gateway: Arc<Gateway>, mut stop: watch::Receiver<bool>) {
    let mut changes = gateway.hub.subscribe();
    let turn = Arc::new(Mutex::new(()));
    let mut seats: BTreeMap<u8, Seat> = BTreeMap::new();
    let mut asked: JoinSet<(u8, Seat)> = JoinSet::new();
    let mut busy: Vec<u8> = Vec::new();
    loop {
        for (index, since, standing) in present(&gateway) {
            let due = !busy.contains(&index) && is_due(&gateway, seats.get(&index), since, &standing);
            if due {
                busy.push(index);
                let (gateway, turn) = (Arc::clone(&gateway), Arc::clone(&turn));
                asked.spawn(async move { (index, visit(&gateway, &turn, since, &standing).await) });
            }
        }
        tokio::select! {
            Some(ended) = asked.join_next() => match ended {
                Ok((index, seat)) => {
                    busy.retain(|other| *other != index);
                    seats.insert(index, seat);
                }
                Err(error) => {
                    tracing::error!(%error, "comparing a co-signer ended badly");
                    busy.clear();
                }
            },
            changed = changes.changed() => if changed.is_err() { return },
            () = sleep(LOOK) => {}
            () = stopped(&mut stop) => return,
        }
    }
}

fn present(gateway: &Gateway) -> Vec<(u8, Millis, Standing)> {
    let seats = gateway.hub.standings().into_iter();
    seats.filter_map(|seat| seat.presence.map(|here| (seat.index, here.since, here.standing))).collect()
}

fn is_due(gateway: &Gateway, seat: Option<&Seat>, since: Millis, standing: &Standing) -> bool {
    let Some(seat) = seat else { return true };
    if seat.since != since {
        return true;
    }
    let counts = !is_quarantined(standing) && !gateway.gate.compared().contains(&standing.index);
    seat.not_before <= Instant::now() && (counts || standing.journal_seq > seat.reached)
}

const fn is_quarantined(standing: &Standing) -> bool {
    matches!(standing.condition, Condition::Quarantined(_))
}

async fn visit(gateway: &Gateway, turn: &Mutex<()>, since: Millis, standing: &Standing) -> Seat {
    let index = standing.index;
    let (reached, pause) = match compare(gateway, turn, standing).await {
        // It counts as soon as it has merged the others' journals, and somebody may wait for that.
        Ok(reached) if is_quarantined(standing) => (reached, AGAIN),
        Ok(reached) => (reached, EVERY),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(index, error, "a co-signer could not be compared with the database");
            (0, AGAIN)
        }
    };
    Seat { since, reached, not_before: Instant::now() + pause }
}

/// Brings this database up to what a co-signer knows. Gives the entry up to which it does.
async fn compare(gateway: &Gateway, turn: &Mutex<()>, standing: &Standing) -> Result<u64, Uncompared> {
    let index = standing.index;
    policy(gateway, turn, standing).await?;
    let heads = gateway.store.journal_heads().await?;
    let mut after = heads.get(&index).map_or(0, |(entry, _)| *entry);
    loop {
        let page = match gateway.hub.recall(index, after).await {
            // In the midst of an upgrade; what it signed is known again once it is upgraded as well.
            Err(Silence::TooOld) => {
                tracing::warn!(index, "its software is too old to be compared with the database: upgrade it");
                // Nobody counts who can't tell, where it matters.
                if gateway.store.restore().await?.is_some() {
                    return Err(Silence::TooOld.into());
                }
                break;
            }
            page => page?,
        };
        let policy = gateway.policy();
        let key = policy.roster().seat(index).map(|seat| seat.key).ok_or(Silence::Absent)?;
        let told = examine::read(index, &key, after, &page)?;
        {
            let _one_at_a_time = turn.lock().await;
            let unknown = examine::unknown(&gateway.store, &told).await?;
            take_in(gateway, index, unknown).await?;
            second(gateway, index, &told).await?;
            if page.reached > after {
                gateway.store.remember_head(index, page.reached, clock::now()).await?;
            }
        }
        after = page.reached;
        if after >= page.newest {
            break;
        }
    }
    if !is_quarantined(standing) {
        gateway.gate.note_compared(index);
    }
    let _one_at_a_time = turn.lock().await;
    end_import(gateway).await?;
    Ok(after)
}

/// Takes over policy versions that a co-signer holds and this database does not: only an old copy can lack them.
async fn policy(gateway: &Gateway, turn: &Mutex<()>, standing: &Standing) -> Result<(), Uncompared> {
    let (index, theirs) = (standing.index, standing.heads);
    let lacks = |ours: payout::policy::Heads| {
        ours.rules.version < theirs.rules.version
            || ours.people.version < theirs.people.version
            || ours.book.version < theirs.book.version
    };
    while lacks(gateway.policy().heads()) {
        let versions = gateway.hub.versions(index, gateway.policy().heads()).await;
        let versions = match versions {
            Err(Silence::TooOld) => return Ok(()),
            versions => versions?,
        };
        let _one_at_a_time = turn.lock().await;
        let before = gateway.policy().heads();
        for version in versions {
            let mut policy = payout::policy::Policy::clone(&gateway.policy());
            let (held, now) = (policy.heads(), clock::now());
            policy.append_at(version.clone(), now)?;
            if policy.heads() == held {
                continue;
            }
            let why = format!("co-signer {index} holds policy versions that the database does not");
            let restore = reopen(gateway, why).await?;
            gateway.store.append_policy(version, now).await.map_err(|error| match error {
                store::PolicyError::Store(error) => Uncompared::Store(error),
                other => {
                    tracing::error!(
                        error = &other as &dyn std::error::Error,
                        "a policy version was not stored"
                    );
                    Uncompared::Silence(Silence::Late)
                }
            })?;
            gateway.store.count_versions(restore.id, 1).await?;
            gateway.set_policy(policy);
        }
        if gateway.policy().heads() == before {
            return Err(Silence::Late.into());
        }
    }
    Ok(())
}

/// Takes in contributions that this database does not know.
async fn take_in(gateway: &Gateway, index: u8, unknown: Vec<Told>) -> Result<(), Uncompared> {
    if unknown.is_empty() {
        return Ok(());
    }
    let restore = match gateway.store.restore().await? {
        Some(restore) => restore,
        // Whatever a quorum signed, one of those who have told already would have told. Nobody can have signed this:
        // it is the end of a session that broke off, long ago, or an invention.
        None if gateway.gate.is_complete_without(index) => {
            for told in &unknown {
                let (cid, intent) = (told.facts.cid, told.facts.intent);
                tracing::error!(
                    alert = "stray contribution", index, entry = told.entry, %cid, %intent,
                    "a co-signer tells alone of a payout that is not in the database; no signature of it can exist"
                );
            }
            return Ok(());
        }
        None => {
            let why = format!("co-signer {index} signed for payouts that the database does not have");
            reopen(gateway, why).await?
        }
    };
    let known = gateway.store.findings(restore.id).await?;
    for page in unknown.chunks(PAPERS) {
        // Stored before anything is done about it: should we end here, it is not forgotten that it was found.
        for told in page {
            let finding = finding(&restore, index, told, Outcome::KeptOut, Some(UNTRIED));
            let is_new = !known.iter().any(|known| known.intent == finding.intent);
            if is_new {
                reopen(gateway, restore.reason.clone()).await?;
            }
            gateway.store.record_finding(finding).await?;
        }
        let mut papers = Vec::new();
        let mut wanted: Vec<u64> = page.iter().map(|told| told.entry).collect();
        while !wanted.is_empty() {
            let more = gateway.hub.papers(index, wanted.clone()).await?;
            let Some(last) = more.last().map(|paper| paper.entry) else { break };
            wanted.retain(|entry| *entry > last);
            papers.extend(more);
        }
        for told in page {
            let paper = papers.iter().find(|paper| paper.entry == told.entry);
            let taken = match paper {
                None => Err(Unadoptable::Papers(format!(
                    "co-signer {index} no longer keeps what it was made for"
                ))),
                Some(paper) => match Known::check(&gateway.policy(), &told.facts, paper) {
                    Ok(known) => adopt(gateway, &known).await,
                    Err(error) => Err(error),
                },
            };
            let (cid, entry) = (told.facts.cid, told.entry);
            let (outcome, why) = match taken {
                Ok(outcome) => {
                    tracing::warn!(index, entry, %cid, "took over a payout that only co-signers knew");
                    (outcome, None)
                }
                Err(Unadoptable::Store(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::error!(
                        index, entry, %cid, error = &error as &dyn std::error::Error,
                        "a payout that only co-signers know could not be taken over"
                    );
                    (Outcome::KeptOut, Some(error.to_string()))
                }
            };
            gateway.store.record_finding(finding(&restore, index, told, outcome, why.as_deref())).await?;
        }
    }
    Ok(())
}

/// Notes on what others have told before that this one tells the same: people count how many do.
async fn second(gateway: &Gateway, index: u8, told: &[Told]) -> Result<(), StoreError> {
    let Some(restore) = gateway.store.restore().await? else { return Ok(()) };
    for found in gateway.store.findings(restore.id).await? {
        let same = told.iter().find(|told| told.facts.payout == found.intent);
        if let Some(told) = same.filter(|_| !found.told_by.contains(&index)) {
            gateway
                .store
                .record_finding(finding(&restore, index, told, found.outcome, found.why.as_deref()))
                .await?;
        }
    }
    Ok(())
}

/// Why a payout is kept out of which nothing was tried yet.
const UNTRIED: &str = "it was found, and the gateway stopped before it was stored: start it again";

fn finding(restore: &Restore, index: u8, told: &Told, outcome: Outcome, why: Option<&str>) -> Finding {
    let facts = &told.facts;
    Finding {
        intent: facts.payout,
        restore: restore.id,
        cid: facts.cid,
        project: facts.project,
        third_party_id: facts.third_party_id.clone(),
        chain_id: facts.chain_id.clone(),
        network_id: facts.network_id.clone(),
        from: facts.from.clone(),
        token: facts.token.clone(),
        signed: told.at,
        told_by: vec![index],
        outcome,
        why: why.map(str::to_owned),
    }
}

/// Stores that this database is an old copy, if that is not on record or was thought to be over, and shuts the gate.
async fn reopen(gateway: &Gateway, why: String) -> Result<Restore, StoreError> {
    let copied = gateway.store.newest_write().await?;
    let restore = gateway.store.open_restore(why, copied, clock::now()).await?;
    gateway.gate.note_restore(restore.clone());
    Ok(restore)
}

/// Opens the gate, or leaves it to the admins, once enough co-signers have told.
async fn end_import(gateway: &Gateway) -> Result<(), StoreError> {
    let Some(restore) = gateway.store.restore().await? else { return Ok(()) };
    if !gateway.gate.is_complete() || restore.state != store::RestoreState::Importing {
        return Ok(());
    }
    let restore = gateway.store.end_import(restore.id, clock::now()).await?;
    match restore.state {
        store::RestoreState::Open => {
            tracing::warn!("the database is as new as the co-signers' journals: nothing was lost");
        }
        store::RestoreState::Importing | store::RestoreState::Closed => {
            tracing::error!(
                alert = "restore",
                "the database was an old copy: signing stays closed until two admins have run `bursar restore confirm`"
            );
        }
    }
    gateway.gate.note_restore(restore);
    Ok(())
}
