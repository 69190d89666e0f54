//! Operations of a wallet itself: done exactly as they were approved, or not at all.

use chain::xrp::{AccountFlag, Act as Xrp, Build, Fee, build};
use payout::coin::{Coin, CoinId, Family, Network};
use payout::ids::{Address, AddressIndex, Attempt};
use payout::intent::Kind;
use payout::money::Amount;
use payout::policy::{FeeLimit, Rule};

use super::*;
use crate::house::{HOUR, at, wallet_id};

fn xrp() -> CoinId {
    "144@144".parse().unwrap()
}

/// A house whose wallet is on the XRP Ledger too, where one of the treasury approves what is done to it.
fn world() -> World {
    World::of(House::with(2, 3, |genesis| {
        let rules = &mut genesis.rules;
        rules.networks.push(network());
        rules.coins.push(Coin {
            name: "XRP".to_owned(),
            chain_id: xrp().chain_id,
            token_id: xrp().token_id,
            decimals: 6,
        });
        rules.fees.push(FeeLimit {
            chain_id: xrp().chain_id,
            cap: Amount::from_u128(1000),
            raised_cap: None,
            window_hours: 24,
            window_sum: Amount::from_u128(2500),
        });
        let upkeep = crate::house::rule("upkeep", crate::house::approve(&[("treasury", 1)]));
        rules.rules.push(Rule { kind: Kind::Maintenance, ..upkeep });
    }))
}

fn network() -> Network {
    Network { chain_id: xrp().chain_id, family: Family::Xrp, network_id: "31337".parse().unwrap() }
}

fn key(world: &World, index: AddressIndex) -> [u8; 33] {
    let key = &world.house.keys[&wallet_id()];
    let path = chain::family(Family::Xrp).path(&network().network_id, index);
    chain::child_public_key(&key.public_key, &key.chain_code, &path).unwrap()
}

fn from(world: &World) -> Address {
    let key = &world.house.keys[&wallet_id()];
    let Network { family, network_id, .. } = network();
    chain::derive_address(family, &network_id, &key.public_key, &key.chain_code, AddressIndex::PAYOUT)
        .unwrap()
}

/// Tickets that olga of the operators asks for.
fn tickets(world: &World, number: i64, count: u32) -> Intent {
    ordered(world, number, "xrp_create_tickets", &format!("{{\"count\":\"{count}\"}}"))
}

fn ordered(world: &World, number: i64, operation: &str, args: &str) -> Intent {
    Intent {
        kind: Kind::Maintenance,
        network_id: network().network_id,
        chain_id: xrp().chain_id,
        token_id: xrp().token_id,
        from: from(world),
        to: from(world),
        amount: Amount::ZERO,
        amount_text: "0".to_owned(),
        fee_cap: Amount::from_u128(1000),
        rule: "upkeep".parse().unwrap(),
        applicant: Some(crate::house::name("otto")),
        operation: Some(operation.to_owned()),
        operation_args: Some(args.to_owned()),
        ..world.house.intent(number)
    }
}

fn bytes(world: &World, sequence: u32, act: Xrp) -> Vec<u8> {
    build(&Build {
        network_id: network().network_id,
        token: chain::xrp::token_for(chain::xrp::Spend::Sequence(sequence)),
        public_key: key(world, AddressIndex::PAYOUT),
        act,
        fee: Fee { drops: 1000, last_ledger: 100 },
    })
    .unwrap()
}

/// The request with these bytes, ordered by its applicant and approved by one of the treasury.
fn request(intent: &Intent, unsigned: Vec<u8>) -> SignRequest {
    let mut acts = vec![act("otto", Act::Apply, intent)];
    acts.extend(approvals(&["tom"], intent));
    SignRequest { intent: intent.canonical(), acts, caller: None, unsigned, target: None }
}

fn tried(world: &World, intent: &Intent, does: Xrp) -> Result<Verified, Refusal> {
    world.try_request(&request(intent, bytes(world, 5, does)))
}

#[test]
fn tickets_and_flags_that_people_approved_pass_every_check() {
    let world = world();
    let intent = tickets(&world, 1, 200);
    let verified = tried(&world, &intent, Xrp::CreateTickets(200)).unwrap();
    assert_eq!(verified.path(), [44, 1, 0, 0, 0]);
    let seen = sight(&world.house.ctx(&world.union, world.clock), &request(&intent, Vec::new()));
    assert_eq!(*seen.unwrap().intent(), intent.digest());
    let flag = AccountFlag::RequireDest;
    for (name, does) in [("xrp_set_flag", Xrp::SetFlag(flag)), ("xrp_clear_flag", Xrp::ClearFlag(flag))] {
        let intent = ordered(&world, 2, name, "{\"flag\":\"require_dest\"}");
        tried(&world, &intent, does).unwrap();
    }
}

