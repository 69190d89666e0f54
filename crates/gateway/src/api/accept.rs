//! What the three calls that create a payout have in common: resolve, decide, store.

use payout::intent::Intent;
use payout::life::Cause;
use payout::policy::{Policy, UnmetRule};
use payout::request::fields::PayoutCall;
use payout::request::reply::Accepted;
use payout::request::{Code, Rejected, caller};
use store::{Accept, AcceptRefusal, Call};

use super::door::{Admitted, Refusal};
use crate::accept::person::{recipient, terms};
use crate::accept::{Asked, Payer, Unresolved, options, resolve};
use crate::state::Gateway;

impl From<Unresolved> for Refusal {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Rejected(rejected) => Self::Rejected(rejected),
            Unresolved::Store(error) => Self::Unavailable(error),
        }
    }
}

/// Stores a payout durably and gives its number. `form` says which of the calls it is.
pub(super) async fn accept<C>(
    gateway: &Gateway,
    admitted: Admitted<C>,
    form: impl FnOnce(C) -> (PayoutCall, Call),
) -> Result<Accepted, Refusal> {
    gateway.gate.may_decide()?;
    let replay = admitted.replay_key();
    let Admitted { project, call, caller, now, .. } = admitted;
    let (call, form) = form(call);
    let payer = if form == Call::Sub { Payer::Project } else { Payer::Wallet };

    let policy = gateway.policy();
    let resolved = resolve(gateway, policy.newest_rules(), &project, &call, payer).await?;
    let asked = Asked {
        cid: gateway.store.mint_cid(now),
        third_party_id: &call.third_party_id,
        applicant: None,
        caller: caller.as_ref().map(|caller| &caller.principal),
        recipient: recipient(gateway, &resolved).await?,
        compliance_ref: None,
        now,
    };
    let (options, unmet) = options(&policy, &project, &resolved, &asked);
    if let (Some(caller), Some(option)) = (&caller, options.first()) {
        vouched_for(&policy, &caller.proof.body, &option.payout.intent)?;
    }
    // Which option decides, the store finds out; a wrong guess here only means that a timer wakes the step.
    let step = options.first().and_then(|option| option.payout.step());
    let accept = Accept {
        project: project.id,
        third_party_id: call.third_party_id.clone(),
        replay: Some(replay),
        options,
        terms: terms(&call, form),
        caller: caller.map(|caller| caller.proof),
        acts: Vec::new(),
        cause: Cause::Caller(project.id),
        now,
    };
    match gateway.store.accept(accept).await {
        Ok(cid) => {
            crash::point!("payout stored");
            gateway.wake.next(step);
            tracing::info!(%cid, pid = %project.id, third_party_id = %call.third_party_id, "payout accepted");
            Ok(Accepted { cid })
        }
        Err(AcceptRefusal::Replayed) => Err(Code::Replayed.into()),
        Err(AcceptRefusal::DuplicateBusinessNumber) => Err(Code::Duplicate.into()),
        Err(AcceptRefusal::NoRule { unmet: used_up }) => Err(no_rule(&[unmet, used_up].concat())),
        Err(error @ AcceptRefusal::Inconsistent) => {
            tracing::error!(%error, "a payout was not accepted because of a fault in this program");
            Err(Code::NoRule.into())
        }
        Err(AcceptRefusal::Store(error)) => Err(error.into()),
    }
}

fn no_rule(unmet: &[UnmetRule]) -> Refusal {
    for (rule, why) in unmet {
        tracing::info!(%rule, %why, "rule does not match");
    }
    Code::NoRule.into()
}

/// The caller's own signature must be over this very payment, as co-signers will read it: one that vouches for
/// nothing is refused here rather than held later.
fn vouched_for(policy: &Policy, body: &[u8], intent: &Intent) -> Result<(), Refusal> {
    let rules = policy.newest_rules();
    let network = rules.network(&intent.chain_id).ok_or(Code::Coin)?;
    let family = chain::family(network.family);
    let address = |text: &str| family.parse_address(&network.network_id, text).ok();
    let recipient = |to: &str, memo: Option<&str>| {
        let recipient = family.payee(&network.network_id, to, memo).ok()?;
        Some((recipient.address, recipient.memo))
    };
    let terms = caller::Terms {
        coins: &rules.coins,
        networks: &rules.networks,
        address: &address,
        recipient: &recipient,
    };
    match caller::matches_intent(body, intent, &terms) {
        Ok(_) => Ok(()),
        Err(why) => Err(Rejected::param("Bursar-Signature", why).into()),
    }
}
