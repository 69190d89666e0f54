//! Old copies: a database that was put back learns from the co-signers what was signed since the copy was made.
//!
//! What co-signers contributed to is in their journals, and a token serves one payout for ever; a database that does not
//! know of it would offer the same money again, and would tell callers what is not true. So at every start, and whenever
//! a co-signer comes, its own contributions beyond those that this database has seen are compared with it:
//!
//! 1. Nothing is built or signed before t co-signers have been compared. Should 2t − n − 1 of them keep something back,
//!    n − t + 1 tell all, and each quorum has one of those: nothing that may have been signed is missed. As many are
//!    needed for signing anyway: a normal restart waits for nobody.
//! 2. Where the database itself shows that it may be a copy ([`store::Restore`]), nothing is accepted or ended either
//!    until then: a caller's repeated number must be known before it can be refused.
//! 3. What is unknown is adopted ([`adopt`]): number, caller's number, token, bytes, approvals, and the signature if a
//!    co-signer has it. It is paid by the bytes that were signed for, or found on chain; never anew.
//! 4. After such a discovery nothing is built or signed until two admins have read the report and confirmed.
//!
//! - [`gate`]: what may happen now. [`follow`]: compares. [`examine`]: what of a journal is unknown. [`adopt`]: stores it.

mod adopt;
mod examine;
mod follow;
mod gate;
#[cfg(test)]
mod tests;

pub use follow::follow;
pub use gate::{Gate, Shut};
