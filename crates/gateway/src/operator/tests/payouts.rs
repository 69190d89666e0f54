//! Reading payouts, and acting on them.

use payout::approval::Act;
use payout::ids::{Cid, Digest};

use super::house::{House, name, refused};
use crate::operator::payouts::list::ListQuery;

#[tokio::test]
async fn a_payout_is_shown_whole_and_its_digest_is_the_intents() {
    let house = House::new().await;
    let cid = house.accept().await;
    let sheet = house.client("vera").payout(cid).await.unwrap();
    let intent: payout::intent::Intent = payout::canonical::parse(&sheet.intent).unwrap();
    assert_eq!((intent.cid, intent.digest()), (cid, sheet.digest));
    assert_eq!((sheet.progress.missing, sheet.progress.complete), (2, false));
    let told = payout::life::verify_history(cid, &sheet.history).unwrap();
    assert_eq!(told.state, sheet.state);
}

#[tokio::test]
async fn lists_are_filtered_by_status_and_paged() {
    let house = House::new().await;
    let vera = house.client("vera");
    let cids = [house.accept().await, house.accept().await, house.accept().await];
    let numbers = |lines: Vec<crate::operator::payouts::list::PayoutLine>| -> Vec<Cid> {
        lines.into_iter().map(|line| line.cid).collect()
    };
    let all = vera.payouts(&ListQuery::default()).await.unwrap();
    assert_eq!(numbers(all), [cids[2], cids[1], cids[0]]);
    let page = ListQuery { before: Some(cids[2]), limit: Some(1), ..ListQuery::default() };
    assert_eq!(numbers(vera.payouts(&page).await.unwrap()), [cids[1]]);
    let ended = ListQuery { status: Some("6,7".to_owned()), ..ListQuery::default() };
    assert!(vera.payouts(&ended).await.unwrap().is_empty());
    for wrong in ["8", "", "a", "0;5"] {
        let query = ListQuery { status: Some(wrong.to_owned()), ..ListQuery::default() };
        assert_eq!(refused(vera.payouts(&query).await).0, 400, "{wrong:?}");
    }
}

#[tokio::test]
async fn approvals_fill_the_steps_and_the_same_one_counts_once() {
    let house = House::new().await;
    let cid = house.accept().await;
    let (paula, paul) = (house.client("paula"), house.client("paul"));
    let digest = paula.payout(cid).await.unwrap().digest;
    let first = paula.act(cid, &paula.sign_act(Act::Approve, digest).unwrap()).await.unwrap();
    assert_eq!((first.status, first.missing, first.complete), (0, 1, false));
    assert_eq!(refused(paula.act(cid, &paula.sign_act(Act::Approve, digest).unwrap()).await).0, 403);
    let second = paul.act(cid, &paul.sign_act(Act::Approve, digest).unwrap()).await.unwrap();
    assert_eq!((second.status, second.complete), (5, true));
    let sheet = paul.payout(cid).await.unwrap();
    assert_eq!(sheet.progress.given, [name("paula"), name("paul")]);
    assert_eq!(sheet.acts.len(), 2);
}

#[tokio::test]
async fn an_act_over_another_digest_or_by_somebody_unasked_is_refused() {
    let house = House::new().await;
    let cid = house.accept().await;
    let (paula, oscar) = (house.client("paula"), house.client("oscar"));
    let digest = paula.payout(cid).await.unwrap().digest;
    let other = paula.sign_act(Act::Approve, Digest::from_bytes([5; 32])).unwrap();
    assert_eq!(refused(paula.act(cid, &other).await).0, 400);
    let unasked = oscar.sign_act(Act::Approve, digest).unwrap();
    assert_eq!(refused(oscar.act(cid, &unasked).await).0, 403);
    let unknown = Cid::new(5).unwrap();
    assert_eq!(refused(paula.act(unknown, &paula.sign_act(Act::Approve, digest).unwrap()).await).0, 404);
    assert!(paula.payout(cid).await.unwrap().acts.is_empty());
}

#[tokio::test]
async fn an_operator_delivers_an_approvers_act_unchanged() {
    let house = House::new().await;
    let cid = house.accept().await;
    let (paula, oscar) = (house.client("paula"), house.client("oscar"));
    let digest = paula.payout(cid).await.unwrap().digest;
    let act = paula.sign_act(Act::Reject, digest).unwrap();
    assert_eq!(oscar.act(cid, &act).await.unwrap().status, 4);
    assert_eq!(paula.payout(cid).await.unwrap().acts, [act]);
}

#[tokio::test]
async fn why_names_the_rule_the_rules_above_it_and_who_is_asked() {
    let house = House::new().await;
    let cid = house.accept().await;
    let why = house.client("vera").why(cid).await.unwrap();
    assert_eq!((why.rule.rule.as_str(), why.rule.version), ("normal", 1));
    assert_eq!(why.rule.before.len(), 1);
    assert_eq!(why.rule.before[0].because, "the recipient is not one of our own addresses");
    assert!(why.rule.remarks.is_empty(), "{:?}", why.rule.remarks);
    assert!(why.story.contains("lacks 2 of the group treasury"), "{}", why.story);
    assert!(why.next_actions.iter().any(|action| action.contains("payout approve")));
    assert!(why.next_actions.iter().any(|action| action.contains("[[chain]]")), "no node is configured");
    assert_eq!((why.token, why.fee.at_most), (None, None));
}

#[tokio::test]
async fn why_says_that_a_pause_holds_it() {
    let house = House::new().await;
    let cid = house.accept().await;
    let oscar = house.client("oscar");
    let pause = |scope| crate::operator::pauses::PauseOrder {
        scope,
        reason: "audit".to_owned(),
        until: crate::clock::now().plus(60_000),
    };
    use crate::operator::pauses::Scope;
    oscar.pause(&pause(Scope::Project(payout::ids::ProjectId::new(8).unwrap()))).await.unwrap();
    assert!(oscar.why(cid).await.unwrap().pauses.is_empty(), "another project's");
    oscar.pause(&pause(Scope::Coin("60@60".parse().unwrap()))).await.unwrap();
    let why = oscar.why(cid).await.unwrap();
    assert_eq!(why.pauses.len(), 1);
    assert!(why.next_actions[0].contains("bursar resume"), "{:?}", why.next_actions);
}
