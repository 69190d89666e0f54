//! Tokens and intents, one to one for ever: what is known about them while a batch is decided.

use std::collections::{BTreeMap, HashMap};

use payout::life::Token;
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter};

use super::advance::{Advance, AdvanceError, TokenTake};
use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::tokens;

/// Taken tokens that a batch touches, by token and by intent; tokens taken within the batch are entered.
#[derive(Debug, Default)]
pub(super) struct TokenTable {
    by_token: HashMap<(String, String, String), tokens::Model>,
    by_intent: HashMap<String, tokens::Model>,
}

impl TokenTable {
    /// What is stored about these takes and about the intents `targets`.
    pub(super) async fn load<'a>(
        tx: &DatabaseTransaction,
        takes: impl Iterator<Item = &'a TokenTake>,
        targets: impl Iterator<Item = String>,
    ) -> Result<Self, StoreError> {
        let mut intents: Vec<String> = targets.collect();
        let mut by_address: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for take in takes {
            intents.push(take.intent.to_string());
            by_address
                .entry((take.network_id.as_str(), take.from.as_str()))
                .or_default()
                .push(take.token.as_str());
        }
        let mut table = Self::default();
        if intents.is_empty() {
            return Ok(table);
        }
        let mut any = Condition::any().add(tokens::Column::Intent.is_in(intents));
        for ((network, from), taken) in by_address {
            any = any.add(
                Condition::all()
                    .add(tokens::Column::NetworkId.eq(network))
                    .add(tokens::Column::FromAddress.eq(from))
                    .add(tokens::Column::Token.is_in(taken)),
            );
        }
        for row in tokens::Entity::find().filter(any).all(tx).await? {
            table.insert(row);
        }
        Ok(table)
    }

    fn insert(&mut self, row: tokens::Model) {
        self.by_token.insert(key(&row), row.clone());
        self.by_intent.insert(row.intent.clone(), row);
    }

    /// The token of an intent.
    pub(super) fn of_intent(&self, intent: &str) -> Option<&tokens::Model> {
        self.by_intent.get(intent)
    }

    /// Whether the token and the intent are both free.
    pub(super) fn check(&self, take: &TokenTake) -> Result<(), AdvanceError> {
        let wanted = (take.network_id.to_string(), take.from.to_string(), take.token.to_string());
        if let Some(held) = self.by_token.get(&wanted) {
            let by = Column("tokens", "intent").parse(&held.intent)?;
            return Err(AdvanceError::TokenTaken { by });
        }
        match self.by_intent.get(&take.intent.to_string()) {
            Some(held) => Err(AdvanceError::SecondToken { has: Token::new(held.token.clone()) }),
            None => Ok(()),
        }
    }

    /// Takes the token: the row to be written.
    pub(super) fn enter(&mut self, take: &TokenTake, command: &Advance) -> tokens::Model {
        let row = tokens::Model {
            network_id: take.network_id.to_string(),
            from_address: take.from.to_string(),
            token: take.token.to_string(),
            position: position(&take.token),
            intent: take.intent.to_string(),
            cid: command.cid.get(),
            taken: command.now.get(),
        };
        self.insert(row.clone());
        row
    }
}

fn key(row: &tokens::Model) -> (String, String, String) {
    (row.network_id.clone(), row.from_address.clone(), row.token.clone())
}

/// The number at the end of a token's spelling (`nonce:7`), by which tokens of an address are ordered. A ticket waits for
/// no other one, and has no place.
pub fn position(token: &Token) -> Option<i64> {
    let (kind, number) = token.as_str().rsplit_once(':')?;
    let plain = kind != "ticket" && number.bytes().all(|b| b.is_ascii_digit());
    if plain { number.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_are_used_in_turn_have_a_place_and_others_none() {
        let position = |text: &str| position(&Token::new(text.to_owned()));
        assert_eq!(position("nonce:7"), Some(7));
        assert_eq!(position("sequence:7"), Some(7));
        for text in ["ticket:7", "tx:ab12", "nonce:", "7"] {
            assert_eq!(position(text), None, "{text}");
        }
    }
}
