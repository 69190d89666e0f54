//! One signing session: what participants say to each other between a gateway's order and a signature.
//!
//! ```text
//! open ─ Gathering ─ Exchanging ─ Checking ─ Agreeing ─ Committing ─ Signing ─ signed
//!         Begin of    journals     our own    Checked    our journal   three
//!         everybody   and claims   checks     of all     is synced     rounds
//! ```
//!
//! [`Machine`] is the protocol without I/O: it takes letters, results and the time, and gives actions. [`run`] is the
//! thread around it that does them.

mod letter;
mod machine;
mod phase;
mod run;
mod terms;

pub use letter::{Begin, Letter};
pub use machine::{Action, Cleared, Machine, Material};
pub use run::{Session, run};
pub use terms::{Terms, Timing, request_digest};

#[cfg(test)]
mod tests;
