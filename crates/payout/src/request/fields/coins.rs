//! `/api/v1/coins`.

use super::super::body::Body;
use super::super::code::Rejected;
use super::Call;

/// `POST /api/v1/coins`: no parameters of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coins;

impl Call for Coins {
    const PARAMETERS: &'static [&'static str] = &[];

    fn read(_body: &Body) -> Result<Self, Rejected> {
        Ok(Self)
    }
}
