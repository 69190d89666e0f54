//! Questions to one node over HTTP: JSON there and back, within limits of time and size.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::road::NodeError;

/// The longest that one question may take.
const TIMEOUT: Duration = Duration::from_secs(8);
/// The largest answer that is read, bytes: a full block of a busy chain fits.
const REPLY_LIMIT: usize = 16 * 1024 * 1024;

/// The client that all nodes of a chain share.
///
/// # Errors
/// When TLS can't be set up.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(4))
        .no_proxy()
        .build()
}

/// Where a node listens.
#[derive(Debug)]
pub(super) struct Endpoint {
    client: reqwest::Client,
    url: Url,
    name: String,
    /// Sent with every question.
    header: Option<(HeaderName, HeaderValue)>,
}

/// What came back: never more than [`REPLY_LIMIT`].
#[derive(Debug)]
pub(super) struct Reply {
    /// HTTP's.
    pub(super) status: StatusCode,
    /// The body as JSON; `None` where it is none.
    pub(super) body: Option<Value>,
}

impl Endpoint {
    pub(super) fn new(client: reqwest::Client, url: Url) -> Self {
        // The path and the query often hold the operator's access key.
        let name = format!(
            "{}://{}{}",
            url.scheme(),
            url.host_str().unwrap_or("?"),
            url.port().map(|port| format!(":{port}")).unwrap_or_default()
        );
        Self { client, url, name, header: None }
    }

    /// The password of the URL, if it has one, goes into this header: some providers take their access key there.
    pub(super) fn with_key_in(self, header: &'static str) -> Self {
        let key = self.url.password().map(ToOwned::to_owned);
        self.with_header(header, key)
    }

    /// The password of the URL, if it has one, is sent as `Authorization: Bearer`.
    pub(super) fn with_bearer(self) -> Self {
        let key = self.url.password().map(|key| format!("Bearer {key}"));
        self.with_header("authorization", key)
    }

    fn with_header(mut self, name: &'static str, key: Option<String>) -> Self {
        if let Some(mut key) = key.and_then(|key| HeaderValue::from_str(&key).ok()) {
            key.set_sensitive(true);
            self.header = Some((HeaderName::from_static(name), key));
            // A URL that has a host can be without credentials.
            let _ = (self.url.set_password(None), self.url.set_username(""));
        }
        self
    }

    /// Scheme, host and port.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Posts a question to the node's URL itself, or to `path` below it. `method` names the question in errors.
    pub(super) async fn post(
        &self,
        method: &'static str,
        path: Option<&str>,
        question: &Value,
    ) -> Result<Reply, NodeError> {
        let unreachable = |source: reqwest::Error| NodeError::Unreachable {
            node: self.name.clone(),
            source: source.without_url(),
        };
        let mut url = self.url.clone();
        if let Some(path) = path {
            let whole = format!("{}/{path}", url.path().trim_end_matches('/'));
            url.set_path(&whole);
        }
        let mut request = self.client.post(url).timeout(TIMEOUT).json(question);
        if let Some((name, value)) = &self.header {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > REPLY_LIMIT {
                return Err(self.nonsense(method, "an answer of more than 16 MiB"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status: response.status(), body: serde_json::from_slice(&body).ok() })
    }

    pub(super) fn nonsense(&self, method: &'static str, why: &str) -> NodeError {
        NodeError::Nonsense { node: self.name.clone(), method, why: why.to_owned() }
    }

    pub(super) fn refused(&self, method: &'static str, code: i64, message: &str) -> NodeError {
        let message = message.chars().filter(|c| !c.is_control()).take(300).collect();
        NodeError::Refused { node: self.name.clone(), method, code, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Endpoint::new(client().unwrap(), url.parse().unwrap())
    }

    #[test]
    fn a_nodes_name_tells_no_key() {
        let name = endpoint("https://user:secret@node.example:8443/secret?key=secret").name().to_owned();
        assert_eq!(name, "https://node.example:8443");
    }

    #[test]
    fn the_key_of_a_url_moves_into_its_header_and_is_shown_nowhere() {
        let endpoint = endpoint("https://:secret@node.example/v1").with_key_in("tron-pro-api-key");
        assert_eq!(endpoint.url.as_str(), "https://node.example/v1");
        assert!(!format!("{endpoint:?}").contains("secret"));
    }
}
