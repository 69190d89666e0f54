use wire::message::StopAct;

use super::*;
use crate::verify::StopOrder;

fn stopped(world: &mut World, author: u8, who: &str, stop: Act, intent: &Intent) {
    let act = act(who, stop, intent);
    world.see(author, NOON, Body::Stop { act });
}

#[test]
fn a_journaled_stop_is_for_ever() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    stopped(&mut world, 1, "otto", Act::Withdraw, &intent);
    assert_refused(world.try_approved(&intent), Check::Journal, Never, "otto did withdraw");
}

#[test]
fn a_stop_in_another_journal_counts_if_its_author_may() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    // Otto operates; he may withdraw, but not reject.
    stopped(&mut world, 2, "otto", Act::Reject, &intent);
    assert!(world.try_approved(&intent).is_ok());
    stopped(&mut world, 2, "tina", Act::Reject, &intent);
    assert_refused(world.try_approved(&intent), Check::Journal, Never, "tina did reject");
}

#[test]
fn a_stop_of_one_payout_is_none_of_another() {
    let mut world = World::new();
    let other = world.house.intent(2);
    stopped(&mut world, 1, "ann", Act::Reject, &other);
    assert!(world.try_approved(&world.house.intent(1)).is_ok());
}

#[test]
fn a_promise_never_to_sign_is_kept() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    world.see(2, NOON, Body::Never { intent: intent.digest(), reason: "theirs".to_owned() });
    assert!(world.try_approved(&intent).is_ok(), "others' promises bind others");
    world.see(1, NOON, Body::Never { intent: intent.digest(), reason: "ours".to_owned() });
    assert_refused(world.try_approved(&intent), Check::Journal, Never, "refused it for ever: ours");
}

#[test]
fn a_stop_is_not_seen_as_approved_either() {
    let mut world = World::new();
    let intent = world.house.intent(1);
    stopped(&mut world, 1, "ann", Act::Reject, &intent);
    let seen = sight(&world.house.ctx(&world.union, NOON), &world.house.approved(&intent, 0));
    assert_refused(seen, Check::Journal, Never, "ann did reject");
}

#[test]
fn only_who_may_stops_a_payout() {
    let world = World::new();
    let intent = world.house.intent(1);
    let stop = |act: payout::approval::SignedAct| {
        StopOrder::check(&world.house.policy, &StopAct { intent: intent.canonical(), act })
    };
    for (who, kind) in
        [("ann", Act::Reject), ("tina", Act::Reject), ("dora", Act::Reject), ("otto", Act::Withdraw)]
    {
        assert!(stop(act(who, kind, &intent)).is_ok(), "{who}");
    }
    for (who, kind) in [("otto", Act::Reject), ("shop", Act::Withdraw), ("mallory", Act::Reject)] {
        assert_refused(stop(act(who, kind, &intent)), Check::Journal, Later, "does not count");
    }
    assert_refused(stop(act("ann", Act::Approve, &intent)), Check::Journal, Later, "is no stop");
    let other = world.house.intent(2);
    assert_refused(stop(act("ann", Act::Reject, &other)), Check::Journal, Later, "another intent");
}
