//! Orders about the wallet's account, and intents that are not what people approved or what the rules and keys allow.

use chain::xrp::{AccountFlag, Act, Build};
use payout::intent::Intent;
use payout::money::Amount;
use wire::message::{Check, SignRequest};

use super::{Bad, Good, case, forged};
use crate::attacks::case::Case;
use crate::attacks::draft::xrp::{ATTACKER, PAYEE_WITH_A_TAG, TAG};
use crate::attacks::draft::{Desk, Draft, ENOUGH};
use crate::attacks::forge::xrp::{AMOUNT, DESTINATION, SET_FLAG, account, drops, number};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = orders();
    cases.extend(intents());
    cases
}

fn orders() -> Vec<Case> {
    use Check::{Approvals, Bytes, Rule};
    let tickets =
        |name, tried, bad: Bad, check, says| case(name, tried, (Desk::tickets as Good, bad), check, says);
    let flag =
        |name, tried, bad: Bad, check, says| case(name, tried, (Desk::require_tag as Good, bad), check, says);
    vec![
        tickets(
            "tickets-unapproved",
            "tickets that nobody approved",
            |_, good| good.with(Vec::new()),
            Approvals,
            "1 more approval(s) of treasury",
        ),
        flag(
            "flag-unapproved",
            "a flag of the account that nobody approved",
            |_, good| good.with(Vec::new()),
            Approvals,
            "1 more approval(s) of treasury",
        ),
        tickets(
            "tickets-with-others-approvals",
            "tickets with a payout's approvals",
            |desk, good| {
                let acts = desk.xrp().acts;
                good.with(acts)
            },
            Approvals,
            "about another intent",
        ),
        tickets(
            "order-by-small-rule",
            "tickets by the rule for small payouts, which asks nobody",
            |desk, good| {
                let mut intent = good.intent.clone();
                (intent.rule, intent.expiry) = ("small".parse().expect("a rule's name"), intent.created);
                desk.xrp_approved(intent).with(Vec::new())
            },
            Rule,
            "does not match",
        ),
        tickets(
            "order-that-pays",
            "an approved order whose bytes pay the attacker",
            |_, good| good.paying(|pay| pay.act = to_attacker(Some(TAG))),
            Bytes,
            "the intent is a maintenance, the bytes are a transfer",
        ),
        tickets(
            "order-with-a-payment",
            "an approved order with a payment's fields beside it",
            |_, good| forged(good, |f| f.with(AMOUNT, drops(1)).with(DESTINATION, account(ATTACKER))),
            Bytes,
            "a destination is never signed",
        ),
        tickets(
            "more-tickets",
            "250 tickets where ten were approved",
            |_, good| good.paying(|pay| pay.act = Act::CreateTickets(250)),
            Bytes,
            "the intent orders",
        ),
        tickets(
            "flag-for-tickets",
            "a flag of the account where tickets were approved",
            |_, good| good.paying(|pay| pay.act = Act::SetFlag(AccountFlag::RequireDest)),
            Bytes,
            "the intent orders",
        ),
        tickets(
            "order-that-burns",
            "an order that only burns its number",
            |_, good| good.paying(|pay| pay.act = Act::Nothing),
            Bytes,
            "transfer of nothing",
        ),
        flag(
            "other-flag",
            "another flag than the approved one",
            |_, good| good.paying(|pay| pay.act = Act::SetFlag(AccountFlag::DepositAuth)),
            Bytes,
            "the intent orders",
        ),
        flag(
            "flag-cleared",
            "a flag cleared where setting it was approved",
            |_, good| good.paying(|pay| pay.act = Act::ClearFlag(AccountFlag::RequireDest)),
            Bytes,
            "the intent orders",
        ),
        flag(
            "order-over-cap",
            "an order whose fee is over its cap",
            |_, good| good.paying(|pay| pay.fee.drops = 5_001),
            Bytes,
            "the cap is 5000",
        ),
        flag(
            "disable-master-ordered",
            "an approved order that the ledger does not know, whose bytes take the wallet's key away",
            disable_master,
            Bytes,
            "this flag of the account is never signed",
        ),
    ]
}

fn intents() -> Vec<Case> {
    use Check::{Address, Approvals, Bytes, Rule};
    let xrp = |name, tried, bad: Bad, check, says| case(name, tried, (Desk::xrp as Good, bad), check, says);
    vec![
        xrp(
            "approved-tag",
            "another tag in intent and bytes",
            |desk, good| {
                let intent = Intent { memo: Some("124".to_owned()), ..good.intent.clone() };
                let pay = Build { token: good.pay.token.clone(), ..desk.xrp_bytes_of(&intent) };
                Draft { intent, pay, ..good.clone() }.request()
            },
            Approvals,
            "about another intent",
        ),
        xrp(
            "main-network",
            "an approved payout on the main network",
            |desk, good| {
                let network_id = "0".parse().expect("a network");
                desk.xrp_approved(Intent { network_id, ..good.intent.clone() }).request()
            },
            Rule,
            "the intent says 0",
        ),
        xrp(
            "main-networks-address",
            "an approved payout from the wallet's address of the main network",
            |desk, good| {
                let intent = Intent { from: desk.xrp_address_of_the_main_network(), ..good.intent.clone() };
                let public_key = desk.xrp_key_of_the_main_network();
                desk.xrp_approved(intent).paying(|pay| pay.public_key = public_key)
            },
            Address,
            "the intent pays from",
        ),
        xrp(
            "address-with-a-tag",
            "a recipient whose address hides a second tag",
            |desk, good| {
                let to = PAYEE_WITH_A_TAG.parse().expect("an address of these files");
                unbuildable(desk, good, |intent| intent.to = to)
            },
            Rule,
            "to is no address of the network",
        ),
        xrp(
            "second-spelling-of-a-tag",
            "an approved tag in a second spelling",
            |desk, good| unbuildable(desk, good, |i| i.memo = Some("0123".to_owned())),
            Bytes,
            "the bytes' memo is Some(\"123\")",
        ),
        xrp(
            "tag-as-text",
            "an approved memo that is no tag",
            |desk, good| unbuildable(desk, good, |i| i.memo = Some("rent".to_owned())),
            Bytes,
            "the intent's memo is Some(\"rent\")",
        ),
    ]
}

fn to_attacker(tag: Option<u32>) -> Act {
    let to = ATTACKER.parse().expect("an address of these files");
    Act::Pay { to, tag, amount: Amount::from_u128(20_000_000) }
}

/// An approved intent that no honest gateway makes, and the good one's bytes.
fn unbuildable(desk: &Desk, good: &Draft<Build>, change: impl FnOnce(&mut Intent)) -> SignRequest {
    let mut intent = good.intent.clone();
    change(&mut intent);
    let acts = desk.approvals(&intent, &ENOUGH);
    Draft { intent, acts, ..good.clone() }.request()
}

/// People were made to approve it; there are bytes for it, and nobody signs them.
fn disable_master(desk: &mut Desk, good: &Draft<Build>) -> SignRequest {
    let intent = desk.order("xrp_set_flag", "{\"flag\":\"disable_master\"}");
    let acts = desk.approvals(&intent, &ENOUGH);
    let draft = Draft { intent, acts, ..good.clone() };
    forged(&draft, |fields| fields.with(SET_FLAG, number(4)))
}
