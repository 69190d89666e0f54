//! Step 3: bytes of some chains lapse. Those that no co-signer was asked for give their token back, and their payout waits
//! to be built again.

/// As step 1 says it, and `queued`.
pub(super) const APPEND_ONLY_UNTIL: &[(&str, &[&str])] =
    &[("tokens", &["rejected", "withdrawn", "refused", "queued"])];
