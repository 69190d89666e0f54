//! A ceremony: all co-signers of the roster make a wallet's key, or new shares of it.
//!
//! ```text
//! order ─ Gathering ─ Dealing ─ Keeping ─ Echoing ─ Agreeing ─ Testing ─ Proving ─ done
//!         Begin of    the       sealed in  signed    journaled,  test      journaled,
//!         everybody   protocol  the vault  echoes    printed     signatures all acknowledged
//! ```
//!
//! A ceremony that breaks off leaves nothing usable: a share signs only when all co-signers' journals say that they
//! tested theirs, and when the admins have signed what the terminals printed.

mod dealing;
mod fingerprint;
mod in_use;
mod letter;
mod machine;
mod phase;
mod proof;
mod run;
mod terms;
mod testing;

pub use dealing::{Protocol, Started};
pub use fingerprint::{FIRST_ADDRESSES, Fingerprinted, fingerprint};
pub use in_use::{keys_in_use, superseded, tested_by, tested_by_all};
pub use letter::Letter;
pub use machine::{Action, Machine};
pub use proof::{test_digest, test_subsets};
pub use run::{Ceremony, run};
pub use terms::{AGREED, TESTED, Terms, Timing};

#[cfg(test)]
mod tests;
