//! What a request's texts name: currency, wallet, from, to, amount, memo, remark, callback URL, in that order.

use chain::{ChainFamily, Payee, PayeeError};
use payout::coin::{Coin, Network};
use payout::ids::{Address, AddressIndex};
use payout::intent::Intent;
use payout::money::Amount;
use payout::policy::{Recipient, Rules, Wallet};
use payout::request::check::{self, MemoRule};
use payout::request::fields::PayoutCall;
use payout::request::{Code, Rejected};
use store::{AddressRow, Project, StoreError};

use crate::callback::target;
use crate::derived;
use crate::state::Gateway;

/// What is asked for, with nothing left to look up.
pub struct Resolved<'a> {
    /// The coin.
    pub coin: &'a Coin,
    /// Its chain.
    pub network: &'a Network,
    /// The paying wallet.
    pub wallet: &'a Wallet,
    /// Which of its addresses pays.
    pub index: AddressIndex,
    /// That address.
    pub from: Address,
    /// The recipient, canonical, with the memo.
    pub to: Payee,
    /// How much, base units.
    pub amount: Amount,
    /// Whether the recipient is one of the project's own addresses.
    pub internal: bool,
}

/// Why a request names nothing that can be paid.
#[derive(Debug)]
pub enum Unresolved {
    /// The contract has a code for it.
    Rejected(Rejected),
    /// The database can't be read.
    Store(StoreError),
}

impl From<Rejected> for Unresolved {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl From<Code> for Unresolved {
    fn from(code: Code) -> Self {
        Self::Rejected(code.into())
    }
}

impl From<StoreError> for Unresolved {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Whether `from_address` may be any address of the wallet, or must be one that was made for the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer {
    /// The wallet's payout address, or one of the project's.
    Wallet,
    /// One of the project's (sub-address withdrawals).
    Project,
}

/// Resolves a call under one version of the rules.
///
/// # Errors
/// The first rule that is broken, in the contract's order.
pub async fn resolve<'a>(
    gateway: &Gateway,
    rules: &'a Rules,
    project: &Project,
    call: &PayoutCall,
    from: Payer,
) -> Result<Resolved<'a>, Unresolved> {
    let coin = check::currency(&call.currency, &rules.coins, &rules.networks)?;
    let network = rules.network(&coin.chain_id).ok_or(Code::Coin)?;
    let family = chain::family(network.family);
    // A chain whose fees have no limit can't be paid on: nobody could say what an attacker may burn.
    rules.fee(&coin.chain_id).ok_or(Code::Coin)?;

    let source = source(gateway, rules, network, project, call, from).await?;
    let memo = call.memo.as_deref();
    let to = family.payee(&network.network_id, &call.to_address, memo);
    // The contract's order: address, amount, memo.
    if let Err(PayeeError::Address(_)) = to {
        return Err(Code::Address.into());
    }
    let amount = check::amount(&call.amount, coin.decimals)?;
    check::memo(memo, MemoRule::of(network.family))?;
    let to = to.map_err(|why| Rejected::param("memo", why))?;
    check::remark(call.remark.as_deref())?;
    if let Some(url) = &call.callback_url {
        let url = check::callback_url(url)?;
        target::allowed(&url, target::Reach::of(&project.settings, gateway.environment()))
            .map_err(|why| Rejected::param("callback_url", why))?;
    }
    let internal = is_internal(gateway, rules, network, &to.address).await?;
    let Source { wallet, index, address } = source;
    Ok(Resolved { coin, network, wallet, index, from: address, to, amount, internal })
}

struct Source<'a> {
    wallet: &'a Wallet,
    index: AddressIndex,
    address: Address,
}

