//! What must be true of every payout at the end, read from the chain, from the gateway and from what callers heard.

use payout::ids::Cid;
use payout::life::verify_history;
use payout::money::Amount;

use super::CrashError;
use super::caller::{Caller, Payout};
use crate::demo::Stage;
use crate::ledgers::{Ledgers, tron, xrp};

/// One effect on chain, the right status, callbacks that say so and nothing else, a history that verifies.
///
/// # Errors
/// [`CrashError::Broken`] names what is not so.
pub async fn paid_once(stage: &Stage, caller: &Caller, payout: &Payout) -> Result<(), CrashError> {
    let Payout { wanted, cid } = payout;
    let received = stage.balance(&wanted.coin, &wanted.order.to).await?;
    let due = Amount::parse(&wanted.order.amount, wanted.coin.decimals);
    if due.ok() != Some(received) {
        let what = format!("{received} base units arrived where {} was due", wanted.order.amount);
        return Err(CrashError::Broken { cid: *cid, what });
    }
    told(stage, caller, *cid, 6).await?;
    let told = caller.query(*cid).await?;
    if !told["txid"].is_string() || !told["block_height"].is_string() {
        return Err(CrashError::Broken { cid: *cid, what: format!("the query says {told}") });
    }
    Ok(())
}

/// Nothing arrived, and the caller was told `status`, where a callback is sent at all.
///
/// # Errors
/// [`CrashError::Broken`] names what is not so.
pub async fn not_paid(
    stage: &Stage,
    caller: &Caller,
    payout: &Payout,
    status: i64,
) -> Result<(), CrashError> {
    let Payout { wanted, cid } = payout;
    let received = stage.balance(&wanted.coin, &wanted.order.to).await?;
    if !received.is_zero() {
        let what = format!("it ended at {status}, and {received} base units arrived");
        return Err(CrashError::Broken { cid: *cid, what });
    }
    told(stage, caller, *cid, status).await
}

/// Status, callbacks and history agree.
async fn told(stage: &Stage, caller: &Caller, cid: i64, status: i64) -> Result<(), CrashError> {
    let broken = |what| CrashError::Broken { cid, what };
    let now = caller.query(cid).await?["status"].as_i64();
    if now != Some(status) {
        return Err(broken(format!("it is at {now:?}, not at {status}")));
    }
    let callbacks = stage.receiver.of(cid);
    if callbacks.is_empty() && status != 3 {
        return Err(broken("its caller was not told".to_owned()));
    }
    for callback in &callbacks {
        if callback.status() != Some(status) || !callback.faults.is_empty() {
            return Err(broken(format!("a callback that is not true: {callback:?}")));
        }
    }
    let sheet = caller.watcher().read(cid).await?;
    let number = Cid::new(cid).ok_or_else(|| broken("no payout's number".to_owned()))?;
    let history = verify_history(number, &sheet.history).map_err(|error| broken(error.to_string()))?;
    if history.state != sheet.state || history.intent.digest() != sheet.digest {
        return Err(broken(format!("its history leads to {:?}, it is {:?}", history.state, sheet.state)));
    }
    Ok(())
}

/// As many transactions left the wallet, on all its chains together, as payouts were paid. With a proof of each that it was
/// paid that means: there is no other effect anywhere.
///
/// # Errors
/// [`CrashError::Transactions`].
pub async fn no_other_transaction(stage: &Stage, paid: usize) -> Result<(), CrashError> {
    let (sent, paid) = (sent(stage).await?, u64::try_from(paid).unwrap_or(u64::MAX));
    if sent == paid { Ok(()) } else { Err(CrashError::Transactions { sent, paid }) }
}

/// How many transactions of the wallet are in blocks, on all its chains together.
///
/// # Errors
/// A chain that does not answer.
pub async fn sent(stage: &Stage) -> Result<u64, CrashError> {
    let deployment = &stage.deployment;
    let nonce = deployment.anvil().nonce(&stage.from).await.map_err(crate::anvil::AnvilError::from)?;
    let mut sent = nonce.saturating_to::<u64>();
    if let Some(Ledgers { xrp: ledger, tron: chain }) = deployment.ledgers() {
        let addresses = deployment.payout_addresses()?;
        let others = ledger.sent(&addresses[xrp::CHAIN]).await?.len()
            + chain.sent(&addresses[tron::CHAIN]).await?.len();
        sent += u64::try_from(others).unwrap_or(u64::MAX);
    }
    Ok(sent)
}
