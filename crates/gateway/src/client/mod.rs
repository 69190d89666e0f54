//! A client of the operators' API: what the command line, the console and tests speak through.
//!
//! It signs each request for one deployment. Pin that deployment's id where you have the genesis file
//! ([`OperatorClient::pinned`]); without a pin the gateway is asked for it, which is enough to read, and is the
//! gateway's word.

mod calls;
mod error;

use std::sync::Arc;
use std::time::Duration;

use payout::approval::{Act, ActNonce, SignedAct};
use payout::ids::{Digest, PrincipalId};
use payout::key::SecretKey;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use url::Url;

use crate::clock;
use crate::operator::fault::FaultBody;
use crate::operator::signature::{Nonce, SignedRequest};
use crate::operator::status::StatusSheet;

pub use error::ClientError;

/// The longest wait for an answer: a ceremony or a freeze may wait for co-signers.
const PATIENCE: Duration = Duration::from_secs(60);

/// A signed-in operator.
#[derive(Clone)]
pub struct OperatorClient {
    base: Url,
    key: Arc<SecretKey>,
    principal: PrincipalId,
    deployment: Arc<OnceCell<Digest>>,
    http: reqwest::Client,
}

impl std::fmt::Debug for OperatorClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OperatorClient({} at {})", self.principal, self.base)
    }
}

impl OperatorClient {
    /// A client of the gateway at `base_url` (scheme, host and port of its operators' listener).
    ///
    /// # Errors
    /// [`ClientError::Address`] for a URL that is none.
    pub fn new(
        base_url: &str,
        key: impl Into<Arc<SecretKey>>,
        principal: PrincipalId,
    ) -> Result<Self, ClientError> {
        let base = Url::parse(base_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.ok_or_else(|| ClientError::Address { text: base_url.to_owned() })?;
        // One provider a process; whoever came first chose the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent("bursar")
            .build()
            .map_err(ClientError::Start)?;
        Ok(Self { base, key: key.into(), principal, deployment: Arc::new(OnceCell::new()), http })
    }

    /// The same, for one deployment only: a request to any other gateway is worthless there.
    #[must_use]
    pub fn pinned(mut self, deployment: Digest) -> Self {
        self.deployment = Arc::new(OnceCell::new_with(Some(deployment)));
        self
    }

    /// Who signs.
    pub const fn principal(&self) -> &PrincipalId {
        &self.principal
    }

    /// The key, for what carries a signature of its own.
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// The deployment that requests are signed for.
    ///
    /// # Errors
    /// [`ClientError`] when it is not pinned and the gateway does not say.
    pub async fn deployment(&self) -> Result<Digest, ClientError> {
        let ask = || async { self.status().await.map(|status| status.deployment) };
        self.deployment.get_or_try_init(ask).await.copied()
    }

    /// The state of the house; unsigned.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn status(&self) -> Result<StatusSheet, ClientError> {
        let request = self.http.get(self.url("/status")?);
        self.answer(request).await
    }

    /// Signs an act over an intent's digest, with fresh randomness.
    ///
    /// # Errors
    /// [`ClientError::Randomness`].
    pub fn sign_act(&self, act: Act, intent: Digest) -> Result<SignedAct, ClientError> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|_| ClientError::Randomness)?;
        Ok(SignedAct::sign(&self.key, self.principal.clone(), act, intent, ActNonce::from_bytes(nonce)))
    }

    async fn get<T: DeserializeOwned>(&self, target: &str) -> Result<T, ClientError> {
        self.send(Method::GET, target, Vec::new()).await
    }

    async fn post<T: DeserializeOwned>(&self, target: &str, body: &impl Serialize) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|source| ClientError::Body { source })?;
        self.send(Method::POST, target, body).await
    }

    async fn delete(&self, target: &str) -> Result<(), ClientError> {
        self.send(Method::DELETE, target, Vec::new()).await
    }

    /// Sends a signed request. An answer without a body reads as `null`.
    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        target: &str,
        body: Vec<u8>,
    ) -> Result<T, ClientError> {
        let url = self.url(target)?;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| ClientError::Randomness)?;
        let on_the_wire = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let signed = SignedRequest {
            method: method.as_str(),
            target: &on_the_wire,
            body: &body,
            time: clock::now(),
            nonce: Nonce::from_bytes(nonce),
            deployment: self.deployment().await?,
        };
        let headers = signed.headers(&self.key, &self.principal);
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body);
        }
        self.answer(request).await
    }

    fn url(&self, target: &str) -> Result<Url, ClientError> {
        self.base.join(target).map_err(|_| ClientError::Address { text: target.to_owned() })
    }

    async fn answer<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ClientError> {
        let lost = |source| ClientError::Unreachable { url: self.base.to_string(), source };
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        let body = response.bytes().await.map_err(lost)?;
        if !status.is_success() {
            let fault = serde_json::from_slice(&body).unwrap_or_else(|_| FaultBody {
                error: format!("HTTP {}", status.as_u16()),
                field: None,
                next: "check that --url is the operators' address of the gateway".to_owned(),
            });
            return Err(ClientError::Refused { status: status.as_u16(), fault });
        }
        let text: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(text).map_err(|source| ClientError::Nonsense { source })
    }
}
