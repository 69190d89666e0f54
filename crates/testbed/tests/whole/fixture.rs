//! A deployment of each test's own, copied from one that went through its ceremony once.

use std::path::Path;

use testbed::deployment::{Plan, folder::Folder};

/// A copy of the prepared deployment of this plan: its folder, and its wallet's payout address.
pub(crate) async fn copy(plan: Plan, to: &Path) -> (Folder, String) {
    testbed::fixture::copy(plan, to).await.unwrap()
}
