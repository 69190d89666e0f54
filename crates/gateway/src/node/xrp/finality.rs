//! What became of a payment: read from validated ledgers by its effect, by every server for itself.
//!
//! A payment is dead only if what used its token does not have its effect, or the ledger itself says so (`tec`). Bytes
//! that have lapsed on an unused token are not dead: they are built again on it.

use chain::xrp::{AccountFlag, Act};
use payout::intent::{Intent, Kind};
use payout::life::{Build, Death, SignedTx};
use serde_json::Value;

use super::XrpRoad;
use super::client::Server;
use super::ledger::Payer;
use super::price::{self, LIFE_LEDGERS};
use super::reply::{Ending, Found, Seen};
use crate::node::road::{Account, Chance, NodeError, Sighting};
use crate::node::verdict;

/// Parts of an account's history that are searched for what used a token.
const PARTS: usize = 50;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'a> {
    pub(super) intent: &'a Intent,
    pub(super) build: &'a Build,
    pub(super) versions: &'a [&'a SignedTx],
}

/// Asks all servers and concludes only what enough of them say.
pub(super) async fn look(road: &XrpRoad, sought: Sought<'_>) -> Result<Sighting, NodeError> {
    verdict::look(&road.pool, |server| by_server(road, server, sought)).await
}

/// What each server says, in words.
pub(super) async fn accounts(road: &XrpRoad, sought: Sought<'_>) -> Vec<Account> {
    verdict::accounts(&road.pool, |server| async move {
        let (verdict, state) = tokio::join!(by_server(road, server, sought), server.state());
        let aside = match (state, price::terms(road, sought.build)) {
            (Ok(state), Some(fee)) => {
                format!(
                    "; it has validated ledger {}, the bytes lapse after {}",
                    state.validated, fee.last_ledger
                )
            }
            _ => String::new(),
        };
        (verdict, aside)
    })
    .await
}

/// One server's whole account.
async fn by_server(road: &XrpRoad, server: &Server, sought: Sought<'_>) -> Result<Sighting, NodeError> {
    let verdict = found_by(road, server, sought).await?;
    if verdict::is_final(&verdict) {
        // Behind the same address may be another machine than a moment ago, on another network.
        server.prove().await?;
    }
    Ok(verdict)
}

async fn found_by(road: &XrpRoad, server: &Server, sought: Sought<'_>) -> Result<Sighting, NodeError> {
    let Sought { intent, build, versions } = sought;
    let mut waits = false;
    for version in versions.iter().rev() {
        match server.transaction(&version.txid).await? {
            Found::Seen(seen) => match &seen.ending {
                Some(ending) => return judge(server, intent, &seen, ending).await,
                None => waits = true,
            },
            Found::Missing => {}
        }
    }
    if waits {
        return Ok(Sighting::Pending);
    }
    let (account, tickets) = tokio::try_join!(server.account(&intent.from), server.tickets(&intent.from))?;
    let Some(account) = account else {
        return Ok(Sighting::Doubt("the paying account does not exist".to_owned()));
    };
    let payer = Payer { account, tickets: tickets.into_iter().collect() };
    if !payer.has_used(&build.token) {
        return Ok(Sighting::Missing);
    }
    let spender = match spender(road, server, sought).await? {
        Some(spender) => spender,
        None => {
            return Ok(Sighting::Doubt(format!(
                "{} is used and the transaction that used it is not in this server's history",
                build.token
            )));
        }
    };
    let Some(ending) = &spender.ending else {
        return Ok(Sighting::Pending);
    };
    if does(intent, &spender) {
        return judge(server, intent, &spender, ending).await;
    }
    let block = server.ledger(ending.ledger).await?;
    Ok(Sighting::Dead(Death::TokenSpent { txid: spender.hash, block }))
}

/// The validated transaction of the payer that used the token. It can't be older than our first bytes for it, so far back
/// is searched and no further.
async fn spender(road: &XrpRoad, server: &Server, sought: Sought<'_>) -> Result<Option<Seen>, NodeError> {
    let Sought { intent, build, versions } = sought;
    let builds = versions.iter().map(|version| &version.build).chain([build]);
    let first = builds.filter_map(|build| price::terms(road, build)).map(|fee| fee.last_ledger).min();
    // Bytes are built for so many ledgers; twice as many, because a server that led may have been ahead of this one.
    let since = first.map(|last| last.saturating_sub(2 * LIFE_LEDGERS).max(1));
    let mut marker: Option<Value> = None;
    for _ in 0..PARTS {
        let page = server.history(&intent.from, since, marker.as_ref()).await?;
        let found = page
            .transactions
            .into_iter()
            .find(|seen| seen.account == intent.from && seen.token.as_ref() == Some(&build.token));
        if found.is_some() {
            return Ok(found);
        }
        marker = page.marker;
        if marker.is_none() {
            return Ok(None);
        }
    }
    Ok(None)
}

/// The verdict on a validated transaction that does what the intent says.
async fn judge(
    server: &Server,
    intent: &Intent,
    seen: &Seen,
    ending: &Ending,
) -> Result<Sighting, NodeError> {
    let block = server.ledger(ending.ledger).await?;
    let txid = seen.hash.clone();
    if intent.kind == Kind::Void {
        // Its whole effect is that its token is used, and that is so whatever the result is.
        return Ok(Sighting::Succeeded(Chance { txid, block }));
    }
    if ending.result.starts_with("tec") {
        let why = format!("the ledger ended it with {}", ending.result);
        return Ok(Sighting::Dead(Death::Reverted { txid, block, why }));
    }
    if ending.result != "tesSUCCESS" {
        return Ok(Sighting::Doubt(format!("{txid} is validated with {}", ending.result)));
    }
    if intent.kind != Kind::Maintenance && ending.delivered != Some(intent.amount) {
        let delivered = ending.delivered.map_or_else(|| "nothing".to_owned(), |drops| drops.to_string());
        return Ok(Sighting::Doubt(format!("{txid} succeeded and delivered {delivered} drops")));
    }
    Ok(Sighting::Succeeded(Chance { txid, block }))
}

/// Whether a transaction of the payer on this token does exactly what the intent says. What it delivered is judged apart.
fn does(intent: &Intent, seen: &Seen) -> bool {
    let Ok(act) = Act::of(intent) else { return false };
    let Seen { kind, destination, amount, tag, set_flag, clear_flag, ticket_count, .. } = seen;
    let flags = (*set_flag, *clear_flag);
    match act {
        Act::Pay { to, tag: wanted, amount: drops } => {
            kind == "Payment" && destination.as_ref() == Some(&to) && *amount == Some(drops) && *tag == wanted
        }
        Act::Nothing => kind == "AccountSet" && flags == (None, None),
        Act::SetFlag(flag) => kind == "AccountSet" && flags == (Some(AccountFlag::number(flag)), None),
        Act::ClearFlag(flag) => kind == "AccountSet" && flags == (None, Some(AccountFlag::number(flag))),
        Act::CreateTickets(count) => kind == "TicketCreate" && *ticket_count == Some(count),
    }
}
