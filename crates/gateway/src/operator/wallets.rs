//! `/bursar/v1/wallets` and `/bursar/v1/ceremonies/{label}`.
//!
//! A ceremony makes a key; what makes it a wallet is the admins' signatures on a version of the rules that lists it with
//! the fingerprint which every co-signer's owner read on their own terminal. Nothing here is believed for that.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use payout::ids::{Address, AddressIndex, ChainId, WalletId};
use payout::policy::{Policy, VersionSignature, Wallet};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use wire::message::{Label, OpenCeremony, Purpose, REFRESH_DOMAIN, refresh_text};

use super::ceremonies;
use super::door::{Admin, By, Viewer};
use super::fault::{Answer, Fault};
use super::office::Office;
use crate::hub::{CeremonyError, SeatStanding};

/// A wallet that the rules list, or one whose key exists and that they don't list yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletSheet {
    /// What stands, or would stand, in the rules.
    pub entry: Wallet,
    /// Whether the newest rules list it.
    pub active: bool,
    /// Its payout address on each chain.
    pub addresses: Vec<(ChainId, Address)>,
    /// The connected co-signers that hold a share, with its epoch.
    pub holders: Vec<(String, u32)>,
    /// What does not fit together.
    pub remarks: Vec<String>,
}

/// An order to make a wallet's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateWallet {
    /// Its id.
    pub wallet: WalletId,
}

/// An order to make new shares of a wallet's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshWallet {
    /// The epoch that the new shares will have.
    pub epoch: u32,
    /// The admins' signatures over [`refresh_text`].
    pub orders: Vec<VersionSignature>,
}

/// A ceremony that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Its label.
    pub ceremony: String,
}

/// How a ceremony stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeremonySheet {
    /// Its label.
    pub ceremony: String,
    /// Which wallet.
    pub wallet: WalletId,
    /// What it makes.
    pub what: String,
    /// When it was opened.
    pub opened: Millis,
    /// What each co-signer says.
    pub cosigners: Vec<CeremonyVoice>,
    /// Whether all are done and say the same.
    pub done: bool,
    /// Why it failed.
    pub failed: Option<String>,
    /// What the admins sign into the rules, once it is done.
    pub entry: Option<Wallet>,
    /// The payout address on each chain, once it is done.
    pub addresses: Vec<(ChainId, Address)>,
}

/// One co-signer in a ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeremonyVoice {
    /// Its index.
    pub index: u8,
    /// Its name.
    pub name: String,
    /// How far it is, in its own words.
    pub stage: String,
    /// What its terminal prints, once it is done.
    pub fingerprint: Option<String>,
}

pub(super) async fn list(State(office): State<Arc<Office>>, _by: By<Viewer>) -> Answer<Vec<WalletSheet>> {
    let policy = office.gateway.policy();
    let seats = office.gateway.hub.standings();
    let mut entries: Vec<(Wallet, bool)> =
        policy.newest_rules().wallets.iter().map(|wallet| (wallet.clone(), true)).collect();
    // Made and not signed yet: the co-signers know them.
    for standing in
        seats.iter().filter_map(|seat| seat.presence.as_ref()).flat_map(|here| &here.standing.wallets)
    {
        if entries.iter().all(|(entry, _)| entry.id != standing.wallet) {
            entries.push((ceremonies::entry(standing, policy.roster()), false));
        }
    }
    entries.sort_by_key(|(entry, _)| entry.id);
    Ok(Json(entries.into_iter().map(|(entry, active)| sheet(&policy, &seats, entry, active)).collect()))
}

fn sheet(policy: &Policy, seats: &[SeatStanding], entry: Wallet, active: bool) -> WalletSheet {
    let mut holders = Vec::new();
    let mut remarks = Vec::new();
    for seat in seats {
        let Some(here) = &seat.presence else { continue };
        match here.standing.wallets.iter().find(|held| held.wallet == entry.id) {
            None => remarks.push(format!("{} holds no share of it", seat.name)),
            Some(held) if held.fingerprint != entry.fingerprint => {
                remarks.push(format!("{} holds a share of another key ({})", seat.name, held.fingerprint));
            }
            Some(held) => {
                if !held.tested {
                    remarks.push(format!("{} has joined no test signature", seat.name));
                }
                holders.push((seat.name.clone(), held.epoch));
            }
        }
    }
    WalletSheet { addresses: addresses(policy, &entry), entry, active, holders, remarks }
}

