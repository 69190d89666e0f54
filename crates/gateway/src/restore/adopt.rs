//! Storing a payout that only co-signers know of, so that everything goes on as if it had never been forgotten.
//!
//! Nothing of it is believed that can be checked: the text must have the digest that the entry names, the bytes its
//! hash, the token is decoded from the bytes, the bytes must do what the intent says, and the paying address must be one
//! of ours. Approvals are kept as they came; the co-signers check them again before they sign anew.
//!
//! Each event of the way is a legal one, so the history of an adopted payout can be replayed like any other; its cause
//! says that it was imported. What the intent does not hold is lost: the callback's address, the remark, the caller's own
//! spelling of coin and recipient.

use chain::EcdsaSignature;
use payout::approval::{Act, SignedAct};
use payout::canonical;
use payout::coin::{CoinId, Network};
use payout::ids::Digest;
use payout::intent::{Intent, Kind};
use payout::life::{
    Build, Cause, Event, Happened, Payout, Rejection, Requirement, Screening, SignedTx, State, Withdrawal,
};
use payout::policy::{Limits, Policy, Unit, Wallet};
use sha2::Digest as _;
use store::{
    Accept, AcceptOption, AcceptRefusal, Advance, AdvanceError, Call, CallerProof, Outcome, PayoutRow,
    SessionOutcome, StoreError, Terms, TokenTake,
};
use wire::journal::Facts;
use wire::message::{Paper, SignRequest};

use crate::clock;
use crate::engine::record;
use crate::state::Gateway;

/// How often a row is read again because somebody else wrote to it.
const REREADS: usize = 8;

/// Why a payout can't be stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unadoptable {
    /// What came along is not what the entry names, or can't be checked.
    #[error("{0}")]
    Papers(String),
    /// Something here stands in its way.
    #[error("{0}")]
    InTheWay(String),
    /// The store refuses it.
    #[error("the database refuses it: {0}")]
    Refused(#[source] AdvanceError),
    /// The database failed: to be tried again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AdvanceError> for Unadoptable {
    fn from(error: AdvanceError) -> Self {
        match error {
            AdvanceError::Store(error) => Self::Store(error),
            other => Self::Refused(other),
        }
    }
}

/// A payout with everything that it needs, checked.
#[derive(Debug)]
pub(super) struct Known {
    intent: Intent,
    digest: Digest,
    build: Build,
    /// Application and approvals.
    acts: Vec<SignedAct>,
    caller: Option<CallerProof>,
    signed: Option<SignedTx>,
}

impl Known {
    /// Checks a paper against the entry that it belongs to.
    ///
    /// # Errors
    /// [`Unadoptable::Papers`].
    pub(super) fn check(policy: &Policy, facts: &Facts, paper: &Paper) -> Result<Self, Unadoptable> {
        let Paper { request, signature, .. } = paper;
        let named = read(policy, &request.intent, &facts.intent)?;
        let hash = Digest::from_bytes(sha2::Sha256::digest(&request.unsigned).into());
        if hash != facts.payload {
            return wrong("the unsigned bytes are not those that the entry names");
        }
        let (intent, unsigned, own) = match named.kind {
            Kind::Payout | Kind::Maintenance => (named, request.unsigned.clone(), Own::Yes(signature)),
            // They spend their target's token, and the target is what a caller asked for.
            Kind::Void | Kind::RaiseCap => {
                let target = request.target.as_ref().filter(|target| !target.unsigned.is_empty());
                let Some(target) = target else { return wrong("the payout that it is about has no bytes") };
                (read(policy, &target.intent, &facts.payout)?, target.unsigned.clone(), Own::No)
            }
        };
        let rules = policy.newest_rules();
        let network = rules.network(&intent.chain_id);
        let wallet = rules.wallet(intent.wallet);
        let (Some(network), Some(wallet)) = (network, wallet) else {
            return wrong("the rules do not list its chain and wallet");
        };
        let build = build(network, &intent, unsigned)?;
        if build.token != facts.token {
            return wrong("the bytes spend another token than the entry names");
        }
        let address = crate::derived::address(network, wallet, intent.address_index);
        if address.as_ref().ok() != Some(&intent.from) {
            return wrong("the paying address is none of the wallet's");
        }
        let signed = match own {
            Own::Yes(Some(signature)) => signed(network, wallet, &intent, &build, signature),
            Own::Yes(None) | Own::No => None,
        };
        let (acts, caller) = evidence(request, &own);
        Ok(Self { digest: facts.payout, intent, build, acts, caller, signed })
    }
}

/// Whether the paper is the payout's own, or that of another intent about it.
enum Own<'p> {
    Yes(&'p Option<Vec<u8>>),
    No,
}

