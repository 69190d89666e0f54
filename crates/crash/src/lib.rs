//! Crash points: named places in gateway and co-signer at which a test can have the process killed, as a loss of power
//! does.
//!
//! [`point!`] is nothing, its name included, unless this crate's feature `points` is on. The programs that pay are built
//! without it, and a test holds that. With it, a process that passes the point which the environment variable
//! `BURSAR_CRASH_AT` names sends itself `SIGKILL`:
//!
//! - `signed bytes stored`: the first time that it passes this point; `signed bytes stored:3`: the third time;
//! - `panic at signed bytes stored`: it does not die, but panics there, as a defect in the program would have it;
//! - `@/a/file`: the point that the file names at that moment. The file is removed before the process dies, so that the
//!   next start of the same program goes on, and so that of several processes that share the file only one dies.
//!
//! [`GATEWAY`] and [`COSIGNER`] list all names, in the order in which a payout comes by them.

#[cfg(feature = "points")]
mod armed;

#[cfg(feature = "points")]
#[doc(hidden)]
pub use armed::pass;

/// Marks a place at which a test can have the process killed. The name stands in [`GATEWAY`] or [`COSIGNER`], and at one
/// place in the code.
#[cfg(feature = "points")]
#[macro_export]
macro_rules! point {
    ($name:literal) => {
        $crate::pass($name)
    };
}

/// Marks a place at which a test can have the process killed: nothing, in a program that pays.
#[cfg(not(feature = "points"))]
#[macro_export]
macro_rules! point {
    ($name:literal) => {
        ()
    };
}

/// The environment variable that names the point.
pub const VARIABLE: &str = "BURSAR_CRASH_AT";

/// The gateway's points.
pub const GATEWAY: &[&str] = &[
    "payout stored",
    "approval stored",
    "stop stored",
    // Inside the transaction that also stores the bytes.
    "token taken",
    "unsigned bytes stored",
    // On chains whose bytes end with time, before anybody was asked to sign them.
    "lapsed bytes forgotten",
    "signing begun",
    "session opened",
    "signature received",
    "signed bytes stored",
    "broadcast sent",
    "broadcast recorded",
    // For a higher offer, or in place of bytes that lapsed.
    "bytes built again",
    "inclusion seen",
    "finality seen",
    "end stored",
    "callback sent",
    "callback recorded",
];

/// The co-signers' points. A journal write ends with the head counter, which is a file of its own.
pub const COSIGNER: &[&str] = &[
    "before a sight is journaled",
    "after a sight is journaled",
    "session begun",
    "journals exchanged",
    "before peers' entries are journaled",
    "after peers' entries are journaled",
    "checks passed",
    "before a contribution is journaled",
    "after a contribution is journaled",
    "counter written",
    "round 1 sent",
    "round 2 sent",
    "round 3 sent",
    "signature made",
    "signature told",
    "before a stop is journaled",
    "after a stop is journaled",
    "before a never is journaled",
    "after a never is journaled",
    "before a freeze is journaled",
    "after a freeze is journaled",
    "before a policy version is journaled",
    "after a policy version is journaled",
    "before a ceremony is journaled",
    "after a ceremony is journaled",
    "before an epoch's end is journaled",
    "after an epoch's end is journaled",
];
