//! The caller's own signature over its request: whose key it is, and whether the body asks for this very payout.

use payout::ids::PrincipalId;
use payout::intent::Intent;
use payout::policy::Rules;
use payout::request::caller::{CallerSignature, Terms, matches_intent};
use wire::message::CallerProof;

use super::context::Context;

/// How far the caller's time may lie from the intent's creation. A request that a gateway answered with an error and
/// kept must not become a payout weeks later, when the caller has long asked again under another number.
pub const CALLER_WINDOW_MS: i64 = 15 * 60 * 1000;

/// The machine that signed, if a proof was brought along and it is sound. The rule says whether one is needed.
///
/// # Errors
/// Why the proof does not count, in words.
pub(crate) fn verified(
    ctx: &Context<'_>,
    named: &Rules,
    intent: &Intent,
    proof: Option<&CallerProof>,
) -> Result<Option<PrincipalId>, String> {
    let Some(CallerProof { header, body }) = proof else { return Ok(None) };
    let signature: CallerSignature = header.parse().map_err(|error| format!("{error}"))?;
    signature.verify(body).map_err(|error| error.to_string())?;
    let owner = ctx.policy.people().owner_of(&signature.key());
    let owner = owner.ok_or_else(|| format!("nobody in the people chain has the key {}", signature.key()))?;
    let network = named.network(&intent.chain_id).ok_or("the chain is not in the rules")?;
    let family = chain::family(network.family);
    let address = |text: &str| family.parse_address(&network.network_id, text).ok();
    let recipient = |to: &str, memo: Option<&str>| {
        let recipient = family.payee(&network.network_id, to, memo).ok()?;
        Some((recipient.address, recipient.memo))
    };
    let terms =
        Terms { coins: &named.coins, networks: &named.networks, address: &address, recipient: &recipient };
    let signed_at = matches_intent(body, intent, &terms).map_err(|error| error.to_string())?;
    if intent.created.since(signed_at).abs() > CALLER_WINDOW_MS {
        return Err(format!("it was signed at {signed_at}, the intent was made at {}", intent.created));
    }
    Ok(Some(owner.id.clone()))
}
