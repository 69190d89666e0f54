//! First: who takes part. A quorum of the wallet's key, each on the roster once, none of them banned.

use wire::message::{Check, Refusal};

use super::context::{Context, Session};
use super::subject::Subject;
use crate::refuse::later;

pub(crate) fn check(ctx: &Context<'_>, session: &Session<'_>, subject: &Subject) -> Result<(), Refusal> {
    let participants = session.participants;
    if !participants.is_sorted_by(|a, b| a < b) {
        return Err(later(Check::Session, "the participants are not in order, or one is named twice"));
    }
    if !participants.contains(&ctx.me) {
        return Err(later(Check::Session, format!("co-signer {} is asked, but is no participant", ctx.me)));
    }
    let roster = ctx.policy.roster();
    if let Some(stranger) = participants.iter().find(|index| roster.seat(**index).is_none()) {
        return Err(later(Check::Peers, format!("co-signer {stranger} is not on the roster")));
    }
    let wallet = subject.intent.wallet;
    let key = ctx.keys.get(&wallet);
    let threshold = key.map_or(roster.threshold, |key| key.threshold);
    if participants.len() != usize::from(threshold) {
        return Err(later(
            Check::Peers,
            format!("{} participants; {threshold} sign for wallet {wallet}", participants.len()),
        ));
    }
    let epoch = key.map_or(0, |key| key.epoch);
    let mut banned = ctx.union.banned(wallet, epoch);
    match banned.find(|peer| participants.contains(peer)) {
        None => Ok(()),
        Some(peer) => Err(later(
            Check::Peers,
            format!(
                "co-signer {peer} broke the protocol: banned for wallet {wallet} until a complete refresh"
            ),
        )),
    }
}
