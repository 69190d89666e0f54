//! A body that is strict JSON, the four parameters that every call carries, and the typed request around them.

use std::fmt;
use std::str::FromStr;

use super::code::{Code, Rejected};
use super::fields::Call;
use super::json::{self, Token};
use super::sign::{self, ApiKey};
use crate::ids::ProjectId;
use crate::time::Millis;

/// One flat JSON object, with each value's literal text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(Vec<(String, Token)>);

impl Body {
    /// Reads the raw bytes of a request.
    ///
    /// # Errors
    /// A0400 for all that [`json::parse`] refuses.
    pub fn parse(raw: &[u8]) -> Result<Self, Rejected> {
        json::parse(raw).map(Self)
    }

    /// The value of a parameter; `None` where it did not arrive, is `null` or is empty.
    pub fn get(&self, name: &str) -> Option<&Token> {
        self.present().find(|(key, _)| *key == name).map(|(_, token)| token)
    }

    /// All parameters that are not absent, known or not, in their order of arrival.
    pub fn present(&self) -> impl Iterator<Item = (&str, &Token)> {
        self.0.iter().filter(|(_, token)| !token.is_absent()).map(|(key, token)| (key.as_str(), token))
    }

    /// A string, or nothing.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Rejected> {
        match self.get(name) {
            None => Ok(None),
            Some(Token::Str(text)) => Ok(Some(text)),
            Some(Token::Number(_) | Token::True | Token::False | Token::Null) => {
                Err(Rejected::param(name, "must be a string"))
            }
        }
    }

    /// A string that must be there.
    pub(super) fn required_text(&self, name: &str) -> Result<&str, Rejected> {
        self.text(name)?.ok_or_else(|| Rejected::missing(name))
    }

    /// A string or an integer that must be there, as its text: clients send `chain_id` either way.
    pub(super) fn required_text_or_integer(&self, name: &str) -> Result<&str, Rejected> {
        match self.get(name) {
            None => Err(Rejected::missing(name)),
            Some(Token::Str(text)) => Ok(text),
            Some(Token::Number(text)) if is_plain_integer(text) => Ok(text),
            Some(Token::Number(_) | Token::True | Token::False | Token::Null) => {
                Err(Rejected::param(name, "must be a string or an integer"))
            }
        }
    }

    /// A positive int64, as a number or as a string of digits. `1.0`, `1e3` and `"01"` are none.
    pub(super) fn positive_int64(&self, name: &str) -> Result<Option<i64>, Rejected> {
        let wrong = || Rejected::param(name, "must be a positive 64-bit integer");
        match self.get(name) {
            None => Ok(None),
            Some(Token::Str(text) | Token::Number(text)) if is_plain_integer(text) => {
                text.parse().ok().filter(|number: &i64| *number > 0).map(Some).ok_or_else(wrong)
            }
            Some(Token::Str(_) | Token::Number(_) | Token::True | Token::False | Token::Null) => Err(wrong()),
        }
    }

    /// Refuses text that was moved across a field's boundary.
    ///
    /// The signature covers keys and values without delimiters, so `"memo":"123"` and `"mem":"o123"` have one signed
    /// text, and the second loses the destination tag. Unknown keys are ignored otherwise, so they must not be able to
    /// hold a parameter's name, whole or in part.
    fn refuse_shifted(&self, parameters: &[&str]) -> Result<(), Rejected> {
        for (key, token) in self.present().filter(|(key, _)| !parameters.contains(key)) {
            let text = format!("{key}{}", token.text());
            let touches = |name: &&str| name.starts_with(key) || text.starts_with(*name);
            if let Some(name) = parameters.iter().find(|name| touches(name)) {
                let why = format_args!("is no parameter of this call, and could be mistaken for {name}");
                return Err(Rejected::param(key, why));
            }
        }
        Ok(())
    }
}

/// Digits without a leading zero, or `0` itself.
fn is_plain_integer(text: &str) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits && (text.len() == 1 || !text.starts_with('0'))
}

