//! The parameters of each call, typed: one file a group of endpoints (wire contract, section 3).
//!
//! Reading stops at types. Whether a coin, wallet or address exists needs configuration and comes after the signature,
//! in [`super::check`].

mod address;
mod amount;
mod coins;
mod payout;
mod query;

pub use address::{AddressCreate, AddressInner, AddressLegal, AddressQuestion, BatchAddressCreate};
pub use amount::AmountText;
pub use coins::Coins;
pub use payout::{PayoutCall, PayoutV1, PayoutV2, SubAddressWithdrawal};
pub use query::{PayoutQuery, SubAddressInfo};

use super::body::Body;
use super::code::Rejected;

/// A call of the contract.
pub trait Call: Sized {
    /// Its parameters without the common four, in the order in which they are read.
    const PARAMETERS: &'static [&'static str];

    /// Reads them.
    ///
    /// # Errors
    /// A0400 for the first that is missing or of a wrong type.
    fn read(body: &Body) -> Result<Self, Rejected>;
}
