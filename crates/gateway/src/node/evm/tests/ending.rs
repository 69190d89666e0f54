//! One node: what became of a payment, by its effect.

use payout::life::Death;
use serde_json::{Value, json};

use super::stand_in::{Chain, FROM, StandIn, TO, TOKEN, Tx, intent, ours, payment, road, txid};
use crate::node::{NodeError, Road as _, Sighting};

async fn sighting(chain: Chain, token_id: &str) -> Sighting {
    let node = StandIn::start(chain).await;
    road(vec![node.url()], 1).look(&intent(token_id), &ours().build, &[&ours()]).await.unwrap()
}

fn transfer_log(amount: u64) -> Value {
    let word = |address: &str| format!("0x{:0>64}", address.trim_start_matches("0x").to_lowercase());
    json!({
        "address": TOKEN,
        "topics": ["0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", word(FROM), word(TO)],
        "data": format!("0x{amount:064x}")
    })
}

fn token_payment(logs: Vec<Value>) -> Tx {
    let calldata =
        chain::evm::transfer_calldata(&TO.parse().unwrap(), payout::money::Amount::from_u128(1000));
    let input = format!("0x{}", hex::encode(calldata.unwrap()));
    Tx { to: TOKEN.to_owned(), value: 0, input, logs, ..payment("aa", 7) }
}

#[tokio::test]
async fn a_payment_in_a_final_block_has_succeeded() {
    let seen = sighting(Chain::default().with(90, payment("aa", 7)), "60").await;
    let Sighting::Succeeded(chance) = seen else { panic!("{seen:?}") };
    assert_eq!((chance.txid, chance.block.height), (txid("aa"), 90));
}

#[tokio::test]
async fn a_payment_in_a_block_that_may_go_is_only_included() {
    let seen = sighting(Chain::default().with(91, payment("aa", 7)), "60").await;
    assert!(matches!(seen, Sighting::Included { height: 91, .. }), "{seen:?}");
}

#[tokio::test]
async fn a_payment_that_no_node_knows_is_missing_and_not_dead() {
    assert_eq!(sighting(Chain::default().with(50, payment("bb", 6)), "60").await, Sighting::Missing);
    let pending = Chain { pending: vec![txid("aa")], ..Chain::default() };
    assert_eq!(sighting(pending, "60").await, Sighting::Pending);
}

#[tokio::test]
async fn a_reverted_payment_is_dead_only_once_it_is_final() {
    let reverted = Tx { success: false, ..payment("aa", 7) };
    let seen = sighting(Chain::default().with(95, reverted.clone()), "60").await;
    assert!(matches!(seen, Sighting::Included { .. }), "{seen:?}");
    let seen = sighting(Chain::default().with(80, reverted), "60").await;
    assert!(matches!(seen, Sighting::Dead(Death::Reverted { .. })), "{seen:?}");
}

#[tokio::test]
async fn a_nonce_that_another_payment_used_finally_is_proof_of_death() {
    let other = Tx { value: 999, ..payment("cc", 7) };
    let seen = sighting(Chain::default().with(40, other.clone()), "60").await;
    let Sighting::Dead(Death::TokenSpent { txid: spender, block }) = seen else { panic!("{seen:?}") };
    assert_eq!((spender, block.height), (txid("cc"), 40));
    // In a block that may still go, it proves nothing.
    let seen = sighting(Chain::default().with(95, other), "60").await;
    assert!(matches!(seen, Sighting::Included { .. }), "{seen:?}");
}

#[tokio::test]
async fn the_same_payment_under_another_signature_has_succeeded() {
    // A session whose answer was lost: same effect, same nonce, another id.
    let seen = sighting(Chain::default().with(3, payment("dd", 7)), "60").await;
    let Sighting::Succeeded(chance) = seen else { panic!("{seen:?}") };
    assert_eq!(chance.txid, txid("dd"));
}

#[tokio::test]
async fn a_node_that_keeps_no_old_state_still_shows_who_used_a_nonce() {
    for height in [1, 17, 47, 80] {
        let chain = Chain { pruned_below: 85, ..Chain::default() };
        let seen = sighting(chain.with(height, payment("dd", 7)), "60").await;
        let Sighting::Succeeded(chance) = seen else { panic!("{seen:?}") };
        assert_eq!((chance.txid, chance.block.height), (txid("dd"), height));
    }
    // Only from the moment on in which the payment was asked for, give or take what clocks may be apart.
    let node =
        StandIn::start(Chain { pruned_below: 85, ..Chain::default() }.with(40, payment("dd", 7))).await;
    let look = async |created: i64| {
        let created = payout::time::Millis::new(created).unwrap();
        let late = payout::intent::Intent { created, ..intent("60") };
        road(vec![node.url()], 1).look(&late, &ours().build, &[&ours()]).await.unwrap()
    };
    let at = |height: i64| (1_700_000_000 + height) * 1000;
    assert!(matches!(look(at(40) + 60_000).await, Sighting::Succeeded(_)));
    assert!(matches!(look(at(41) + 60_000).await, Sighting::Doubt(_)));
}

#[tokio::test]
async fn a_token_payment_is_judged_by_its_log() {
    let seen = sighting(Chain::default().with(90, token_payment(vec![transfer_log(1000)])), TOKEN).await;
    assert!(matches!(seen, Sighting::Succeeded(_)), "{seen:?}");
    let seen = sighting(Chain::default().with(90, token_payment(vec![])), TOKEN).await;
    assert!(matches!(seen, Sighting::Dead(Death::Reverted { .. })), "{seen:?}");
    let seen = sighting(Chain::default().with(90, token_payment(vec![transfer_log(999)])), TOKEN).await;
    assert!(matches!(seen, Sighting::Doubt(_)), "money moved, but not this much: {seen:?}");
}

async fn forged(chain: Chain) -> Result<Sighting, NodeError> {
    let node = StandIn::start(chain).await;
    road(vec![node.url()], 1).look(&intent("60"), &ours().build, &[&ours()]).await
}

#[tokio::test]
async fn a_receipt_in_a_block_that_does_not_hold_its_transaction_is_doubted() {
    let chain = Chain::default().with(80, payment("aa", 7)).with_receipt(&txid("aa"), &txid("aa"), 79);
    let seen = forged(chain).await.unwrap();
    assert!(matches!(&seen, Sighting::Doubt(why) if why.contains("does not hold it")), "{seen:?}");
}

#[tokio::test]
async fn a_receipt_for_a_nonce_that_the_address_has_not_used_is_doubted() {
    // Even a block that lists it does not help the node that made both up.
    let listed = payment("aa", 0);
    let chain = Chain::default().with(80, listed).with_receipt(&txid("aa"), &txid("aa"), 80);
    let seen = forged(chain).await.unwrap();
    assert!(matches!(&seen, Sighting::Doubt(why) if why.contains("has used 1")), "{seen:?}");
}

#[tokio::test]
async fn the_receipt_of_another_transaction_is_no_answer() {
    let chain = Chain::default().with(80, payment("bb", 7)).with_receipt(&txid("aa"), &txid("bb"), 80);
    let seen = forged(chain).await;
    assert!(matches!(&seen, Err(NodeError::Nonsense { .. })), "{seen:?}");
}
