//! `/api/v2`

pub(super) mod payout;
