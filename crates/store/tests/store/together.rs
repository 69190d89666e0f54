//! Look-ups of many payouts share a statement; each gets its own answer.

use payout::ids::Cid;
use store::{Accept, CallerProof, Pause, PauseScope};

use crate::house::{House, at, person, project, recipient};

fn cid(number: i64) -> Cid {
    Cid::new(number).unwrap()
}

#[tokio::test]
async fn what_many_ask_at_once_is_answered_to_each() {
    let house = House::new().await;
    let mut cids = Vec::new();
    for index in 0..9_u8 {
        let mut request: Accept = house.request(&format!("n-{index}"));
        request.caller = Some(CallerProof { header: "k:sig".to_owned(), body: vec![index] });
        cids.push(house.store.accept(request).await.unwrap());
    }
    let asked: Vec<_> = cids
        .iter()
        .map(|cid| {
            let (store, cid) = (house.store.clone(), *cid);
            tokio::spawn(async move { store.caller(cid).await.unwrap().unwrap().body })
        })
        .collect();
    for (index, answer) in (0..9_u8).zip(asked) {
        assert_eq!(answer.await.unwrap(), [index]);
    }
    let (known, unknown) = tokio::join!(house.store.caller(cids[3]), house.store.caller(cid(7)));
    assert_eq!((known.unwrap().unwrap().body, unknown.unwrap()), (vec![3], None));
}

#[tokio::test]
async fn pauses_are_told_as_they_hold_at_the_time_of_each_question() {
    let house = House::new().await;
    let scope = PauseScope::Project(project());
    let (reason, by) = ("a look".to_owned(), person("ann"));
    house.store.pause(Pause { scope, reason, by, now: at(0), until: at(60_000) }).await.unwrap();
    let (within, after) = tokio::join!(house.store.pauses(at(59_999)), house.store.pauses(at(60_000)));
    assert_eq!((within.unwrap().len(), after.unwrap().len()), (1, 0));
}

#[tokio::test]
async fn an_answer_is_read_after_it_was_asked_for() {
    let house = House::new().await;
    let known = async || {
        let chain = "60".parse().unwrap();
        house.store.known_recipient(None, &chain, &recipient()).await.unwrap()
    };
    assert!(!known().await);
    let row = house.accepted("n-1").await;
    house.sent(&row, 7).await;
    assert!(known().await);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_of_its_own_question() {
    let house = House::new().await;
    let (whole, broken) = (house.accepted("n-1").await, house.accepted("n-2").await);
    let act = |cid: Cid, signed: &str| {
        format!(
            "INSERT INTO acts (id, cid, intent, principal, act, signed, at) \
             VALUES ({cid}, {cid}, 'i-{cid}', 'ann', 'approve', '{signed}', 1)"
        )
    };
    house.sql(&act(broken.cid(), "no act")).await.unwrap();
    let (fine, error) = tokio::join!(house.store.acts(whole.cid()), house.store.acts(broken.cid()));
    assert!(fine.unwrap().is_empty());
    assert!(error.unwrap_err().to_string().contains("acts"));
}
