//! All attacks.

mod approvals;
mod approved;
mod bytes;
mod fields;
mod liars;
mod limits;
mod once;
mod policy;
mod relay;
mod remedies;
mod roots;
mod sessions;
mod stops;
mod time;
mod tron;
mod xrp;

use super::case::Case;
use super::world::Setting;
use crate::ledgers::Chains;

/// Attacks on one deployment.
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// Who is there.
    pub setting: Setting,
    /// The attacks, in order.
    pub cases: fn() -> Vec<Case>,
}

/// Two of three, all honest: what the gateway can do alone.
const TWO_OF_THREE: Setting = Setting { threshold: 2, cosigners: 3, hostile: &[], chains: Chains::Evm };
/// One hostile co-signer of three: it can have an approved payout paid twice (f < 2t − n is f < 1), but it gets no
/// signature without approvals or over other bytes (f < t).
const TWO_OF_THREE_ONE_HOSTILE: Setting =
    Setting { threshold: 2, cosigners: 3, hostile: &[3], chains: Chains::Evm };
/// Two hostile co-signers of four, where three sign: one honest one is enough for approvals and bytes (f < t).
const THREE_OF_FOUR_TWO_HOSTILE: Setting =
    Setting { threshold: 3, cosigners: 4, hostile: &[3, 4], chains: Chains::Evm };
/// One hostile co-signer of four: everything holds.
const THREE_OF_FOUR_ONE_HOSTILE: Setting =
    Setting { threshold: 3, cosigners: 4, hostile: &[4], chains: Chains::Evm };
/// The same two on all chains.
const ON_ALL_CHAINS: Setting = Setting { chains: Chains::All, ..TWO_OF_THREE };
const ON_ALL_CHAINS_ONE_HOSTILE: Setting = Setting { chains: Chains::All, ..TWO_OF_THREE_ONE_HOSTILE };

/// All groups.
pub const GROUPS: &[Group] = &[
    Group { name: "bytes", setting: TWO_OF_THREE_ONE_HOSTILE, cases: bytes::cases },
    Group { name: "fields", setting: TWO_OF_THREE_ONE_HOSTILE, cases: fields::cases },
    Group { name: "approved", setting: TWO_OF_THREE_ONE_HOSTILE, cases: approved::cases },
    Group { name: "approvals", setting: TWO_OF_THREE_ONE_HOSTILE, cases: approvals::cases },
    Group { name: "bytes-of-four", setting: THREE_OF_FOUR_TWO_HOSTILE, cases: bytes::cases },
    Group { name: "approvals-of-four", setting: THREE_OF_FOUR_TWO_HOSTILE, cases: approvals::cases },
    Group { name: "once", setting: TWO_OF_THREE, cases: once::cases },
    Group { name: "once-of-four", setting: THREE_OF_FOUR_ONE_HOSTILE, cases: once::cases },
    Group { name: "remedies", setting: TWO_OF_THREE, cases: remedies::cases },
    Group { name: "remedies-of-four", setting: THREE_OF_FOUR_ONE_HOSTILE, cases: remedies::cases },
    Group { name: "limits", setting: TWO_OF_THREE, cases: limits::cases },
    Group { name: "limits-of-four", setting: THREE_OF_FOUR_ONE_HOSTILE, cases: limits::cases },
    Group { name: "sessions", setting: TWO_OF_THREE, cases: sessions::cases },
    Group { name: "relay", setting: TWO_OF_THREE, cases: relay::cases },
    Group { name: "stops", setting: TWO_OF_THREE, cases: stops::cases },
    Group { name: "policy", setting: TWO_OF_THREE, cases: policy::cases },
    Group { name: "time", setting: THREE_OF_FOUR_ONE_HOSTILE, cases: time::cases },
    Group { name: "liars", setting: THREE_OF_FOUR_ONE_HOSTILE, cases: liars::cases },
    Group { name: "roots", setting: TWO_OF_THREE, cases: roots::cases },
    Group { name: "xrp", setting: ON_ALL_CHAINS_ONE_HOSTILE, cases: xrp::cases },
    Group { name: "tron", setting: ON_ALL_CHAINS_ONE_HOSTILE, cases: tron::cases },
    Group { name: "xrp-once", setting: ON_ALL_CHAINS, cases: xrp::once },
    Group { name: "tron-once", setting: ON_ALL_CHAINS, cases: tron::once },
];
