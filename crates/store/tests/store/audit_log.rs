//! The audit log and pauses, which are in it.

use payout::ids::PrincipalId;
use store::{Actor, Audit, Pause, PauseError, PauseScope, verify_audit};

use crate::house::{House, at, person};
use crate::refused;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_log_is_one_chain_however_many_write_it() {
    let house = House::new().await;
    let calls: Vec<_> = (0..30)
        .map(|n| {
            let store = house.store.clone();
            let who = Actor::Principal(person("ann"));
            let line = Audit { at: at(n), who, what: "test".to_owned(), detail: format!("{n}") };
            tokio::spawn(async move { store.audit(line).await.unwrap() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let house = house.reopened().await;
    let line = Audit { at: at(99), who: Actor::Gateway, what: "start".to_owned(), detail: String::new() };
    house.store.audit(line).await.unwrap();
    let log = house.store.audit_list(0, 100).await.unwrap();
    assert_eq!((log.len(), verify_audit(&log)), (31, Ok(())));
    assert_eq!(house.store.audit_newest(1).await.unwrap()[0], log[30]);

    let mut altered = log.clone();
    altered[4].detail = "nothing".to_owned();
    assert_eq!(verify_audit(&altered).unwrap_err().seq, 5);
    let mut shortened = log;
    shortened.remove(7);
    assert_eq!(verify_audit(&shortened).unwrap_err().seq, 8);
}

#[test]
fn a_principal_called_gateway_is_not_the_gateway() {
    let principal: PrincipalId = person("gateway");
    assert_ne!(Actor::Principal(principal), Actor::Gateway);
}

#[tokio::test]
async fn a_pause_holds_until_its_end_or_until_it_is_lifted() {
    let house = House::new().await;
    let pause =
        |scope| Pause { scope, reason: "drill".to_owned(), by: person("ann"), now: at(0), until: at(1000) };
    let chain = house.store.pause(pause(PauseScope::Chain("60".parse().unwrap()))).await.unwrap();
    let coin = house.store.pause(pause(PauseScope::Coin("60@60".parse().unwrap()))).await.unwrap();
    assert_eq!(house.store.pauses(at(0)).await.unwrap(), vec![chain.clone(), coin.clone()]);
    let lifted = house.store.lift_pause(chain.id, person("ben"), at(500)).await.unwrap();
    assert_eq!(lifted.lifted, Some((person("ben"), at(500))));
    assert!(!lifted.holds_at(at(500)) && coin.holds_at(at(999)));
    assert_eq!(house.store.pauses(at(999)).await.unwrap(), vec![coin.clone()]);
    assert!(house.store.pauses(at(1000)).await.unwrap().is_empty());
    refused!(house.store.lift_pause(chain.id, person("ben"), at(501)).await, PauseError::Ended);
    refused!(house.store.lift_pause(coin.id, person("ben"), at(1000)).await, PauseError::Ended);
    refused!(house.store.lift_pause(7, person("ben"), at(1)).await, PauseError::Unknown(7));
    let words: Vec<_> =
        house.store.audit_list(0, 9).await.unwrap().into_iter().map(|entry| entry.what).collect();
    assert_eq!(words, ["pause", "pause", "pause.lift"]);
}
