//! `GET /bursar/v1/payouts/{cid}/why`: why a payout is where it is, and what would move it on.

mod actions;
mod rules;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use payout::coin::CoinId;
use payout::ids::{Address, Cid};
use payout::intent::Kind;
use payout::life::{self, Build, Token};
use payout::money::Amount;
use payout::policy::Policy;
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{PauseRow, PayoutRow};

use super::Waiting;
use super::show::{ApprovalProgress, approvals, steps};
use crate::engine::family::Family;
use crate::node::{Account, Road};
use crate::operator::door::{By, Viewer};
use crate::operator::fault::{Answer, Fault};
use crate::operator::office::Office;
use crate::operator::status::{NodeLine, nodes_of};
use crate::state::Gateway;

pub use rules::{RuleStory, Verdict};
pub(in crate::operator) use sessions::seat_name;
pub use sessions::{CosignerStory, NeverStory, SessionStory};

/// The longest wait for the chain's nodes.
const NODES: Duration = Duration::from_secs(3);

/// The whole story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// The payout.
    pub cid: Cid,
    /// The wire contract's integer.
    pub status: u8,
    /// Where it is, in a word.
    pub state: String,
    /// Where it is, in a sentence.
    pub story: String,
    /// Why it waits, if it does, and since when.
    pub wait: Option<Waiting>,
    /// Since when it waits for that reason.
    pub waiting_since: Option<Millis>,
    /// What can be done, commands included.
    pub next_actions: Vec<String>,
    /// Which rule decided, and why none before it did.
    pub rule: RuleStory,
    /// How far approvals are.
    pub approvals: ApprovalProgress,
    /// The exclusivity token that it spends or spent.
    pub token: Option<Token>,
    /// The others that spend the same token: the payout itself, voids and raised caps of it.
    pub related: Vec<RelatedStory>,
    /// The paying address and what else is in flight there.
    pub lane: LaneStory,
    /// The fee.
    pub fee: FeeStory,
    /// Pauses that hold it now.
    pub pauses: Vec<String>,
    /// Its signing sessions, oldest first.
    pub sessions: Vec<SessionStory>,
    /// Co-signers that will never sign it.
    pub nevers: Vec<NeverStory>,
    /// The chain's nodes, as they answer now.
    pub nodes: Vec<NodeLine>,
    /// What each of them says became of it, once it may be on chain.
    pub accounts: Vec<Account>,
}

/// Another that spends the same token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedStory {
    /// Which.
    pub cid: Cid,
    /// What it does.
    pub kind: Kind,
    /// The wire contract's integer.
    pub status: u8,
    /// Where it is, in a word.
    pub state: String,
    /// Why it waits, if it does.
    pub wait: Option<Waiting>,
}

/// The paying address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneStory {
    /// Which.
    pub from: Address,
    /// Its tokens whose payouts have not ended, lowest first.
    pub in_flight: Vec<LaneToken>,
    /// Where this payout's token stands among them, from 1; `None` when it is not among them.
    pub position: Option<usize>,
    /// How many may be in flight at once; `None` when no node of the chain is configured.
    pub window: Option<u16>,
}

/// One token in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneToken {
    /// The token.
    pub token: Token,
    /// The payout that took it.
    pub cid: Cid,
    /// That payout's status.
    pub status: u8,
}

/// The fee, base units of the chain's native coin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeStory {
    /// The most that the intent allows.
    pub cap: Amount,
    /// The most that the bytes can burn, once they are built.
    pub at_most: Option<Amount>,
    /// The native coin's name.
    pub coin: String,
    /// Its decimal places; `None` when the rules don't list it any more.
    pub decimals: Option<u8>,
}

pub(in crate::operator) async fn handle(
    State(office): State<Arc<Office>>,
    Path(cid): Path<String>,
    by: By<Viewer>,
) -> Answer<Why> {
    let row = super::find(&office.gateway, &cid).await?;
    Ok(Json(why(&office.gateway, &row, by.now).await?))
}

