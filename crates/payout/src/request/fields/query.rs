//! `/api/v1/payout/query` and `/api/v1/sub_address_withdrawal/info`.

use super::super::body::Body;
use super::super::code::Rejected;
use super::Call;
use super::payout::third_party_id;
use crate::ids::{Cid, ThirdPartyId};

/// `POST /api/v1/payout/query`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayoutQuery {
    /// By our number. Decides alone when both arrive.
    ByCid(Cid),
    /// By the caller's number: our extension, for a caller that lost our reply.
    ByThirdPartyId(ThirdPartyId),
}

impl Call for PayoutQuery {
    const PARAMETERS: &'static [&'static str] = &["cid", "third_party_id"];

    fn read(body: &Body) -> Result<Self, Rejected> {
        let cid = body.positive_int64("cid")?.and_then(Cid::new);
        let third_party_id = body.text("third_party_id")?.map(third_party_id).transpose()?;
        match (cid, third_party_id) {
            (Some(cid), _) => Ok(Self::ByCid(cid)),
            (None, Some(id)) => Ok(Self::ByThirdPartyId(id)),
            (None, None) => Err(Rejected::missing("cid")),
        }
    }
}

/// `POST /api/v1/sub_address_withdrawal/info`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubAddressInfo {
    /// The withdrawal's number.
    pub cid: Cid,
}

impl Call for SubAddressInfo {
    const PARAMETERS: &'static [&'static str] = &["cid"];

    fn read(body: &Body) -> Result<Self, Rejected> {
        let cid = body.positive_int64("cid")?.and_then(Cid::new).ok_or_else(|| Rejected::missing("cid"))?;
        Ok(Self { cid })
    }
}
