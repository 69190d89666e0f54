//! A strict reader of one flat JSON object.
//!
//! The request signature covers each value's *literal* text and has no delimiters (wire contract, section 2), so
//! whatever could be read in two ways is refused before any signature work: duplicate keys, also when one is spelled
//! with escapes, nested values, control characters, lone surrogates, bytes that are not UTF-8, text after the object.
//! `serde_json` accepts several of these and loses the spelling of numbers, hence a reader of our own.

use super::code::Rejected;

/// The largest body, in bytes. Whoever reads from a socket stops there too.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// The most keys of an object.
pub const MAX_KEYS: usize = 64;
/// The longest key, in bytes after unescaping.
pub const MAX_KEY_BYTES: usize = 128;

/// A value, as it stood in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A string, unescaped.
    Str(String),
    /// A number's characters, exactly.
    Number(String),
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

impl Token {
    /// The literal text that the signature covers.
    pub fn text(&self) -> &str {
        match self {
            Self::Str(text) | Self::Number(text) => text,
            Self::True => "true",
            Self::False => "false",
            Self::Null => "null",
        }
    }

    /// `null` and `""` mean absent, everywhere.
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Str(text) => text.is_empty(),
            Self::Number(_) | Self::True | Self::False => false,
        }
    }
}

/// What messages call the body itself.
const BODY: &str = "body";

/// Reads an object's keys and values in their order of arrival.
///
/// # Errors
/// A0400, naming the key at which reading stopped, or `body` where there is none.
pub fn parse(raw: &[u8]) -> Result<Vec<(String, Token)>, Rejected> {
    if raw.len() > MAX_BODY_BYTES {
        return Err(Rejected::param(BODY, format_args!("is larger than {MAX_BODY_BYTES} bytes")));
    }
    let text = std::str::from_utf8(raw).map_err(|_| Rejected::param(BODY, "is not UTF-8"))?;
    let mut reader = Reader { text, at: 0 };
    let fields = reader.object()?;
    reader.space();
    if reader.at < text.len() {
        return Err(Rejected::param(BODY, "has text after the object"));
    }
    Ok(fields)
}

struct Reader<'a> {
    text: &'a str,
    /// A byte offset, always on a character's boundary.
    at: usize,
}

impl<'a> Reader<'a> {
    fn object(&mut self) -> Result<Vec<(String, Token)>, Rejected> {
        self.space();
        self.expect(b'{', BODY, "is not a JSON object")?;
        let mut fields: Vec<(String, Token)> = Vec::new();
        self.space();
        if self.take(b'}') {
            return Ok(fields);
        }
        loop {
            self.space();
            self.expect(b'"', BODY, "is malformed JSON: a key is expected")?;
            let key = self.string(BODY)?;
            if key.len() > MAX_KEY_BYTES {
                return Err(Rejected::param(
                    &key,
                    format_args!("is a key longer than {MAX_KEY_BYTES} bytes"),
                ));
            }
            if fields.iter().any(|(earlier, _)| *earlier == key) {
                return Err(Rejected::param(&key, "appears twice"));
            }
            if fields.len() == MAX_KEYS {
                return Err(Rejected::param(BODY, format_args!("has more than {MAX_KEYS} keys")));
            }
            self.space();
            self.expect(b':', &key, "is malformed JSON: a colon is expected after the key")?;
            self.space();
            let value = self.value(&key)?;
            fields.push((key, value));
            self.space();
            if self.take(b',') {
                continue;
            }
            self.expect(b'}', BODY, "is malformed JSON: a comma or the object's end is expected")?;
            return Ok(fields);
        }
    }

    fn value(&mut self, key: &str) -> Result<Token, Rejected> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string(key).map(Token::Str)
            }
            Some(b'-' | b'0'..=b'9') => self.number(key).map(Token::Number),
            Some(b't') => self.word("true", Token::True, key),
            Some(b'f') => self.word("false", Token::False, key),
            Some(b'n') => self.word("null", Token::Null, key),
            Some(b'{' | b'[') => Err(Rejected::param(key, "must not be an object or an array")),
            _ => Err(Rejected::param(key, "is malformed JSON: a value is expected")),
        }
    }

    fn word(&mut self, word: &str, token: Token, key: &str) -> Result<Token, Rejected> {
        if self.rest().starts_with(word) {
            self.at += word.len();
            Ok(token)
        } else {
            Err(Rejected::param(key, "is malformed JSON: a value is expected"))
        }
    }

    /// RFC 8259, section 6: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
    fn number(&mut self, key: &str) -> Result<String, Rejected> {
        let start = self.at;
        let malformed = || Rejected::param(key, "is a malformed number");
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(malformed());
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(malformed());
        }
        if self.take(b'e') || self.take(b'E') {
            let _signed = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(malformed());
            }
        }
        if matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(malformed());
        }
        Ok(self.text[start..self.at].to_owned())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    /// The rest of a string whose opening quote is taken.
    fn string(&mut self, field: &str) -> Result<String, Rejected> {
        let mut value = String::new();
        loop {
            let Some(next) = self.rest().chars().next() else {
                return Err(Rejected::param(field, "is malformed JSON: a string has no end"));
            };
            self.at += next.len_utf8();
            let meant = match next {
                '"' => return Ok(value),
                '\\' => self.escape(field)?,
                other => other,
            };
            // C0, DEL and C1, raw or escaped: what a length extension of the signature would have to append.
            if meant.is_control() {
                return Err(Rejected::param(field, "has a control character"));
            }
            value.push(meant);
        }
    }

    /// What follows a backslash.
    fn escape(&mut self, field: &str) -> Result<char, Rejected> {
        let malformed = || Rejected::param(field, "has a malformed escape");
        let kind = self.peek().ok_or_else(malformed)?;
        if !kind.is_ascii() {
            return Err(malformed());
        }
        self.at += 1;
        Ok(match kind {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let lone = || Rejected::param(field, "has half of a surrogate pair");
                let first = self.code_unit().ok_or_else(malformed)?;
                let code_point = match first {
                    0xd800..=0xdbff => {
                        if !(self.take(b'\\') && self.take(b'u')) {
                            return Err(lone());
                        }
                        let second = self.code_unit().ok_or_else(malformed)?;
                        if !(0xdc00..=0xdfff).contains(&second) {
                            return Err(lone());
                        }
                        0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    other => other,
                };
                char::from_u32(code_point).ok_or_else(lone)?
            }
            _ => return Err(malformed()),
        })
    }

    /// Four hex digits: a UTF-16 code unit.
    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, field: &str, why: &str) -> Result<(), Rejected> {
        if self.take(byte) { Ok(()) } else { Err(Rejected::param(field, why)) }
    }

    /// Takes `byte`, which must be ASCII, if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.at += 1;
        }
        is_next
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
}