fn wrong<T>(why: &str) -> Result<T, Unadoptable> {
    Err(Unadoptable::Papers(why.to_owned()))
}

fn read(policy: &Policy, text: &str, digest: &Digest) -> Result<Intent, Unadoptable> {
    let intent: Intent = canonical::parse(text)
        .map_err(|error| Unadoptable::Papers(format!("the intent can't be read: {error}")))?;
    if intent.digest() != *digest {
        return wrong("the intent is not the one that the entry names");
    }
    if intent.deployment != policy.deployment() {
        return wrong("the intent is of another deployment");
    }
    Ok(intent)
}

fn build(network: &Network, intent: &Intent, unsigned: Vec<u8>) -> Result<Build, Unadoptable> {
    let family = chain::family(network.family);
    let unreadable = |error: &dyn std::fmt::Display| Unadoptable::Papers(format!("its bytes: {error}"));
    let decoded = family.decode(&network.network_id, &unsigned).map_err(|error| unreadable(&error))?;
    chain::compare(intent, &decoded).map_err(|error| unreadable(&error))?;
    Ok(Build {
        token: decoded.token,
        unsigned,
        signing_digest: Digest::from_bytes(decoded.digest),
        max_fee: decoded.max_fee,
    })
}

/// The signed bytes, if the signature is this wallet's over them. One that is not is no reason to leave the payout out:
/// the co-signers make another for the same bytes.
fn signed(
    network: &Network,
    wallet: &Wallet,
    intent: &Intent,
    build: &Build,
    signature: &[u8],
) -> Option<SignedTx> {
    let (r, rest) = signature.split_first_chunk()?;
    let (s, rest) = rest.split_first_chunk()?;
    let [recovery_id] = rest else { return None };
    let signature = EcdsaSignature { r: *r, s: *s, recovery_id: *recovery_id };
    let key = crate::derived::child_key(network, wallet, intent.address_index).ok()?;
    let attached =
        chain::family(network.family).attach(&network.network_id, &build.unsigned, &signature, &key).ok()?;
    Some(SignedTx { build: build.clone(), signed: attached.signed, txid: attached.txid })
}

fn evidence(request: &SignRequest, own: &Own<'_>) -> (Vec<SignedAct>, Option<CallerProof>) {
    match own {
        // What was signed for a void says nothing for the payout.
        Own::No => (Vec::new(), None),
        Own::Yes(_) => {
            let caller = request.caller.clone();
            let caller = caller.map(|proof| CallerProof { header: proof.header, body: proof.body });
            (request.acts.clone(), caller)
        }
    }
}

/// Stores a payout, or moves the one that is here on to where the co-signers are.
///
/// Every part of it can be taken again: a crash in between leaves a payout that is unknown still, and a little further.
///
/// # Errors
/// [`Unadoptable`]; [`Unadoptable::Store`] alone is worth another try.
pub(super) async fn adopt(gateway: &Gateway, known: &Known) -> Result<Outcome, Unadoptable> {
    free_token(gateway, known).await?;
    let (row, outcome) = match gateway.store.payout(known.intent.cid).await? {
        Some(row) if row.digest == known.digest => (row, Outcome::MovedOn),
        Some(row) => {
            return Err(Unadoptable::InTheWay(format!(
                "number {} is another payout here, {}",
                known.intent.cid, row.digest
            )));
        }
        None => (accept(gateway, known).await?, Outcome::Adopted),
    };
    move_on(gateway, known, row).await?;
    Ok(outcome)
}

/// A token that another payout holds here: in the history that was lost it ended, or the token would not have been free.
async fn free_token(gateway: &Gateway, known: &Known) -> Result<(), Unadoptable> {
    let (intent, token) = (&known.intent, &known.build.token);
    let holder = gateway.store.intent_of_token(&intent.network_id, &intent.from, token).await?;
    let Some(holder) = holder.filter(|holder| *holder != known.digest) else { return Ok(()) };
    let why = format!(
        "its token {token} serves payout {} by the co-signers' journals: this one had ended when the database was put \
         back from a copy",
        intent.cid
    );
    let Some(row) = gateway.store.payout_by_intent(&holder).await? else { return Ok(()) };
    end(gateway, row, &Event::Rejected { by: Rejection::Rule { why: why.clone() } }, &why).await
}

