//! `/api/v1/address`

pub(in crate::api) mod create;
pub(in crate::api) mod inner;
pub(in crate::api) mod legal;
