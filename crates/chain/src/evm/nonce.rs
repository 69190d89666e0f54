//! Nonces as exclusivity tokens.

use payout::life::Token;

const PREFIX: &str = "nonce:";

/// The token of a nonce: `nonce:7`.
pub fn token_for_nonce(nonce: u64) -> Token {
    Token::new(format!("{PREFIX}{nonce}"))
}

/// The nonce of a token; `None` when the text is not exactly what [`token_for_nonce`] writes.
pub fn nonce_of(token: &Token) -> Option<u64> {
    let nonce: u64 = token.as_str().strip_prefix(PREFIX)?.parse().ok()?;
    (token_for_nonce(nonce) == *token).then_some(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_has_one_token() {
        assert_eq!(token_for_nonce(7).as_str(), "nonce:7");
        for nonce in [0, 7, u64::MAX] {
            assert_eq!(nonce_of(&token_for_nonce(nonce)), Some(nonce));
        }
        for text in
            ["7", "nonce:", "nonce:07", "nonce:+7", "nonce: 7", "Nonce:7", "nonce:18446744073709551616"]
        {
            assert_eq!(nonce_of(&Token::new(text.to_owned())), None, "{text}");
        }
    }
}
