//! Projects and changes by two people.

use store::{ApiKeyText, ChangeError, ChangeState, People, ProjectSettings, SettingsChange, verify_audit};

use crate::house::{House, at, person, project, wallet};
use crate::refused;

pub fn settings() -> ProjectSettings {
    ProjectSettings {
        name: "shop".to_owned(),
        enabled: true,
        ips: vec!["10.0.0.0/8".parse().unwrap()],
        allow_private_callbacks: false,
        notify_withdrawn: false,
        verification_url: None,
        default_wallet: Some(wallet()),
        rate_limit_per_s: 50,
    }
}

pub fn key(text: &str) -> ApiKeyText {
    ApiKeyText::new(format!("f502a9ac9ca54327986f29c03b27{text}"))
}

fn create() -> SettingsChange {
    SettingsChange::CreateProject { project: project(), settings: settings(), api_key: key("first") }
}

#[tokio::test]
async fn a_change_is_in_force_once_a_second_person_confirmed_it() {
    let house = House::new().await;
    let change = house.store.propose_change(create(), person("ann"), People::Two, at(0)).await.unwrap();
    assert_eq!(change.state, ChangeState::Pending);
    assert_eq!(house.store.project(project()).await.unwrap(), None);
    let refusal = house.store.confirm_change(change.id, person("ann"), at(1)).await;
    refused!(refusal, ChangeError::SamePerson);
    let done = house.store.confirm_change(change.id, person("ben"), at(2)).await.unwrap();
    assert_eq!(done.state, ChangeState::Applied { by: person("ben"), at: at(2) });

    let stored = house.store.project(project()).await.unwrap().unwrap();
    assert_eq!(stored.settings, settings());
    assert_eq!(stored.api_keys[0].text, key("first"));
    assert_eq!(house.store.projects().await.unwrap(), vec![stored]);
    refused!(house.store.confirm_change(change.id, person("eve"), at(3)).await, ChangeError::Settled);
    assert!(house.store.pending_changes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_is_shown_in_no_log_and_no_list() {
    let house = House::new().await;
    let change = house.store.propose_change(create(), person("ann"), People::Two, at(0)).await.unwrap();
    let pending = house.store.pending_changes().await.unwrap();
    house.store.confirm_change(change.id, person("ben"), at(1)).await.unwrap();
    let audit = house.store.audit_list(0, 10).await.unwrap();
    assert_eq!((audit.len(), verify_audit(&audit)), (2, Ok(())));
    let secret = key("first");
    for text in [format!("{pending:?}"), format!("{audit:?}"), format!("{change:?}")] {
        assert!(!text.contains(secret.reveal()), "{text}");
        assert!(text.contains(&secret.fingerprint()), "{text}");
    }
    let kept = format!("SELECT count(*) FROM changes WHERE change LIKE '%{}%'", secret.reveal());
    assert_eq!(house.number(&kept).await, 0, "a settled change keeps the key");
}

#[tokio::test]
async fn a_dropped_change_never_comes_into_force() {
    let house = House::new().await;
    let change = house.store.propose_change(create(), person("ann"), People::Two, at(0)).await.unwrap();
    house.store.drop_change(change.id, person("ann"), at(1)).await.unwrap();
    refused!(house.store.confirm_change(change.id, person("ben"), at(2)).await, ChangeError::Settled);
    assert_eq!(house.store.project(project()).await.unwrap(), None);
    refused!(house.store.drop_change(7, person("ann"), at(1)).await, ChangeError::Unknown(7));
}

#[tokio::test]
async fn a_key_is_rotated_with_an_overlap_and_never_are_three_live() {
    let house = House::new().await;
    let make =
        async |change, ms| house.store.propose_change(change, person("ann"), People::One, at(ms)).await;
    let rotate = |text, ms| SettingsChange::RotateApiKey {
        project: project(),
        api_key: key(text),
        old_retires: at(ms),
    };
    refused!(make(rotate("x", 1), 0).await, ChangeError::NoProject(_));
    make(create(), 0).await.unwrap();
    refused!(make(create(), 1).await, ChangeError::ProjectExists(_));
    make(rotate("second", 1000), 10).await.unwrap();
    let stored = house.store.project(project()).await.unwrap().unwrap();
    let live = |ms| stored.api_keys.iter().filter(|key| key.is_live_at(at(ms))).count();
    assert_eq!((live(999), live(1000)), (2, 1));
    assert_eq!(stored.api_keys[0].text, key("second"), "newest first");

    refused!(make(rotate("third", 2000), 999).await, ChangeError::TooManyKeys);
    refused!(make(rotate("second", 2000), 1000).await, ChangeError::BadKey(_));
    make(rotate("third", 2000), 1000).await.unwrap();
    let retire = |key, ms| SettingsChange::RetireApiKey { project: project(), key, at: at(ms) };
    let newest = house.store.project(project()).await.unwrap().unwrap().api_keys[0].id;
    make(retire(newest, 1500), 1400).await.unwrap();
    refused!(make(retire(newest, 1600), 1500).await, ChangeError::BadKey(_));
}
