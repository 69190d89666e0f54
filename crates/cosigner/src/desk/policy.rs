//! New versions of the policy: verified against what is pinned, kept, and in force from then on.

use std::sync::Arc;

use payout::policy::{ChainError, SignedVersion};

use super::cosigner::{Cosigner, now};

/// Takes over versions in order, up to the first that is refused.
pub(super) async fn adopt(cosigner: &Arc<Cosigner>, versions: Vec<SignedVersion>) {
    let _one_at_a_time = cosigner.adopting.lock().await;
    for version in versions {
        let (chain, number) = (version.chain, version.version);
        let mut policy = (*cosigner.policy()).clone();
        let before = policy.heads();
        let adopted = cosigner.journal.time(now());
        if let Err(error) = policy.append_at(version.clone(), adopted) {
            let fork = matches!(error, ChainError::Fork { .. });
            let error = &error as &dyn std::error::Error;
            if fork {
                tracing::error!(%chain, number, error, "the policy was forked: call the admins, sign nothing new");
            } else {
                tracing::warn!(%chain, number, error, "a policy version was refused");
            }
            return;
        }
        if policy.heads() == before {
            continue;
        }
        // Durable first: after a restart it must be held with the time at which it was adopted.
        if let Err(error) = cosigner.journal.adopt(version, adopted).await {
            tracing::error!(%chain, number, error = &error as &dyn std::error::Error, "a policy version was not kept");
            return;
        }
        cosigner.set_policy(policy);
        tracing::info!(%chain, number, "adopted a policy version");
        cosigner.changed.notify_one();
    }
}
