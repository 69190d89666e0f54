//! Transaction ids as exclusivity tokens.

use payout::life::Token;

const PREFIX: &str = "tx:";

/// The token of a transaction: `tx:` and 64 lower-case hex digits.
pub fn token_for_txid(txid: &[u8; 32]) -> Token {
    Token::new(format!("{PREFIX}{}", hex::encode(txid)))
}

/// The transaction's id in the chain's spelling; `None` when the text is not exactly what [`token_for_txid`] writes.
pub fn txid_of(token: &Token) -> Option<&str> {
    let txid = token.as_str().strip_prefix(PREFIX)?;
    let plain = txid.len() == 64 && txid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    plain.then_some(txid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_has_one_token() {
        let token = token_for_txid(&[0xab; 32]);
        assert_eq!(txid_of(&token), Some("ab".repeat(32).as_str()));
        let good = token.as_str();
        let upper = good.to_uppercase().replace("TX:", "tx:");
        for text in [&good[3..], &good[..66], &format!("{good}0"), &upper, "tx:", "nonce:7"] {
            assert_eq!(txid_of(&Token::new(text.to_owned())), None, "{text}");
        }
    }
}
