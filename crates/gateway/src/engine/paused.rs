//! Pauses: an operator's act with a reason and an end. Nothing new is built or signed within one.

use payout::intent::Intent;
use payout::time::Millis;
use store::{PauseRow, StoreError, Wait};

use super::record::wait;
use crate::state::Gateway;

/// The first pause that holds this payout back.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn first(
    gateway: &Gateway,
    intent: &Intent,
    now: Millis,
) -> Result<Option<PauseRow>, StoreError> {
    let pauses = gateway.store.pauses(now).await?;
    Ok(pauses.into_iter().find(|pause| pause.scope.covers(intent)))
}

/// What a paused payout waits for.
pub(super) fn reason(pause: &PauseRow, now: Millis) -> Wait {
    let minutes = pause.until.since(now).max(0) / 60_000 + 1;
    wait(
        format!("{} is paused by {}: {}", pause.scope, pause.by, pause.reason),
        format!("it goes on when the pause is lifted, and by itself in {minutes} min at the latest"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use payout::ids::{ProjectId, WalletId};
    use store::{Pause, PauseScope};

    use crate::clock;
    use crate::engine::tests::house::{House, intent, name};

    fn scopes(chain: &str, coin: &str, wallet: i64, project: i64) -> [PauseScope; 4] {
        [
            PauseScope::Chain(chain.parse().unwrap()),
            PauseScope::Coin(coin.parse().unwrap()),
            PauseScope::Wallet(WalletId::new(wallet).unwrap()),
            PauseScope::Project(ProjectId::new(project).unwrap()),
        ]
    }

    #[test]
    fn a_pause_covers_its_chain_coin_wallet_or_project_and_no_other() {
        let now = clock::now();
        let intent = intent(payout::ids::Cid::new(9).unwrap(), payout::ids::Digest::from_bytes([1; 32]), now);
        assert!(scopes("60", "60@60", 5, 7).iter().all(|scope| scope.covers(&intent)));
        assert!(
            !scopes("61", "60@0xdac17f958d2ee523a2206206994597c13d831ec7", 6, 8)
                .iter()
                .any(|scope| scope.covers(&intent))
        );
    }

    #[tokio::test]
    async fn a_pause_ends_at_its_time_by_itself() {
        let house = House::new().await;
        let row = house.queued().await;
        let (now, scope) = (clock::now(), PauseScope::Project(row.payout.intent.project));
        let pause = Pause { scope, reason: "audit".to_owned(), by: name("dora"), now, until: now.plus(1000) };
        house.gateway.store.pause(pause).await.unwrap();
        let held = first(&house.gateway, &row.payout.intent, now.plus(999)).await.unwrap().unwrap();
        assert!(reason(&held, now).reason.ends_with("is paused by dora: audit"));
        assert_eq!(first(&house.gateway, &row.payout.intent, now.plus(1000)).await.unwrap(), None);
    }
}
