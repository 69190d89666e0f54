//! Callbacks to real receivers on this machine.

mod loops;
mod tries;

use payout::life::{Event, Requirement, Screening};
use store::{Call, PayoutRow};

use crate::engine::tests::house::{House, block, build, signed_tx};

/// A payout that has succeeded and whose callback goes to `url`.
async fn succeeded(house: &House, url: &str, nonce: u8, call: Call) -> PayoutRow {
    let row =
        house.accept_with(Requirement::Nobody, Screening::None, |_| {}, Some(url.to_owned()), call).await;
    let mut row = row;
    for event in [
        Event::Built { build: build(nonce) },
        Event::SigningStarted,
        Event::Signed { tx: signed_tx(nonce) },
        Event::Broadcast,
        Event::Succeeded { txid: signed_tx(nonce).txid, block: block() },
    ] {
        row = house.happen(&row, event).await;
    }
    row
}
