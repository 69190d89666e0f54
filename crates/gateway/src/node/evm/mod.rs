//! EVM nodes over JSON-RPC: estimating, broadcasting, and reading what became of a payment.

mod finality;
mod gas;
mod outflow;
mod plan;
mod price;
mod rebuild;
mod reply;
mod rpc;
mod spender;

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use payout::coin::{CoinId, Network};
use payout::ids::{Address, NetworkId};
use payout::intent::Intent;
use payout::life::{Build, SignedTx, Token};
use payout::money::Amount;

use super::road::{
    Account, Head, Hold, Lane, NodeError, NodeHealth, Outflow, Place, Plan, Road, Sent, Sighting, Standing,
};
use crate::config::{ChainConfig, Fees, Finality};
use crate::node::OpenError;
use crate::node::health;
use crate::node::http;
use crate::node::pool::Pool;
use crate::node::verdict;
use rpc::Node;

/// An EVM chain through its nodes.
pub struct EvmRoad {
    pool: Pool<Node>,
    network_id: NetworkId,
    finality: Finality,
    fees: Fees,
    lane_window: u16,
    lag_limit_ms: i64,
    poll_ms: i64,
}

impl EvmRoad {
    /// A road over the configured nodes; a final status needs `witnesses` of them to agree. Asks no node yet.
    ///
    /// # Errors
    /// [`OpenError`] when the network's id is no number or the HTTP client can't start.
    pub fn open(config: &ChainConfig, network: &Network, witnesses: usize) -> Result<Self, OpenError> {
        let chain = || config.chain_id.clone();
        let number = network.network_id.as_str().parse::<u64>().map_err(|_| OpenError::Network {
            chain: chain(),
            why: "the network id of an EVM chain is its chain id, a number",
        })?;
        let client = http::client().map_err(OpenError::Client)?;
        let node = |url: &url::Url| Node::new(client.clone(), url.clone(), number);
        Ok(Self {
            pool: Pool::new(config.nodes.iter().map(node).collect(), witnesses),
            network_id: network.network_id.clone(),
            finality: config.finality,
            fees: config.fees,
            lane_window: config.lane_window,
            lag_limit_ms: i64::from(config.lag_limit_s) * 1000,
            poll_ms: i64::from(config.poll_ms),
        })
    }
}

impl Road for EvmRoad {
    fn plan<'a>(&'a self, intent: &'a Intent, lane: &'a Lane) -> BoxFuture<'a, Result<Plan, Hold>> {
        Box::pin(plan::plan(self, intent, lane))
    }

    fn broadcast<'a>(&'a self, tx: &'a SignedTx) -> BoxFuture<'a, Result<Sent, NodeError>> {
        Box::pin(self.pool.broadcast(|node| node.send(&tx.signed), rpc::means_look))
    }

    fn rebuild<'a>(&'a self, intent: &'a Intent, place: &'a Place) -> BoxFuture<'a, Result<Plan, Hold>> {
        Box::pin(rebuild::rebuild(self, intent, place))
    }

    fn standing<'a>(
        &'a self,
        from: &'a Address,
        own: &'a Build,
        rivals: &'a [Build],
    ) -> BoxFuture<'a, Result<Standing, NodeError>> {
        Box::pin(price::standing(self, from, own, rivals))
    }

    fn look<'a>(
        &'a self,
        intent: &'a Intent,
        build: &'a Build,
        versions: &'a [&'a SignedTx],
    ) -> BoxFuture<'a, Result<Sighting, NodeError>> {
        let sought = finality::Sought { intent, token: &build.token, versions };
        Box::pin(verdict::look(&self.pool, move |node| finality::by_node(self, node, sought)))
    }

    fn accounts<'a>(
        &'a self,
        intent: &'a Intent,
        build: &'a Build,
        versions: &'a [&'a SignedTx],
    ) -> BoxFuture<'a, Vec<Account>> {
        let sought = finality::Sought { intent, token: &build.token, versions };
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
        from: &'a Address,
        known: &'a BTreeSet<Token>,
    ) -> BoxFuture<'a, Result<Vec<Outflow>, NodeError>> {
        Box::pin(outflow::unexplained(self, from, known))
    }

    fn health(&self) -> BoxFuture<'_, Vec<NodeHealth>> {
        Box::pin(health::of(&self.pool, self.lag_limit_ms, |node| async move {
            node.prove().await?;
            let head = node.head().await?;
            Ok(Head { height: head.number, time: head.time })
        }))
    }

    fn poll_ms(&self) -> i64 {
        self.poll_ms
    }
}

#[cfg(test)]
mod tests;
