//! `POST /api/v1/address/create`: a fresh address of the project, derived from its wallet's threshold key without any
//! ceremony.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::request::fields::AddressCreate as AddressCreateCall;
use payout::request::reply::NewAddress;
use payout::request::{Code, check};
use payout::time::Millis;
use store::{AddressCreate, AddressRefusal, Project, ReplayKey};

use crate::api::door::{Admitted, Arrival, Refusal, answer};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |admitted| one(&gateway, admitted).await).await
}

async fn one(gateway: &Gateway, admitted: Admitted<AddressCreateCall>) -> Result<NewAddress, Refusal> {
    let AddressCreateCall { chain_id, alias } = &admitted.call;
    let wanted = Wanted { chain_id, alias: alias.as_deref(), count: 1 };
    let mut made = create(gateway, &admitted.project, wanted, admitted.replay_key(), admitted.now).await?;
    Ok(made.pop().expect("the store makes as many addresses as it was asked for, or refuses"))
}

/// What is to be made.
pub(in crate::api) struct Wanted<'a> {
    pub(in crate::api) chain_id: &'a str,
    pub(in crate::api) alias: Option<&'a str>,
    pub(in crate::api) count: u8,
}

/// Makes addresses below the project's default wallet.
pub(in crate::api) async fn create(
    gateway: &Gateway,
    project: &Project,
    wanted: Wanted<'_>,
    replay: ReplayKey,
    now: Millis,
) -> Result<Vec<NewAddress>, Refusal> {
    let policy = gateway.policy();
    let rules = policy.newest_rules();
    let network = check::chain(wanted.chain_id, &rules.networks)?;
    check::alias(wanted.alias)?;
    let wallet = project.settings.default_wallet.and_then(|id| rules.wallet(id)).ok_or(Code::Wallet)?.clone();
    let (family, network_id) = (network.family, network.network_id.clone());
    let derive = move |index| {
        chain::derive_address(family, &network_id, &wallet.public_key, &wallet.chain_code, index).ok()
    };
    let made = gateway
        .store
        .address_create(AddressCreate {
            project: project.id,
            wallet: project.settings.default_wallet.ok_or(Code::Wallet)?,
            chain_id: network.chain_id.clone(),
            family,
            alias: wanted.alias.map(str::to_owned),
            count: wanted.count.into(),
            replay: Some(replay),
            derive: Box::new(derive),
            now,
        })
        .await;
    match made {
        Ok(addresses) => Ok(addresses.into_iter().map(|address| NewAddress { address }).collect()),
        Err(AddressRefusal::Replayed) => Err(Code::Replayed.into()),
        Err(AddressRefusal::Exhausted) => Err(Code::Wallet.into()),
        Err(AddressRefusal::Store(error)) => Err(error.into()),
    }
}
