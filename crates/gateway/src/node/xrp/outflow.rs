//! What left an account that nobody of ours knows of: its own validated transactions on tokens that no payout has.

use std::collections::BTreeSet;

use payout::ids::Address;
use payout::life::Token;
use serde_json::Value;

use super::XrpRoad;
use super::client::Server;
use crate::node::road::{NodeError, Outflow};

/// So many unknown transactions are told; more say no more.
const TOLD: usize = 100;
/// Parts of the history that are read, of 200 transactions each.
const PARTS: usize = 500;

/// The account's own transactions on tokens that are none of `known`. A server that keeps only the recent history tells of
/// that only.
pub(super) async fn unexplained(
    road: &XrpRoad,
    from: &Address,
    known: &BTreeSet<Token>,
) -> Result<Vec<Outflow>, NodeError> {
    road.pool.in_turn(|server| by_server(server, from, known)).await
}

async fn by_server(
    server: &Server,
    from: &Address,
    known: &BTreeSet<Token>,
) -> Result<Vec<Outflow>, NodeError> {
    if server.account(from).await?.is_none() {
        return Ok(Vec::new()); // an account without money has sent nothing
    }
    let mut outflows = Vec::new();
    let mut marker: Option<Value> = None;
    for _ in 0..PARTS {
        let page = server.history(from, None, marker.as_ref()).await?;
        for seen in page.transactions.into_iter().filter(|seen| seen.account == *from) {
            match seen.token {
                Some(token) if !known.contains(&token) => {
                    outflows.push(Outflow { token, txid: Some(seen.hash) });
                }
                Some(_) | None => {}
            }
        }
        marker = page.marker;
        if marker.is_none() || outflows.len() >= TOLD {
            outflows.truncate(TOLD);
            return Ok(outflows);
        }
    }
    Err(NodeError::Nonsense {
        node: crate::node::pool::Named::name(server).to_owned(),
        method: "account_tx",
        why: "a history without an end".to_owned(),
    })
}
