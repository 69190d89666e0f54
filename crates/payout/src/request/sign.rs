//! The request signature of the wire contract, section 2: MD5 over a secret prefix and delimiter-free text.
//!
//! It authenticates a caller to the gateway and never authorises money by itself. Its holes, text that moves across a
//! field's boundary and length extension, are closed by strict parsing before it is looked at.

use std::borrow::Cow;
use std::fmt;

use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::body::Body;
use super::code::{Code, Rejected};
use super::decimal::{self, Decimal};
use super::json::Token;

/// The parameter that carries the signature, and is not covered by it.
const SIGN: &str = "sign";
/// The one parameter that is read and may be a number with a fraction.
const AMOUNT: &str = "amount";

/// A project's API key. Never printed, wiped when dropped.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

/// A text that is no API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key is 1 to 128 printable ASCII characters without spaces")]
pub struct BadApiKey;

impl ApiKey {
    /// The key in the vendor's published examples, known to everybody. Fit for a demo only.
    pub const PUBLISHED_EXAMPLE: &'static str = "f502a9ac9ca54327986f29c03b271491";

    /// A key from its text.
    ///
    /// # Errors
    /// An empty key would let anybody sign, and one with control characters could not be typed.
    pub fn new(text: String) -> Result<Self, BadApiKey> {
        let text = Zeroizing::new(text);
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text)) } else { Err(BadApiKey) }
    }

    /// Whether it is the vendor's example.
    pub fn is_published_example(&self) -> bool {
        self.0.as_str() == Self::PUBLISHED_EXAMPLE
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

/// How a number that is no integer is written in the signed text. A client writes all its numbers in one style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// As it stood in the body.
    AsSent,
    /// The same with an upper-case exponent: PHP sends `1.0e-5` and signs `1.0E-5`.
    AsSentUpperCase,
    /// Without exponent and needless zeros.
    Plain,
    /// Without exponent, with as many places as the literal claims.
    PlainAllPlaces,
    /// RFC 8785.
    Canonical,
    /// The same with an upper-case exponent.
    CanonicalUpperCase,
}

impl Style {
    const ALTERNATIVES: [Self; 5] =
        [Self::AsSentUpperCase, Self::Plain, Self::PlainAllPlaces, Self::Canonical, Self::CanonicalUpperCase];

    fn render(self, name: &str, literal: &str) -> Option<String> {
        let rendered = match self {
            Self::AsSent => Some(literal.to_owned()),
            Self::AsSentUpperCase => Some(literal.replace('e', "E")),
            Self::Plain => decimal::plain_renderings(literal).into_iter().next(),
            Self::PlainAllPlaces => decimal::plain_renderings(literal).into_iter().nth(1),
            Self::Canonical => decimal::rfc_8785(literal),
            Self::CanonicalUpperCase => decimal::rfc_8785(literal).map(|text| text.replace('e', "E")),
        }?;
        // RFC 8785 goes through a double: many long literals share one rendering. The amount is paid as its literal
        // says, so a rendering with another value must not vouch for it.
        let same_value = || Decimal::parse(&rendered) == Decimal::parse(literal);
        (name != AMOUNT || same_value()).then_some(rendered)
    }
}

/// The text that the signature covers, without the key: all parameters that arrived but `sign` and the absent ones,
/// sorted bytewise by name, names and literal values in a row.
pub fn signed_text(body: &Body) -> String {
    text_in(body, Style::AsSent)
}

fn text_in(body: &Body, style: Style) -> String {
    let rendered = body.present().map(|(name, token)| {
        let value = match token {
            Token::Number(literal) if is_no_integer(literal) => {
                style.render(name, literal).map_or(Cow::Borrowed(literal.as_str()), Cow::Owned)
            }
            _ => Cow::Borrowed(token.text()),
        };
        (name, value)
    });
    concatenated(rendered.collect())
}

fn is_no_integer(literal: &str) -> bool {
    literal.contains(['.', 'e', 'E'])
}

fn concatenated(mut fields: Vec<(&str, Cow<'_, str>)>) -> String {
    fields.retain(|(name, value)| *name != SIGN && !value.is_empty());
    fields.sort_unstable_by_key(|(name, _)| *name);
    fields.iter().flat_map(|(name, value)| [*name, value.as_ref()]).collect()
}

fn md5(key: &ApiKey, text: &str) -> [u8; 16] {
    Md5::new().chain_update(key.0.as_bytes()).chain_update(text.as_bytes()).finalize().into()
}

/// Checks a body's `sign` with the project's live keys (two while a key is being replaced).
///
/// # Errors
/// B0001 when it is not 32 hex digits of either case, or no key's over this body.
pub fn verify(body: &Body, keys: &[ApiKey]) -> Result<(), Rejected> {
    let refused = || Rejected::from(Code::Signature);
    let Some(Token::Str(hex)) = body.get(SIGN) else { return Err(refused()) };
    let mut claimed = [0; 16];
    hex::decode_to_slice(hex, &mut claimed).map_err(|_| refused())?;
    let signed = |text: &str| {
        // All keys are tried, so that the time says nothing about which one it was.
        keys.iter().fold(false, |found, key| bool::from(md5(key, text).ct_eq(&claimed)) | found)
    };
    if signed(&signed_text(body)) {
        return Ok(());
    }
    let has_fraction =
        body.present().any(|(_, token)| matches!(token, Token::Number(literal) if is_no_integer(literal)));
    if has_fraction && Style::ALTERNATIVES.into_iter().any(|style| signed(&text_in(body, style))) {
        return Ok(());
    }
    Err(refused())
}

/// Signs what we send: 32 lower-case hex digits. Absent values (empty texts) are left out, as when verifying.
pub fn sign<'a>(key: &ApiKey, fields: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>) -> String {
    hex::encode(md5(key, &concatenated(fields.into_iter().collect())))
}
