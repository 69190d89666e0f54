//! People were made to approve what contradicts itself, the rules, or the key that co-signers hold: approvals are no help
//! then.

use payout::ids::Attempt;
use payout::intent::{Intent, Kind};
use wire::message::{Check, SignRequest};

use super::fields::case;
use crate::attacks::case::Case;
use crate::attacks::draft::{ATTACKER, Desk, Draft, ENOUGH, address, wallet_id};

/// The intent as it is altered, approved by everybody, with bytes that do what it says.
fn approved(desk: &mut Desk, good: &Draft, change: impl FnOnce(&Desk, &mut Intent)) -> SignRequest {
    let mut intent = good.intent.clone();
    change(desk, &mut intent);
    desk.approved(intent).request()
}

pub(super) fn cases() -> Vec<Case> {
    use Check::{Address, Bytes, Journal, Rule};
    vec![
        case(
            "paying-address",
            "another paying address than the wallet's",
            |d, g| approved(d, g, |_, i| i.from = address(ATTACKER)),
            Address,
            "the intent pays from",
        ),
        case(
            "address-index",
            "another address's index beside the payout address",
            |d, g| approved(d, g, |desk, i| i.address_index = desk.address_at(1).0),
            Address,
            "the intent pays from",
        ),
        case(
            "wallet",
            "a wallet of which no share exists",
            |d, g| approved(d, g, |_, i| i.wallet = wallet_id(9)),
            Address,
            "no share of wallet 9",
        ),
        case(
            "memo",
            "a memo, which the bytes of this chain can't have",
            |d, g| approved(d, g, |_, i| i.memo = Some("7".to_owned())),
            Bytes,
            "memo",
        ),
        case("spelling", "a recipient in a second spelling", spelled_apart, Rule, "canonical is"),
        case(
            "ourselves",
            "a payment to ourselves by a rule for others",
            |d, g| approved(d, g, |desk, i| i.to = desk.address_at(1).1),
            Rule,
            "does not match",
        ),
        case(
            "later-rule",
            "a later rule that asks fewer people",
            |d, g| approved(d, g, |_, i| i.rule = "lenient".parse().expect("a rule")),
            Rule,
            "comes first",
        ),
        case(
            "no-rule",
            "a rule that does not exist",
            |d, g| approved(d, g, |_, i| i.rule = "anything".parse().expect("a rule")),
            Rule,
            "there is no rule anything",
        ),
        case(
            "maintenance",
            "a maintenance operation that no chain here has",
            |d, g| {
                approved(d, g, |_, i| {
                    i.kind = Kind::Maintenance;
                    i.operation = Some("sweep".to_owned());
                })
            },
            Rule,
            "a maintenance without its arguments",
        ),
        case(
            "void-of-nothing",
            "a void that names no payout",
            |d, g| approved(d, g, |_, i| (i.kind, i.rule) = (Kind::Void, "void".parse().expect("a rule"))),
            Journal,
            "must name the",
        ),
        case(
            "second-attempt-of-nothing",
            "a second attempt that names no first",
            |d, g| approved(d, g, |_, i| i.attempt = Attempt::new(2).expect("positive")),
            Journal,
            "must name the intent",
        ),
    ]
}

/// Bytes know one spelling alone.
fn spelled_apart(desk: &mut Desk, good: &Draft) -> SignRequest {
    let to = address(&good.intent.to.as_str().to_lowercase());
    let intent = Intent { to, ..good.intent.clone() };
    let acts = desk.approvals(&intent, &ENOUGH);
    Draft { intent, acts, ..good.clone() }.request()
}
