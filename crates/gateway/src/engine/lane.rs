//! The payouts of one address in flight: what a plan has to leave room for, whose turn it is, and who is in the way.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use payout::coin::CoinId;
use payout::ids::{Address, Cid, Digest, NetworkId};
use payout::intent::{Intent, Kind};
use payout::life::{Status, Step, Token};
use payout::money::Amount;
use store::{StoreError, TokenRow, Wake};
use tokio::sync::MutexGuard;

use crate::clock;
use crate::node::{Lane, Taken};
use crate::state::Gateway;

/// How long a full lane is taken for full without asking a node again.
const FULL: Duration = Duration::from_secs(1);
/// How long a lane is remembered as it was read: reading it costs as much as it has payments in flight.
const RECENT: Duration = Duration::from_secs(1);
/// Tokens of ended payouts that are remembered at once.
const BARRED: usize = 256;

/// Lanes that are remembered before the idle ones are forgotten.
const DESKS: usize = 4096;

/// One address on one network.
type Key = (NetworkId, Address);

/// All lanes that were used since the start.
#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<HashMap<Key, Arc<Desk>>>);

/// One lane. Plans are made one after the other, because each takes the token that the next must not.
#[derive(Debug, Default)]
pub(super) struct Desk {
    turn: tokio::sync::Mutex<Known>,
    /// Payouts that found the lane full, oldest first: cids grow.
    queue: Mutex<BTreeSet<Cid>>,
    /// The tokens in flight when they were last read, for words about them.
    seen: tokio::sync::Mutex<Option<(Instant, Arc<Vec<TokenRow>>)>>,
}

/// What is remembered of a lane between plans. The store's rows are what counts; this spares reading each payout.
#[derive(Debug, Default)]
pub(super) struct Known {
    taken: HashMap<Digest, Taken>,
    /// Tokens that the store says are taken although no payout in flight has them: those of ended payouts.
    barred: BTreeSet<Token>,
    full: Option<(Instant, String)>,
    recent: Option<Recent>,
}

/// A lane as it was read, with what was taken here since.
#[derive(Debug)]
struct Recent {
    read: Instant,
    /// The store's count of lanes that changed otherwise than by taking, before it was read.
    changes: u64,
    lane: Lane,
}

impl Recent {
    fn is_usable(&self, gateway: &Gateway) -> bool {
        self.read.elapsed() < RECENT && self.changes == gateway.store.lane_changes()
    }
}

impl Lanes {
    pub(super) fn desk(&self, intent: &Intent) -> Arc<Desk> {
        let key = (intent.network_id.clone(), intent.from.clone());
        let mut desks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if desks.len() >= DESKS && !desks.contains_key(&key) {
            // What nobody holds or queues at is only a cache.
            desks.retain(|_, desk| Arc::strong_count(desk) > 1 || !desk.queue().is_empty());
        }
        Arc::clone(desks.entry(key).or_default())
    }
}

