//! What the wallets hold, asked from the chains' nodes: too little to pay with, or more than should lie there.

use payout::coin::{Coin, Network};
use payout::ids::{Address, AddressIndex};
use payout::money::Amount;
use payout::policy::{Environment, Rules, Wallet};

use super::Findings;
use crate::config::Config;
use crate::node::{Nodes, Road};

/// Asks for each coin of each wallet's payout address.
pub async fn look(config: &Config, rules: &Rules, environment: Environment, findings: &mut Findings) {
    if rules.wallets.is_empty() {
        findings.warning(
            "wallets",
            "the rules list no wallet: nothing can be paid",
            "`bursar wallet create 1`",
        );
        return;
    }
    let nodes = match Nodes::open(&config.chain, rules, environment) {
        Ok(nodes) => nodes,
        Err(error) => {
            findings.error("wallets", error.to_string(), "correct gateway.toml, [[chain]]");
            return;
        }
    };
    for wallet in &rules.wallets {
        for network in &rules.networks {
            let Some(road) = nodes.road(&network.chain_id) else { continue };
            let Some(address) = address(network, wallet) else { continue };
            for coin in rules.coins.iter().filter(|coin| coin.chain_id == network.chain_id) {
                balance(road.as_ref(), wallet, &address, coin, findings).await;
            }
        }
    }
}

fn address(network: &Network, wallet: &Wallet) -> Option<Address> {
    chain::derive_address(
        network.family,
        &network.network_id,
        &wallet.public_key,
        &wallet.chain_code,
        AddressIndex::PAYOUT,
    )
    .ok()
}

async fn balance(road: &dyn Road, wallet: &Wallet, address: &Address, coin: &Coin, findings: &mut Findings) {
    let about = format!("wallet {}", wallet.id);
    match road.balance(address, &coin.id()).await {
        Ok(has) => judge(&about, has, wallet.ceilings.get(&coin.id()).copied(), address, coin, findings),
        Err(error) => findings.warning(about, format!("{}: {error}", coin.name), "look at the chain's nodes"),
    }
}

fn judge(
    about: &str,
    has: Amount,
    ceiling: Option<Amount>,
    address: &Address,
    coin: &Coin,
    findings: &mut Findings,
) {
    let shown = format!("{} {} at {address}", has.to_decimal(coin.decimals), coin.name);
    match ceiling {
        Some(most) if has > most => findings.warning(
            about,
            format!("{shown}, over its ceiling of {}", most.to_decimal(coin.decimals)),
            "move what is not needed to a cold address",
        ),
        _ if has.is_zero() && coin.is_native() => {
            findings.error(about, format!("{shown}: it can't pay fees"), format!("fund {address}"));
        }
        _ if has.is_zero() => {
            findings.warning(about, shown, format!("fund {address} before payouts in this coin"))
        }
        _ => findings.good(about, shown),
    }
}
