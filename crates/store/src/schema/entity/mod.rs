//! Entities, one file a table. They never leave this crate: callers see the nouns of `row`.

// The derive macros make everything public; the module is not.
#![allow(unreachable_pub)]

pub mod acts;
pub mod addresses;
pub mod api_keys;
pub mod audit;
pub mod callbacks;
pub mod callers;
pub mod changes;
pub mod commits;
pub mod deliveries;
pub mod findings;
pub mod history;
pub mod journal_heads;
pub mod nevers;
pub mod operator_nonces;
pub mod pauses;
pub mod payouts;
pub mod policy_versions;
pub mod projects;
pub mod proposals;
pub mod recipients;
pub mod replays;
pub mod restore_votes;
pub mod restores;
pub mod schema_steps;
pub mod sessions;
pub mod tokens;
pub mod usage_heads;
pub mod usage_totals;
pub mod usages;
