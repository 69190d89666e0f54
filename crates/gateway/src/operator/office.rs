//! What the endpoints work with.

use std::sync::Arc;

use store::StoreError;

use super::ceremonies::Ceremonies;
use super::status::{ChainWatch, StatusSheet};
use crate::one_answer::OneAnswer;
use crate::state::Gateway;

/// The gateway, and what the operators' API keeps in memory.
pub(super) struct Office {
    /// The gateway.
    pub(super) gateway: Arc<Gateway>,
    /// Ceremonies of this process, by label.
    pub(super) ceremonies: Ceremonies,
    /// How the house is: read from all payouts, and asked for without a signature.
    pub(super) status: OneAnswer<Result<StatusSheet, StoreError>>,
    /// The nodes' last answers.
    pub(super) chains: ChainWatch,
    /// Held while a version of the policy is published.
    pub(super) publishing: tokio::sync::Mutex<()>,
}

impl Office {
    pub(super) fn new(gateway: Arc<Gateway>) -> Self {
        Self {
            gateway,
            ceremonies: Ceremonies::default(),
            status: OneAnswer::default(),
            chains: ChainWatch::default(),
            publishing: tokio::sync::Mutex::default(),
        }
    }
}
