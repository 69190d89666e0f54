//! The gateway's database: entities, typed write commands, claims, outbox and audit.
//!
//! One task writes; commands queue up while a transaction commits, and the next transaction takes all of them, so that
//! one fsync pays for many ([`Store`]). Reads go to a pool beside it. The types of the core go in and come out; rows,
//! SQL and the database's own errors stay inside.
//!
//! - `row`: the nouns as they are stored. `writer`: a command a file. `read`: queries, a file a noun.
//! - `copy`: taking copies and putting them back. `head`: noticing that one was.
//! - `schema`: tables, their steps and entities. `dialect`: all that is SQLite's.

mod column;
mod copy;
mod dialect;
mod error;
mod head;
mod lock;
mod mint;
mod read;
mod row;
mod schema;
mod store;
mod writer;

pub use copy::{CopyError, PutBack, copy, put_back};
pub use error::StoreError;
pub use read::{Payer, PayoutFilter, Retold};
pub use row::{
    Actor, AddressRow, ApiKey, ApiKeyText, AuditBroken, AuditEntry, Call, CallbackRow, CallbackState,
    CallerProof, ChangeRow, ChangeState, CosignerReport, Delivery, DeliveryLog, Finding, Never, Outcome,
    PauseRow, PauseScope, PayoutRow, Project, ProjectSettings, Proposal, ReportedRefusal, Restore,
    RestoreState, RestoreVote, SessionOutcome, SessionRow, SettingsChange, Tally, Terms, TokenRow, Wait,
    verify_audit,
};
pub use store::Store;
pub use writer::{
    Accept, AcceptOption, AcceptRefusal, AddressCreate, AddressRefusal, Admins, Advance, AdvanceError,
    AfterDelivery, Audit, ChangeError, DeliveryResult, Derive, Hold, NonceUse, Pause, PauseError, People,
    PolicyError, REPLY_HEAD_BYTES, ReplayKey, ResendError, RestoreError, TokenTake, Wake, position,
};
