//! Two at the same moment: approvals against stops against the end of the time to approve, two operators, two
//! connections with one request, a policy that changes under payouts in every state, co-signers that come and go.
//!
//! Whoever is first wins; nobody is told something that did not happen, and nothing is paid twice.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::future::{join, join_all};
use gateway::operator::pauses::{PauseOrder, Scope};
use gateway::operator::payouts::acts::Acted;
use payout::approval::Act;
use payout::ids::Cid;
use payout::life::verify_history;
use payout::money::Amount;
use payout::policy::Document;
use payout::time::Millis;
use serde_json::Value;
use testbed::deployment::cast::{ADMINS, FINANCE, OPERATOR, TREASURY};
use testbed::dice::Dice;
use testbed::people::PersonError;
use testbed::proxy::Fault;
use testbed::vendor::{Order, now_ms};

use house::House;
use world::{PATIENCE, World};

#[path = "whole/fixture.rs"]
mod fixture;
#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "strange_chains/house.rs"]
mod house;
#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "whole/world.rs"]
mod world;

/// The statuses that nothing follows.
const ENDS: [i64; 5] = [2, 3, 4, 6, 7];

/// A payout that waits for somebody.
struct Waiting {
    order: Order,
    cid: i64,
}

impl World {
    async fn waiting(&self, amount: &str) -> Waiting {
        let order = self.order(amount);
        let cid = self.accepted(&order).await;
        Waiting { order, cid }
    }

    /// It has ended at one of these. What arrived, what its caller heard and its history say the same.
    async fn ended(&self, payout: &Waiting, ends: &[i64]) -> i64 {
        // One that some co-signers have refused for ever waits half a minute for the others to be heard, and as long
        // again for a co-signer that may have contributed.
        let status = self.reaches_within(payout.cid, &ENDS, 2 * PATIENCE).await;
        assert!(ends.contains(&status), "payout {} ended at {status}, not at {ends:?}", payout.cid);
        let arrived = self.balance(&self.ether(), &payout.order.to).await;
        let due = if status == 6 { payout.order.amount.trim_end_matches('0') } else { "0" };
        assert_eq!(arrived, due, "payout {} ended at {status}", payout.cid);
        if status != 3 {
            assert_eq!(self.told(payout.cid).await, status);
        }
        for callback in self.stage.receiver.of(payout.cid) {
            assert_eq!(callback.status(), Some(status), "a callback that is not true");
        }
        let sheet = self.person(OPERATOR).read(payout.cid).await.unwrap();
        let history = verify_history(Cid::new(payout.cid).unwrap(), &sheet.history).unwrap();
        assert_eq!(history.state, sheet.state);
        status
    }

