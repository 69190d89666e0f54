//! What a token's transfer on TRON runs on, and what it may cost.

use serde_json::json;
use testbed::deployment::cast::OPERATOR;
use testbed::ledgers::{EnergyProvider, tron};

use crate::command::bursar_text;
use crate::house::all_chains;
use crate::world::World;

/// The number behind these words.
fn number(text: &str, before: &str) -> u64 {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[tokio::test]
async fn a_token_waits_with_the_price_shown_while_energy_is_too_dear_and_is_paid_with_what_is_delegated() {
    let mut world = World::asleep(all_chains()).await;
    // No TRX is burnt for energy.
    world.stage.deployment.use_tron_settings("burn_cap_sun = 0\n");
    world.stage.deployment.start().await.unwrap();
    world.fund().await;
    let payer = world.payer(tron::CHAIN);
    let before = world.holdings().await;

    // So dear that the transfer could burn more than the rules' cap of 40 TRX.
    world.tron().set_parameters(json!({"getEnergyFee": 10_000})).await.unwrap();
    let order = world.order_of("USDT-TRC20", "0.5");
    let cid = world.accepted(&order).await;
    let reason = world.waits_for(cid, "over the cap of 40000000").await;
    let fee = number(&reason, "the fee would be ");
    assert!(fee > 40_000_000, "{reason}");
    let said = bursar_text(&world.stage.deployment, OPERATOR, &["why", &cid.to_string()]);
    assert!(said.contains(&fee.to_string()) && said.contains("40000000"), "{said}");

    // At the usual price it is under that cap, and over the one for what is burnt.
    world.tron().set_parameters(json!({"getEnergyFee": 100})).await.unwrap();
    let reason = world.waits_for(cid, "the most is 0").await;
    let price = number(&reason, "burning coins for the rest costs ");
    assert!(price > 0 && reason.contains("costs about double"), "{reason}");
    let said = bursar_text(&world.stage.deployment, OPERATOR, &["why", &cid.to_string()]);
    assert!(said.contains(&format!("costs {price}")) && said.contains("delegate energy"), "{said}");
    let why = world.why(cid).await;
    assert_eq!((why.status, why.token), (5, None));
    assert_eq!(world.holdings().await, before);

    world.tron().delegate(&payer, 1_000_000).await.unwrap();
    assert_eq!(world.reaches(cid, &[6]).await, 6);
    assert_eq!(world.told(cid).await, 6);
    assert_eq!(world.balance(&world.stage.coin("USDT-TRC20"), &order.to).await, "0.5");
    // Bandwidth at most.
    let (_, sun, _) = before;
    assert!(sun - world.tron().balance(&payer).await.unwrap() <= tron::TRX);
}

#[tokio::test]
async fn energy_is_rented_for_several_payouts_at_once_and_no_trx_is_burnt_for_it() {
    let mut world = World::asleep(all_chains()).await;
    let folder = world.stage.deployment.folder().logs();
    let provider = EnergyProvider::start(&world.tron().urls()[0], 60, &folder).await.unwrap();
    let url = provider.url();
    world.stage.deployment.use_tron_settings(&format!(
        "burn_cap_sun = 0\n[chain.tron.energy]\nurl = \"{url}\"\nmax_sun_per_energy = 60\nbatch = 4\n"
    ));
    world.stage.deployment.start().await.unwrap();
    world.fund().await;
    let payer = world.payer(tron::CHAIN);
    let (_, before, _) = world.holdings().await;
    let coin = world.stage.coin("USDT-TRC20");
    let mut asked = Vec::new();
    for _ in 0..3 {
        let order = world.stage.order(&coin, "0.5");
        asked.push((world.accepted(&order).await, order));
    }
    for (cid, order) in &asked {
        assert_eq!(world.reaches(*cid, &[2, 3, 4, 6, 7]).await, 6);
        assert_eq!(world.balance(&coin, &order.to).await, "0.5");
    }
    let orders = provider.ask("/orders", &json!({})).await.unwrap();
    assert_eq!(
        (orders.as_array().map(Vec::len), &orders[0]["receiver"]),
        (Some(1), &json!(payer)),
        "{orders}"
    );
    // Bandwidth at most.
    assert!(before - world.tron().balance(&payer).await.unwrap() <= 3 * tron::TRX);
}
