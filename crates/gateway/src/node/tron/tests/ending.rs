//! One node: what became of a payment, by its effect.

use payout::life::Death;

use super::stand_in::{Chain, PAST, StandIn, TOKEN, Tx, intent, ours, ours_on, paid, road};
use crate::node::{NodeError, Road as _, Sighting};

const TRX: &str = "195";

async fn asked(chain: Chain, token_id: &str) -> Result<Sighting, NodeError> {
    let node = StandIn::start(chain).await;
    let ours = ours(token_id);
    road(vec![node.url()], 1).look(&intent(token_id), &ours.build, &[&ours]).await
}

async fn sighting(chain: Chain, token_id: &str) -> Sighting {
    asked(chain, token_id).await.unwrap()
}

fn chain() -> Chain {
    Chain::default()
}

#[tokio::test]
async fn a_payment_in_a_solidified_block_has_succeeded() {
    for token_id in [TRX, TOKEN] {
        let seen = sighting(chain().with(paid(token_id, 55)), token_id).await;
        let Sighting::Succeeded(chance) = seen else { panic!("{seen:?}") };
        assert_eq!((chance.txid, chance.block.height), (ours(token_id).txid, 55));
    }
}

#[tokio::test]
async fn a_payment_in_a_block_that_may_go_is_only_included() {
    let not_solid = Chain { solid: 54, head: 58, ..chain() }.with(paid(TRX, 55));
    let seen = sighting(not_solid, TRX).await;
    assert!(matches!(seen, Sighting::Included { height: 55, .. }), "{seen:?}");
}

#[tokio::test]
async fn a_payment_is_dead_by_the_first_solidified_block_past_its_end_and_by_none_before() {
    let seen = sighting(Chain::before_the_end(), TRX).await;
    assert_eq!(seen, Sighting::Pending, "our clock is past its end, and the chain is not");
    for solid in [PAST, PAST + 1, PAST + 500] {
        let seen = sighting(Chain { solid, head: solid + 19, ..chain() }, TRX).await;
        let Sighting::Dead(Death::Expired { txid, block }) = seen else { panic!("{seen:?}") };
        assert_eq!((txid, block.height), (ours(TRX).txid, PAST));
    }
}

#[tokio::test]
async fn a_payment_in_the_last_block_that_could_take_it_is_not_dead() {
    // The block past its end, whose parent is not.
    let seen = sighting(chain().with(paid(TRX, PAST)), TRX).await;
    assert!(matches!(seen, Sighting::Succeeded(_)), "{seen:?}");
    let included = Chain { solid: PAST - 1, ..chain() }.with(paid(TRX, PAST));
    assert!(matches!(sighting(included, TRX).await, Sighting::Included { .. }));
}

#[tokio::test]
async fn a_node_whose_history_does_not_reach_back_proves_no_death() {
    let pruned = Chain { history: 51, ..chain() };
    let seen = asked(pruned, TRX).await;
    assert!(matches!(seen, Err(NodeError::Nonsense { .. })), "{seen:?}");
    let forked = Chain { fork: 1, ..chain() };
    let seen = sighting(forked, TRX).await;
    assert!(
        matches!(seen, Sighting::Doubt(_)),
        "it does not hold the block that the payment refers to: {seen:?}"
    );
}

#[tokio::test]
async fn bytes_that_nobody_signed_in_time_are_dead_as_well() {
    let node = StandIn::start(chain()).await;
    let seen = road(vec![node.url()], 1).look(&intent(TRX), &ours(TRX).build, &[]).await.unwrap();
    assert!(matches!(seen, Sighting::Dead(Death::Expired { .. })), "{seen:?}");
}

#[tokio::test]
async fn a_failed_call_is_dead_only_once_it_is_solidified() {
    for result in ["OUT_OF_ENERGY", "REVERT", "OUT_OF_TIME", "TRANSFER_FAILED", "UNKNOWN"] {
        let failed = Tx { result, logged: None, ..paid(TOKEN, 55) };
        let seen = sighting(Chain { solid: 54, ..chain() }.with(failed.clone()), TOKEN).await;
        assert!(matches!(seen, Sighting::Included { .. }), "{seen:?}");
        let seen = sighting(chain().with(failed), TOKEN).await;
        let Sighting::Dead(Death::Reverted { why, .. }) = seen else { panic!("{seen:?}") };
        assert!(why.contains(result), "{why}");
    }
}

#[tokio::test]
async fn a_token_payment_is_judged_by_its_log_and_not_by_what_the_contract_returns() {
    let said_false = Tx {
        returned: "0000000000000000000000000000000000000000000000000000000000000000",
        ..paid(TOKEN, 55)
    };
    assert!(matches!(sighting(chain().with(said_false.clone()), TOKEN).await, Sighting::Succeeded(_)));
    let moved_nothing = Tx { logged: None, ..said_false };
    let seen = sighting(chain().with(moved_nothing), TOKEN).await;
    assert!(matches!(seen, Sighting::Dead(Death::Reverted { .. })), "{seen:?}");
    let moved_less = Tx { logged: Some(999), ..paid(TOKEN, 55) };
    let seen = sighting(chain().with(moved_less), TOKEN).await;
    assert!(matches!(seen, Sighting::Doubt(_)), "money moved, but not this much: {seen:?}");
}

#[tokio::test]
async fn a_receipt_that_does_not_say_how_a_call_ended_proves_nothing() {
    let mute = Tx { calls: false, ..paid(TOKEN, 55) };
    let seen = sighting(chain().with(mute), TOKEN).await;
    assert!(matches!(seen, Sighting::Doubt(_)), "{seen:?}");
}

#[tokio::test]
async fn what_no_node_knows_is_missing_until_its_end_and_pending_where_a_node_holds_it() {
    let young = Chain::young();
    let ours = ours_on(&young, TRX);
    let node = StandIn::start(young.clone()).await;
    let road = road(vec![node.url()], 1);
    let look = async || road.look(&intent(TRX), &ours.build, &[&ours]).await.unwrap();
    assert_eq!(look().await, Sighting::Missing);
    node.set(Chain { pending: vec![ours.txid.clone()], ..young });
    assert_eq!(look().await, Sighting::Pending);
}
