//! JSON-RPC 2.0 over HTTP, for questions of the testbed itself: Bursar's own client is not used to check Bursar.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ruint::aliases::U256;
use serde_json::{Value, json};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// The node can't be reached.
    #[error("the development node does not answer {method}")]
    Unreachable {
        /// The question.
        method: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The node refuses.
    #[error("the development node refuses {method}: {error}")]
    Refused {
        /// The question.
        method: String,
        /// In its words.
        error: String,
    },
    /// Not what was asked for.
    #[error("the development node answers {method} with {answer}")]
    Senseless {
        /// The question.
        method: String,
        /// The answer.
        answer: String,
    },
}

/// A connection to the node.
#[derive(Debug)]
pub struct Rpc {
    url: String,
    http: reqwest::Client,
    next: AtomicU64,
}

impl Rpc {
    /// Talks to the node at `url`.
    pub fn new(url: String) -> Self {
        Self { url, http: crate::vendor::http_client(TIMEOUT), next: AtomicU64::new(1) }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// One question.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn ask(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let unreachable = |source| RpcError::Unreachable { method: method.to_owned(), source };
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let reply = self.http.post(&self.url).json(&body).send().await.map_err(unreachable)?;
        let mut reply: Value = reply.json().await.map_err(unreachable)?;
        match reply.get("error") {
            Some(error) => Err(RpcError::Refused { method: method.to_owned(), error: error.to_string() }),
            None => Ok(reply["result"].take()),
        }
    }

    /// A question whose answer is a number.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn quantity(&self, method: &str, params: Value) -> Result<U256, RpcError> {
        let answer = self.ask(method, params).await?;
        let number = answer.as_str().and_then(|text| text.strip_prefix("0x"));
        // An empty word is what a call to an address without code gives.
        number
            .filter(|digits| !digits.is_empty())
            .and_then(|digits| U256::from_str_radix(digits, 16).ok())
            .ok_or_else(|| RpcError::Senseless { method: method.to_owned(), answer: answer.to_string() })
    }
}
