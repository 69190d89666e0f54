//! Rows that accept and advance both write.

use payout::approval::SignedAct;
use payout::ids::Cid;
use payout::life::Entry;
use payout::time::Millis;

use crate::column::to_json;
use crate::row::CallbackState;
use crate::schema::entity::{acts, callbacks, history, payouts};

/// The outbox row of a payout that has ended; `None` if nobody wants to be told.
pub(super) fn callback(payout: &payouts::Model, id: i64, now: Millis) -> Option<callbacks::Model> {
    let url = payout.callback_url.clone()?;
    Some(callbacks::Model {
        id,
        cid: payout.cid,
        project: payout.project,
        url,
        status: payout.status,
        state: CallbackState::Pending.as_str().to_owned(),
        attempt: 0,
        claim: 0,
        due_at: Some(now.get()),
        lease_until: None,
        created: now.get(),
        updated: now.get(),
    })
}

pub(super) fn history(entry: &Entry) -> history::Model {
    history::Model {
        cid: entry.cid.get(),
        seq: i32::try_from(entry.seq).expect("a payout has few events"),
        at: entry.at.get(),
        cause: to_json(&entry.cause),
        record: to_json(&entry.record),
        previous: entry.previous.to_string(),
        hash: entry.hash.to_string(),
    }
}

pub(super) fn act(id: i64, cid: Cid, act: &SignedAct, now: Millis) -> acts::Model {
    acts::Model {
        id,
        cid: cid.get(),
        intent: act.intent.to_string(),
        act: act.act.as_str().to_owned(),
        principal: act.principal.to_string(),
        signed: to_json(act),
        at: now.get(),
    }
}
