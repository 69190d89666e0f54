//! The policy: three signed documents, how their versions follow each other, and what they decide.
//!
//! - [`document`](Rules): the documents, as they are signed; `file` reads and writes them as people do; `check` says
//!   what is wrong with them before anybody signs.
//! - [`genesis`], [`chain`], [`pinned`]: from the file that owners install to the newest signed version.
//! - [`decide`](mod@decide), [`check_rule`](mod@check_rule), [`approvals`]: what the documents say of a payout; one code for gateway and co-signers.

pub mod approvals;
pub mod chain;
pub mod check;
pub mod check_rule;
mod condition;
pub mod decide;
mod document;
mod evolve;
pub mod examples;
pub mod file;
mod freeze;
pub mod genesis;
mod limits;
mod lookup;
pub(crate) mod number;
pub mod pinned;
pub mod quorum;
mod roster;

pub use approvals::{ActError, MAX_ACTS, Progress, applicant_signed, author, may_act, progress};
pub use chain::{ChainName, Document, Head, Heads, SignedVersion, VersionSignature};
pub use check::{About, Finding, Severity, check, is_development};
pub use check_rule::{Finality, Held, RuleGap, check_rule, covers};
pub use condition::{Case, Recipient, Unmet, UnmetRule};
pub use decide::{Candidate, Candidates, Verdict, candidates, decide};
pub use document::{
    AmountRange, ApplicantCondition, ApproverSite, Book, Environment, FeeLimit, Group, Hours, Nature,
    Outcome, Payee, People, Principal, RecipientCondition, Role, Rule, Rules, Wallet, Window,
};
pub use evolve::Changed;
pub use freeze::{FREEZE_AHEAD_MS, FreezeError, MAX_REASON_CHARS};
pub use genesis::{Genesis, GenesisError};
pub use limits::{Limits, RuleUse, Unit, WindowLimit};
pub use pinned::{ChainError, Policy};
pub use quorum::{QuorumError, SignatureFault, Signers};
pub use roster::{GatewaySeat, MAX_COSIGNERS, Roster, RosterError, Seat};

#[cfg(test)]
mod tests;
