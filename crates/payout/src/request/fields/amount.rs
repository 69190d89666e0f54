//! An amount as it was sent, before the coin's decimals are known.

use super::super::body::Body;
use super::super::code::Rejected;
use super::super::decimal::Decimal;
use super::super::json::Token;

/// An amount's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AmountText {
    /// A JSON string, as it stood: the contract's own form.
    Text(String),
    /// A JSON number (PHP clients): exact, never a float.
    Number {
        /// As it stood.
        literal: String,
        /// Its value.
        value: Decimal,
    },
}

impl AmountText {
    pub(super) fn read(body: &Body, name: &str) -> Result<Self, Rejected> {
        let wrong = || Rejected::param(name, "must be a string or a number");
        match body.get(name) {
            None => Err(Rejected::missing(name)),
            Some(Token::Str(text)) => Ok(Self::Text(text.clone())),
            Some(Token::Number(literal)) => {
                let value = Decimal::parse(literal).ok_or_else(wrong)?;
                Ok(Self::Number { literal: literal.clone(), value })
            }
            Some(Token::True | Token::False | Token::Null) => Err(wrong()),
        }
    }

    /// What replies and callbacks repeat: the string as it came, a number as a plain decimal.
    pub fn echo(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            // A number that is too long to write out is no amount of any coin, so nothing ever repeats it.
            Self::Number { literal, value } => value.plain().unwrap_or_else(|| literal.clone()),
        }
    }
}
