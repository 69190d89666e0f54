//! Sequence numbers and tickets as exclusivity tokens.

use payout::life::Token;

const SEQUENCE: &str = "sequence:";
const TICKET: &str = "ticket:";

/// What a transaction of an account spends, so that it can land once only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spend {
    /// The account's next sequence number; never zero.
    Sequence(u32),
    /// A ticket that the account set aside before; never zero.
    Ticket(u32),
}

/// The token: `sequence:7` or `ticket:7`.
pub fn token_for(spend: Spend) -> Token {
    Token::new(match spend {
        Spend::Sequence(number) => format!("{SEQUENCE}{number}"),
        Spend::Ticket(number) => format!("{TICKET}{number}"),
    })
}

/// What a token spends; `None` when the text is not exactly what [`token_for`] writes.
pub fn spend_of(token: &Token) -> Option<Spend> {
    let text = token.as_str();
    let spend = if let Some(number) = text.strip_prefix(SEQUENCE) {
        Spend::Sequence(number.parse().ok()?)
    } else {
        Spend::Ticket(text.strip_prefix(TICKET)?.parse().ok()?)
    };
    (spend.number() > 0 && token_for(spend) == *token).then_some(spend)
}

impl Spend {
    /// The number. An account's sequence numbers and tickets share one count: no number is ever both.
    pub const fn number(self) -> u32 {
        match self {
            Self::Sequence(number) | Self::Ticket(number) => number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_number_and_a_ticket_have_one_token_each() {
        assert_eq!(token_for(Spend::Sequence(7)).as_str(), "sequence:7");
        assert_eq!(token_for(Spend::Ticket(7)).as_str(), "ticket:7");
        for spend in
            [Spend::Sequence(1), Spend::Ticket(1), Spend::Sequence(u32::MAX), Spend::Ticket(u32::MAX)]
        {
            assert_eq!(spend_of(&token_for(spend)), Some(spend));
        }
        for text in [
            "7",
            "ticket:",
            "ticket:0",
            "sequence:0",
            "ticket:07",
            "ticket:+7",
            "Ticket:7",
            "sequence:4294967296",
            "nonce:7",
        ] {
            assert_eq!(spend_of(&Token::new(text.to_owned())), None, "{text}");
        }
    }
}
