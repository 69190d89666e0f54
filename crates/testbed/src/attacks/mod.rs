//! The promise, attacked: a hostile gateway with its database and relay, and hostile co-signers with their real keys and
//! shares, against honest co-signers that run as processes.
//!
//! - [`case`]: what an attack is, and what came of it; `cases`: all of them, a file a group.
//! - [`gateway`]: the hostile gateway; [`turncoat`] and [`plot`]: the hostile co-signers.
//! - [`draft`]: good requests, to be altered; `forge`: bytes that no honest gateway builds; [`world`]: everybody together;
//!   [`ledger`]: the judge of signatures.
//! - [`report`]: the table and the last line; `run`: group by group; `log`: what co-signers say nowhere else.
//!
//! A good request that differs from the hostile one in nothing but the attack is signed in the same run, so that a
//! refusal shows that the check works and not that nothing does. After each attack a payout is signed, and no honest
//! co-signer may have banned another.

pub mod case;
mod cases;
pub mod draft;
mod forge;
pub mod gateway;
pub mod ledger;
mod log;
pub mod plot;
pub mod report;
mod run;
pub mod turncoat;
pub mod world;

pub use crate::deployment::GATEWAY;
pub use cases::{GROUPS, Group};
pub use run::{AttackError, run, run_group};