impl Desk {
    /// Waits for this lane's turn.
    pub(super) async fn turn(&self) -> MutexGuard<'_, Known> {
        self.turn.lock().await
    }

    /// What is on this payout's token has changed: it is read again.
    pub(super) async fn forget(&self, payout: &Digest) {
        let mut known = self.turn.lock().await;
        known.taken.remove(payout);
        known.read_anew();
    }

    /// The lane's tokens, lowest first, as they were a moment ago: for words only. Every payment that waits on its chain
    /// asks each time that it is looked after.
    async fn seen(&self, gateway: &Gateway, intent: &Intent) -> Result<Arc<Vec<TokenRow>>, StoreError> {
        let mut seen = self.seen.lock().await;
        if let Some((since, rows)) = &*seen
            && since.elapsed() < RECENT
        {
            return Ok(Arc::clone(rows));
        }
        let rows = Arc::new(gateway.store.tokens_in_flight(&intent.network_id, &intent.from).await?);
        *seen = Some((Instant::now(), Arc::clone(&rows)));
        Ok(rows)
    }

    /// Queues a payout that found the lane full.
    pub(super) fn enqueue(&self, cid: Cid) {
        self.queue().insert(cid);
    }

    /// Takes a payout out of the queue.
    pub(super) fn leave(&self, cid: Cid) {
        self.queue().remove(&cid);
    }

    /// Whether an older payout waits for a place.
    pub(super) fn is_behind(&self, cid: Cid) -> bool {
        self.queue().first().is_some_and(|first| *first < cid)
    }

    fn pop(&self) -> Option<Cid> {
        self.queue().pop_first()
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, BTreeSet<Cid>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Why the lane was full a moment ago.
    pub(super) fn full_now(&self) -> Option<&str> {
        self.full.as_ref().filter(|(since, _)| since.elapsed() < FULL).map(|(_, why)| why.as_str())
    }

    /// The lane is full.
    pub(super) fn set_full(&mut self, why: String) {
        self.full = Some((Instant::now(), why));
    }

    /// There was room.
    pub(super) fn set_free(&mut self) {
        self.full = None;
    }

    /// A token that can't be had although nobody in flight has it.
    pub(super) fn bar(&mut self, token: Token) {
        if self.barred.len() >= BARRED {
            self.barred.clear();
        }
        self.barred.insert(token);
        self.read_anew();
    }

    /// The next plan reads the lane.
    pub(super) fn read_anew(&mut self) {
        self.recent = None;
    }

    /// Whether [`Self::recent`] will answer from memory. What a remembered lane refuses may be possible by now.
    pub(super) fn is_remembered(&self, gateway: &Gateway) -> bool {
        self.recent.as_ref().is_some_and(|recent| recent.is_usable(gateway))
    }

    /// The lane as it was a moment ago, with what was taken here since. A token that somebody else took meanwhile is
    /// refused by the store, and money that came free is found by reading anew.
    pub(super) async fn recent(&mut self, gateway: &Gateway, intent: &Intent) -> Result<&Lane, StoreError> {
        let recent = match self.recent.take().filter(|recent| recent.is_usable(gateway)) {
            Some(recent) => recent,
            None => {
                let (read, changes) = (Instant::now(), gateway.store.lane_changes());
                Recent { read, changes, lane: self.view(gateway, intent).await? }
            }
        };
        Ok(&self.recent.insert(recent).lane)
    }

    /// A payout has taken its token, here and now.
    pub(super) fn took(&mut self, payout: Digest, taken: Taken) {
        if let Some(Recent { lane, .. }) = &mut self.recent {
            let number = store::position(&taken.token);
            if lane.highest.as_ref().is_none_or(|highest| store::position(highest) < number) {
                lane.highest = Some(taken.token.clone());
            }
            lane.taken.push(taken.clone());
        }
        self.taken.insert(payout, taken);
    }

    /// The lane as the store knows it now.
    pub(super) async fn view(&mut self, gateway: &Gateway, intent: &Intent) -> Result<Lane, StoreError> {
        let (network, from) = (&intent.network_id, &intent.from);
        let rows = gateway.store.tokens_in_flight(network, from).await?;
        self.taken.retain(|digest, _| rows.iter().any(|row| row.intent == *digest));
        for row in &rows {
            if self.taken.contains_key(&row.intent) {
                continue;
            }
            if let Some(taken) = taken(gateway, row).await? {
                self.taken.insert(row.intent, taken);
            }
        }
        let in_flight: BTreeSet<&Token> = self.taken.values().map(|taken| &taken.token).collect();
        // Ended, or read while it moved: the token alone keeps its place.
        let kept_out = gateway.store.tokens_kept_out(network, from).await?;
        let bare = rows.iter().map(|row| &row.token).chain(&self.barred).chain(&kept_out);
        let bare: BTreeSet<&Token> = bare.filter(|token| !in_flight.contains(token)).collect();
        let native = CoinId::native(&intent.chain_id);
        let placeholders = bare.into_iter().map(|token| Taken {
            token: token.clone(),
            coin: native.clone(),
            amount: Amount::ZERO,
            max_fee: Amount::ZERO,
            operation: None,
        });
        let taken = self.taken.values().cloned().chain(placeholders).collect();
        let highest = gateway.store.highest_token(network, from).await?.map(|row| row.token);
        Ok(Lane { from: from.clone(), public_key: key_of(gateway, intent), taken, highest })
    }
}

