//! People who apply for payouts.

use payout::ids::{Cid, MINTED_ID_LIMIT, WalletId};
use payout::intent::Intent;
use store::{ApiKeyText, People, ProjectSettings, SettingsChange};

use super::house::{House, name, project, refused};
use crate::clock;
use crate::operator::payouts::apply::ApplicationBody;

pub(super) fn settings() -> ProjectSettings {
    ProjectSettings {
        name: "shop".to_owned(),
        enabled: true,
        ips: Vec::new(),
        allow_private_callbacks: false,
        notify_withdrawn: false,
        verification_url: None,
        default_wallet: WalletId::new(5),
        rate_limit_per_s: 0,
    }
}

pub(super) async fn open_project(house: &House, settings: ProjectSettings) {
    let api_key = ApiKeyText::new("0123456789abcdef".to_owned());
    let change = SettingsChange::CreateProject { project: project(), settings, api_key };
    house.gateway.store.propose_change(change, name("ann"), People::One, clock::now()).await.unwrap();
}

fn application(number: &str) -> ApplicationBody {
    ApplicationBody {
        project: project(),
        wallet_id: None,
        currency: "ETH".to_owned(),
        from_address: None,
        to_address: "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".to_owned(),
        amount: "1.5".to_owned(),
        callback_url: None,
        third_party_id: number.parse().unwrap(),
        remark: None,
        memo: None,
        compliance_ref: None,
    }
}

#[tokio::test]
async fn a_number_that_was_not_minted_here_is_refused_and_minting_goes_on() {
    let house = House::new().await;
    open_project(&house, settings()).await;
    let oscar = house.client("oscar");
    let draft = oscar.draft(&application("one")).await.unwrap();
    let drafted: Intent = payout::canonical::parse(&draft.intent).unwrap();
    let now = clock::now();
    let ahead = house.gateway.store.mint_cid(now).get() + 1_000_000_000;
    for cid in [ahead, MINTED_ID_LIMIT - 1, i64::MAX] {
        let forged = Intent { cid: Cid::new(cid).unwrap(), ..drafted.clone() };
        assert_eq!(refused(oscar.apply(application("one"), &forged).await).0, 409, "{cid}");
    }
    assert_eq!(oscar.apply(application("one"), &drafted).await.unwrap().cid, drafted.cid);
    assert!(house.gateway.store.mint_cid(now).get() < ahead);
}

#[tokio::test]
async fn nobody_applies_in_the_books_of_a_disabled_project() {
    let house = House::new().await;
    open_project(&house, ProjectSettings { enabled: false, ..settings() }).await;
    assert_eq!(refused(house.client("oscar").draft(&application("one")).await).0, 400);
}
