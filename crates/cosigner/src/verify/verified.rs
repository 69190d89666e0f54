//! What the checks prove, as values that only the checks can make.

use payout::ids::{Digest, WalletId};
use payout::intent::Intent;
use payout::policy::{Limits, Policy};
use sha2::Digest as _;
use wire::message::{Check, Refusal, SignRequest};

use super::context::Context;
use super::subject::Subject;
use super::terms::Terms;
use super::{frozen, stops};
use crate::journal::{Demand, Facts, Quota, Union};

/// Who a request is about and what it would take, read and decoded but not checked: enough to make a session visible
/// to others.
#[derive(Debug, Clone)]
pub struct Outline {
    pub(super) demand: Demand,
}

impl Outline {
    /// The intent's digest.
    pub fn intent(&self) -> &Digest {
        &self.demand.facts().intent
    }

    /// The wallet whose key is asked for.
    pub fn wallet(&self) -> WalletId {
        self.demand.facts().wallet
    }

    pub(crate) fn demand(&self) -> &Demand {
        &self.demand
    }
}

/// An approved intent, shown in time: may be journaled as seen.
#[derive(Debug, Clone)]
pub struct Sighted {
    pub(super) intent: Digest,
    /// Set if no person approved it: how many such are journaled.
    pub(super) quota: Option<Quota>,
}

impl Sighted {
    /// The intent's digest.
    pub fn intent(&self) -> &Digest {
        &self.intent
    }

    pub(crate) fn quota(&self) -> Option<&Quota> {
        self.quota.as_ref()
    }
}

/// A request that passed every check over the merged journals. The only thing from which a contribution can start: it
/// carries the digest that we computed ourselves from the bytes that we decoded ourselves.
#[derive(Debug, Clone)]
pub struct Verified {
    pub(super) subject: Subject,
    pub(super) demand: Demand,
    pub(super) digest: [u8; 32],
    pub(super) path: Vec<u32>,
    pub(super) epoch: u32,
    /// The request, as it is kept.
    pub(super) paper: Vec<u8>,
}

impl Verified {
    /// The intent.
    pub fn intent(&self) -> &Intent {
        &self.subject.intent
    }

    /// The intent's digest.
    pub fn intent_digest(&self) -> &Digest {
        &self.demand.facts().intent
    }

    /// What is to be signed, computed from the bytes.
    pub fn signing_digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The path of the paying address below the wallet's key.
    pub fn path(&self) -> &[u32] {
        &self.path
    }

    /// The wallet.
    pub fn wallet(&self) -> WalletId {
        self.subject.intent.wallet
    }

    /// The epoch of the key share that signs.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// SHA-256 of the unsigned bytes.
    pub fn payload(&self) -> &Digest {
        &self.demand.facts().payload
    }

    /// The checks that passed, in order, for display.
    pub fn checks(&self) -> &'static [Check] {
        &Check::ALL
    }

    pub(crate) fn demand(&self) -> &Demand {
        &self.demand
    }

    /// The request, as it is kept beside the contribution.
    pub(crate) fn paper(&self) -> &[u8] {
        &self.paper
    }

    /// Looks once more, just before the contribution is written, whether a freeze or a stop of this very payout has
    /// arrived since the checks. Stops of other payouts are none of its business: somebody may stream them.
    pub(crate) fn is_not_stopped(&self, policy: &Policy, union: &Union) -> Result<(), Refusal> {
        frozen::by_admins(policy, union)?;
        stops::check(policy, union, &self.subject)
    }
}

/// What the bytes of a request would take.
pub(super) fn demand(
    ctx: &Context<'_>,
    participants: &[u8],
    subject: &Subject,
    request: &SignRequest,
    terms: &Terms<'_>,
    decoded: &chain::Decoded,
    limits: Option<Limits>,
) -> Result<Demand, Refusal> {
    let Subject { intent, digest, .. } = subject;
    let payout = subject.payout()?;
    let numbered = subject.numbered()?;
    let facts = Facts {
        intent: *digest,
        payout,
        kind: intent.kind,
        project: intent.project,
        cid: numbered.cid,
        attempt: numbered.attempt,
        third_party_id: numbered.third_party_id.clone(),
        wallet: intent.wallet,
        network_id: intent.network_id.clone(),
        chain_id: intent.chain_id.clone(),
        from: intent.from.clone(),
        token: decoded.token.clone(),
        payload: Digest::from_bytes(sha2::Sha256::digest(&request.unsigned).into()),
        rule: intent.rule.clone(),
        coin: payout::coin::CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() },
        amount: intent.amount,
        fee: decoded.max_fee,
        to: intent.to.clone(),
    };
    Ok(Demand {
        facts,
        limits: limits.filter(|limits| !limits.is_empty()),
        fee: terms.fee.clone(),
        now: ctx.now(participants),
        believed: ctx.union.among(participants),
    })
}
