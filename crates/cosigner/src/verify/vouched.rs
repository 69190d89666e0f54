//! Who stands behind an intent: without anybody, nothing about it is worth an entry in the journal. A gateway can make up
//! as many intents as it likes.

use payout::ids::Digest;
use payout::policy::{self, MAX_ACTS};
use wire::message::SignRequest;

use super::context::Context;
use super::subject::Subject;
use super::{caller, stops};

/// An intent that somebody whom the policy knows has signed: an approval or its opposite, an application, the caller's
/// request, or a stop that is in the journals.
#[derive(Debug, Clone)]
pub struct Vouched {
    intent: Digest,
}

impl Vouched {
    /// The intent's digest.
    pub const fn intent(&self) -> &Digest {
        &self.intent
    }
}

/// Whether somebody stands behind the intent of a request.
pub fn vouched(ctx: &Context<'_>, request: &SignRequest) -> Option<Vouched> {
    let subject = Subject::read(request).ok()?;
    let signed = || {
        let mut acts = request.acts.iter().take(MAX_ACTS);
        acts.any(|act| policy::author(ctx.policy.people(), &subject.digest, act).is_ok())
    };
    let called = || {
        let named = ctx.policy.rules(subject.intent.rules_version);
        named.is_some_and(|named| {
            let caller = caller::verified(ctx, named, &subject.intent, request.caller.as_ref());
            caller.is_ok_and(|caller| caller.is_some())
        })
    };
    let stopped = || stops::check(ctx.policy, ctx.union, &subject).is_err();
    (signed() || called() || stopped()).then_some(Vouched { intent: subject.digest })
}
