//! `POST /api/v1/coins`: what can be paid out, and on which chains addresses can be made.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::request::fields::Coins;
use payout::request::reply::{CoinLists, CoinRow};

use crate::api::door::{Admitted, Arrival, Refusal, answer};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |_: Admitted<Coins>| Ok::<_, Refusal>(coins(&gateway))).await
}

fn coins(gateway: &Gateway) -> CoinLists {
    let policy = gateway.policy();
    let rules = policy.newest_rules();
    let rows: Vec<CoinRow> = rules.coins.iter().map(CoinRow::from).collect();
    CoinLists { payout_coins: rows.clone(), address_coins: rows, order_coins: Vec::new() }
}
