//! A sample callback, so that a receiver can be tried out before money moves.

use std::time::{Duration, Instant};

use payout::ids::{Cid, ProjectId};
use payout::life::Status;
use payout::request::check::callback_url;
use payout::request::notice::{Callback, Route, is_acknowledged};
use store::{REPLY_HEAD_BYTES, StoreError};

use super::signing::{NoKey, fresh_nonce, newest_key};
use super::target::Reach;
use crate::clock;
use crate::state::Gateway;

/// Why no sample was sent.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// No such project.
    #[error("there is no project {0}")]
    UnknownProject(ProjectId),
    /// Not a URL.
    #[error("{0}")]
    BadUrl(String),
    /// Nothing to sign with.
    #[error(transparent)]
    NoKey(#[from] NoKey),
    /// The rules list no coin that a sample could name.
    #[error("the rules list no coin yet")]
    NoCoin,
    /// The database failed.
    #[error("the database can't be used")]
    Store(#[from] StoreError),
}

/// How a sample went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// The HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// The beginning of the answer.
    pub reply_head: String,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
    /// Whether a callback with this answer would count as delivered.
    pub delivered: bool,
}

/// Posts a signed sample to `url`: a succeeded payout of nothing, marked by the remark `test`. Stores nothing.
///
/// # Errors
/// [`TestError`] when there is nothing to post; a receiver that does not answer is no error.
pub async fn test(gateway: &Gateway, project: ProjectId, url: &str) -> Result<Tested, TestError> {
    let url = callback_url(url).map_err(|rejected| TestError::BadUrl(rejected.to_string()))?;
    let found = gateway.store.project(project).await?.ok_or(TestError::UnknownProject(project))?;
    let now = clock::now();
    let policy = gateway.policy();
    let coin = policy.newest_rules().coins.first().ok_or(TestError::NoCoin)?;
    let sample = Callback {
        pid: project,
        cid: Cid::new(1).expect("1 is positive"),
        chain_id: coin.chain_id.clone(),
        token_id: coin.token_id.clone(),
        currency: coin.id().to_string(),
        route: Route::Payout { address: "test".parse().expect("a short word is an address's text") },
        amount: "0".to_owned(),
        third_party_id: "test".parse().expect("a short word is a business number"),
        remark: Some("test".to_owned()),
        status: Status::Succeeded,
        txid: Some("0".to_owned()),
        block_height: Some(0),
        block_time: Some(now),
        memo: None,
    };
    let body = sample.to_body(&newest_key(&found, now)?, &fresh_nonce(), now);
    let reach = Reach::of(&found.settings, gateway.environment());
    let within = Duration::from_millis(gateway.config.callback.timeout_ms.into());
    let begun = Instant::now();
    let answer = gateway.post.post(&url, reach, body, within).await;
    let delivered = answer.as_ref().is_ok_and(|reply| reply.whole_success().is_some_and(is_acknowledged));
    let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    Ok(match answer {
        Ok(reply) => Tested {
            http_status: Some(reply.status),
            reply_head: reply.head(REPLY_HEAD_BYTES),
            error: None,
            duration_ms,
            delivered,
        },
        Err(error) => Tested {
            http_status: None,
            reply_head: String::new(),
            error: Some(error.to_string()),
            duration_ms,
            delivered,
        },
    })
}
