//! The writing side: typed commands, a file each, and the one task that carries them out.

mod accept;
mod address;
mod advance;
mod audit;
mod bulk;
mod callback;
mod claim;
pub(crate) mod leases;
mod pause;
mod policy;
mod purge;
mod queue;
mod ready;
mod replay;
pub(crate) mod restore;
mod rows;
mod session;
mod settings;
mod token;
mod usage;

pub use accept::{Accept, AcceptOption, AcceptRefusal};
pub use address::{AddressCreate, AddressRefusal, Derive};
pub use advance::{Advance, AdvanceError, Hold, TokenTake};
pub use audit::Audit;
pub use callback::{AfterDelivery, DeliveryResult, REPLY_HEAD_BYTES, ResendError};
pub use claim::Wake;
pub use pause::{Pause, PauseError};
pub use policy::PolicyError;
pub use replay::ReplayKey;
pub use restore::{Admins, RestoreError};
pub use session::NonceUse;
pub use settings::{ChangeError, People};
pub use token::position;

pub(crate) use accept::PreparedAccept;
pub(crate) use queue::{AcceptSlip, AdvanceSlip, Command, Commits, LaneChanges, QUEUE, Slip, Write, Writer};
#[cfg(test)]
pub(crate) use queue::{Answer, Desk};
pub(crate) use settings::{APPLIED, DROPPED, PENDING};
