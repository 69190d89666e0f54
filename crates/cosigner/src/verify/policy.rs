//! Second: the policy. Ours is the intent's deployment, we hold the version that it names, and nobody is known to hold
//! a newer one. The chains' signatures were checked when each version was appended.

use std::collections::BTreeMap;

use payout::ids::Digest;
use payout::policy::{ChainName, Rules};
use wire::message::{Check, Refusal};

use super::context::Context;
use super::subject::Subject;
use crate::journal::PolicySeen;
use crate::refuse::{later, never};

/// The rules that the intent names.
pub(crate) fn check<'a>(ctx: &Context<'a>, subject: &Subject) -> Result<&'a Rules, Refusal> {
    let (ours, theirs) = (ctx.policy.deployment(), subject.intent.deployment);
    if ours != theirs {
        return Err(never(Check::Policy, format!("the intent is for deployment {theirs}, this is {ours}")));
    }
    nothing_newer(ctx)?;
    let named = subject.intent.rules_version;
    let newest = ctx.policy.heads().rules.version;
    match ctx.policy.rules(named) {
        Some(rules) => Ok(rules),
        None if named == 0 => {
            Err(never(Check::Policy, "the rules' versions count from 1, the intent names 0"))
        }
        None => Err(later(
            Check::Policy,
            format!("the intent names version {named} of the rules; the newest held is {newest}"),
        )),
    }
}

/// A hostile gateway may keep the newest policy from one co-signer, but not from all: the others' journals tell. One
/// that says so with the signatures to prove it is believed; without, more are needed than may be compromised.
fn nothing_newer(ctx: &Context<'_>) -> Result<(), Refusal> {
    let mut claims = BTreeMap::<(ChainName, u64, Digest), u8>::new();
    let heads = ctx.policy.heads();
    let newer = |seen: &&PolicySeen| {
        let head = heads.of(seen.chain);
        seen.author != ctx.me && seen.version > head.version && seen.digest != head.digest
    };
    for seen in ctx.union.policies().filter(newer) {
        let PolicySeen { author, chain, version, digest, signatures } = seen;
        let claimed = claims.entry((*chain, *version, *digest)).or_default();
        *claimed += 1;
        let proven = ctx.policy.signers_of(*chain, digest, signatures).suffices();
        if proven || *claimed > ctx.policy.roster().faults_assumed() {
            let held = heads.of(*chain).version;
            return Err(later(
                Check::Policy,
                format!("co-signer {author} holds version {version} of the {chain}; here it is {held}"),
            ));
        }
    }
    Ok(())
}
