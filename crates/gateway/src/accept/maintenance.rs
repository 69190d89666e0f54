//! A person's order for a wallet itself: an operation that its chain knows by name, such as setting tickets aside.
//!
//! Drafted here, signed by the person over the intent that was drafted, and stored as a payout of nothing to the wallet's
//! own address: the rules of kind `maintenance` decide it, and the people whom they ask approve it.

use std::collections::BTreeMap;

use payout::approval::SignedAct;
use payout::coin::CoinId;
use payout::ids::{AddressIndex, Attempt, ChainId, Cid, PrincipalId, ProjectId, ThirdPartyId, WalletId};
use payout::intent::{self, Intent, Kind};
use payout::life::Screening;
use payout::money::Amount;
use payout::policy::{Case, Recipient, UnmetRule, candidates};
use payout::time::Millis;
use store::{AcceptOption, Call, StoreError, Terms};

use super::options::{first_with_room, option_of};
use super::order;
use super::person::{ApplicationError, applicant_of, project};
use crate::restore::Shut;
use crate::state::Gateway;
use crate::{clock, derived};

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// In whose books.
    pub project: ProjectId,
    /// The wallet; it is done to its payout address.
    pub wallet: WalletId,
    /// On which chain.
    pub chain_id: ChainId,
    /// The operation's name.
    pub name: String,
    /// Its arguments.
    pub args: BTreeMap<String, String>,
}

impl Operation {
    /// The arguments as intents spell them: canonical JSON.
    pub fn canonical_args(&self) -> String {
        payout::canonical::text(&self.args)
    }
}

/// Why an order is not taken.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// The rules know no such wallet, or no such chain.
    #[error("{0}")]
    Unknown(String),
    /// The chain has no such operation, or not with these arguments.
    #[error("chain {chain} has no operation {name} with the arguments {args}")]
    NoOperation {
        /// The chain.
        chain: ChainId,
        /// Its name.
        name: String,
        /// Its arguments.
        args: String,
    },
    /// As for any application.
    #[error(transparent)]
    Application(#[from] ApplicationError),
}

impl From<StoreError> for MaintenanceError {
    fn from(error: StoreError) -> Self {
        Self::Application(error.into())
    }
}

impl From<Shut> for MaintenanceError {
    fn from(shut: Shut) -> Self {
        Self::Application(shut.into())
    }
}

/// The intent that the person is to sign. Nothing is stored.
///
/// # Errors
/// [`MaintenanceError`] says what to change.
pub async fn draft(
    gateway: &Gateway,
    applicant: &PrincipalId,
    operation: &Operation,
) -> Result<Intent, MaintenanceError> {
    let now = clock::now();
    let cid = gateway.store.mint_cid(now);
    let (options, unmet) = options(gateway, applicant, operation, cid, now).await?;
    let intent = first_with_room(gateway, options, now).await?;
    intent.ok_or_else(|| ApplicationError::NoRule(unmet).into())
}

/// Stores a signed draft, and wakes whoever goes on with it.
///
/// # Errors
/// [`ApplicationError::Stale`] when the rules have changed since the draft.
pub async fn apply(
    gateway: &Gateway,
    operation: &Operation,
    drafted: &Intent,
    act: SignedAct,
) -> Result<(), MaintenanceError> {
    gateway.gate.may_decide()?;
    let now = clock::now();
    let applicant = applicant_of(gateway, drafted, &act, now)?;
    let (options, _) = options(gateway, &applicant, operation, drafted.cid, drafted.created).await?;
    let terms = Terms {
        call: Call::Person,
        currency: CoinId::native(&operation.chain_id).to_string(),
        amount: drafted.amount_text.clone(),
        to_echo: drafted.to.to_string(),
        // No caller asked for it.
        callback_url: None,
        remark: Some(format!("{} {}", operation.name, operation.canonical_args())),
    };
    let cid = order::keep(gateway, options, drafted, terms, act, now).await?;
    tracing::info!(%cid, operation = operation.name, "order for a wallet accepted from a person");
    Ok(())
}

