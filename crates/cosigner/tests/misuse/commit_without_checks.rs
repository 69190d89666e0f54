//! A claim is no permission: it has to be reserved with what the checks proved.

fn sign(claim: cosigner::journal::Claim, session: payout::ids::Digest, now: payout::time::Millis) {
    let _ = claim.commit(session, now);
}

fn main() {}
