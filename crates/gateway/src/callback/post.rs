//! One POST to a project's receiver: guarded, bounded in time and size, and never redirected.

use std::sync::OnceLock;
use std::time::Duration;

use payout::request::check::CallbackUrl;

use super::target::{self, GuardedResolver, Reach};

/// The longest reply that is read, bytes. A longer one is no acknowledgement of anything.
const REPLY_LIMIT_BYTES: usize = 4096;
/// The longest that a connection may take to come about, within the time of the whole try.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The HTTP clients for receivers, one a [`Reach`]: the reach is in the resolver, so a connection that was opened for
/// one project never serves another's with less reach.
#[derive(Debug, Default)]
pub struct Post {
    public: OnceLock<reqwest::Client>,
    private: OnceLock<reqwest::Client>,
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body, at most 4 KiB of it.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub extent: Extent,
}

/// How much of a body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// It is longer than what is read.
    Cut,
}

impl Reply {
    /// The whole body of a 2xx answer; `None` for anything else.
    pub fn whole_success(&self) -> Option<&[u8]> {
        let is_success = (200..300).contains(&self.status) && self.extent == Extent::Whole;
        is_success.then_some(self.body.as_slice())
    }

    /// The answer in a few words, for people. Control characters are taken out; it came from outside.
    pub fn describe(&self) -> String {
        let head: String = self.head(80);
        let longer = if self.extent == Extent::Cut { " and more" } else { "" };
        format!("HTTP {} {head:?}{longer}", self.status)
    }

    /// The body's first characters as text.
    pub fn head(&self, chars: usize) -> String {
        let text = String::from_utf8_lossy(&self.body);
        text.chars().filter(|c| !c.is_control()).take(chars).collect()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The URL may not be called.
    #[error("the URL {0}")]
    NotAllowed(&'static str),
    /// No answer in time.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// No connection, or it broke.
    #[error("{}", told(.0))]
    Failed(#[source] reqwest::Error),
    /// The HTTP client can't be made.
    #[error("the HTTP client can't start")]
    Client(#[source] reqwest::Error),
}

/// The innermost cause says what is wrong ("connection refused"); the outer ones say only that something is.
fn told(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

impl Post {
    /// Posts a JSON body and reads the reply's beginning.
    ///
    /// # Errors
    /// [`PostError`]; a reply of any status is no error.
    pub async fn post(
        &self,
        url: &CallbackUrl,
        reach: Reach,
        body: String,
        within: Duration,
    ) -> Result<Reply, PostError> {
        // Looked at before each try: what a project may reach can have changed since the URL was taken. A literal
        // address never comes to the resolver.
        target::allowed(url, reach).map_err(PostError::NotAllowed)?;
        let client = self.client(reach)?;
        let exchange = async {
            let mut response = client
                .post(url.as_str())
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(body)
                .send()
                .await
                .map_err(|error| PostError::Failed(error.without_url()))?;
            let status = response.status().as_u16();
            let mut read = Vec::new();
            let mut extent = Extent::Whole;
            while let Some(chunk) =
                response.chunk().await.map_err(|error| PostError::Failed(error.without_url()))?
            {
                let room = REPLY_LIMIT_BYTES - read.len();
                read.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if chunk.len() > room {
                    // The rest is never read: the connection goes with the response.
                    extent = Extent::Cut;
                    break;
                }
            }
            Ok(Reply { status, body: read, extent })
        };
        tokio::time::timeout(within, exchange).await.unwrap_or(Err(PostError::TimedOut(within)))
    }

    fn client(&self, reach: Reach) -> Result<&reqwest::Client, PostError> {
        let cell = match reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(GuardedResolver(reach))
            // A proxy from the environment would resolve names for us, past the guard.
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(4)
            .user_agent("bursar")
            .build()
            .map_err(PostError::Client)?;
        Ok(cell.get_or_init(|| client))
    }
}