async fn why(gateway: &Gateway, row: &PayoutRow, now: Millis) -> Result<Why, Fault> {
    let store = &gateway.store;
    let intent = &row.payout.intent;
    let (acts, history, sessions, nevers, in_flight, paused) = tokio::try_join!(
        store.acts(row.cid()),
        store.history(row.cid()),
        store.sessions(row.cid()),
        store.nevers(&row.digest),
        store.tokens_in_flight(&intent.network_id, &intent.from),
        store.pauses(now),
    )?;
    let policy = gateway.policy();
    let steps = steps(&policy, row);
    let rule = rules::story(gateway, &policy, row).await?;
    let pauses: Vec<String> =
        paused.iter().filter(|pause| pause.scope.covers(&row.payout.intent)).map(sentence).collect();
    let approvals = approvals(&policy, row, &steps, &acts);
    let built = life::newest_build(&history);
    let road = gateway.nodes.road(&intent.chain_id);
    let (nodes, accounts) = match road {
        Some(road) => tokio::join!(
            async { tokio::time::timeout(NODES, nodes_of(road, now)).await.unwrap_or_default() },
            async { tokio::time::timeout(NODES, accounts(road, row)).await.unwrap_or_default() },
        ),
        None => (Vec::new(), Vec::new()),
    };
    let held = store.token_of(&row.digest).await?;
    let token = built.map(|build| build.token.clone());
    let position = token.as_ref().and_then(|token| in_flight.iter().position(|taken| taken.token == *token));
    Ok(Why {
        cid: row.cid(),
        status: row.status.code(),
        state: row.payout.state.name().to_owned(),
        story: actions::story(row, &approvals, &steps),
        wait: row.wait.as_ref().map(Waiting::from),
        waiting_since: row.waiting_since,
        next_actions: actions::next(row, &pauses, road, held.as_ref()),
        rule,
        approvals,
        token,
        related: related(gateway, row).await?,
        lane: LaneStory {
            from: intent.from.clone(),
            in_flight: in_flight
                .into_iter()
                .map(|taken| LaneToken { token: taken.token, cid: taken.cid, status: taken.status.code() })
                .collect(),
            position: position.map(|before| before + 1),
            window: gateway.config.chain(&intent.chain_id).map(|chain| chain.lane_window),
        },
        fee: fee(&policy, row, built),
        pauses,
        sessions: sessions.into_iter().map(|session| sessions::story(policy.roster(), session)).collect(),
        nevers: nevers.into_iter().map(|never| sessions::never(policy.roster(), never)).collect(),
        nodes,
        accounts,
    })
}

/// The others that spend the same token, oldest first.
async fn related(gateway: &Gateway, row: &PayoutRow) -> Result<Vec<RelatedStory>, Fault> {
    let Some(family) = Family::of(gateway, row).await? else { return Ok(Vec::new()) };
    let others =
        std::iter::once(family.root).chain(family.remedies).filter(|other| other.digest != row.digest);
    Ok(others
        .map(|other| RelatedStory {
            cid: other.cid(),
            kind: other.payout.intent.kind,
            status: other.status.code(),
            state: other.payout.state.name().to_owned(),
            wait: other.wait.as_ref().map(Waiting::from),
        })
        .collect())
}

/// What the nodes say became of one that may be on chain and has not ended.
async fn accounts(road: &Arc<dyn Road>, row: &PayoutRow) -> Vec<Account> {
    let state = &row.payout.state;
    match state.build().filter(|_| !matches!(state, life::State::Built { .. })) {
        Some(build) => road.accounts(&row.payout.intent, build, &state.versions()).await,
        None => Vec::new(),
    }
}

fn fee(policy: &Policy, row: &PayoutRow, built: Option<&Build>) -> FeeStory {
    let intent = &row.payout.intent;
    let native = CoinId::native(&intent.chain_id);
    let coin = policy.newest_rules().coin(&native);
    FeeStory {
        cap: intent.fee_cap,
        at_most: built.map(|build| build.max_fee),
        coin: coin.map_or_else(|| native.to_string(), |coin| coin.name.clone()),
        decimals: coin.map(|coin| coin.decimals),
    }
}

fn sentence(pause: &PauseRow) -> String {
    format!("{} is paused by {} (pause {}): {}", pause.scope, pause.by, pause.id, pause.reason)
}
