//! The nouns as they are stored and read: what a row means, in the types of the core.

mod address;
mod audit;
mod callback;
mod pause;
mod payout;
mod policy;
mod project;
mod restore;
mod session;
pub(crate) mod stored;

pub use address::AddressRow;
pub use audit::{Actor, AuditBroken, AuditEntry, verify_audit};
pub use callback::{CallbackRow, CallbackState, Delivery, DeliveryLog};
pub use pause::{PauseRow, PauseScope};
pub use payout::{Call, CallerProof, PayoutRow, Tally, Terms, TokenRow, Wait};
pub use policy::Proposal;
pub use project::{ApiKey, ApiKeyText, ChangeRow, ChangeState, Project, ProjectSettings, SettingsChange};
pub use restore::{Finding, Outcome, Restore, RestoreState, RestoreVote};
pub use session::{CosignerReport, Never, ReportedRefusal, SessionOutcome, SessionRow};