/// The key of an intent's paying address.
fn key_of(gateway: &Gateway, intent: &Intent) -> Option<[u8; 33]> {
    let policy = gateway.policy();
    let rules = policy.newest_rules();
    let (network, wallet) = rules.network(&intent.chain_id).zip(rules.wallet(intent.wallet))?;
    crate::derived::child_key(network, wallet, intent.address_index).ok()
}

/// What is on a token, at its worst: of all that spend it, whichever lands.
async fn taken(gateway: &Gateway, row: &TokenRow) -> Result<Option<Taken>, StoreError> {
    let mut worst: Option<Taken> = None;
    for cid in &row.spenders {
        let Some(payout) = gateway.store.payout(*cid).await? else { continue };
        let intent = &payout.payout.intent;
        let Some(build) = payout.payout.state.build().filter(|build| build.token == row.token) else {
            continue;
        };
        let amount = if intent.kind == Kind::Void { Amount::ZERO } else { intent.amount };
        let before = worst.take();
        worst = Some(Taken {
            token: row.token.clone(),
            coin: CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() },
            amount: before.as_ref().map_or(amount, |before| before.amount.max(amount)),
            max_fee: before.as_ref().map_or(build.max_fee, |before| before.max_fee.max(build.max_fee)),
            operation: before.and_then(|before| before.operation).or_else(|| operation_of(intent)),
        });
    }
    Ok(worst)
}

/// What an intent does to the wallet itself.
pub(super) fn operation_of(intent: &Intent) -> Option<(String, String)> {
    intent.operation.clone().zip(intent.operation_args.clone())
}

/// A payment of this lane has moved on: the oldest payout that waits for a place looks again.
pub(super) async fn freed(gateway: &Gateway, intent: &Intent) {
    let Some(cid) = gateway.memory.lanes.desk(intent).pop() else { return };
    match gateway.store.wake(Wake::Payout(cid), clock::now()).await {
        Ok(_) => gateway.wake.of(Step::Build).notify_one(),
        Err(error) => tracing::debug!(%cid, %error, "a queued payout was not woken; its timer does it"),
    }
}

/// Who stands before a token in its lane, if anybody, and what they wait for: the reason why a payment that was sent does
/// not get on.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn ahead(
    gateway: &Gateway,
    intent: &Intent,
    token: &Token,
) -> Result<Option<String>, StoreError> {
    let (network, from) = (&intent.network_id, &intent.from);
    let rows = gateway.memory.lanes.desk(intent).seen(gateway, intent).await?;
    let Some(before) = before(&rows, token) else { return Ok(None) };
    let words = match before {
        Before::Unsigned(row) => {
            let waits = waits(gateway, row.cid).await?;
            format!("behind payout {} at {}, which is not signed yet{waits}", row.cid, row.token)
        }
        Before::Hole(position) => match gateway.store.token_at(network, from, position).await? {
            Some(held) => held_by(gateway, &held).await?,
            None => {
                format!(
                    "behind the unused token number {position}, which the next payout of this address fills"
                )
            }
        },
        Before::Sent { count, first } => {
            let waits = waits(gateway, first.cid).await?;
            format!(
                "behind {count} of this address, the first is payout {} at {}{waits}",
                first.cid, first.token
            )
        }
    };
    Ok(Some(words))
}

/// Who has a token that the chain has not used and everything after it waits for.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn holder(gateway: &Gateway, intent: &Intent, token: &Token) -> Result<String, StoreError> {
    match gateway.store.token_named(&intent.network_id, &intent.from, token).await? {
        Some(held) => held_by(gateway, &held).await,
        None => Ok(format!("behind the unused {token}, which the next payout of this address fills")),
    }
}

async fn held_by(gateway: &Gateway, held: &TokenRow) -> Result<String, StoreError> {
    let (cid, token) = (held.cid, &held.token);
    if held.status.is_terminal() {
        return Ok(format!(
            "behind {token}, which payout {cid} kept when it ended: `bursar payout void {cid}` moves the lane on"
        ));
    }
    Ok(format!("behind payout {cid} at {token}{}", waits(gateway, cid).await?))
}

/// What a payout waits for, after a colon.
async fn waits(gateway: &Gateway, cid: Cid) -> Result<String, StoreError> {
    let wait = gateway.store.payout(cid).await?.and_then(|row| row.wait);
    Ok(wait.map_or_else(String::new, |wait| format!(": {}", wait.reason)))
}

