//! The files that people write: TOML in token units, with coins by name, spans such as `24h` and dates.
//!
//! Reading gives the document that is signed, and the lines on which its parts stand, so that [`check`]'s findings can
//! name them. Writing gives the file back, for `policy show`; what is written reads back as the same document.
//!
//! [`check`]: super::check()

mod book;
mod coins;
mod lines;
mod people;
mod rules;
mod text;
mod when;

pub use book::{read_book, write_book};
pub(super) use coins::{Coins, Sum};
pub(super) use lines::Source;
pub use lines::{FileError, Lines, Located};
pub use people::{read_people, write_people};
pub use rules::{read_rules, write_rules};
pub(super) use when::{clock, millis, utc};

/// What a new installation starts from: comments that explain, and rules that refuse. It reads without errors.
pub const DEFAULT_RULES: &str = include_str!("../rules.default.toml");

/// How a chain spells an address: text as written to its canonical form, or why it is none. The `chain` crate brings it.
pub type Spelling<'a> = &'a dyn Fn(&crate::ids::ChainId, &str) -> Result<crate::ids::Address, String>;
