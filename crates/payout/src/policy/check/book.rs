//! The address book.

use std::collections::BTreeSet;

use super::{About, Finding, Notes};
use crate::policy::chain::ChainName;
use crate::policy::{Book, Rules};

const MAX_LABEL_CHARS: usize = 128;

pub(super) fn check(book: &Book, rules: &Rules) -> Vec<Finding> {
    let mut notes = Notes::new(ChainName::Book);
    let mut seen = BTreeSet::new();
    for (place, payee) in (1..).zip(&book.payees) {
        let about = About::Payee(place);
        if !seen.insert((&payee.group, &payee.chain_id, &payee.address)) {
            notes.error(&about, format!("{} is in {} twice", payee.address, payee.group));
        }
        if payee.label.chars().count() > MAX_LABEL_CHARS || payee.label.chars().any(char::is_control) {
            notes.error(&about, format!("a label has at most {MAX_LABEL_CHARS} characters on one line"));
        }
        if rules.network(&payee.chain_id).is_none() {
            notes.warning(&about, format!("the chain {} is not in the rules", payee.chain_id));
        }
    }
    notes.list
}
