//! `/api/v1`

pub(super) mod address;
pub(super) mod batch;
pub(super) mod coins;
pub(super) mod payout;
pub(super) mod sub_address_withdrawal;
