//! `bursar payout void` and `bursar payout raise-cap`: what people can order about a payout that is stuck.

use clap::Args;
use payout::coin::CoinId;
use payout::ids::{Cid, PrincipalId};
use payout::intent::Intent;
use payout::money::Amount;
use payout::policy::Policy;

use super::answer::Answer;
use super::desk::{Consent, Desk, confirm};
use super::failure::Failure;
use super::intent::{self, Reading};
use crate::accept::remedy::Remedy;

#[derive(Debug, Args)]
pub(super) struct VoidArgs {
    /// The number of the payout whose token is to be spent on nothing.
    cid: Cid,
    /// The most that this may burn, in units of the chain's own coin; as much as the rules allow otherwise.
    #[arg(long, value_name = "FEE")]
    cap: Option<String>,
    /// Signs without asking: for scripts whose author has looked elsewhere.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct RaiseCapArgs {
    /// The payout's number.
    cid: Cid,
    /// The most that the payment may burn, in units of the chain's own coin.
    #[arg(long, value_name = "FEE")]
    cap: String,
    /// Signs without asking: for scripts whose author has looked elsewhere.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn void(desk: &Desk, args: VoidArgs) -> Result<Answer, Failure> {
    order(desk, args.cid, Remedy::Void { cap: args.cap }, Consent::of(args.yes)).await
}

pub(super) async fn raise_cap(desk: &Desk, args: RaiseCapArgs) -> Result<Answer, Failure> {
    order(desk, args.cid, Remedy::RaiseCap { cap: args.cap }, Consent::of(args.yes)).await
}

async fn order(desk: &Desk, cid: Cid, order: Remedy, consent: Consent) -> Result<Answer, Failure> {
    let (client, trusted) = desk.trusted().await?;
    let target = intent::read(&client.payout(cid).await?.intent, &trusted.policy)?;
    if target.intent.cid != cid {
        return Err(Failure::refused(format!(
            "the gateway shows payout {} in place of {cid}",
            target.intent.cid
        ))
        .next("sign nothing; tell the admins"));
    }
    let draft = client.draft_remedy(cid, &order).await?;
    let Reading { intent, digest, text } = intent::read(&draft.intent, &trusted.policy)?;
    same(&order, &target, &intent, client.principal(), &trusted.policy)?;
    let about = match order {
        Remedy::Void { .. } => {
            format!("spend the token of payout {cid} on nothing; if it was sent it may still land first")
        }
        Remedy::RaiseCap { .. } => format!("pay payout {cid} under this fee cap"),
    };
    let question = format!("{text}\nYou are about to order: {about}.");
    confirm(consent, &question, "the first 8 digits of the digest", &intent::beginning(&digest))?;
    let applied = client.order_remedy(cid, order, &intent).await?;
    let number = applied.cid;
    let text = format!(
        "{} {number} of payout {cid} is ordered\n  next: `bursar why {number}` says who has to approve it\n",
        intent.kind
    );
    Answer::new(text, &applied)
}

/// The draft is about the payout that was named, and allows no more than was said.
fn same(
    order: &Remedy,
    target: &Reading,
    intent: &Intent,
    applicant: &PrincipalId,
    policy: &Policy,
) -> Result<(), Failure> {
    let rules = policy.newest_rules();
    let kind = order.kind();
    let native = rules.coin(&CoinId::native(&intent.chain_id));
    let asked = order.cap().map(|text| native.and_then(|coin| Amount::parse(text, coin.decimals).ok()));
    let cap = match asked {
        Some(asked) => asked == Some(intent.fee_cap),
        None => rules.fee(&intent.chain_id).is_some_and(|limit| intent.fee_cap <= limit.most(kind)),
    };
    // Whatever else the draft says of the payment is the payout's own.
    let of = &target.intent;
    let expected = Intent {
        kind,
        cid: intent.cid,
        third_party_id: intent.third_party_id.clone(),
        fee_cap: intent.fee_cap,
        rules_version: intent.rules_version,
        rule: intent.rule.clone(),
        applicant: Some(applicant.clone()),
        target: Some(target.digest),
        operation: None,
        operation_args: None,
        created: intent.created,
        expiry: intent.expiry,
        ..of.clone()
    };
    let wrong = if cap { (*intent != expected).then_some("payment") } else { Some("fee cap") };
    match wrong {
        None => Ok(()),
        Some(field) => {
            Err(Failure::refused(format!("the gateway's draft has another {field} than you asked for"))
                .next("sign nothing; tell the admins"))
        }
    }
}
