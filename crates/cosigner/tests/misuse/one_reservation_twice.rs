//! A reservation is consumed by its commit.

use cosigner::journal::Reservation;
use payout::ids::Digest;
use payout::policy::Policy;
use payout::time::Millis;

async fn sign(reservation: Reservation, (one, two): (Digest, Digest), policy: &Policy, now: Millis) {
    let _ = reservation.commit(one, policy, now).await;
    let _ = reservation.commit(two, policy, now).await;
}

fn main() {}
