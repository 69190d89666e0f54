//! `/api/v1/batch`

pub(in crate::api) mod address;
