//! `book.toml`.

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::lines::{FileError, Lines, Located, Source};
use super::text::Text;
use super::{Spelling, when};
use crate::ids::{ChainId, GroupId};
use crate::policy::check::About;
use crate::policy::{Book, Payee};
use crate::time::Millis;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    payee: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    group: GroupId,
    chain_id: ChainId,
    address: Spanned<String>,
    #[serde(default)]
    label: String,
    since: Option<Spanned<Datetime>>,
}

/// Reads `book.toml`. A payee without `since` keeps the date that it has in the book `listed`, or gets `now`.
///
/// # Errors
/// [`FileError`] with the line.
pub fn read_book(
    file: &str,
    text: &str,
    spelling: Spelling<'_>,
    listed: &Book,
    now: Millis,
) -> Result<Located<Book>, FileError> {
    let source = Source { file, text };
    let mut lines = Lines::default();
    let mut payees = Vec::new();
    for (place, entry) in (1..).zip(source.parse::<File>()?.payee) {
        let Entry { group, chain_id, address: written, label, since } = entry;
        lines.add(About::Payee(place), source.line(&written.span()));
        let address =
            spelling(&chain_id, written.get_ref()).map_err(|why| source.error(&written.span(), why))?;
        let since = match since {
            Some(since) => when::millis(since.get_ref()).ok_or_else(|| {
                source.error(&since.span(), "since is a date, or a date and time with its offset (Z for UTC)")
            })?,
            None => {
                let before = listed.entries(&chain_id, &address).find(|payee| payee.group == group);
                before.map_or(now, |payee| payee.since)
            }
        };
        payees.push(Payee { group, chain_id, address, label, since });
    }
    Ok(Located { document: Book { payees }, lines })
}

/// The file of an address book.
pub fn write_book(book: &Book) -> String {
    let mut text = Text::default();
    for Payee { group, chain_id, address, label, since } in &book.payees {
        text.entry("payee");
        text.string("group", group);
        text.string("chain_id", chain_id);
        text.string("address", address);
        if !label.is_empty() {
            text.string("label", label);
        }
        text.value("since", when::datetime(*since));
    }
    text.finish()
}
