//! TRON nodes over java-tron's HTTP API: estimating, renting energy, broadcasting, and reading what became of a payment.
//!
//! Nothing can be raised or voided here. A payment lands before its expiration, which is minutes away, or never.

mod client;
mod energy;
mod finality;
mod plan;
mod provider;
mod reply;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::future::BoxFuture;
use payout::coin::{CoinId, Network};
use payout::ids::{Address, NetworkId};
use payout::intent::Intent;
use payout::life::{Build, SignedTx, Token};
use payout::money::Amount;
use payout::time::Millis;

use super::road::{
    Account, Head, Hold, Lane, NodeError, NodeHealth, Outflow, Place, Plan, Road, Sent, Sighting, Standing,
};
use crate::clock;
use crate::config::ChainConfig;
use crate::node::pool::{Named as _, Pool};
use crate::node::{OpenError, health, http, verdict};
use client::{Node, State};
use energy::Energy;
use provider::HttpProvider;

pub use provider::{EnergyProvider, Quote};

/// A TRON network through its nodes.
pub struct TronRoad {
    pool: Pool<Node>,
    network_id: NetworkId,
    energy: Energy,
    expiry_ms: i64,
    lane_window: u16,
    lag_limit_ms: i64,
    poll_ms: i64,
    /// The last timestamp that a transaction got: no two of this gateway share one, so no two share an id.
    stamped: AtomicI64,
}

impl TronRoad {
    /// A road over the configured nodes; a final status needs `witnesses` of them to agree. Asks no node yet.
    ///
    /// # Errors
    /// [`OpenError`] when the network's id is no number or the HTTP client can't start.
    pub fn open(config: &ChainConfig, network: &Network, witnesses: usize) -> Result<Self, OpenError> {
        let number = network.network_id.as_str().parse::<u32>().map_err(|_| OpenError::Network {
            chain: config.chain_id.clone(),
            why: "the network id of a TRON network is the number of its first block's last four bytes",
        })?;
        let client = http::client().map_err(OpenError::Client)?;
        let node = |url: &url::Url| Node::new(client.clone(), url.clone(), number);
        let provider = config.tron.energy.clone().map(|terms| {
            let provider = HttpProvider::new(client.clone(), terms.url.clone());
            (Box::new(provider) as Box<dyn EnergyProvider>, terms)
        });
        Ok(Self {
            pool: Pool::new(config.nodes.iter().map(node).collect(), witnesses),
            network_id: network.network_id.clone(),
            energy: Energy::new(provider, config.tron.burn_cap_sun),
            expiry_ms: i64::from(config.tron.expiry_s) * 1000,
            lane_window: config.lane_window,
            lag_limit_ms: i64::from(config.lag_limit_s) * 1000,
            poll_ms: i64::from(config.poll_ms),
            stamped: AtomicI64::new(0),
        })
    }

    /// Now, or the millisecond after the last one that was given out.
    fn next_timestamp(&self) -> Millis {
        let now = clock::now().get();
        let next = |last: i64| now.max(last.saturating_add(1));
        let last = self.stamped.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        Millis::new(next(last.unwrap_or(0))).expect("a clock is not before 1970")
    }
}

impl Road for TronRoad {
    fn plan<'a>(&'a self, intent: &'a Intent, lane: &'a Lane) -> BoxFuture<'a, Result<Plan, Hold>> {
        Box::pin(plan::plan(self, intent, lane))
    }

    fn broadcast<'a>(&'a self, tx: &'a SignedTx) -> BoxFuture<'a, Result<Sent, NodeError>> {
        Box::pin(self.pool.broadcast(|node| node.send(&tx.signed), client::means_look))
    }

    fn rebuild<'a>(&'a self, _intent: &'a Intent, place: &'a Place) -> BoxFuture<'a, Result<Plan, Hold>> {
        let why = format!(
            "nothing can take the place of {} on TRON: it lands before its expiration or never, and once that is \
             proven it can be paid by a new attempt",
            place.token
        );
        Box::pin(std::future::ready(Err(Hold::Unbuildable(why))))
    }

    fn standing<'a>(
        &'a self,
        _from: &'a Address,
        _own: &'a Build,
        _rivals: &'a [Build],
    ) -> BoxFuture<'a, Result<Standing, NodeError>> {
        Box::pin(std::future::ready(Ok(Standing::Fixed)))
    }

    fn look<'a>(
        &'a self,
        intent: &'a Intent,
        build: &'a Build,
        _versions: &'a [&'a SignedTx],
    ) -> BoxFuture<'a, Result<Sighting, NodeError>> {
        let sought = finality::Sought { intent, build };
        Box::pin(verdict::look(&self.pool, move |node| finality::by_node(self, node, sought)))
    }

    fn accounts<'a>(
        &'a self,
        intent: &'a Intent,
        build: &'a Build,
        _versions: &'a [&'a SignedTx],
    ) -> BoxFuture<'a, Vec<Account>> {
        let sought = finality::Sought { intent, build };
        Box::pin(verdict::accounts(&self.pool, move |node| finality::account(self, node, sought)))
    }

    fn balance<'a>(
        &'a self,
        address: &'a Address,
        coin: &'a CoinId,
    ) -> BoxFuture<'a, Result<Amount, NodeError>> {
        let token = chain::TokenRef::of(&coin.chain_id, &coin.token_id);
        Box::pin(async move { self.pool.first(|node| node.balance_of(address, &token)).await })
    }

    fn unexplained<'a>(
        &'a self,
        _from: &'a Address,
        _known: &'a BTreeSet<Token>,
    ) -> BoxFuture<'a, Result<Vec<Outflow>, NodeError>> {
        // Nothing is counted here as nonces are elsewhere, and nodes have no list of an address's transactions.
        let node = self.pool.nodes().next().map(|node| node.name().to_owned()).unwrap_or_default();
        let message =
            "TRON nodes list no transactions by address: compare the address's history in an explorer";
        let refused =
            NodeError::Refused { node, method: "unexplained", code: 0, message: message.to_owned() };
        Box::pin(std::future::ready(Err(refused)))
    }

    fn health(&self) -> BoxFuture<'_, Vec<NodeHealth>> {
        Box::pin(health::of(&self.pool, self.lag_limit_ms, |node| async move {
            let head = node.newest(State::Head).await?;
            Ok(Head { height: head.number, time: head.time })
        }))
    }

    fn poll_ms(&self) -> i64 {
        self.poll_ms
    }
}

#[cfg(test)]
mod tests;