/// Ends a payout that nobody can have signed: by `unsigned`, or as refused where co-signers were asked.
async fn end(gateway: &Gateway, row: PayoutRow, unsigned: &Event, why: &str) -> Result<(), Unadoptable> {
    let mut row = row;
    for _ in 0..REREADS {
        let event = match &row.payout.state {
            State::Undecided { .. }
            | State::Screening { .. }
            | State::Approving { .. }
            | State::Queued
            | State::Built { .. } => unsigned.clone(),
            State::Signing { .. } => {
                close_sessions(gateway, &row, why).await?;
                Event::SignatureRefused { why: why.to_owned() }
            }
            State::Refused { .. } | State::Rejected { .. } | State::Withdrawn { .. } => return Ok(()),
            State::Signed { .. }
            | State::Sent { .. }
            | State::Outbidding { .. }
            | State::Overtaken { .. }
            | State::Succeeded { .. }
            | State::Failed { .. } => {
                return Err(Unadoptable::InTheWay(format!("payout {} here is signed as well", row.cid())));
            }
        };
        match gateway.store.advance(advance(&row, vec![event], None, Vec::new())).await {
            Ok(row) => {
                tracing::warn!(cid = %row.cid(), why, "a payout of the old copy has ended");
                record::after(gateway, &row);
                return Ok(());
            }
            Err(AdvanceError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
        row = reread(gateway, &row).await?;
    }
    Err(Unadoptable::InTheWay(format!("payout {} here changes all the time", row.cid())))
}

/// What the copy shows as open sessions is over: their token served another payout.
async fn close_sessions(gateway: &Gateway, row: &PayoutRow, why: &str) -> Result<(), StoreError> {
    for session in gateway.store.sessions(row.cid()).await? {
        if session.closed.is_none() {
            let (outcome, closed) = (SessionOutcome::Aborted { why: why.to_owned() }, Some(clock::now()));
            let closed = store::SessionRow { outcome, closed, reports: Vec::new(), ..session };
            gateway.store.record_session(closed).await?;
        }
    }
    Ok(())
}

/// A payout that is not here at all, in its first state.
async fn accept(gateway: &Gateway, known: &Known) -> Result<PayoutRow, Unadoptable> {
    let mut terms = None;
    for _ in 0..REREADS {
        match gateway.store.accept(as_accepted(known, terms.take())).await {
            Ok(cid) => {
                return gateway
                    .store
                    .payout(cid)
                    .await?
                    .ok_or_else(|| Unadoptable::InTheWay("it was stored and is not there".to_owned()));
            }
            Err(AcceptRefusal::DuplicateBusinessNumber) => terms = displace(gateway, known).await?,
            Err(AcceptRefusal::Store(error)) => return Err(error.into()),
            Err(
                other
                @ (AcceptRefusal::Replayed | AcceptRefusal::NoRule { .. } | AcceptRefusal::Inconsistent),
            ) => {
                return Err(Unadoptable::InTheWay(other.to_string()));
            }
        }
    }
    Err(Unadoptable::InTheWay("its caller's number is taken again and again".to_owned()))
}

/// A caller asked again while this database did not know that the first request had been signed: co-signers give the
/// number to the first, so the second has to go.
///
/// Its caller must not hear that it failed, and pay once more under another number: it is withdrawn, and where to tell
/// its end goes over to the first, if both ask for the same.
async fn displace(gateway: &Gateway, known: &Known) -> Result<Option<Terms>, Unadoptable> {
    let Intent { project, third_party_id, cid, .. } = &known.intent;
    let Some(second) = gateway.store.payout_by_business_number(*project, third_party_id).await? else {
        return Ok(None);
    };
    let why =
        format!("the caller's number {third_party_id} is that of payout {cid}, which was signed before");
    end(gateway, second.clone(), &Event::Withdrawn { by: Withdrawal::Displaced { by: *cid } }, &why).await?;
    gateway.store.displace(second.cid(), *cid).await?;
    let wanted = |intent: &Intent| {
        let Intent { chain_id, token_id, to, memo, amount, .. } = intent;
        (chain_id.clone(), token_id.clone(), to.clone(), memo.clone(), *amount)
    };
    let is_same = wanted(&second.payout.intent) == wanted(&known.intent);
    Ok(is_same.then_some(second.terms))
}

fn as_accepted(known: &Known, terms: Option<Terms>) -> Accept {
    let intent = &known.intent;
    let coin = CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() };
    let option = AcceptOption {
        // Co-signers have counted it, whatever this database has room for.
        limits: Limits { window: None, budget: None, unit: Unit { name: coin.to_string(), decimals: 0 } },
        rule: intent.rule.clone(),
        coin: coin.clone(),
        amount: intent.amount,
        payout: Payout::accept(intent.clone(), Requirement::Nobody, Screening::None),
    };
    Accept {
        project: intent.project,
        third_party_id: intent.third_party_id.clone(),
        replay: None,
        options: vec![option],
        terms: terms.unwrap_or_else(|| Terms {
            call: if intent.applicant.is_some() { Call::Person } else { Call::V2 },
            currency: coin.to_string(),
            amount: intent.amount_text.clone(),
            to_echo: intent.to.to_string(),
            callback_url: None,
            remark: None,
        }),
        caller: known.caller.clone(),
        acts: known.acts.clone(),
        cause: Cause::Import,
        now: clock::now(),
    }
}

/// From wherever it is to the state in which a signature may exist, or further if one does.
async fn move_on(gateway: &Gateway, known: &Known, row: PayoutRow) -> Result<(), Unadoptable> {
    let mut row = row;
    for _ in 0..REREADS {
        let stored = gateway.store.acts(row.cid()).await?;
        let Some(events) = way(&row, known)? else { return Ok(()) };
        let same = |act: &SignedAct, other: &SignedAct| {
            (&act.intent, &act.principal, act.act) == (&other.intent, &other.principal, other.act)
        };
        let mut acts = known.acts.clone();
        acts.retain(|act| !stored.iter().any(|other| same(act, other)));
        let take = events.iter().any(|event| matches!(event, Event::Built { .. })).then(|| TokenTake {
            network_id: known.intent.network_id.clone(),
            from: known.intent.from.clone(),
            token: known.build.token.clone(),
            intent: known.digest,
        });
        let goes_on = events == [Event::Lapsed];
        match gateway.store.advance(advance(&row, events, take, acts)).await {
            Ok(lapsed) if goes_on => {
                row = lapsed;
                continue;
            }
            Ok(row) => {
                record::after(gateway, &row);
                return Ok(());
            }
            Err(AdvanceError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
        row = reread(gateway, &row).await?;
    }
    Err(Unadoptable::InTheWay("it changes here all the time".to_owned()))
}

/// The events from where a payout is here to where the co-signers are; `None` when it is there. [`Event::Lapsed`] comes
/// alone: the token that it frees is gone before another is taken.
fn way(row: &PayoutRow, known: &Known) -> Result<Option<Vec<Event>>, Unadoptable> {
    let approver = || {
        let mut approvals = known.acts.iter().filter(|act| act.act == Act::Approve);
        let last = approvals.next_back().map(|act| act.principal.clone());
        last.ok_or_else(|| {
            Unadoptable::Papers("no approval came along, and here it waits for some".to_owned())
        })
    };
    let mut events = Vec::new();
    match &row.payout.state {
        State::Undecided { .. } => events.push(Event::Decided { requirement: Requirement::Nobody }),
        State::Screening { requirement: Requirement::Nobody } => events.push(Event::ScreeningPassed),
        State::Screening { requirement: Requirement::Steps(_) } => {
            events.push(Event::ScreeningPassed);
            events.push(Event::ApprovalComplete { by: approver()? });
        }
        State::Approving { .. } => events.push(Event::ApprovalComplete { by: approver()? }),
        State::Queued => {}
        // Nobody had been asked to sign these bytes when the copy was made. They lapsed then, and others were built.
        State::Built { build } if build.token != known.build.token => return Ok(Some(vec![Event::Lapsed])),
        State::Built { build }
        | State::Signing { build, .. }
        | State::Outbidding { build, .. }
        | State::Overtaken { build } => return has(build, known),
        State::Signed { tx, .. } | State::Sent { tx, .. } => return has(&tx.build, known),
        State::Succeeded { .. } | State::Failed { .. } => return Ok(None),
        State::Refused { .. } | State::Rejected { .. } | State::Withdrawn { .. } => {
            return Err(Unadoptable::InTheWay(format!(
                "it is {} here, and was signed: look on chain what became of it",
                row.payout.state.name()
            )));
        }
    }
    events.push(Event::Built { build: known.build.clone() });
    events.push(Event::SigningStarted);
    events.extend(known.signed.clone().map(|tx| Event::Signed { tx }));
    Ok(Some(events))
}

/// A payout that has its token goes its way by itself, if it is the right one.
fn has(build: &Build, known: &Known) -> Result<Option<Vec<Event>>, Unadoptable> {
    if build.token == known.build.token {
        return Ok(None);
    }
    let (here, there) = (&build.token, &known.build.token);
    Err(Unadoptable::InTheWay(format!("it has {here} here and {there} by the co-signers' journals")))
}

fn advance(row: &PayoutRow, events: Vec<Event>, take: Option<TokenTake>, acts: Vec<SignedAct>) -> Advance {
    let now = clock::now();
    let happened = |event| Happened { event, cause: Cause::Import, at: now };
    Advance {
        cid: row.cid(),
        version: row.version,
        happened: events.into_iter().map(happened).collect(),
        take,
        acts,
        wait: None,
        due_at: None,
        now,
    }
}

async fn reread(gateway: &Gateway, row: &PayoutRow) -> Result<PayoutRow, Unadoptable> {
    let read = gateway.store.payout(row.cid()).await?;
    read.ok_or_else(|| Unadoptable::InTheWay(format!("payout {} is not there any more", row.cid())))
}
