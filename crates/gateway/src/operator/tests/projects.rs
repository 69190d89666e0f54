//! Settings that change by two people.

use payout::request::sign::ApiKey;
use store::ProjectSettings;

use super::house::{Admins, House, project, refused};
use crate::operator::projects::ProjectChange;

fn settings() -> ProjectSettings {
    ProjectSettings {
        name: "shop".to_owned(),
        enabled: true,
        ips: vec!["127.0.0.1/32".parse().unwrap()],
        allow_private_callbacks: false,
        notify_withdrawn: false,
        verification_url: None,
        default_wallet: None,
        rate_limit_per_s: 0,
    }
}

fn create() -> ProjectChange {
    ProjectChange::Create { project: project(), settings: settings(), api_key: None }
}

#[tokio::test]
async fn a_project_exists_once_a_second_admin_has_confirmed_it() {
    let house = House::new().await;
    let (ann, ben, oscar) = (house.client("ann"), house.client("ben"), house.client("oscar"));
    let proposed = oscar.propose_change(&create()).await.unwrap();
    assert_eq!(proposed.change.state, "pending");
    assert_eq!(proposed.api_key.as_ref().map(String::len), Some(32));
    assert!(ann.projects().await.unwrap().is_empty());
    let waiting = ann.pending_changes().await.unwrap();
    assert!(!format!("{waiting:?}").contains(proposed.api_key.as_deref().unwrap()), "a key is shown once");
    assert_eq!(ben.confirm_change(proposed.change.id).await.unwrap().state, "applied");
    let sheet = &ann.projects().await.unwrap()[0];
    assert_eq!((sheet.id, &sheet.settings, sheet.api_keys.len()), (project(), &settings(), 1));
    let words: Vec<_> = house.audited().await;
    assert_eq!(
        words,
        [("oscar".to_owned(), "project.create".to_owned()), ("ben".to_owned(), "project.create".to_owned())]
    );
}

#[tokio::test]
async fn who_proposed_a_change_cannot_confirm_it() {
    let house = House::new().await;
    let ann = house.client("ann");
    let proposed = ann.propose_change(&create()).await.unwrap();
    assert_eq!(refused(ann.confirm_change(proposed.change.id).await).0, 403);
    assert!(ann.projects().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_single_admins_change_is_applied_at_once_and_audited_so() {
    let house = House::with(Admins::One).await;
    let proposed = house.client("ann").propose_change(&create()).await.unwrap();
    assert_eq!(proposed.change.state, "applied");
    let names: Vec<_> = house.audited().await.into_iter().map(|(who, _)| who).collect();
    assert_eq!(names, ["ann", "ann"]);
}

#[tokio::test]
async fn an_operators_change_waits_for_the_admin_even_if_there_is_one_alone() {
    let house = House::with(Admins::One).await;
    let proposed = house.client("oscar").propose_change(&create()).await.unwrap();
    assert_eq!(proposed.change.state, "pending");
    assert_eq!(house.client("ann").confirm_change(proposed.change.id).await.unwrap().state, "applied");
}

#[tokio::test]
async fn a_change_is_dropped_by_its_proposer_or_an_admin_and_nobody_else() {
    let house = House::new().await;
    let (ann, oscar, paula) = (house.client("ann"), house.client("oscar"), house.client("paula"));
    let first = oscar.propose_change(&create()).await.unwrap().change.id;
    assert_eq!(refused(paula.drop_change(first).await).0, 403);
    assert_eq!(oscar.drop_change(first).await.unwrap().state, "dropped");
    let second = oscar.propose_change(&create()).await.unwrap().change.id;
    assert_eq!(ann.drop_change(second).await.unwrap().state, "dropped");
    assert_eq!(refused(ann.confirm_change(second).await).0, 409);
}

#[tokio::test]
async fn settings_that_would_open_the_house_are_refused_with_their_field() {
    let house = House::new().await;
    let ann = house.client("ann");
    let with = |settings, api_key: Option<&str>| ProjectChange::Create {
        project: project(),
        settings,
        api_key: api_key.map(str::to_owned),
    };
    let inside = Some("http://127.0.0.1:9/check".to_owned());
    let cases = [
        (with(settings(), Some(ApiKey::PUBLISHED_EXAMPLE)), "api_key"),
        (with(settings(), Some("short")), "api_key"),
        (with(ProjectSettings { name: " ".to_owned(), ..settings() }, None), "name"),
        (with(ProjectSettings { verification_url: inside, ..settings() }, None), "verification_url"),
    ];
    for (change, field) in cases {
        match ann.propose_change(&change).await {
            Err(crate::client::ClientError::Refused { status: 400, fault }) => {
                assert_eq!(fault.field.as_deref(), Some(field));
            }
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_rotated_key_works_beside_the_old_one_until_that_retires() {
    let house = House::with(Admins::One).await;
    let ann = house.client("ann");
    ann.propose_change(&create()).await.unwrap();
    let rotate = ProjectChange::RotateKey { project: project(), api_key: None, keep_old_hours: 24 };
    ann.propose_change(&rotate).await.unwrap();
    let keys = ann.projects().await.unwrap().remove(0).api_keys;
    assert_eq!(keys.iter().filter(|key| key.retires.is_none()).count(), 1);
    assert_eq!(refused(ann.propose_change(&rotate).await).0, 409, "a third live key");
    let old = keys.iter().find(|key| key.retires.is_some()).unwrap().id;
    ann.propose_change(&ProjectChange::RetireKey { project: project(), key: old }).await.unwrap();
    assert_eq!(
        ann.projects().await.unwrap()[0].api_keys.iter().filter(|key| key.retires.is_none()).count(),
        1
    );
}