/// The payout address on each chain of the newest rules.
pub(super) fn addresses(policy: &Policy, wallet: &Wallet) -> Vec<(ChainId, Address)> {
    let derive = |network: &payout::coin::Network| {
        let address = chain::derive_address(
            network.family,
            &network.network_id,
            &wallet.public_key,
            &wallet.chain_code,
            AddressIndex::PAYOUT,
        );
        address.ok().map(|address| (network.chain_id.clone(), address))
    };
    policy.newest_rules().networks.iter().filter_map(derive).collect()
}

pub(super) async fn create(State(office): State<Arc<Office>>, by: By<Admin>) -> Answer<Opened> {
    let CreateWallet { wallet } = by.read()?;
    if office.gateway.policy().newest_rules().wallet(wallet).is_some() {
        return Err(Fault::conflict(
            format!("the rules list wallet {wallet} already"),
            "take another number, or `bursar wallet refresh` for new shares of its key",
        ));
    }
    let what = "a new key".to_owned();
    open(&office, &by, wallet, Purpose::Create, what).await
}

pub(super) async fn refresh(
    State(office): State<Arc<Office>>,
    Path(id): Path<String>,
    by: By<Admin>,
) -> Answer<Opened> {
    let RefreshWallet { epoch, orders } = by.read()?;
    let policy = office.gateway.policy();
    let unknown = || Fault::missing(format!("the rules list no wallet {id}"), "look at `bursar wallet list`");
    let wallet: WalletId = id.parse().map_err(|_| unknown())?;
    policy.newest_rules().wallet(wallet).ok_or_else(unknown)?;
    policy.verify_quorum(REFRESH_DOMAIN, refresh_text(wallet, epoch).as_bytes(), &orders).map_err(
        |error| Fault::conflict(error.to_string(), "collect the admins' signatures: `bursar wallet refresh`"),
    )?;
    let what = format!("new shares, epoch {epoch}");
    open(&office, &by, wallet, Purpose::Refresh { epoch, orders }, what).await
}

async fn open(
    office: &Office,
    by: &By<Admin>,
    wallet: WalletId,
    purpose: Purpose,
    what: String,
) -> Answer<Opened> {
    if office.ceremonies.is_open(wallet) {
        return Err(Fault::conflict(
            format!("a ceremony of wallet {wallet} is going on"),
            "wait for its end, which comes within minutes",
        ));
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| {
        Fault::unavailable("the operating system gives no randomness", "look at the gateway's host")
    })?;
    let ceremony = Label::from_bytes(bytes);
    let detail = format!("wallet {wallet}: {what}, ceremony {ceremony}");
    super::audit::note(&office.gateway, &by.id(), "wallet.ceremony", detail, by.now).await?;
    let stream = office.gateway.hub.ceremony(OpenCeremony { ceremony, wallet, purpose })?;
    office.ceremonies.follow(ceremony, wallet, what, by.now, stream);
    Ok(Json(Opened { ceremony: ceremony.to_string() }))
}

pub(super) async fn ceremony(
    State(office): State<Arc<Office>>,
    Path(label): Path<String>,
    _by: By<Viewer>,
) -> Answer<CeremonySheet> {
    let policy = office.gateway.policy();
    let label: Option<Label> = label.parse().ok();
    let sheet = label.and_then(|label| office.ceremonies.sheet(label, policy.roster()));
    sheet.map(Json).ok_or_else(|| {
        Fault::missing(
            "this gateway knows no such ceremony",
            "the gateway was started again: look at `bursar wallet list`",
        )
    })
}

impl From<CeremonyError> for Fault {
    fn from(error: CeremonyError) -> Self {
        let words = error.to_string();
        match error {
            CeremonyError::Absent { .. } => {
                Self::conflict(words, "start the missing co-signers: `bursar cosigner list`")
            }
        }
    }
}
