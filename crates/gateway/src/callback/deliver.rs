//! One try of one callback: prepare, send, and what follows from the answer.

use std::time::{Duration, Instant};

use payout::life::Status;
use payout::request::check::callback_url;
use payout::request::notice::{Callback, Route, is_acknowledged};
use payout::time::Millis;
use store::{AfterDelivery, Call, Delivery, DeliveryResult, PayoutRow, REPLY_HEAD_BYTES, StoreError};

use super::post::{PostError, Reply};
use super::signing::{NoKey, fresh_nonce, newest_key};
use super::target::Reach;
use crate::clock;
use crate::state::Gateway;

/// Why a try did not arrive.
#[derive(Debug, thiserror::Error)]
enum TryError {
    #[error("payout or project is gone from the database")]
    Gone,
    /// The outbox tells committed facts only; a row that contradicts its payout is never sent.
    #[error("the payout's status is {is}, the callback's is {told}: it is not sent", is = is.code(), told = told.code())]
    Contradiction { is: Status, told: Status },
    #[error("the callback URL is no URL any more: {0}")]
    BadUrl(String),
    #[error(transparent)]
    NoKey(#[from] NoKey),
    #[error(transparent)]
    Post(#[from] PostError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends a claimed callback once, and records how it went.
///
/// # Errors
/// [`StoreError`] when that can't be recorded: the claim runs out, and it is sent again.
pub(super) async fn deliver(gateway: &Gateway, delivery: &Delivery) -> Result<(), StoreError> {
    let at = clock::now();
    let begun = Instant::now();
    let tried = attempt(gateway, delivery, at).await;
    crash::point!("callback sent");
    let arrived = matches!(&tried, Ok(reply) if reply.whole_success().is_some_and(is_acknowledged));
    let after = if arrived {
        AfterDelivery::Delivered
    } else {
        after_failure(&gateway.config.callback.pauses_s, delivery.attempt, clock::now())
    };
    tell(gateway, delivery, &tried, after);
    let (http_status, reply_head, error) = match tried {
        Ok(reply) => (Some(reply.status), reply.head(REPLY_HEAD_BYTES), None),
        Err(error) => (None, String::new(), Some(error.to_string())),
    };
    gateway
        .store
        .record_delivery(DeliveryResult {
            id: delivery.id,
            claim: delivery.claim,
            attempt: delivery.attempt,
            at,
            http_status,
            reply_head,
            error,
            duration_ms: i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX),
            after,
        })
        .await?;
    crash::point!("callback recorded");
    Ok(())
}

async fn attempt(gateway: &Gateway, delivery: &Delivery, now: Millis) -> Result<Reply, TryError> {
    let row = gateway.store.payout(delivery.cid).await?.ok_or(TryError::Gone)?;
    let project = gateway.store.project(delivery.project).await?.ok_or(TryError::Gone)?;
    if row.status != delivery.status {
        return Err(TryError::Contradiction { is: row.status, told: delivery.status });
    }
    let url = callback_url(&delivery.url).map_err(|rejected| TryError::BadUrl(rejected.to_string()))?;
    let reach = Reach::of(&project.settings, gateway.environment());
    let body = callback_of(row).to_body(&newest_key(&project, now)?, &fresh_nonce(), now);
    let within = Duration::from_millis(gateway.config.callback.timeout_ms.into());
    Ok(gateway.post.post(&url, reach, body, within).await?)
}

/// What the callback says (wire contract, section 5).
fn callback_of(row: PayoutRow) -> Callback {
    let PayoutRow { payout, terms, status, .. } = row;
    let intent = payout.intent;
    let block = payout.state.block();
    Callback {
        pid: intent.project,
        cid: intent.cid,
        currency: terms.currency,
        route: match terms.call {
            Call::V1 | Call::V2 | Call::Person => Route::Payout { address: intent.to },
            Call::Sub => Route::SubAddress { from_address: intent.from, to_address: intent.to },
        },
        amount: terms.amount,
        third_party_id: intent.third_party_id,
        remark: terms.remark,
        status,
        txid: payout.state.txid().map(str::to_owned),
        block_height: block.map(|block| block.height),
        block_time: block.map(|block| block.time),
        memo: intent.memo,
        chain_id: intent.chain_id,
        token_id: intent.token_id,
    }
}

/// The pause after a failed try, counted from now; the schedule is data.
fn after_failure(pauses_s: &[u32], attempt: u32, now: Millis) -> AfterDelivery {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    match pauses_s.get(index) {
        Some(pause) => AfterDelivery::RetryAt(now.plus(i64::from(*pause) * 1000)),
        None => AfterDelivery::Failed,
    }
}

fn tell(gateway: &Gateway, delivery: &Delivery, tried: &Result<Reply, TryError>, after: AfterDelivery) {
    let Delivery { cid, attempt, .. } = delivery;
    let answer = match tried {
        Ok(reply) => reply.describe(),
        Err(error) => error.to_string(),
    };
    match after {
        AfterDelivery::Delivered => {
            gateway.metrics.callback("delivered");
            tracing::info!(%cid, attempt, "callback delivered");
        }
        AfterDelivery::RetryAt(_) => {
            gateway.metrics.callback("retried");
            tracing::info!(%cid, attempt, %answer, "callback not delivered yet");
        }
        AfterDelivery::Failed => {
            gateway.metrics.callback("failed");
            tracing::error!(alert = "callback", %cid, attempt, %answer, "callback given up; it can be sent again by hand");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn the_default_schedule_is_eight_tries_over_a_day() {
        let pauses = config::Callback::default().pauses_s;
        let mut now = Millis::new(0).unwrap();
        let mut tries = 1;
        while let AfterDelivery::RetryAt(due) = after_failure(&pauses, tries, now) {
            assert!(due > now);
            now = due;
            tries += 1;
        }
        assert_eq!(tries, 8);
        assert_eq!(now.get(), 24 * 3600 * 1000);
        assert!(pauses.is_sorted(), "the pauses grow");
        assert_eq!(pauses[0], 5);
    }
}
