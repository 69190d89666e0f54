//! Lines to gateways and links to other co-signers.
//!
//! A *line* is our connection to one gateway, dialled by us; a *link* is the confidential channel to one other co-signer
//! inside that gateway's relay.

mod dial;
mod line;
mod pauses;
mod peer;

pub use dial::{Dialled, dial};
pub use line::{Line, Told};
pub use pauses::Pauses;
pub use peer::{Heard, News, Outward, Peer};