#[test]
fn bytes_that_do_anything_else_are_not_signed() {
    let world = world();
    let intent = tickets(&world, 1, 200);
    let flag = AccountFlag::RequireDest;
    let payee: Address = "rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe".parse().unwrap();
    for (does, reason) in [
        (Xrp::CreateTickets(199), "{\"count\":\"199\"}"),
        (Xrp::CreateTickets(201), "{\"count\":\"201\"}"),
        (Xrp::SetFlag(flag), "the bytes do xrp_set_flag"),
        (Xrp::Nothing, "the bytes are a transfer of nothing"),
        (Xrp::Pay { to: payee, tag: None, amount: Amount::from_u128(1) }, "the bytes are a transfer"),
    ] {
        assert_refused(tried(&world, &intent, does), Check::Bytes, Later, reason);
    }
    let intent = ordered(&world, 2, "xrp_set_flag", "{\"flag\":\"require_dest\"}");
    for does in [Xrp::ClearFlag(flag), Xrp::SetFlag(AccountFlag::DepositAuth), Xrp::CreateTickets(1)] {
        assert_refused(tried(&world, &intent, does), Check::Bytes, Later, "the intent orders xrp_set_flag");
    }
    // And a payment's bytes are no operation's.
    let payout = Intent {
        kind: Kind::Payout,
        to: "rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe".parse().unwrap(),
        amount: Amount::from_u128(1),
        amount_text: "0.000001".to_owned(),
        rule: "normal".parse().unwrap(),
        applicant: None,
        operation: None,
        operation_args: None,
        ..tickets(&world, 3, 200)
    };
    let mut request = request(&payout, bytes(&world, 5, Xrp::CreateTickets(200)));
    request.acts = approvals(&ENOUGH, &payout);
    assert_refused(
        world.try_request(&request),
        Check::Bytes,
        Later,
        "the bytes are an operation of the wallet",
    );
}

#[test]
fn an_operation_that_this_ledger_does_not_have_has_no_bytes() {
    let world = world();
    for (operation, args) in [
        ("xrp_create_tickets", "{\"count\":\"200\",\"flag\":\"require_dest\"}"),
        ("xrp_create_tickets", "{\"count\":\"0200\"}"),
        ("xrp_create_tickets", "{}"),
        ("xrp_set_flag", "{\"flag\":\"disable_master\"}"),
        ("sweep", "{\"count\":\"200\"}"),
    ] {
        let intent = ordered(&world, 1, operation, args);
        let result = tried(&world, &intent, Xrp::CreateTickets(200));
        assert_refused(result, Check::Bytes, Later, "the intent orders");
    }
}

#[test]
fn an_intent_with_a_field_that_contradicts_a_maintenance_is_never_signed() {
    let world = world();
    let spoiled = |spoil: &dyn Fn(&mut Intent)| {
        let mut intent = tickets(&world, 1, 200);
        spoil(&mut intent);
        tried(&world, &intent, Xrp::CreateTickets(200))
    };
    let never = |spoil: &dyn Fn(&mut Intent), check, reason| {
        assert_refused(spoiled(spoil), check, Never, reason);
    };
    never(&|it| it.operation = None, Check::Rule, "without an operation");
    never(&|it| it.operation_args = None, Check::Rule, "without its arguments");
    never(&|it| it.memo = Some("7".to_owned()), Check::Rule, "pays somebody");
    never(&|it| it.to = "rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe".parse().unwrap(), Check::Rule, "pays somebody");
    let amount = |it: &mut Intent| {
        (it.amount, it.amount_text) = (Amount::from_u128(1_000_000), "1".to_owned());
    };
    never(&amount, Check::Rule, "pays somebody");
    never(&|it| it.target = Some(it.digest()), Check::Journal, "refers to no other intent");
    never(&|it| it.attempt = Attempt::new(2).unwrap(), Check::Journal, "ordered anew");
    never(&|it| it.kind = Kind::Payout, Check::Rule, "no maintenance");
    never(&|it| it.fee_cap = Amount::from_u128(1001), Check::Rule, "fee cap");
    never(&|it| it.expiry = at(NOON + HOUR + 1), Check::Rule, "expires");
    // Rules for payments are none for it, whoever approved.
    for rule in ["normal", "void"] {
        never(&|it| it.rule = rule.parse().unwrap(), Check::Rule, "does not match");
    }
}