/// What stands before a token.
#[derive(Debug, PartialEq, Eq)]
enum Before<'r> {
    /// A payout that nobody could have sent.
    Unsigned(&'r TokenRow),
    /// A number that no payout in flight has.
    Hole(i64),
    /// Others that were sent.
    Sent { count: usize, first: &'r TokenRow },
}

/// The same, from the lane's tokens, lowest first.
fn before<'r>(rows: &'r [TokenRow], token: &Token) -> Option<Before<'r>> {
    let own = rows.iter().find(|row| row.token == *token)?.position?;
    let before: Vec<(i64, &TokenRow)> = rows
        .iter()
        .filter_map(|row| Some((row.position?, row)))
        .filter(|(position, _)| *position < own)
        .collect();
    let (_, first) = before.first()?;
    let unsigned = before.iter().find(|(_, row)| row.status == Status::AwaitingSignature);
    if let Some((_, row)) = unsigned {
        return Some(Before::Unsigned(row));
    }
    let positions = before.iter().map(|(position, _)| *position).chain([own]);
    let hole = positions.clone().zip(positions.skip(1)).find(|(lower, upper)| lower + 1 < *upper);
    Some(match hole {
        Some((lower, _)) => Before::Hole(lower + 1),
        None => Before::Sent { count: before.len(), first },
    })
}

/// The head of a full lane, in words.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn head(gateway: &Gateway, intent: &Intent) -> Result<Option<String>, StoreError> {
    let rows = gateway.store.tokens_in_flight(&intent.network_id, &intent.from).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let row = gateway.store.payout(first.cid).await?;
    let doing = row.map_or_else(String::new, |row| match row.wait {
        Some(wait) => format!(": {}", wait.reason),
        None => format!(" is {}", row.payout.state.name()),
    });
    Ok(Some(format!("the first of them, payout {} at {}{doing}", first.cid, first.token)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use payout::time::Millis;

    fn row(position: i64, status: Status) -> TokenRow {
        TokenRow {
            token: Token::new(format!("nonce:{position}")),
            position: Some(position),
            intent: Digest::from_bytes([u8::try_from(position).unwrap(); 32]),
            cid: Cid::new(100 + position).unwrap(),
            from: "0xaa".parse().unwrap(),
            status,
            taken: Millis::new(1).unwrap(),
            spenders: Vec::new(),
        }
    }

    fn before_of(position: i64, rows: &[TokenRow]) -> Option<Before<'_>> {
        before(rows, &Token::new(format!("nonce:{position}")))
    }

    #[test]
    fn the_first_of_a_lane_has_nobody_before_it() {
        assert_eq!(before_of(5, &[row(5, Status::OnItsWay), row(6, Status::OnItsWay)]), None);
    }

    #[test]
    fn an_unsigned_payout_before_it_is_named() {
        let rows = [row(5, Status::OnItsWay), row(6, Status::AwaitingSignature), row(7, Status::OnItsWay)];
        assert_eq!(before_of(7, &rows), Some(Before::Unsigned(&rows[1])));
    }

    #[test]
    fn a_hole_before_it_is_named() {
        let rows = [row(5, Status::OnItsWay), row(8, Status::OnItsWay)];
        assert_eq!(before_of(8, &rows), Some(Before::Hole(6)));
    }

    #[test]
    fn its_place_in_the_line_is_told() {
        let rows = [row(5, Status::OnItsWay), row(6, Status::OnItsWay), row(7, Status::OnItsWay)];
        assert_eq!(before_of(7, &rows), Some(Before::Sent { count: 2, first: &rows[0] }));
    }

    #[test]
    fn the_oldest_waits_first() {
        let desk = Desk::default();
        let cid = |number| Cid::new(number).unwrap();
        for number in [9, 7, 8] {
            desk.enqueue(cid(number));
        }
        assert!(desk.is_behind(cid(8)) && !desk.is_behind(cid(7)));
        desk.leave(cid(8));
        assert_eq!([desk.pop(), desk.pop(), desk.pop()], [Some(cid(7)), Some(cid(9)), None]);
    }
}
