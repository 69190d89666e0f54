//! What an accept writes, made before the writer sees it: canonical texts and hashes cost more than the rest of an
//! accept, and callers make them side by side.

use std::sync::OnceLock;

use payout::coin::CoinId;
use payout::ids::{Cid, RuleId};
use payout::life::{Cause, Entry, Payout, Record};
use payout::money::Amount;
use payout::policy::Limits;
use payout::time::Millis;

use super::{Accept, AcceptOption};
use crate::mint::Mint;
use crate::row::stored::first_row;
use crate::row::{CallerProof, Terms};
use crate::schema::entity::{acts, callbacks, callers, history, payouts, replays};
use crate::writer::rows;

/// An accept with everything made that does not depend on the database, so that the writer only decides and writes.
#[derive(Debug)]
pub(crate) struct PreparedAccept {
    pub(super) project: i64,
    pub(super) third_party_id: String,
    pub(super) replay: Option<replays::Model>,
    pub(super) options: Vec<PreparedOption>,
    pub(super) caller: Option<callers::Model>,
    pub(super) acts: Vec<acts::Model>,
    pub(crate) now: Millis,
}

/// An option with its rows. Those of the first are made at once, since it is mostly chosen; the others' when they are.
#[derive(Debug)]
pub(super) struct PreparedOption {
    pub(super) cid: Cid,
    pub(super) limits: Limits,
    pub(super) rule: RuleId,
    pub(super) coin: CoinId,
    pub(super) amount: Amount,
    payout: Payout,
    terms: Terms,
    cause: Cause,
    now: Millis,
    rows: OnceLock<OptionRows>,
}

/// What is written when an option is chosen.
#[derive(Debug)]
pub(super) struct OptionRows {
    pub(super) payout: payouts::Model,
    pub(super) first: history::Model,
    pub(super) callback: Option<callbacks::Model>,
}

impl PreparedAccept {
    /// Whether it comes from the co-signers, who have signed for it.
    pub(super) fn is_import(&self) -> bool {
        self.options.iter().all(|option| option.cause == Cause::Import)
    }

    /// `None` if the options are not of this one payout.
    pub(super) fn new(mint: &Mint, accept: Accept) -> Option<Self> {
        let Accept { project, third_party_id, replay, options, terms, caller, acts, cause, now } = accept;
        let cid = options.first().map(|option| option.payout.intent.cid);
        let mut prepared = Vec::with_capacity(options.len());
        for AcceptOption { limits, rule, coin, amount, payout } in options {
            let intent = &payout.intent;
            let same = Some(intent.cid) == cid
                && intent.project == project
                && intent.third_party_id == third_party_id
                && intent.rule == rule;
            if !same {
                return None;
            }
            let (cid, terms, cause, rows) = (intent.cid, terms.clone(), cause.clone(), OnceLock::new());
            prepared.push(PreparedOption {
                cid,
                limits,
                rule,
                coin,
                amount,
                payout,
                terms,
                cause,
                now,
                rows,
            });
        }
        if let Some(first) = prepared.first() {
            first.rows(mint);
        }
        let caller = caller.zip(cid).map(|(CallerProof { header, body }, cid)| {
            let cid = cid.get();
            callers::Model { cid, header, body }
        });
        let acts =
            cid.iter().flat_map(|cid| acts.iter().map(|act| rows::act(mint.next(now), *cid, act, now)));
        Some(Self {
            project: project.get(),
            third_party_id: third_party_id.to_string(),
            replay: replay.map(|key| key.to_row()),
            acts: acts.collect(),
            options: prepared,
            caller,
            now,
        })
    }
}

impl PreparedOption {
    pub(super) fn rows(&self, mint: &Mint) -> &OptionRows {
        self.rows.get_or_init(|| {
            let Self { cid, payout, terms, cause, now, .. } = self;
            let record = Record::Accepted {
                intent: Box::new(payout.intent.clone()),
                state: Box::new(payout.state.clone()),
            };
            let first = Entry::first(*cid, *now, cause.clone(), record);
            let row = first_row(payout, terms.clone(), first.hash, *now);
            let over = payout.state.status().is_terminal();
            let callback = if over { rows::callback(&row, mint.next(*now), *now) } else { None };
            OptionRows { payout: row, first: rows::history(&first), callback }
        })
    }
}