/// Six characters that make a request unique, together with its time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// How many characters it has.
    pub const CHARS: usize = 6;

    /// A nonce from random bytes that the caller brings: 30 bits of them.
    pub fn from_random(bytes: [u8; Self::CHARS]) -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        Self(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 6 characters")]
pub struct BadNonce;

impl FromStr for Nonce {
    type Err = BadNonce;
    fn from_str(text: &str) -> Result<Self, BadNonce> {
        let fits = text.chars().count() == Self::CHARS && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(BadNonce) }
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parameters of every call (wire contract, section 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Whose request it says it is.
    pub pid: ProjectId,
    /// Six characters of the caller's.
    pub nonce: Nonce,
    /// The caller's clock.
    pub timestamp: Millis,
    /// The signature in lower case, whatever case it came in: one request has one replay key. Whether it is 32 hex
    /// digits is part of verifying it.
    pub sign: String,
}

impl Envelope {
    /// The names of these parameters.
    pub const PARAMETERS: [&'static str; 4] = ["pid", "nonce", "timestamp", "sign"];

    /// Reads them, in that order.
    pub(super) fn read(body: &Body) -> Result<Self, Rejected> {
        let pid = body.positive_int64("pid")?.ok_or_else(|| Rejected::missing("pid"))?;
        let pid =
            ProjectId::new(pid).ok_or_else(|| Rejected::param("pid", "must be a positive 64-bit integer"))?;
        let nonce =
            body.required_text("nonce")?.parse().map_err(|why: BadNonce| Rejected::param("nonce", why))?;
        let timestamp = body.positive_int64("timestamp")?.ok_or_else(|| Rejected::missing("timestamp"))?;
        let timestamp =
            Millis::new(timestamp).ok_or_else(|| Rejected::param("timestamp", "must not be negative"))?;
        let sign = body.required_text("sign")?.to_ascii_lowercase();
        Ok(Self { pid, nonce, timestamp, sign })
    }

    /// Refuses a timestamp that is more than `window_ms` before or after `now`.
    ///
    /// # Errors
    /// A0401.
    pub fn in_window(&self, now: Millis, window_ms: i64) -> Result<(), Rejected> {
        let apart_ms = now.since(self.timestamp).unsigned_abs();
        if apart_ms <= window_ms.unsigned_abs() { Ok(()) } else { Err(Code::OutsideWindow.into()) }
    }
}

/// A request whose types are right and whose signature nobody has checked: it says which project's keys to check it
/// with, and hands out nothing else.
#[derive(Debug, Clone)]
pub struct Request<C> {
    body: Body,
    envelope: Envelope,
    call: C,
}

impl<C: Call> Request<C> {
    /// Reads a raw body. What is wrong is looked for, and reported, in this order: the JSON; `pid`, `nonce`,
    /// `timestamp`, `sign`; unknown keys that touch a parameter's name, in their order of arrival; the call's own
    /// parameters in the order of [`Call::PARAMETERS`].
    ///
    /// # Errors
    /// A0400, naming the field.
    pub fn parse(raw: &[u8]) -> Result<Self, Rejected> {
        let body = Body::parse(raw)?;
        let envelope = Envelope::read(&body)?;
        body.refuse_shifted(&[C::PARAMETERS, &Envelope::PARAMETERS].concat())?;
        let call = C::read(&body)?;
        Ok(Self { body, envelope, call })
    }

    /// The common parameters, unproven.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Checks the signature with a project's live keys and hands out the call.
    ///
    /// # Errors
    /// B0001.
    pub fn verify(self, keys: &[ApiKey]) -> Result<Verified<C>, Rejected> {
        sign::verify(&self.body, keys)?;
        Ok(Verified { envelope: self.envelope, call: self.call })
    }

    /// For co-signers, who hold no project's API key and check another signature over the whole raw body.
    pub(super) fn into_parts(self) -> (Envelope, C) {
        (self.envelope, self.call)
    }
}

/// A request that a holder of the project's key signed. Only [`Request::verify`] makes one:
///
/// ```compile_fail,E0451
/// use payout::request::{Envelope, Verified, fields::Coins};
/// fn forge(envelope: Envelope) -> Verified<Coins> {
///     Verified { envelope, call: Coins }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Verified<C> {
    envelope: Envelope,
    call: C,
}

impl<C> Verified<C> {
    /// The common parameters.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// What is asked.
    pub fn call(&self) -> &C {
        &self.call
    }

    /// Takes it apart.
    pub fn into_parts(self) -> (Envelope, C) {
        (self.envelope, self.call)
    }
}
