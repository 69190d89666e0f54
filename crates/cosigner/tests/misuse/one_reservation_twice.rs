//! A reservation is consumed by its commit.

use cosigner::journal::Reservation;
use payout::ids::Digest;
use payout::time::Millis;

async fn sign(reservation: Reservation, one: Digest, two: Digest, now: Millis) {
    let _ = reservation.commit(one, now).await;
    let _ = reservation.commit(two, now).await;
}

fn main() {}
