//! The way in: JSON and types → project → IP list → signature → rate → time window, in the contract's order.
//!
//! Replay is the last check here only for calls that create nothing to remember; a creating call remembers its request
//! in the transaction of its effect, so that a refused request uses nothing up.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use payout::ids::PrincipalId;
use payout::request::caller::{self, CallerSignature};
use payout::request::fields::Call;
use payout::request::reply::Reply;
use payout::request::sign::ApiKey;
use payout::request::{self, Code, Envelope, Rejected};
use payout::time::Millis;
use serde::Serialize;
use store::{CallerProof, Project, ReplayKey, StoreError};

use super::caller_address;
use crate::clock;
use crate::restore::Shut;
use crate::state::Gateway;

/// The largest body, bytes.
pub(super) const BODY_LIMIT: usize = 64 * 1024;
/// The longest that a body may take to arrive: a caller that sends it by the byte must not hold a connection for ever.
const BODY_TIME: Duration = Duration::from_secs(10);

/// A request as it came over HTTP, nothing of it believed.
pub(super) struct Arrival {
    peer: IpAddr,
    headers: HeaderMap,
    raw: Result<Bytes, Rejected>,
}

impl<S: Send + Sync> FromRequest<S> for Arrival {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(address)| address.ip());
        let (parts, body) = request.into_parts();
        let raw = read(&parts.method, &parts.headers, body).await;
        Ok(Self { peer, headers: parts.headers, raw })
    }
}

async fn read(method: &Method, headers: &HeaderMap, body: Body) -> Result<Bytes, Rejected> {
    if *method != Method::POST {
        return Err(Rejected::param("method", "must be POST"));
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = content_type.split(';').next().unwrap_or("").trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Rejected::param("Content-Type", "must be application/json"));
    }
    let whole = tokio::time::timeout(BODY_TIME, to_bytes(body, BODY_LIMIT)).await;
    let refused = "must arrive whole within 10 s and have at most 65536 bytes";
    whole.ok().and_then(Result::ok).ok_or_else(|| Rejected::param("body", refused))
}

/// A call that passed the door.
pub(super) struct Admitted<C> {
    /// Whose.
    pub(super) project: Arc<Project>,
    /// The common parameters.
    pub(super) envelope: Envelope,
    /// What is asked.
    pub(super) call: C,
    /// The caller's own signature over the raw body, if it came with one.
    pub(super) caller: Option<SignedByCaller>,
    /// When it was let in.
    pub(super) now: Millis,
    window_ms: i64,
}

/// A machine principal's verified signature over a request (`caller_signed` rules).
pub(super) struct SignedByCaller {
    /// Who.
    pub(super) principal: PrincipalId,
    /// What co-signers get to see.
    pub(super) proof: CallerProof,
}

impl<C> Admitted<C> {
    /// The memory of this request, for the transaction of a creating call. It is kept until the window would refuse
    /// the request anyhow.
    pub(super) fn replay_key(&self) -> ReplayKey {
        ReplayKey {
            project: self.project.id,
            nonce: self.envelope.nonce.as_str().to_owned(),
            timestamp: self.envelope.timestamp.get(),
            sign: self.envelope.sign.clone(),
            forget_after: self.envelope.timestamp.plus(self.window_ms + 1),
        }
    }
}

/// Why a call has no success.
pub(super) enum Refusal {
    /// The contract has a code for it.
    Rejected(Rejected),
    /// It has none for a broken database: not HTTP 200, so that a client takes it for a fault and asks again.
    Unavailable(StoreError),
    /// Nor for one that may be an old copy.
    Shut(Shut),
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Rejected(code.into())
    }
}

