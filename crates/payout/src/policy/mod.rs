//! The policy: three signed documents, how their versions follow each other, and what they decide.

mod document;
pub(crate) mod number;

pub use document::{
    AmountRange, ApplicantCondition, ApproverSite, Book, Environment, FeeLimit, Group, Hours, Nature,
    Outcome, Payee, People, Principal, RecipientCondition, Role, Rule, Rules, Wallet, Window,
};
