//! The way in: who asks is known, in time, for the first time, and has the role that the endpoint needs.
//!
//! An endpoint takes [`By`] with its role as a type parameter: one that forgot to ask for a role would not compile, and
//! none sees a request before it is checked.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use payout::ids::PrincipalId;
use payout::key::Signature;
use payout::policy::{Principal, Role};
use payout::time::Millis;
use serde::de::DeserializeOwned;
use store::NonceUse;

use super::fault::Fault;
use super::office::Office;
use super::signature::{NONCE, Nonce, PRINCIPAL, SIGNATURE, SignedRequest, TIME, WINDOW_MS};
use crate::clock;

/// The largest body, bytes: a policy document with room for its signatures.
pub(super) const BODY_LIMIT: usize = payout::policy::pinned::MAX_DOCUMENT_BYTES * 2;

/// The longest that a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(20);

/// A role as a type.
pub(super) trait Needs: Send + Sync {
    /// The least role.
    const ROLE: Role;
}

/// Sees.
pub(super) struct Viewer;
/// Runs the house.
pub(super) struct Operator;
/// Approves and rejects.
pub(super) struct Approver;
/// Publishes policy, orders ceremonies, freezes, confirms settings.
pub(super) struct Admin;

impl Needs for Viewer {
    const ROLE: Role = Role::Viewer;
}
impl Needs for Operator {
    const ROLE: Role = Role::Operator;
}
impl Needs for Approver {
    const ROLE: Role = Role::Approver;
}
impl Needs for Admin {
    const ROLE: Role = Role::Admin;
}

/// Who asks, checked for the role `R`, and what they sent.
pub(super) struct By<R> {
    /// Who, as the newest people chain has them.
    pub(super) principal: Principal,
    /// When the request was let in.
    pub(super) now: Millis,
    body: Bytes,
    role: PhantomData<R>,
}

impl<R> By<R> {
    /// Their name.
    pub(super) fn id(&self) -> PrincipalId {
        self.principal.id.clone()
    }

    /// The body.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Fault::bad(format!("the body is not what this call takes: {error}"), "correct the body")
        })
    }
}

impl<R: Needs> FromRequest<Arc<Office>> for By<R> {
    type Rejection = Fault;

    async fn from_request(request: Request, office: &Arc<Office>) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let claim = Claim::read(&parts.headers)?;
        in_time(claim.time, clock::now())?;
        let body = whole(body).await?;
        let now = clock::now();
        // Again: a body that took longer than nonces are remembered would let a request in twice.
        in_time(claim.time, now)?;
        let signed = SignedRequest {
            method: parts.method.as_str(),
            target,
            body: &body,
            time: claim.time,
            nonce: claim.nonce,
            deployment: office.gateway.policy().deployment(),
        };
        let principal = claim.principal_of(office, &signed)?;
        if !principal.may(R::ROLE) {
            return Err(Fault::forbidden(
                format!("{} has not the role {}, which this needs", principal.id, R::ROLE.as_str()),
                "ask somebody who has it, or the admins to publish people with that role",
            ));
        }
        // The last check, and the only one that is remembered: a refused request uses no nonce up.
        let until = claim.time.plus(WINDOW_MS + 1);
        let nonce = claim.nonce.to_string();
        match office.gateway.store.operator_nonce(&principal.id, &nonce, until).await? {
            NonceUse::Fresh => Ok(Self { principal, now, body, role: PhantomData }),
            NonceUse::Seen => Err(Fault::unsigned(
                "this very request came before",
                "sign it again with a fresh nonce; if that was not you, tell the admins",
            )),
        }
    }
}

async fn whole(body: Body) -> Result<Bytes, Fault> {
    match tokio::time::timeout(BODY_TIME, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            Err(Fault::bad(format!("the body is over {BODY_LIMIT} bytes, or broke off"), "send less"))
        }
        Err(_) => Err(Fault::bad("the body did not arrive in time", "send it again")),
    }
}

/// The four headers.
struct Claim {
    principal: PrincipalId,
    time: Millis,
    nonce: Nonce,
    signature: Signature,
}

impl Claim {
    fn read(headers: &HeaderMap) -> Result<Self, Fault> {
        Ok(Self {
            principal: header(headers, PRINCIPAL, |text| text.parse().ok())?,
            time: header(headers, TIME, |text| {
                let time = text.parse().ok().and_then(Millis::new)?;
                (time.to_string() == text).then_some(time)
            })?,
            nonce: header(headers, NONCE, Nonce::parse)?,
            signature: header(headers, SIGNATURE, |text| text.parse().ok())?,
        })
    }

    /// The principal whose key signed. Unknown people and wrong signatures get one answer: nobody learns here who is
    /// in the people chain.
    fn principal_of(&self, office: &Office, signed: &SignedRequest<'_>) -> Result<Principal, Fault> {
        let policy = office.gateway.policy();
        let digest = signed.digest();
        policy
            .people()
            .principal(&self.principal)
            .filter(|principal| {
                principal.keys.iter().any(|key| key.verify_digest(&digest, &self.signature).is_ok())
            })
            .cloned()
            .ok_or_else(|| {
                Fault::unsigned(
                    format!(
                        "the signature is no key's of {} over this request to this deployment",
                        self.principal
                    ),
                    "check --as and --key, and that this gateway belongs to your genesis file",
                )
            })
    }
}

fn header<T>(
    headers: &HeaderMap,
    name: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Fault> {
    // Two headers of one name could be read as one by us and as the other by a proxy.
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none());
    value.and_then(|value| value.to_str().ok()).and_then(read).ok_or_else(|| {
        Fault::unsigned(
            format!("the header {name} is missing or malformed"),
            "use the `bursar` command line, which signs its requests",
        )
    })
}

fn in_time(time: Millis, now: Millis) -> Result<(), Fault> {
    let off = now.since(time);
    if off.abs() <= WINDOW_MS {
        return Ok(());
    }
    Err(Fault::unsigned(
        format!(
            "the request's time is {} s off the gateway's clock; {} s are allowed",
            off / 1000,
            WINDOW_MS / 1000
        ),
        "set the clock of your machine, or of the gateway",
    ))
}