#[test]
fn nobody_but_those_whom_the_rule_names_makes_it_pass() {
    let world = world();
    let intent = tickets(&world, 1, 200);
    let unsigned = bytes(&world, 5, Xrp::CreateTickets(200));
    let with = |acts| world.try_request(&SignRequest { acts, ..request(&intent, unsigned.clone()) });
    let order = || act("otto", Act::Apply, &intent);
    assert_refused(with(vec![]), Check::Approvals, Later, "has not signed the application");
    assert_refused(with(approvals(&["tom"], &intent)), Check::Approvals, Later, "has not signed");
    assert_refused(with(vec![order()]), Check::Approvals, Later, "needed");
    for other in ["dora", "otto", "ann"] {
        assert_refused(
            with(vec![order(), act(other, Act::Approve, &intent)]),
            Check::Approvals,
            Later,
            "needed",
        );
    }
    let other_order = tickets(&world, 2, 200);
    let stolen = act("tom", Act::Approve, &other_order);
    assert_refused(with(vec![order(), stolen]), Check::Approvals, Later, "another intent");
    assert_refused(
        with(vec![order(), act("tom", Act::Reject, &intent)]),
        Check::Approvals,
        Never,
        "tom has stopped it",
    );
    // Who ordered does not approve, group or not.
    let own = Intent { applicant: Some(crate::house::name("tom")), ..tickets(&world, 3, 200) };
    let acts = vec![act("tom", Act::Apply, &own), act("tom", Act::Approve, &own)];
    let result = world.try_request(&SignRequest { acts, ..request(&own, unsigned.clone()) });
    assert_refused(result, Check::Approvals, Later, "needed");
}

#[test]
fn its_fee_and_its_token_count_as_a_payments_do() {
    let mut world = world();
    for number in 1..=2 {
        let intent = tickets(&world, number, 100);
        let sequence = u32::try_from(number).unwrap();
        let request = request(&intent, bytes(&world, sequence, Xrp::CreateTickets(100)));
        world.try_request(&request).unwrap();
        world.contributed(2, NOON, &request);
    }
    // Its token is its own for ever, and each has one.
    let third = tickets(&world, 3, 100);
    let on_used = request(&third, bytes(&world, 2, Xrp::CreateTickets(100)));
    assert_refused(world.try_request(&on_used), Check::Journal, Later, "sequence:2");
    let second = request(&tickets(&world, 2, 100), bytes(&world, 3, Xrp::CreateTickets(100)));
    assert_refused(world.try_request(&second), Check::Journal, Later, "sequence:2");
    // 1000 drops each at worst; the rules allow 2500 in a day.
    let fresh = request(&third, bytes(&world, 3, Xrp::CreateTickets(100)));
    assert_refused(world.try_request(&fresh), Check::Budget, Later, "fees of wallet 7");
}

#[test]
fn one_that_is_stuck_can_be_voided_and_its_cap_is_not_raised() {
    let mut world = world();
    let stuck = tickets(&world, 1, 200);
    let request_of_it = request(&stuck, bytes(&world, 5, Xrp::CreateTickets(200)));
    world.contributed(2, NOON, &request_of_it);
    let about = |kind: Kind, rule: &str, does: Xrp| {
        let intent = Intent {
            kind,
            cid: payout::ids::Cid::new(2).unwrap(),
            third_party_id: "void-2".parse().unwrap(),
            rule: rule.parse().unwrap(),
            operation: None,
            operation_args: None,
            target: Some(stuck.digest()),
            ..stuck.clone()
        };
        let target =
            wire::message::Target { intent: stuck.canonical(), unsigned: request_of_it.unsigned.clone() };
        world.try_request(&SignRequest { target: Some(target), ..request(&intent, bytes(&world, 5, does)) })
    };
    about(Kind::Void, "void", Xrp::Nothing).unwrap();
    let again = about(Kind::Void, "void", Xrp::CreateTickets(200));
    assert_refused(again, Check::Bytes, Later, "the bytes are an operation of the wallet");
    let raised = about(Kind::RaiseCap, "raise", Xrp::CreateTickets(200));
    assert_refused(raised, Check::Journal, Never, "the target is a maintenance, not a payout");
}
