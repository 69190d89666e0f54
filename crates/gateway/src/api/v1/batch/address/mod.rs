//! `/api/v1/batch/address`

pub(in crate::api) mod create;
