//! Stops that were requested while co-signers were being asked, taken to the co-signers again.
//!
//! A stop is stored first and delivered then. A gateway may have ended in between, and a co-signer may have been away;
//! so whenever one comes, all stops that are still open are delivered again. Co-signers journal each once.

use payout::life::{State, Step};
use store::{PayoutFilter, StoreError};
use wire::message::StopAct;

use crate::state::Gateway;

/// Payouts that are looked at: the newest of those that are being signed.
const LOOKED_AT: u32 = 1000;

/// Delivers all open stops. Gives how many there are.
///
/// # Errors
/// [`StoreError`].
pub(in crate::engine) async fn redeliver(gateway: &Gateway) -> Result<usize, StoreError> {
    let filter = PayoutFilter { step: Some(Step::Sign), limit: LOOKED_AT, ..PayoutFilter::default() };
    let mut stops = Vec::new();
    for row in gateway.store.list(filter).await? {
        if !matches!(row.payout.state, State::Signing { .. }) {
            continue;
        }
        let acts = gateway.store.acts(row.cid()).await?;
        let open = acts.into_iter().filter(|act| act.act.is_stop() && act.intent == row.digest);
        stops.extend(open.map(|act| StopAct { intent: row.payout.intent.canonical(), act }));
    }
    let count = stops.len();
    if count > 0 {
        gateway.hub.stop(stops, Vec::new()).await;
    }
    Ok(count)
}
