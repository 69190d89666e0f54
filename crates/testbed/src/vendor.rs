//! A client of the payout API as a caller has it: written from the wire contract alone, with no code of the gateway's,
//! so that an error there is not made twice.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A call got no reply of the contract's shape.
#[derive(Debug, thiserror::Error)]
pub enum VendorError {
    /// No reply.
    #[error("{path} got no reply")]
    Unreachable {
        /// Which call.
        path: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// Something else than HTTP 200 with code, msg and data.
    #[error("{path} got HTTP {status} with {body}")]
    Shape {
        /// Which call.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
}

/// A reply's three fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// `00000` or an error's code.
    pub code: String,
    /// `ok` or an error's text.
    pub msg: String,
    /// What was asked for; null on error.
    pub data: Value,
}

impl Reply {
    /// The new payout's number, if this is the reply of a call that made one.
    pub fn cid(&self) -> Option<i64> {
        self.data["cid"].as_i64()
    }
}

/// A caller of one project.
#[derive(Debug, Clone)]
pub struct Vendor {
    http: reqwest::Client,
    base_url: String,
    pid: i64,
    api_key: String,
}

impl Vendor {
    /// A caller of the gateway at `base_url`, without a trailing slash.
    pub fn new(base_url: String, pid: i64, api_key: String) -> Self {
        Self { http: http_client(TIMEOUT), base_url, pid, api_key }
    }

    /// The gateway's URL, without a trailing slash.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The fields with `pid`, `nonce`, `timestamp` (now) and `sign` added where they are not given.
    pub fn signed(&self, fields: Value) -> Map<String, Value> {
        let mut body = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        body.entry("pid").or_insert_with(|| self.pid.into());
        body.entry("nonce").or_insert_with(|| nonce().into());
        body.entry("timestamp").or_insert_with(|| now_ms().into());
        let sign = sign(&self.api_key, &body);
        body.entry("sign").or_insert_with(|| sign.into());
        body
    }

    /// One call: signs the fields and posts them.
    ///
    /// # Errors
    /// [`VendorError`] when the reply is not of the contract's shape; a refusal is a [`Reply`].
    pub async fn call(&self, path: &str, fields: Value) -> Result<Reply, VendorError> {
        let body = Value::Object(self.signed(fields)).to_string();
        self.post(path, body, &[]).await
    }

    /// Posts a body as it is.
    ///
    /// # Errors
    /// As [`Vendor::call`].
    pub async fn post(
        &self,
        path: &str,
        body: String,
        headers: &[(&str, &str)],
    ) -> Result<Reply, VendorError> {
        let unreachable = |source| VendorError::Unreachable { path: path.to_owned(), source };
        let mut request = self.http.post(format!("{}{path}", self.base_url)).body(body);
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = request.send().await.map_err(unreachable)?;
        let status = reply.status().as_u16();
        let text = reply.text().await.map_err(unreachable)?;
        read(status, &text).ok_or_else(|| VendorError::Shape { path: path.to_owned(), status, body: text })
    }

    /// Asks for a payout.
    ///
    /// # Errors
    /// As [`Vendor::call`].
    pub async fn payout(&self, order: &Order) -> Result<Reply, VendorError> {
        self.call("/api/v2/payout", order.fields()).await
    }

    /// Asks for a payout's state.
    ///
    /// # Errors
    /// As [`Vendor::call`].
    pub async fn query(&self, cid: i64) -> Result<Reply, VendorError> {
        self.call("/api/v1/payout/query", json!({"cid": cid})).await
    }
}

/// What to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The wallet.
    pub wallet_id: i64,
    /// `chain_id@token_id`.
    pub currency: String,
    /// The recipient.
    pub to: String,
    /// Token units.
    pub amount: String,
    /// The caller's number.
    pub third_party_id: String,
    /// Where the callback goes.
    pub callback_url: Option<String>,
    /// The memo: a destination tag on XRP.
    pub memo: Option<String>,
}

impl Order {
    /// The fields of `/api/v2/payout`.
    pub fn fields(&self) -> Value {
        let mut fields = json!({
            "wallet_id": self.wallet_id,
            "currency": self.currency,
            "to_address": self.to,
            "amount": self.amount,
            "remark": "payout",
            "third_party_id": self.third_party_id,
            "callback_url": self.callback_url,
        });
        if let Some(memo) = &self.memo {
            fields["memo"] = memo.as_str().into();
        }
        fields
    }
}

/// The signature of section 2: keys in the order of their bytes, each with its value's text, behind the API key.
pub fn sign(api_key: &str, body: &Map<String, Value>) -> String {
    let mut fields: Vec<(&str, String)> = body
        .iter()
        .filter(|(key, _)| *key != "sign")
        .filter_map(|(key, value)| Some((&**key, text(value)?)))
        .collect();
    fields.sort();
    let mut hash = Md5::new();
    hash.update(api_key);
    for (key, value) in fields {
        hash.update(key);
        hash.update(value);
    }
    hex::encode(hash.finalize())
}

/// A value as it is signed; `None` for what counts as absent.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn read(status: u16, body: &str) -> Option<Reply> {
    let value: Value = serde_json::from_str(body).ok()?;
    let fields = value.as_object().filter(|fields| status == 200 && fields.len() == 3)?;
    Some(Reply {
        code: fields.get("code")?.as_str()?.to_owned(),
        msg: fields.get("msg")?.as_str()?.to_owned(),
        data: fields.get("data")?.clone(),
    })
}

/// Six letters and digits.
fn nonce() -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    random::<6>().iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// Random bytes.
///
/// # Panics
/// If the operating system has none.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// A caller's number that was never used.
pub fn fresh_id() -> String {
    hex::encode(random::<16>())
}

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// An HTTP client for the loopback: no proxy, no redirects.
///
/// # Panics
/// If the platform gives no client.
pub fn http_client(timeout: Duration) -> reqwest::Client {
    // The second call finds one installed: as wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(timeout)
        .build()
        .expect("a client with a crypto provider and without a proxy can be made")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_equals_the_vendors_own_examples() {
        let key = "f502a9ac9ca54327986f29c03b271491";
        let mut body = json!({
            "address": "TXsmKpEuW7qWnXzJLGP9eDLvWPR2GRn1FS", "amount": "1.1",
            "callback_url": "http://192.168.2.29:9099/callback", "currency": "195@195", "nonce": "mb8udu",
            "pid": 1_382_528_827_416_576_i64, "remark": "payout",
            "third_party_id": "19faf9d3c8f34caf926f332f3021e887", "timestamp": 1_688_003_966_801_i64,
            "memo": null, "sign": "whatever",
        });
        let map = |body: &Value| body.as_object().unwrap().clone();
        assert_eq!(sign(key, &map(&body)), "c9bae061ae3f5f8d3bfde817f6966c36");
        body["nonce"] = "hwlkk6".into();
        body["third_party_id"] = "c9231e604da54469a735af3f449c880f".into();
        body["timestamp"] = 1_688_004_243_314_i64.into();
        assert_eq!(sign(key, &map(&body)), "d6eef2de79e39f434a38efb910213ba6");
        assert_eq!(
            sign("key", &map(&json!({"cid": 9_007_199_254_740_993_i64}))),
            "84ebf6a4564c37ddf28ce80a64aadcba"
        );
    }
}