async fn source<'a>(
    gateway: &Gateway,
    rules: &'a Rules,
    network: &Network,
    project: &Project,
    call: &PayoutCall,
    from: Payer,
) -> Result<Source<'a>, Unresolved> {
    let family = chain::family(network.family);
    if from == Payer::Project {
        let text = call.from_address.as_deref().ok_or(Code::Address)?;
        let address = parse(family, network, text)?;
        let row = owned(gateway, network, project, &address).await?.ok_or(Code::Address)?;
        let wallet = rules.wallet(row.wallet).ok_or(Code::Wallet)?;
        return Ok(Source { wallet, index: row.index, address });
    }
    let wallet_id = call.wallet_id.or(project.settings.default_wallet).ok_or(Code::Wallet)?;
    let wallet = rules.wallet(wallet_id).ok_or(Code::Wallet)?;
    let payout_address = payout_address(network, wallet)?;
    let Some(text) = &call.from_address else {
        return Ok(Source { wallet, index: AddressIndex::PAYOUT, address: payout_address });
    };
    let address = parse(family, network, text)?;
    if address == payout_address {
        return Ok(Source { wallet, index: AddressIndex::PAYOUT, address });
    }
    let row = owned(gateway, network, project, &address).await?.ok_or(Code::Address)?;
    if row.wallet != wallet.id {
        return Err(Code::Address.into());
    }
    Ok(Source { wallet, index: row.index, address })
}

/// The address as one that was made for the project, if it is. Another project's is as unknown as none.
async fn owned(
    gateway: &Gateway,
    network: &Network,
    project: &Project,
    address: &Address,
) -> Result<Option<AddressRow>, StoreError> {
    let row = gateway.store.address_owner(network.family, address).await?;
    Ok(row.filter(|row| row.project == project.id))
}

fn parse(family: &dyn ChainFamily, network: &Network, text: &str) -> Result<Address, Code> {
    family.parse_address(&network.network_id, text).map_err(|_| Code::Address)
}

fn payout_address(network: &Network, wallet: &Wallet) -> Result<Address, Code> {
    derived::address(network, wallet, AddressIndex::PAYOUT).map_err(|_| Code::Wallet)
}

/// Whether an address belongs to the project: one that was made for it, or the payout address of its default wallet.
///
/// # Errors
/// [`StoreError`] when the database can't be read.
pub async fn belongs_to(
    gateway: &Gateway,
    rules: &Rules,
    network: &Network,
    project: &Project,
    address: &Address,
) -> Result<bool, StoreError> {
    let wallet = project.settings.default_wallet.and_then(|id| rules.wallet(id));
    if wallet.is_some_and(|wallet| is_payout_address(network, wallet, address)) {
        return Ok(true);
    }
    Ok(owned(gateway, network, project, address).await?.is_some())
}

/// Whether money that goes there has not left the house, as the policy's `internal` recipients mean it: an address of
/// any wallet, whichever project it was made for. Co-signers know keys and no projects, so it must be the same to both.
///
/// # Errors
/// [`StoreError`] when the database can't be read.
pub async fn is_internal(
    gateway: &Gateway,
    rules: &Rules,
    network: &Network,
    address: &Address,
) -> Result<bool, StoreError> {
    if rules.wallets.iter().any(|wallet| is_payout_address(network, wallet, address)) {
        return Ok(true);
    }
    Ok(gateway.store.address_owner(network.family, address).await?.is_some())
}

/// What is known of an intent's recipient by our own records.
///
/// # Errors
/// [`StoreError`] when the database can't be read.
pub async fn recipient_of(
    gateway: &Gateway,
    rules: &Rules,
    intent: &Intent,
) -> Result<Recipient, StoreError> {
    if let Some(network) = rules.network(&intent.chain_id)
        && is_internal(gateway, rules, network, &intent.to).await?
    {
        return Ok(Recipient::Internal);
    }
    let known = gateway.store.known_recipient(None, &intent.chain_id, &intent.to).await?;
    Ok(if known { Recipient::Known } else { Recipient::FirstTime })
}

fn is_payout_address(network: &Network, wallet: &Wallet, address: &Address) -> bool {
    payout_address(network, wallet).is_ok_and(|own| own == *address)
}
