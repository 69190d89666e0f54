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

/// A hostile gateway may keep the newest policy from one co-signer, but not from all: the others' journals tell.
///
/// The version that follows ours is signed by those who are in office by ours, so whoever holds it, or later ones, can
/// prove it: one is enough. Without proof more are needed than may be compromised, and at least two: nobody stops all
/// signing by making up a number.
fn nothing_newer(ctx: &Context<'_>) -> Result<(), Refusal> {
    let heads = ctx.policy.heads();
    for chain in [ChainName::Rules, ChainName::People, ChainName::Book] {
        let next = heads.of(chain).version.saturating_add(1);
        let mut others = ctx.union.adopted(chain, next).filter(|seen| seen.author != ctx.me);
        let proven =
            |seen: &&PolicySeen| ctx.policy.signers_of(chain, &seen.digest, &seen.signatures).suffices();
        if let Some(seen) = others.find(proven) {
            return Err(newer(seen, next - 1));
        }
    }
    let mut claims = BTreeMap::<(ChainName, u64, Digest), u8>::new();
    let newest = ctx.union.policies().filter(|seen| seen.author != ctx.me);
    for seen in newest.filter(|seen| seen.version > heads.of(seen.chain).version) {
        let claimed = claims.entry((seen.chain, seen.version, seen.digest)).or_default();
        *claimed += 1;
        if *claimed > ctx.policy.roster().faults_assumed().max(1) {
            return Err(newer(seen, heads.of(seen.chain).version));
        }
    }
    Ok(())
}

fn newer(seen: &PolicySeen, held: u64) -> Refusal {
    let PolicySeen { author, chain, version, .. } = seen;
    later(
        Check::Policy,
        format!("co-signer {author} holds version {version} of the {chain}; here it is {held}"),
    )
}