    /// Waits until it has ended (`false`), or says that no co-signer saw it in time (`true`).
    async fn ends_or_came_too_late(&self, cid: i64) -> bool {
        let start = Instant::now();
        loop {
            let why = self.why(cid).await;
            if ENDS.contains(&why.status.into()) {
                return false;
            }
            if why
                .wait
                .as_ref()
                .is_some_and(|wait| wait.reason.contains("no co-signer saw it approved before"))
            {
                return true;
            }
            assert!(start.elapsed() < PATIENCE, "{why:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// As many transactions left the wallet as payouts were paid.
    async fn has_sent(&self, transactions: usize) {
        let sent = self.stage.deployment.anvil().nonce(&self.stage.from).await.unwrap();
        assert_eq!(sent.saturating_to::<usize>(), transactions);
    }
}

/// Whether a stop was taken for good, and not only asked of co-signers.
fn stopped(acted: &Result<Acted, PersonError>) -> bool {
    acted.as_ref().is_ok_and(|acted| acted.requested.is_none())
}

#[tokio::test]
async fn an_approval_and_a_withdrawal_at_the_same_moment_pay_or_stop_and_never_both() {
    let world = World::start().await;
    let mut dice = Dice::new(7);
    let mut paid = 0;
    for turn in 0..12 {
        let payout = world.waiting(&format!("2.{}", turn + 1)).await;
        for name in [TREASURY[0], FINANCE[0]] {
            world.person(name).approve(payout.cid).await.unwrap();
        }
        let (last, operator) = (world.person(FINANCE[1]), world.person(OPERATOR));
        let head_start = Duration::from_millis(dice.below(30));
        let (approved, withdrawn) = join(last.approve(payout.cid), async {
            tokio::time::sleep(head_start).await;
            operator.withdraw(payout.cid).await
        })
        .await;
        assert!(approved.is_ok() || stopped(&withdrawn), "{approved:?}, {withdrawn:?}");
        let status = world.ended(&payout, &[2, 3, 6]).await;
        if stopped(&withdrawn) {
            assert_eq!(status, 3, "what the operator was told holds: {approved:?}");
        }
        paid += usize::from(status == 6);
        if status != 6 && world.why(payout.cid).await.token.is_some() {
            // A co-signer had promised to sign before the withdrawal reached it: its word can't be taken back, and the
            // nonce waits for people who void it. Those behind it would wait as well.
            break;
        }
    }
    world.has_sent(paid).await;
}

#[tokio::test]
async fn approvals_and_withdrawals_at_the_end_of_the_time_to_approve_pay_or_expire_and_never_both() {
    const TIME: i64 = 60_000;
    let world = World::start().await;
    let mut dice = Dice::new(11);
    let mut under_way = Vec::new();
    for turn in 0..9 {
        let payout = world.waiting(&format!("3.0{}", turn + 1)).await;
        let (from, offset) = (now_ms(), i64::try_from(dice.below(400)).unwrap() - 250);
        under_way.push((payout, from + TIME + offset));
    }
    let acted = under_way.iter().enumerate().map(|(turn, (payout, at))| {
        let (tom, olga) = (world.person(TREASURY[0]), world.person(OPERATOR));
        async move {
            let left = u64::try_from(at - now_ms()).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(left)).await;
            // Every third has somebody who takes it back at the same moment.
            let withdrawal =
                async { if turn % 3 == 0 { Some(olga.withdraw(payout.cid).await) } else { None } };
            join(tom.approve(payout.cid), withdrawal).await
        }
    });
    let acted = join_all(acted).await;
    // One that was taken back after it was built leaves its nonce to the next payout, and those after it wait for that.
    let mut paid = 0;
    for (_, withdrawn) in &acted {
        if withdrawn.is_some() {
            let next = world.waiting("0.5").await;
            world.ended(&next, &[6]).await;
            paid += 1;
        }
    }
    for ((payout, _), (approved, withdrawn)) in under_way.iter().zip(acted) {
        // Approved in time, and shown to co-signers too late: it waits for somebody who takes it back.
        let late = world.ends_or_came_too_late(payout.cid).await;
        if late {
            assert!(approved.is_ok());
            world.person(OPERATOR).withdraw(payout.cid).await.unwrap();
        }
        let status = world.ended(payout, &[2, 3, 6]).await;
        match (approved, withdrawn) {
            (Err(_), _) => assert_eq!(status, 3, "nobody approved it"),
            (Ok(_), Some(withdrawn)) if stopped(&withdrawn) => assert_eq!(status, 3),
            (Ok(acted), None) => assert_eq!((acted.complete, status == 6), (true, !late)),
            (Ok(_), Some(_)) => {}
        }
        paid += usize::from(status == 6);
    }
    world.has_sent(paid).await;
}

#[tokio::test]
async fn two_people_who_act_at_once_are_each_heard_and_counted_once() {
    let world = World::start().await;
    let treasurer = world.person(TREASURY[0]);

    // One person over two connections: one approval.
    let payout = world.waiting("5").await;
    treasurer.approve(payout.cid).await.unwrap();
    let (fay, again) = (world.person(FINANCE[0]), world.person(FINANCE[0]));
    let both = join(fay.approve(payout.cid), again.approve(payout.cid)).await;
    assert!(both.0.is_ok() || both.1.is_ok(), "{both:?}");
    let sheet = fay.read(payout.cid).await.unwrap();
    let hers = sheet.acts.iter().filter(|act| act.principal.as_str() == FINANCE[0]).count();
    assert_eq!((sheet.status, hers), (0, 1), "one person is not two of finance");
    // Two for the one place that is left: paid once.
    let (finn, flo) = (world.person(FINANCE[1]), world.person(FINANCE[2]));
    let both = join(finn.approve(payout.cid), flo.approve(payout.cid)).await;
    assert!(both.0.is_ok() || both.1.is_ok(), "{both:?}");
    world.ended(&payout, &[6]).await;

    // One approves for good, one rejects.
    let payout = world.waiting("6").await;
    treasurer.approve(payout.cid).await.unwrap();
    fay.approve(payout.cid).await.unwrap();
    let (approved, rejected) = join(finn.approve(payout.cid), flo.reject(payout.cid)).await;
    let status = world.ended(&payout, &[2, 4, 6]).await;
    if stopped(&rejected) {
        assert_eq!(status, 4, "{approved:?}");
    }
    let paid = 1 + usize::from(status == 6);

    // Both take it back.
    let payout = world.waiting("7").await;
    let (olga, olgas_other_screen) = (world.person(OPERATOR), world.person(OPERATOR));
    let both = join(olga.withdraw(payout.cid), olgas_other_screen.withdraw(payout.cid)).await;
    assert!(both.0.is_ok() || both.1.is_ok(), "{both:?}");
    world.ended(&payout, &[3]).await;
    world.has_sent(paid).await;
}

#[tokio::test]
async fn two_admins_who_confirm_and_two_who_resume_at_once_do_it_once() {
    use gateway::operator::projects::ProjectChange;
    use testbed::deployment::Deployment;

    let world = World::start().await;
    let [ada, alan] = ADMINS.map(|name| world.person(name));
    let project = payout::ids::ProjectId::new(testbed::deployment::cast::PROJECT).unwrap();
    let settings = store::ProjectSettings { notify_withdrawn: true, ..Deployment::project_settings() };
    let proposed =
        ada.told(ada.client().propose_change(&ProjectChange::Set { project, settings }).await).unwrap();
    let other = world.person(ADMINS[1]);
    let id = proposed.change.id;
    let both = join(alan.client().confirm_change(id), other.client().confirm_change(id)).await;
    assert_ne!(both.0.is_ok(), both.1.is_ok(), "one of them: {both:?}");

    let (olga, again) = (world.person(OPERATOR), world.person(OPERATOR));
    let order = PauseOrder {
        scope: Scope::Chain("60".parse().unwrap()),
        reason: "two screens".to_owned(),
        until: Millis::new(now_ms() + 600_000).unwrap(),
    };
    let pause = olga.told(olga.client().pause(&order).await).unwrap();
    let payout = world.waiting("0.5").await;
    world.waits_for(payout.cid, "two screens").await;
    let both = join(olga.client().resume(pause.id), again.client().resume(pause.id)).await;
    assert_ne!(both.0.is_ok(), both.1.is_ok(), "one of them: {both:?}");
    world.ended(&payout, &[6]).await;
    world.has_sent(1).await;
}

#[tokio::test]
async fn one_request_over_two_connections_at_once_makes_one_payout_that_both_can_see() {
    let world = World::start().await;
    let connections = [world.vendor(), world.vendor()];
    for turn in 0..6 {
        let order = world.order(&format!("0.1{}", turn + 1));
        // The same bytes, as a proxy that tries again sends them; then the same order, as a caller that tries again does.
        let bytes = Value::Object(connections[0].signed(order.fields())).to_string();
        let send = |connection: usize| {
            let (vendor, order, bytes) = (&connections[connection], &order, bytes.clone());
            async move {
                if turn % 2 == 0 {
                    vendor.post("/api/v2/payout", bytes, &[]).await.unwrap()
                } else {
                    vendor.payout(order).await.unwrap()
                }
            }
        };
        let (one, two) = join(send(0), send(1)).await;
        let refusal = if turn % 2 == 0 { "A0402" } else { "E0009" };
        let codes = BTreeSet::from([one.code.as_str(), two.code.as_str()]);
        assert_eq!(codes, BTreeSet::from(["00000", refusal]), "{one:?} {two:?}");
        let cid = one.cid().or(two.cid()).unwrap();
        world.reaches(cid, &[6]).await;
        let asked = join_all(connections.iter().map(|vendor| {
            let fields = serde_json::json!({"third_party_id": order.third_party_id});
            vendor.call("/api/v1/payout/query", fields)
        }));
        let told: Vec<Value> = asked.await.into_iter().map(|reply| reply.unwrap().data).collect();
        assert_eq!(told[0], told[1], "both are told the same");
        world.ended(&Waiting { order, cid }, &[6]).await;
    }
    world.has_sent(6).await;
}

impl House {
    /// Publishes rules that differ in a budget: nothing that these payouts meet.
    async fn publishes(&self) {
        let admin = self.world.person(ADMINS[0]);
        let mut rules = admin.told(admin.client().policy().await).unwrap().rules;
        for spent in rules.rules.iter_mut().flat_map(|rule| rule.budget.values_mut()) {
            *spent = spent.checked_add(Amount::from_u128(1)).unwrap();
        }
        self.world.stage.deployment.publish(&Document::Rules(rules)).await.unwrap();
    }
}

#[tokio::test]
async fn a_policy_that_is_published_under_payouts_in_every_state_loses_and_doubles_none() {
    let house = House::start().await;
    let world = &house.world;
    // Ended, sent and in no block, signed and not sent.
    let ended = Waiting { order: world.order("0.1"), cid: 0 };
    let ended = Waiting { cid: world.accepted(&ended.order).await, ..ended };
    world.ended(&ended, &[6]).await;
    world.blocks_every(0).await;
    let sent = world.waiting("0.2").await;
    world.reaches(sent.cid, &[1]).await;
    world.waits_for(sent.cid, "not in a block").await;
    house.both(&[Fault::Refusing { message: "the pool is full" }]);
    let signed = world.waiting("0.3").await;
    world.waits_for(signed.cid, "signed, but not sent").await;
    // Approved and held back, in the middle of its approvals, without any.
    let operator = world.person(OPERATOR);
    let order = PauseOrder {
        scope: Scope::Chain("60".parse().unwrap()),
        reason: "publishing".to_owned(),
        until: Millis::new(now_ms() + 600_000).unwrap(),
    };
    let pause = operator.told(operator.client().pause(&order).await).unwrap();
    let queued = world.waiting("0.4").await;
    world.waits_for(queued.cid, "publishing").await;
    let begun = world.waiting("5").await;
    for name in [TREASURY[0], FINANCE[0]] {
        world.person(name).approve(begun.cid).await.unwrap();
    }
    let fresh = world.waiting("6").await;

    house.publishes().await;

    let later = world.waiting("0.7").await;
    world.blocks_every(1).await;
    house.recover();
    operator.told(operator.client().resume(pause.id).await).unwrap();
    world.person(FINANCE[1]).approve(begun.cid).await.unwrap();
    for name in [TREASURY[1], FINANCE[2], FINANCE[0]] {
        world.person(name).approve(fresh.cid).await.unwrap();
    }
    for payout in [&ended, &sent, &signed, &queued, &begun, &fresh, &later] {
        world.ended(payout, &[6]).await;
    }
    world.has_sent(7).await;
    // Each was decided by the version that was the newest when it was asked for.
    let version = async |payout: &Waiting| world.why(payout.cid).await.rule.version;
    assert_eq!(version(&fresh).await + 1, version(&later).await);
}

#[tokio::test]
async fn an_approver_who_is_removed_while_a_payout_waits_to_be_signed_counts_no_more() {
    let house = House::start().await;
    let world = &house.world;
    let operator = world.person(OPERATOR);
    let order = PauseOrder {
        scope: Scope::Chain("60".parse().unwrap()),
        reason: "before the change".to_owned(),
        until: Millis::new(now_ms() + 600_000).unwrap(),
    };
    let pause = operator.told(operator.client().pause(&order).await).unwrap();
    let payout = world.waiting("5").await;
    for name in [TREASURY[0], FINANCE[0], FINANCE[1]] {
        world.person(name).approve(payout.cid).await.unwrap();
    }
    world.waits_for(payout.cid, "before the change").await;
    let admin = world.person(ADMINS[0]);
    let mut people = admin.told(admin.client().policy().await).unwrap().people;
    people.principals.retain(|principal| principal.id.as_str() != TREASURY[0]);
    for group in &mut people.groups {
        group.members.retain(|member| member.as_str() != TREASURY[0]);
    }
    // The book's own quorum is two of the treasury.
    people.book.quorum = 1;
    world.stage.deployment.publish(&Document::People(people)).await.unwrap();
    operator.told(operator.client().resume(pause.id).await).unwrap();
    // Fully approved by the gateway's count of then; no co-signer counts the one who is gone.
    let reason = world.waits_for(payout.cid, TREASURY[0]).await;
    assert_eq!(world.status(payout.cid).await, 5, "{reason}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.has_sent(0).await;
    operator.act(Act::Withdraw, payout.cid).await.unwrap();
    world.ended(&payout, &[2, 3]).await;
    let next = world.waiting("0.5").await;
    world.ended(&next, &[6]).await;
    world.has_sent(1).await;
}

#[tokio::test]
async fn co_signers_that_come_and_go_while_sessions_are_held_cost_time_and_nothing_else() {
    let mut world = World::start().await;
    let mut payouts = Vec::new();
    let mut dice = Dice::new(3);
    for turn in 0_u8..12 {
        payouts.push(world.waiting(&format!("0.{}", u32::from(turn) + 11)).await);
        // Each session takes some hundred milliseconds: this falls before, into and after one.
        tokio::time::sleep(Duration::from_millis(dice.below(250))).await;
        let index = turn % 3 + 1;
        if turn % 2 == 0 {
            world.stage.deployment.kill_cosigner(index);
            tokio::time::sleep(Duration::from_millis(dice.below(300))).await;
            world.stage.deployment.launch_cosigner(index).unwrap();
        } else {
            let deployment = &mut world.stage.deployment;
            deployment.cosigner(index).unwrap().freeze();
            tokio::time::sleep(Duration::from_millis(dice.below(300))).await;
            deployment.cosigner(index).unwrap().thaw();
        }
    }
    for payout in &payouts {
        world.ended(payout, &[6]).await;
    }
    world.has_sent(payouts.len()).await;
}
