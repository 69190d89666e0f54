//! Servers of the XRP Ledger over JSON-RPC: asking before a payment is built, broadcasting, and reading what became of it.

mod client;
mod finality;
mod ledger;
mod outflow;
mod plan;
mod price;
mod recipient;
mod reply;

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use payout::coin::{CoinId, Network};
use payout::ids::{Address, NetworkId};
use payout::intent::Intent;
use payout::life::{Build, SignedTx, Token};
use payout::money::Amount;

use super::OpenError;
use super::health;
use super::http;
use super::pool::Pool;
use super::road::{
    Account, Head, Hold, Lane, NodeError, NodeHealth, Outflow, Place, Plan, Road, Sent, Sighting, Standing,
};
use crate::config::ChainConfig;
use client::Server;

/// The XRP Ledger through its servers.
pub struct XrpRoad {
    pool: Pool<Server>,
    network_id: NetworkId,
    lane_window: u16,
    lag_limit_ms: i64,
    poll_ms: i64,
}

impl XrpRoad {
    /// A road over the configured servers; a final status needs `witnesses` of them to agree. Asks none yet.
    ///
    /// # Errors
    /// [`OpenError`] when the network's id is no `NetworkID` or the HTTP client can't start.
    pub fn open(config: &ChainConfig, network: &Network, witnesses: usize) -> Result<Self, OpenError> {
        let number = chain::xrp::number_of(&network.network_id).ok_or_else(|| OpenError::Network {
            chain: config.chain_id.clone(),
            why: "the network id of an XRP Ledger is its NetworkID in decimal",
        })?;
        let client = http::client().map_err(OpenError::Client)?;
        let server = |url: &url::Url| Server::new(client.clone(), url.clone(), number);
        Ok(Self {
            pool: Pool::new(config.nodes.iter().map(server).collect(), witnesses),
            network_id: network.network_id.clone(),
            lane_window: config.lane_window,
            lag_limit_ms: i64::from(config.lag_limit_s) * 1000,
            poll_ms: i64::from(config.poll_ms),
        })
    }
}

impl Road for XrpRoad {
    fn plan<'a>(&'a self, intent: &'a Intent, lane: &'a Lane) -> BoxFuture<'a, Result<Plan, Hold>> {
        Box::pin(plan::plan(self, intent, lane))
    }

    fn broadcast<'a>(&'a self, tx: &'a SignedTx) -> BoxFuture<'a, Result<Sent, NodeError>> {
        Box::pin(self.pool.broadcast(|server| server.send(&tx.signed), client::means_look))
    }

    fn rebuild<'a>(&'a self, intent: &'a Intent, place: &'a Place) -> BoxFuture<'a, Result<Plan, Hold>> {
        Box::pin(plan::rebuild(self, intent, place))
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
        Box::pin(finality::look(self, finality::Sought { intent, build, versions }))
    }

    fn accounts<'a>(
        &'a self,
        intent: &'a Intent,
        build: &'a Build,
        versions: &'a [&'a SignedTx],
    ) -> BoxFuture<'a, Vec<Account>> {
        Box::pin(finality::accounts(self, finality::Sought { intent, build, versions }))
    }

    /// What an account holds, its reserve included.
    fn balance<'a>(
        &'a self,
        address: &'a Address,
        _coin: &'a CoinId,
    ) -> BoxFuture<'a, Result<Amount, NodeError>> {
        Box::pin(async move {
            let account = self.pool.first(|server| server.account(address)).await?;
            Ok(account.map_or(Amount::ZERO, |account| account.balance))
        })
    }

    fn unexplained<'a>(
        &'a self,
        from: &'a Address,
        known: &'a BTreeSet<Token>,
    ) -> BoxFuture<'a, Result<Vec<Outflow>, NodeError>> {
        Box::pin(outflow::unexplained(self, from, known))
    }

    fn health(&self) -> BoxFuture<'_, Vec<NodeHealth>> {
        Box::pin(health::of(&self.pool, self.lag_limit_ms, |server| async move {
            let state = server.state().await?;
            Ok(Head { height: state.validated.into(), time: state.time })
        }))
    }

    fn poll_ms(&self) -> i64 {
        self.poll_ms
    }
}
