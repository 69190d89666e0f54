//! The key and the nonce under which something is posted to a project.

use payout::request::Nonce;
use payout::request::sign::ApiKey;
use payout::time::Millis;
use store::Project;

/// Nothing can be signed for the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the project has no live API key to sign with: rotate its key")]
pub struct NoKey;

/// The newest key that works: during a rotation the receiver knows both.
pub(crate) fn newest_key(project: &Project, now: Millis) -> Result<ApiKey, NoKey> {
    let key = project.api_keys.iter().find(|key| key.is_live_at(now)).ok_or(NoKey)?;
    ApiKey::new(key.text.reveal().to_owned()).map_err(|_| NoKey)
}

/// Six fresh characters.
pub(crate) fn fresh_nonce() -> Nonce {
    let mut bytes = [0; Nonce::CHARS];
    getrandom::fill(&mut bytes).expect("an operating system without randomness can't run a wallet");
    Nonce::from_random(bytes)
}
