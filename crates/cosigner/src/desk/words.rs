//! What was checked, in words that a person can compare with the payout on their screen.

use wire::message::{Check, SignRequest};

use crate::verify::{Context, Session, Verified};

/// One sentence a check, in order.
pub(super) fn checks(
    context: &Context<'_>,
    session: &Session<'_>,
    verified: &Verified,
    request: &SignRequest,
) -> Vec<String> {
    verified
        .checks()
        .iter()
        .map(|check| format!("{check}: {}", sentence(*check, context, session, verified, request)))
        .collect()
}

fn sentence(
    check: Check,
    context: &Context<'_>,
    session: &Session<'_>,
    verified: &Verified,
    request: &SignRequest,
) -> String {
    let intent = verified.intent();
    let heads = context.policy.heads();
    match check {
        Check::Session => format!("the request is well formed; intent {}", verified.intent_digest()),
        Check::Peers => {
            let indices: Vec<String> = session.participants.iter().map(u8::to_string).collect();
            format!(
                "co-signers {} are a quorum, linked by their roster keys, none banned",
                indices.join(", ")
            )
        }
        Check::Policy => format!(
            "rules {}, people {} and address book {} are held and signed; the intent names rules {}",
            heads.rules.version, heads.people.version, heads.book.version, intent.rules_version
        ),
        Check::Frozen => "no freeze, no pause, no quarantine".to_owned(),
        Check::Journal => format!(
            "no stop; {} payouts in the merged journals, this one's token serves no other",
            context.union.intent_count()
        ),
        Check::Rule => format!("rule {} decides, under its own version and the newest", intent.rule),
        Check::Approvals => {
            let who: Vec<&str> = request.acts.iter().map(|act| act.principal.as_str()).collect();
            if who.is_empty() {
                "none needed under this rule".to_owned()
            } else {
                format!("signed acts of {} meet the rule", who.join(", "))
            }
        }
        Check::Time => "approved in time; clocks agree".to_owned(),
        Check::Bytes => format!(
            "the {} bytes do exactly: {} {} of {} to {} on network {}, fee at most {}",
            request.unsigned.len(),
            intent.kind,
            intent.amount_text,
            intent.token_id,
            intent.to,
            intent.network_id,
            intent.fee_cap
        ),
        Check::Address => format!(
            "{} is address {} of wallet {}, epoch {}",
            intent.from,
            intent.address_index,
            intent.wallet,
            verified.epoch()
        ),
        Check::Budget => format!(
            "within the limits of rule {} and the fee limits of chain {}",
            intent.rule, intent.chain_id
        ),
    }
}
