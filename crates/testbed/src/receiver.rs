//! A business system that receives callbacks: checks each by its own, records it, and answers as it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::routing::any;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::vendor;

/// The 17 keys of a payout callback, in the order of their bytes (wire contract, section 5).
pub const KEYS: [&str; 17] = [
    "address",
    "amount",
    "block_height",
    "block_time",
    "chain_id",
    "cid",
    "currency",
    "memo",
    "nonce",
    "pid",
    "remark",
    "sign",
    "status",
    "third_party_id",
    "timestamp",
    "token_id",
    "txid",
];

/// What it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// `success`.
    Success,
    /// HTTP 500 so many times, then `success`.
    Failing(u32),
    /// Never.
    Silent,
    /// These words: a project's verification URL says `ok` or `deny`.
    Saying(&'static str),
}

/// One callback that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The path and query that it came to.
    pub path: String,
    /// The body.
    pub body: Map<String, Value>,
    /// What is wrong with it by the contract.
    pub faults: Vec<String>,
    /// Whether the answer was `success`. The sender may not have heard it.
    pub acknowledged: bool,
}

impl Received {
    /// The payout's number.
    pub fn cid(&self) -> Option<i64> {
        self.body.get("cid").and_then(Value::as_i64)
    }

    /// The status that it reports.
    pub fn status(&self) -> Option<i64> {
        self.body.get("status").and_then(Value::as_i64)
    }
}

struct Desk {
    api_key: String,
    manner: Mutex<Manner>,
    received: Mutex<Vec<Received>>,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A receiver on a free port of the loopback; ends when dropped.
pub struct Receiver {
    address: SocketAddr,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Starts one for the project with this API key.
    ///
    /// # Errors
    /// The loopback has no free port.
    pub async fn start(api_key: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk {
            api_key: api_key.to_owned(),
            manner: Mutex::new(Manner::Success),
            received: Mutex::default(),
        });
        let router = Router::new().fallback(any(take)).with_state(Arc::clone(&desk));
        let server = tokio::spawn(async move {
            // It fails only when it can't accept any more, and then every wait for a callback says so.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, desk, server })
    }

    /// The URL for `callback_url`.
    pub fn url(&self) -> String {
        format!("http://{}/callback", self.address)
    }

    /// Answers differently from now on.
    pub fn behave(&self, manner: Manner) {
        *self.desk.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// Everything that came so far, refused ones included.
    pub fn received(&self) -> Vec<Received> {
        self.desk.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The callbacks of one payout.
    pub fn of(&self, cid: i64) -> Vec<Received> {
        let received = self.desk.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.iter().filter(|received| received.cid() == Some(cid)).cloned().collect()
    }

    /// Whether one of them was answered with `success`.
    pub fn has_acknowledged(&self, cid: i64) -> bool {
        let received = self.desk.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.iter().any(|received| received.acknowledged && received.cid() == Some(cid))
    }

    /// Waits for the first callback of a payout.
    pub async fn wait(&self, cid: i64, patience: Duration) -> Option<Received> {
        let start = Instant::now();
        loop {
            if let Some(first) = self.of(cid).into_iter().next() {
                return Some(first);
            }
            if start.elapsed() >= patience {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(
    State(desk): State<Arc<Desk>>,
    OriginalUri(uri): OriginalUri,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let (body, faults) = examine(&desk.api_key, &body);
    let path = uri.to_string();
    let manner = {
        let mut manner = desk.manner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = *manner;
        if let Manner::Failing(times) = now {
            *manner = if times > 1 { Manner::Failing(times - 1) } else { Manner::Success };
        }
        now
    };
    let acknowledged = manner == Manner::Success;
    let received = Received { path, body, faults, acknowledged };
    desk.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    match manner {
        Manner::Success => (StatusCode::OK, "success"),
        Manner::Failing(_) => (StatusCode::INTERNAL_SERVER_ERROR, "try again"),
        Manner::Silent => std::future::pending().await,
        Manner::Saying(words) => (StatusCode::OK, words),
    }
}

/// The body, and everything about it that a strict client would throw on.
fn examine(api_key: &str, body: &[u8]) -> (Map<String, Value>, Vec<String>) {
    let mut faults = Vec::new();
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return (Map::new(), vec!["it is no JSON object".to_owned()]);
    };
    let mut keys: Vec<&str> = body.keys().map(String::as_str).collect();
    keys.sort_unstable();
    if keys != KEYS {
        faults.push(format!("its keys are {keys:?}"));
    }
    if body.get("sign").and_then(Value::as_str) != Some(&vendor::sign(api_key, &body)) {
        faults.push("its sign does not verify".to_owned());
    }
    for key in ["pid", "cid", "status", "timestamp"] {
        if !body.get(key).is_some_and(Value::is_i64) {
            faults.push(format!("{key} is no integer"));
        }
    }
    for key in ["chain_id", "token_id", "currency", "address", "amount", "third_party_id", "nonce"] {
        if !body.get(key).is_some_and(Value::is_string) {
            faults.push(format!("{key} is no string"));
        }
    }
    (body, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_with_another_sign_or_key_is_found_out() {
        let mut body = Map::new();
        for key in KEYS {
            let number = ["pid", "cid", "status", "timestamp"].contains(&key);
            body.insert(key.to_owned(), if number { 6.into() } else { "x".into() });
        }
        body.insert("sign".to_owned(), vendor::sign("key", &body).into());
        let faults = |body: &Map<String, Value>| examine("key", &serde_json::to_vec(body).unwrap()).1;
        assert_eq!(faults(&body), Vec::<String>::new());
        body.insert("amount".to_owned(), "y".into());
        assert_eq!(faults(&body), ["its sign does not verify"]);
        body.insert("extra".to_owned(), Value::Null);
        assert_eq!(faults(&body).len(), 2);
    }
}
