//! A node that can't be trusted: an HTTP JSON-RPC server before an honest one, which lags, lies, loses and hangs as it is
//! told to.
//!
//! - [`fault`]: what it can be told. `lag` and `lie`: how it changes the honest node's answers.
//!
//! Told nothing, it passes questions and answers on as they are. Several of them before one node are several nodes that
//! see the same chain.

pub mod fault;
mod lag;
mod lie;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::vendor::http_client;

pub use fault::{Fault, Lie};

/// How long the honest node may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The question that hands signed bytes over.
const SEND: &str = "eth_sendRawTransaction";

/// A proxy on a free port of the loopback; ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Starts an honest one before the node at `upstream`.
    ///
    /// # Errors
    /// The loopback has no free port.
    pub async fn start(upstream: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk {
            http: http_client(TIMEOUT),
            upstream: Mutex::new(upstream.to_owned()),
            faults: Mutex::default(),
            asked: Mutex::default(),
        });
        let router = Router::new().fallback(any(answer)).with_state(Arc::clone(&desk));
        let server = tokio::spawn(async move {
            // It fails only when it can't accept any more: a node that is gone.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, desk, server })
    }

    /// The node's URL, without a trailing slash: what the gateway calls it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Has all of these faults from now on, and no others.
    pub fn behave(&self, faults: &[Fault]) {
        *self.desk.faults() = faults.to_vec();
    }

    /// Is honest from now on.
    pub fn recover(&self) {
        self.desk.faults().clear();
    }

    /// Stands before another node from now on: another machine behind the same address.
    pub fn stand_before(&self, upstream: &str) {
        upstream.clone_into(&mut self.desk.upstream());
    }

    /// How often it was asked this, since its start.
    pub fn asked(&self, method: &str) -> u64 {
        self.desk.asked().get(method).copied().unwrap_or(0)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Desk {
    http: reqwest::Client,
    upstream: Mutex<String>,
    faults: Mutex<Vec<Fault>>,
    asked: Mutex<BTreeMap<String, u64>>,
}

impl Desk {
    fn upstream(&self) -> MutexGuard<'_, String> {
        self.upstream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The node behind.
struct HonestNode {
    url: String,
    http: reqwest::Client,
}

impl HonestNode {
    /// Its whole reply; `None` when it has none.
    async fn reply(&self, question: &Value) -> Option<Value> {
        self.http.post(&self.url).json(question).send().await.ok()?.json().await.ok()
    }

    /// What it answers to a question of ours.
    async fn ask(&self, method: &str, params: Value) -> Option<Value> {
        let question = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        Some(self.reply(&question).await?["result"].take())
    }
}

/// One question on its way.
struct Question {
    id: Value,
    method: String,
    params: Value,
}

impl Question {
    fn parse(body: &[u8]) -> Option<Self> {
        let mut value: Value = serde_json::from_slice(body).ok()?;
        let method = value["method"].as_str()?.to_owned();
        Some(Self { id: value["id"].take(), method, params: value["params"].take() })
    }

    fn to_value(&self) -> Value {
        json!({"jsonrpc": "2.0", "id": self.id, "method": self.method, "params": self.params})
    }

    fn answered(&self, result: Value) -> Value {
        json!({"jsonrpc": "2.0", "id": self.id, "result": result})
    }

    fn refused(&self, message: &str) -> Value {
        json!({"jsonrpc": "2.0", "id": self.id, "error": {"code": -32000, "message": message}})
    }
}

async fn answer(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    let Some(mut question) = Question::parse(&body) else {
        return (StatusCode::BAD_REQUEST, "not a JSON-RPC question").into_response();
    };
    *desk.asked().entry(question.method.clone()).or_default() += 1;
    let faults = desk.faults().clone();
    let sends = question.method == SEND;
    let node = HonestNode { url: desk.upstream().clone(), http: desk.http.clone() };
    for fault in &faults {
        match fault {
            Fault::Hanging => return std::future::pending().await,
            Fault::Nonsense => return "<html>It works!</html>".into_response(),
            Fault::InternalError => {
                return (StatusCode::INTERNAL_SERVER_ERROR, "upstream connect error").into_response();
            }
            Fault::Dropping if sends => {
                let txid = lie::txid(&question.params).unwrap_or_default();
                return written(&question.answered(txid.into()));
            }
            Fault::Refusing { message } if sends => return written(&question.refused(message)),
            Fault::AnswerLost if sends => {
                // The node has it; nobody hears of it.
                let _ = node.reply(&question.to_value()).await;
                return cut();
            }
            Fault::Dropping
            | Fault::Refusing { .. }
            | Fault::AnswerLost
            | Fault::Lagging { .. }
            | Fault::StandingStill { .. }
            | Fault::Receipt(_)
            | Fault::OtherNetwork { .. }
            | Fault::Counts { .. } => {}
        }
    }
    let horizon = lag::Horizon::of(&node, &faults).await;
    if let Some(horizon) = &horizon {
        match horizon.narrow(&mut question) {
            lag::Narrowed::Ask => {}
            lag::Narrowed::Unknown => return written(&question.answered(Value::Null)),
            lag::Narrowed::Refuse => return written(&question.refused("header not found")),
        }
    }
    let Some(mut reply) = node.reply(&question.to_value()).await else { return cut() };
    if let Some(result) = reply.get_mut("result") {
        if let Some(horizon) = &horizon {
            horizon.hide(&question.method, result);
        }
        for fault in &faults {
            lie::tell(&node, fault, &question, result).await;
        }
    }
    written(&reply)
}

fn written(reply: &Value) -> Response {
    ([("content-type", "application/json")], reply.to_string()).into_response()
}

/// A connection that breaks off before the answer is there.
fn cut() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
    Response::new(Body::from_stream(broken))
}

#[cfg(test)]
mod tests;
