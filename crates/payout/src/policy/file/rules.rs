//! `rules.toml`.

mod read;
mod rule;
mod write;

pub use read::read_rules;
pub use write::write_rules;
