//! TRON: bytes and intents that are not what was approved (`bytes`), and the same payout twice (`once`).

mod bytes;
mod once;

use chain::tron::Build;
use wire::message::{Check, SignRequest};

use crate::attacks::case::{After, Case, Plan, Tampering};
use crate::attacks::draft::{Desk, Draft};

/// What a gateway can do with a hostile co-signer.
pub(super) fn cases() -> Vec<Case> {
    bytes::cases()
}

/// What must not even be done with honest ones alone.
pub(super) fn once() -> Vec<Case> {
    once::cases()
}

type Good = fn(&mut Desk) -> Draft<Build>;
type Bad = fn(&mut Desk, &Draft<Build>) -> SignRequest;

/// A good request that is altered.
fn case(
    name: &'static str,
    tried: &'static str,
    (good, bad): (Good, Bad),
    check: Check,
    says: &'static str,
) -> Case {
    Case { name, tried, plot: Plan::Tron(Tampering { good, bad, check, says, after: After::Signed }) }
}