/// The rules that may decide the order, each with the intent that it would mean.
async fn options(
    gateway: &Gateway,
    applicant: &PrincipalId,
    operation: &Operation,
    cid: Cid,
    now: Millis,
) -> Result<(Vec<AcceptOption>, Vec<UnmetRule>), MaintenanceError> {
    let Operation { project: books, wallet, chain_id, name, args: _ } = operation;
    let unknown = |what: String| MaintenanceError::Unknown(what);
    project(gateway, *books).await?;
    let policy = gateway.policy();
    let rules = policy.newest_rules();
    let network =
        rules.network(chain_id).ok_or_else(|| unknown(format!("the rules do not list chain {chain_id}")))?;
    let wallet =
        rules.wallet(*wallet).ok_or_else(|| unknown(format!("the rules do not list wallet {wallet}")))?;
    let fee =
        rules.fee(chain_id).ok_or_else(|| unknown(format!("the rules allow no fees on chain {chain_id}")))?;
    let args = operation.canonical_args();
    if !chain::family(network.family).knows_operation(name, &args) {
        return Err(MaintenanceError::NoOperation { chain: chain_id.clone(), name: name.clone(), args });
    }
    let from = derived::address(network, wallet, AddressIndex::PAYOUT)
        .map_err(|error| unknown(format!("wallet {} has no address: {error}", wallet.id)))?;
    let coin = CoinId::native(chain_id);
    let case = Case {
        kind: Kind::Maintenance,
        project: *books,
        wallet: wallet.id,
        coin: coin.clone(),
        amount: Amount::ZERO,
        to: &from,
        attempt: Attempt::FIRST,
        applicant: Some(applicant),
        caller: None,
        recipient: Recipient::Internal,
        at: now,
    };
    let found = candidates(rules, policy.people(), policy.book(), &case);
    let made = found.list.into_iter().map(|candidate| {
        let intent = Intent {
            version: intent::VERSION.to_owned(),
            kind: Kind::Maintenance,
            deployment: policy.deployment(),
            project: *books,
            cid,
            attempt: Attempt::FIRST,
            third_party_id: business_number(cid),
            wallet: wallet.id,
            address_index: AddressIndex::PAYOUT,
            network_id: network.network_id.clone(),
            chain_id: chain_id.clone(),
            token_id: coin.token_id.clone(),
            from: from.clone(),
            to: from.clone(),
            amount: Amount::ZERO,
            amount_text: "0".to_owned(),
            memo: None,
            fee_cap: fee.most(Kind::Maintenance),
            rules_version: policy.heads().rules.version,
            rule: candidate.rule.clone(),
            applicant: Some(applicant.clone()),
            compliance_ref: None,
            target: None,
            operation: Some(name.clone()),
            operation_args: Some(args.clone()),
            created: now,
            expiry: candidate.outcome.expiry(now),
        };
        // The external check is asked about payments.
        option_of(candidate, intent, Screening::None)
    });
    Ok((made.collect(), found.unmet))
}

fn business_number(cid: Cid) -> ThirdPartyId {
    format!("maintenance-{cid}").parse().expect("a word and a number are printable and few")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_have_one_spelling() {
        let operation = |args: &[(&str, &str)]| Operation {
            project: "1".parse().unwrap(),
            wallet: "1".parse().unwrap(),
            chain_id: "144".parse().unwrap(),
            name: "xrp_create_tickets".to_owned(),
            args: args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        assert_eq!(operation(&[("count", "10")]).canonical_args(), "{\"count\":\"10\"}");
        assert_eq!(operation(&[("b", "2"), ("a", "\"")]).canonical_args(), "{\"a\":\"\\\"\",\"b\":\"2\"}");
        assert_eq!(operation(&[]).canonical_args(), "{}");
    }
}
