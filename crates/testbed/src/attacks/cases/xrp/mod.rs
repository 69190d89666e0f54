//! The XRP Ledger: bytes that do something else than what was approved (`bytes`), intents and orders that are not what
//! people approved (`orders`), and the same payout twice (`once`).

mod bytes;
mod once;
mod orders;

use chain::xrp::Build;
use wire::message::{Check, SignRequest};

use crate::attacks::case::{After, Case, Plan, Tampering};
use crate::attacks::draft::{Desk, Draft, Payload as _};
use crate::attacks::forge::xrp::Fields;

/// What a gateway can do with a hostile co-signer.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = bytes::cases();
    cases.extend(orders::cases());
    cases
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
    Case { name, tried, plot: Plan::Xrp(Tampering { good, bad, check, says, after: After::Signed }) }
}

/// A good request with fields that no honest gateway writes.
fn forged(good: &Draft<Build>, change: impl FnOnce(Fields) -> Fields) -> SignRequest {
    good.over(change(Fields::of(&good.pay.written())).written())
}
