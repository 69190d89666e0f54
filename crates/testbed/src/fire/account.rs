//! The account of a fire: what became of every payout, read from the chain and from what callers heard.

use std::collections::BTreeSet;

use payout::money::Amount;
use serde::Serialize;

use super::FireError;
use super::traffic::Outcome;
use crate::crash::CrashError;
use crate::crash::caller::{Caller, Payout, Wanted};
use crate::crash::proof;
use crate::crash::rig::Rig;
use crate::progress::Progress;

/// The last line on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Account {
    /// Payouts that were asked for.
    pub payouts: u64,
    /// Their amount arrived once, and they are at status 6.
    pub paid_once: u64,
    /// More than their amount arrived, or a transaction left the wallet for nobody.
    pub paid_twice: u64,
    /// They ended without their amount's arrival, or nobody knows of them.
    pub lost: u64,
    /// They have not ended.
    pub stuck: u64,
    /// Payouts whose caller was told their end, with a right signature and the right words, and said that it heard. Or,
    /// where a restored database had lost where to tell it, asked for itself, as the handbook has it.
    pub callbacks: u64,
}

impl Account {
    /// Whether every payout was paid once and every caller told.
    pub const fn is_clean(&self) -> bool {
        self.payouts > 0
            && self.paid_once == self.payouts
            && self.callbacks == self.payouts
            && self.paid_twice == 0
            && self.lost == 0
            && self.stuck == 0
    }
}

/// What became of one.
enum Fate {
    Once,
    Twice,
    Lost,
    Stuck,
}

/// How a caller hears of the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    ByCallback,
    ByAsking,
}

/// Reads everything, and says what is not as it should be.
///
/// # Errors
/// [`FireError`] when chain or gateway can't be asked.
pub async fn draw_up(
    rig: &Rig,
    outcome: &Outcome,
    untold: &BTreeSet<i64>,
    progress: &Progress,
) -> Result<Account, FireError> {
    let caller = rig.caller()?;
    let mut account = Account::default();
    let (mut asked, mut arrivals) = (0_u64, 0);
    for (wanted, why) in &outcome.unanswered {
        account.payouts += 1;
        account.lost += 1;
        let arrived = arrived(rig, wanted).await?;
        arrivals += usize::from(!arrived.is_zero());
        progress.say(&format!(
            "request {} has no answer ({arrived} arrived): {why}",
            wanted.order.third_party_id
        ));
    }
    for payout in outcome.ended.iter().chain(&outcome.unended) {
        account.payouts += 1;
        let by = if untold.contains(&payout.cid) && !rig.stage.receiver.has_acknowledged(payout.cid) {
            asked += 1;
            Heard::ByAsking
        } else {
            Heard::ByCallback
        };
        arrivals += usize::from(!arrived(rig, &payout.wanted).await?.is_zero());
        let (fate, told) = one(rig, &caller, payout, by, progress).await?;
        match fate {
            Fate::Once => account.paid_once += 1,
            Fate::Twice => account.paid_twice += 1,
            Fate::Lost => account.lost += 1,
            Fate::Stuck => account.stuck += 1,
        }
        account.callbacks += u64::from(told);
    }
    if asked > 0 {
        progress.say(&format!("{asked} callers had to ask: a restored database had lost where to tell them"));
    }
    // One more made the tickets.
    match proof::no_other_transaction(&rig.stage, arrivals + 1).await {
        Ok(()) => {}
        Err(CrashError::Transactions { sent, paid }) => {
            progress.say(&format!("{sent} transactions left the wallet for {paid} payouts"));
            account.paid_twice += sent.saturating_sub(paid).saturating_sub(account.paid_twice);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(account)
}

/// What became of one, and whether its caller knows.
async fn one(
    rig: &Rig,
    caller: &Caller,
    payout: &Payout,
    by: Heard,
    progress: &Progress,
) -> Result<(Fate, bool), FireError> {
    let Payout { wanted, cid } = payout;
    let due = Amount::parse(&wanted.order.amount, wanted.coin.decimals).unwrap_or(Amount::ZERO);
    let arrived = arrived(rig, wanted).await?;
    let status = caller.status(*cid).await?;
    let fate = match status {
        _ if arrived > due => Fate::Twice,
        Some(6) if arrived == due => Fate::Once,
        Some(2 | 3 | 4 | 6 | 7) => Fate::Lost,
        _ => Fate::Stuck,
    };
    let callbacks = rig.stage.receiver.of(*cid);
    let right =
        |callback: &crate::receiver::Received| callback.faults.is_empty() && callback.status() == status;
    let heard = by == Heard::ByAsking || callbacks.iter().any(|callback| callback.acknowledged);
    let told = callbacks.iter().all(right) && heard;
    let proved = match fate {
        Fate::Once if by == Heard::ByAsking => None,
        Fate::Once => proof::paid_once(&rig.stage, caller, payout).await.err().map(|error| error.to_string()),
        Fate::Twice | Fate::Lost | Fate::Stuck => Some(format!(
            "at {status:?}, {arrived} of {due} base units arrived\n{}",
            caller.explain(*cid).await
        )),
    };
    if let Some(why) = &proved {
        progress.say(&format!("payout {cid}: {why}"));
    }
    // Paid once, but its history or a callback contradicts that: it is not told right.
    let told = told && (proved.is_none() || !matches!(fate, Fate::Once));
    if !told {
        progress.say(&format!("payout {cid} has no right callback: {callbacks:?}"));
    }
    Ok((fate, told))
}

async fn arrived(rig: &Rig, wanted: &Wanted) -> Result<Amount, FireError> {
    Ok(rig.stage.balance(&wanted.coin, &wanted.order.to).await?)
}