impl From<Shut> for Refusal {
    fn from(shut: Shut) -> Self {
        Self::Shut(shut)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

/// Lets a call in and answers it with what `handle` makes of it.
pub(super) async fn answer<C: Call, T: Serialize>(
    gateway: &Gateway,
    arrival: Arrival,
    handle: impl AsyncFnOnce(Admitted<C>) -> Result<T, Refusal>,
) -> Response {
    let outcome = match admit(gateway, arrival).await {
        Ok(admitted) => handle(admitted).await,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(data) => {
            gateway.metrics.request(Code::Ok);
            axum::Json(Reply::ok(data)).into_response()
        }
        Err(Refusal::Rejected(rejected)) => {
            gateway.metrics.request(rejected.code);
            tracing::debug!(code = rejected.code.as_str(), msg = rejected.msg, "request refused");
            axum::Json(Reply::<()>::rejected(rejected)).into_response()
        }
        Err(Refusal::Unavailable(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the database can't answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the service cannot store or read now; ask again\n")
                .into_response()
        }
        Err(Refusal::Shut(shut)) => {
            tracing::warn!(%shut, "a payout is not accepted");
            (StatusCode::SERVICE_UNAVAILABLE, "the service cannot accept payouts now; ask again\n")
                .into_response()
        }
    }
}

async fn admit<C: Call>(gateway: &Gateway, arrival: Arrival) -> Result<Admitted<C>, Refusal> {
    let now = clock::now();
    let raw = arrival.raw?;
    let request = request::Request::<C>::parse(&raw)?;

    let pid = request.envelope().pid;
    let project = gateway.doors.projects.get(&gateway.store, pid, now).await?.ok_or(Code::Project)?;
    if !project.settings.enabled {
        return Err(Code::Project.into());
    }

    let forwarded: Vec<&str> =
        // A line that is no text stays in its place as one that is no address: what stands before it was written by the
        // caller.
        arrival.headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("")).collect();
    let ip = caller_address::of(arrival.peer, &forwarded, &gateway.config.server.trusted_proxies);
    if !caller_address::is_listed(ip, &project.settings.ips) {
        return Err(Rejected::ip_not_listed(ip).into());
    }

    let live = project.api_keys.iter().filter(|key| key.is_live_at(now));
    let keys: Vec<ApiKey> = live.filter_map(|key| ApiKey::new(key.text.reveal().to_owned()).ok()).collect();
    let (envelope, call) = request.verify(&keys)?.into_parts();
    let caller = match arrival.headers.get(caller::HEADER) {
        None => None,
        Some(value) => Some(signed_by(gateway, pid, value.to_str().unwrap_or(""), &raw)?),
    };

    let rate = Some(project.settings.rate_limit_per_s).filter(|rate| *rate > 0);
    gateway
        .doors
        .limiter
        .take(pid, rate, now)
        .map_err(|too_many| Rejected::too_many_requests(too_many.retry_after_s))?;

    let window_ms = i64::from(gateway.config.request.window_s) * 1000;
    envelope.in_window(now, window_ms)?;
    Ok(Admitted { project, envelope, call, caller, now, window_ms })
}

/// The machine principal that signed the raw body; a signature that is there must be good.
fn signed_by(
    gateway: &Gateway,
    pid: payout::ids::ProjectId,
    header: &str,
    raw: &[u8],
) -> Result<SignedByCaller, Rejected> {
    let field = "Bursar-Signature";
    let signature: CallerSignature = header.parse().map_err(|why| Rejected::param(field, why))?;
    signature.verify(raw).map_err(|_| Rejected::from(Code::Signature))?;
    let policy = gateway.policy();
    let principal = policy
        .people()
        .owner_of(&signature.key())
        .filter(|principal| principal.may_call(pid))
        .ok_or_else(|| Rejected::param(field, "is no key of a caller of this project"))?;
    Ok(SignedByCaller {
        principal: principal.id.clone(),
        proof: CallerProof { header: header.to_owned(), body: raw.to_vec() },
    })
}

/// A path that the contract does not know.
pub(super) async fn unknown_path() -> Response {
    let reply = Reply::<()>::rejected(Rejected::param("path", "is no call of this API"));
    (StatusCode::NOT_FOUND, axum::Json(reply)).into_response()
}
