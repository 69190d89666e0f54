//! TRX and a token on TRON.

use serde_json::{Value, json};
use testbed::ledgers::tron;
use testbed::vendor::Order;

use crate::world::World;

/// Keccak-256 of `Transfer(address,address,uint256)`.
const TRANSFER: &str = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

/// An address as contracts know it, 40 hex digits.
fn account(address: &str) -> String {
    hex::encode(&bs58::decode(address).into_vec().unwrap()[1..21])
}

/// What a node says of a transaction in a solidified block.
async fn info(world: &World, txid: &str) -> Value {
    world.tron().ask("/walletsolidity/gettransactioninfobyid", &json!({"value": txid})).await.unwrap()
}

#[tokio::test]
async fn usdt_and_trx_reach_recipients_that_never_had_any_and_others_and_are_told() {
    let world = World::on_all_chains().await;
    let payer = world.payer(tron::CHAIN);
    let first = world.order_of("USDT-TRC20", "0.75");
    let trx = world.order_of("TRX", "0.4");
    let mut asked = Vec::new();
    for order in [&first, &trx] {
        asked.push((world.accepted(order).await, order.clone()));
    }
    for (cid, _) in &asked {
        assert_eq!(world.reaches(*cid, &[2, 3, 4, 6, 7]).await, 6);
    }
    // Again, to those who have some now.
    for order in [&first, &trx] {
        let again =
            Order { to: order.to.clone(), ..world.stage.order(&world.stage.coin(name(order)), "0.2") };
        asked.push((world.accepted(&again).await, again));
    }

    let mut spent = Vec::new();
    for (cid, order) in &asked {
        assert_eq!(world.reaches(*cid, &[2, 3, 4, 6, 7]).await, 6);
        assert_eq!(world.told(*cid).await, 6);
        let told = world.query(*cid).await;
        let txid = told["txid"].as_str().unwrap();
        spent.push(txid.to_owned());
        let info = info(&world, txid).await;
        assert_eq!(told["block_height"], info["blockNumber"].to_string());
        assert_eq!(told["block_time"], info["blockTimeStamp"]);
        if name(order) == "USDT-TRC20" {
            let base_units: u64 = if order.amount == "0.75" { 750_000 } else { 200_000 };
            let log = json!([{
                "address": account(world.tron().usdt()),
                "topics": [TRANSFER, format!("{:0>64}", account(&payer)), format!("{:0>64}", account(&order.to))],
                "data": format!("{base_units:064x}"),
            }]);
            assert_eq!(info["log"], log, "{info}");
            assert_eq!(info["receipt"]["result"], "SUCCESS", "{info}");
        }
    }
    assert_eq!(world.balance(&world.stage.coin("USDT-TRC20"), &first.to).await, "0.95");
    assert_eq!(world.balance(&world.stage.coin("TRX"), &trx.to).await, "0.6");
    let mut sent: Vec<String> =
        world.tron().sent(&payer).await.unwrap().into_iter().map(|mined| mined.txid).collect();
    sent.sort();
    spent.sort();
    assert_eq!(sent, spent, "four payouts, four transactions");
}

fn name(order: &Order) -> &'static str {
    if order.currency == "195@195" { "TRX" } else { "USDT-TRC20" }
}
