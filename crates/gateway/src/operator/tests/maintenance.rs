//! Orders about a wallet itself.

use std::collections::BTreeMap;

use payout::approval::Act;
use payout::ids::WalletId;
use payout::intent::{Intent, Kind};
use payout::money::Amount;

use super::applications::{open_project, settings};
use super::house::{House, project, refused};
use crate::operator::maintenance::MaintenanceBody;

fn order(operation: &str, argument: &str, value: &str) -> MaintenanceBody {
    MaintenanceBody {
        project: project(),
        wallet: WalletId::new(5).unwrap(),
        chain_id: "144".parse().unwrap(),
        operation: operation.to_owned(),
        args: BTreeMap::from([(argument.to_owned(), value.to_owned())]),
    }
}

pub(super) fn tickets(count: &str) -> MaintenanceBody {
    order("xrp_create_tickets", "count", count)
}

fn read(text: &str) -> Intent {
    payout::canonical::parse(text).unwrap()
}

#[tokio::test]
async fn tickets_are_ordered_by_a_person_and_its_rule_has_people_approve_them() {
    let house = House::new().await;
    open_project(&house, settings()).await;
    let oscar = house.client("oscar");
    let drafted = read(&oscar.draft_maintenance(&tickets("200")).await.unwrap().intent);
    assert_eq!((drafted.kind, drafted.contradiction()), (Kind::Maintenance, None));
    assert_eq!(drafted.operation.as_deref(), Some("xrp_create_tickets"));
    assert_eq!(drafted.operation_args.as_deref(), Some("{\"count\":\"200\"}"));
    assert_eq!((&drafted.to, drafted.amount), (&drafted.from, Amount::ZERO));
    assert_eq!(drafted.rule.as_str(), "upkeep");
    assert_eq!(drafted.fee_cap, Amount::from_u128(1000), "as much as the rules allow");
    let cid = oscar.order_maintenance(tickets("200"), &drafted).await.unwrap().cid;
    let sheet = oscar.payout(cid).await.unwrap();
    assert_eq!((sheet.status, sheet.progress.missing, sheet.digest), (0, 2, drafted.digest()));
    assert_eq!(sheet.terms.callback_url, None, "no caller asked for it");
    for who in ["paula", "paul"] {
        let client = house.client(who);
        client.act(cid, &client.sign_act(Act::Approve, sheet.digest).unwrap()).await.unwrap();
    }
    assert_eq!(oscar.payout(cid).await.unwrap().status, 5);
    for flag in ["require_dest", "disallow_xrp", "deposit_auth"] {
        for operation in ["xrp_set_flag", "xrp_clear_flag"] {
            let order = order(operation, "flag", flag);
            let drafted = read(&oscar.draft_maintenance(&order).await.unwrap().intent);
            oscar.order_maintenance(order, &drafted).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_stored_is_what_was_ordered_and_nothing_that_was_changed_in_between() {
    let house = House::new().await;
    open_project(&house, settings()).await;
    let oscar = house.client("oscar");
    let drafted = read(&oscar.draft_maintenance(&tickets("200")).await.unwrap().intent);
    for other in [tickets("201"), order("xrp_set_flag", "flag", "require_dest")] {
        assert_eq!(refused(oscar.order_maintenance(other, &drafted).await).0, 409);
    }
    let spoiled: [fn(&mut Intent); 8] = [
        |intent| intent.operation_args = Some("{\"count\":\"201\"}".to_owned()),
        |intent| intent.operation = Some("xrp_set_flag".to_owned()),
        |intent| intent.kind = Kind::Payout,
        |intent| intent.amount = Amount::from_u128(1),
        |intent| intent.to = "rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe".parse().unwrap(),
        |intent| intent.fee_cap = Amount::from_u128(1001),
        |intent| intent.rule = "normal".parse().unwrap(),
        |intent| intent.expiry = intent.expiry.plus(1),
    ];
    for spoil in spoiled {
        let mut intent = drafted.clone();
        spoil(&mut intent);
        assert_eq!(refused(oscar.order_maintenance(tickets("200"), &intent).await).0, 409, "{intent:?}");
    }
    // Another person's draft, and a second time.
    let paul = house.client("paul");
    assert_eq!(refused(paul.order_maintenance(tickets("200"), &drafted).await).0, 400);
    oscar.order_maintenance(tickets("200"), &drafted).await.unwrap();
    assert_eq!(refused(oscar.order_maintenance(tickets("200"), &drafted).await).0, 409);
}

#[tokio::test]
async fn an_operation_that_the_chain_does_not_have_is_refused_with_its_name() {
    let house = House::new().await;
    open_project(&house, settings()).await;
    let oscar = house.client("oscar");
    let mut too_much = tickets("10");
    too_much.args.insert("flag".to_owned(), "require_dest".to_owned());
    let elsewhere = MaintenanceBody { chain_id: "60".parse().unwrap(), ..tickets("10") };
    for order in [
        tickets("0"),
        tickets("251"),
        tickets("010"),
        order("xrp_set_flag", "flag", "disable_master"),
        order("sweep", "to", "me"),
        too_much,
        elsewhere,
    ] {
        let (status, words) = refused(oscar.draft_maintenance(&order).await);
        assert_eq!(status, 400);
        assert!(words.contains(&format!("has no operation {}", order.operation)), "{words}");
    }
    let nowhere = MaintenanceBody { chain_id: "195".parse().unwrap(), ..tickets("10") };
    assert!(refused(oscar.draft_maintenance(&nowhere).await).1.contains("do not list chain 195"));
    let nobodys = MaintenanceBody { wallet: WalletId::new(6).unwrap(), ..tickets("10") };
    assert!(refused(oscar.draft_maintenance(&nobodys).await).1.contains("do not list wallet 6"));
}

#[tokio::test]
async fn who_may_not_apply_orders_nothing_and_without_a_rule_nobody_does() {
    let house = House::new().await;
    open_project(&house, settings()).await;
    for who in ["vera", "shop"] {
        assert_eq!(refused(house.client(who).draft_maintenance(&tickets("10")).await).0, 403);
    }
    // A rule for payments is none for it.
    let house =
        House::changed(|genesis| genesis.rules.rules.retain(|rule| rule.kind != Kind::Maintenance)).await;
    open_project(&house, settings()).await;
    let (status, words) = refused(house.client("oscar").draft_maintenance(&tickets("10")).await);
    assert_eq!(status, 409, "{words}");
    assert!(words.contains("no rule of the policy matches"), "{words}");
}
