//! The same fire as `make fire`, for a minute and with a fixed seed.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::time::Duration;

use testbed::fire::{Wish, burn};
use testbed::progress::Progress;

#[tokio::test]
async fn every_payout_of_a_minute_in_the_fire_is_paid_once_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let wish = Wish { length: Duration::from_secs(60), seed: 20_261_125 };
    let account = burn(&folder.path().join("fire"), wish, &Progress::default()).await.unwrap();
    assert!(account.is_clean(), "{account:?}");
}
