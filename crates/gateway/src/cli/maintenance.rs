//! `bursar wallet tickets` and `bursar wallet flag`: operations of a wallet itself on the XRP Ledger.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use payout::ids::{AddressIndex, ChainId, PrincipalId, ProjectId, WalletId};
use payout::intent::{Intent, Kind};
use payout::money::Amount;

use super::answer::Answer;
use super::desk::{Consent, Desk, confirm};
use super::failure::Failure;
use super::intent::{self, Reading};
use crate::accept::maintenance::Operation;
use crate::operator::maintenance::MaintenanceBody;

/// The contract's number of the XRP Ledger.
const XRP: &str = "144";

#[derive(Debug, Args)]
pub(super) struct TicketsArgs {
    /// The wallet's number.
    wallet: WalletId,
    /// How many tickets to set aside, 1 to 250: so many payouts run side by side. Each binds the ledger's owner reserve
    /// until a payout uses it.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=250))]
    count: u8,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
pub(super) struct FlagArgs {
    /// The wallet's number.
    wallet: WalletId,
    /// Which flag of its account.
    flag: Flag,
    /// What becomes of it.
    state: FlagState,
    #[command(flatten)]
    how: How,
}

/// What every order says.
#[derive(Debug, Args)]
struct How {
    /// In whose books.
    #[arg(long)]
    project: ProjectId,
    /// The chain.
    #[arg(long, default_value = XRP)]
    chain: ChainId,
    /// Signs without asking: for scripts whose author has looked elsewhere.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Flag {
    /// Payments to it need a destination tag.
    RequireDest,
    /// It asks not to be sent XRP.
    DisallowXrp,
    /// Only accounts that it has authorised may pay it.
    DepositAuth,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FlagState {
    Set,
    Clear,
}

pub(super) async fn tickets(desk: &Desk, args: TicketsArgs) -> Result<Answer, Failure> {
    let TicketsArgs { wallet, count, how } = args;
    let about = format!("set {count} tickets of wallet {wallet} aside");
    give(desk, how, wallet, (chain::xrp::CREATE_TICKETS, "count", &count.to_string()), &about).await
}

pub(super) async fn flag(desk: &Desk, args: FlagArgs) -> Result<Answer, Failure> {
    let FlagArgs { wallet, flag, state, how } = args;
    let word = match flag {
        Flag::RequireDest => "require_dest",
        Flag::DisallowXrp => "disallow_xrp",
        Flag::DepositAuth => "deposit_auth",
    };
    let (operation, verb) = match state {
        FlagState::Set => (chain::xrp::SET_FLAG, "set"),
        FlagState::Clear => (chain::xrp::CLEAR_FLAG, "clear"),
    };
    let about = format!("{verb} the flag {word} of wallet {wallet}");
    give(desk, how, wallet, (operation, "flag", word), &about).await
}

/// Orders an operation with its one argument.
async fn give(
    desk: &Desk,
    how: How,
    wallet: WalletId,
    (operation, name, value): (&str, &str, &str),
    about: &str,
) -> Result<Answer, Failure> {
    let How { project, chain, yes } = how;
    let order = MaintenanceBody {
        project,
        wallet,
        chain_id: chain,
        operation: operation.to_owned(),
        args: BTreeMap::from([(name.to_owned(), value.to_owned())]),
    };
    let (client, trusted) = desk.trusted().await?;
    let draft = client.draft_maintenance(&order).await?;
    let Reading { intent, digest, text } = intent::read(&draft.intent, &trusted.policy)?;
    if !is_of(&order, &intent, client.principal()) {
        return Err(Failure::refused("the gateway's draft is not what you asked for".to_owned())
            .next("sign nothing; tell the admins"));
    }
    let question = format!("{text}\nYou are about to order: {about}.");
    confirm(Consent::of(yes), &question, "the first 8 digits of the digest", &intent::beginning(&digest))?;
    let applied = client.order_maintenance(order, &intent).await?;
    let number = applied.cid;
    let text = format!(
        "maintenance {number} is ordered\n  next: `bursar why {number}` says who has to approve it\n"
    );
    Answer::new(text, &applied)
}

/// The draft does what was said, to the wallet that was named, and pays nobody. That its paying address is the wallet's
/// own was looked at when it was read.
fn is_of(order: &MaintenanceBody, intent: &Intent, applicant: &PrincipalId) -> bool {
    let operation = Operation::from(order.clone());
    intent.kind == Kind::Maintenance
        && intent.project == order.project
        && intent.wallet == order.wallet
        && intent.chain_id == order.chain_id
        && intent.address_index == AddressIndex::PAYOUT
        && intent.to == intent.from
        && intent.amount == Amount::ZERO
        && intent.memo.is_none()
        && intent.target.is_none()
        && intent.applicant.as_ref() == Some(applicant)
        && intent.operation.as_deref() == Some(order.operation.as_str())
        && intent.operation_args == Some(operation.canonical_args())
}
