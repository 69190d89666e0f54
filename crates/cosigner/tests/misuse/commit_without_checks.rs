//! A claim is no permission: it has to be reserved with what the checks proved.

use cosigner::journal::Claim;
use payout::ids::Digest;
use payout::policy::Policy;
use payout::time::Millis;

fn sign(claim: Claim, session: Digest, policy: &Policy, now: Millis) {
    let _ = claim.commit(session, policy, now);
}

fn main() {}
