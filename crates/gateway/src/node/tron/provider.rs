//! Whoever sells energy: a transfer of USDT paid with rented energy costs about half of what burning TRX for it does.
//!
//! Providers have interfaces of their own. The gateway speaks one small one over HTTP, with JSON there and back, and a
//! program beside it can translate it for any of them:
//!
//! - `POST <url>/quote {"receiver", "energy", "duration_s"}` gives `{"quote", "energy", "price_sun", "valid_until_ms"}`;
//! - `POST <url>/rent {"quote"}` gives `{"order"}`. Renting one quote twice is one order.
//!
//! The provider is paid outside of this, from an account that the operator keeps there: nothing is signed for it.

use futures::future::BoxFuture;
use payout::ids::Address;
use payout::time::Millis;
use serde_json::{Value, json};
use url::Url;

use crate::node::http::Endpoint;
use crate::node::road::NodeError;

/// Sells energy.
pub trait EnergyProvider: Send + Sync {
    /// What so much energy for `receiver` costs.
    fn quote<'a>(
        &'a self,
        receiver: &'a Address,
        energy: u64,
        duration_s: u32,
    ) -> BoxFuture<'a, Result<Quote, NodeError>>;

    /// Takes a quote; gives the order's number. The energy comes a little later.
    fn rent<'a>(&'a self, quote: &'a Quote) -> BoxFuture<'a, Result<String, NodeError>>;
}

/// An offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The provider's number of it.
    pub id: String,
    /// How much energy.
    pub energy: u64,
    /// What it costs, sun.
    pub price_sun: u64,
    /// Until when.
    pub valid_until: Millis,
}

/// A provider behind the HTTP interface above.
#[derive(Debug)]
pub(super) struct HttpProvider {
    endpoint: Endpoint,
}

impl HttpProvider {
    /// The password of the URL, if there is one, is sent as `Authorization: Bearer`.
    pub(super) fn new(client: reqwest::Client, url: Url) -> Self {
        Self { endpoint: Endpoint::new(client, url).with_bearer() }
    }

    async fn ask(&self, method: &'static str, question: Value) -> Result<Value, NodeError> {
        let reply = self.endpoint.post(method, Some(method), &question).await?;
        let Some(answer @ Value::Object(_)) = reply.body else {
            let why = format!("HTTP {} and no JSON object", reply.status);
            return Err(self.endpoint.nonsense(method, &why));
        };
        if !reply.status.is_success() {
            let message = answer.get("error").and_then(Value::as_str).unwrap_or("no reason");
            return Err(self.endpoint.refused(method, reply.status.as_u16().into(), message));
        }
        Ok(answer)
    }

    async fn quoted(&self, receiver: &Address, energy: u64, duration_s: u32) -> Result<Quote, NodeError> {
        let question = json!({"receiver": receiver.as_str(), "energy": energy, "duration_s": duration_s});
        let answer = self.ask("quote", question).await?;
        read_quote(&answer)
            .filter(|quote| quote.energy >= energy)
            .ok_or_else(|| self.endpoint.nonsense("quote", "no quote for what was asked"))
    }

    async fn rented(&self, quote: &Quote) -> Result<String, NodeError> {
        let answer = self.ask("rent", json!({"quote": quote.id})).await?;
        let order = answer.get("order").and_then(Value::as_str).filter(|order| fits(order));
        order.map(ToOwned::to_owned).ok_or_else(|| self.endpoint.nonsense("rent", "no order"))
    }
}

impl EnergyProvider for HttpProvider {
    fn quote<'a>(
        &'a self,
        receiver: &'a Address,
        energy: u64,
        duration_s: u32,
    ) -> BoxFuture<'a, Result<Quote, NodeError>> {
        Box::pin(self.quoted(receiver, energy, duration_s))
    }

    fn rent<'a>(&'a self, quote: &'a Quote) -> BoxFuture<'a, Result<String, NodeError>> {
        Box::pin(self.rented(quote))
    }
}

fn read_quote(answer: &Value) -> Option<Quote> {
    Some(Quote {
        id: answer.get("quote")?.as_str().filter(|id| fits(id))?.to_owned(),
        energy: answer.get("energy")?.as_u64()?,
        price_sun: answer.get("price_sun")?.as_u64()?,
        valid_until: Millis::new(answer.get("valid_until_ms")?.as_i64()?)?,
    })
}

/// A number of theirs that we keep and log.
fn fits(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}
