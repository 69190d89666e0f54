//! People approved one intent; the gateway asks for another that differs in one field, with bytes that do what the
//! altered intent says.

use payout::ids::{Attempt, Cid, Digest};
use payout::intent::{Intent, Kind};
use payout::money::Amount;
use wire::message::{Check, SignRequest};

use crate::attacks::case::{After, Case, Tampering};
use crate::attacks::draft::{ATTACKER, Desk, Draft, USDC, address, wallet_id};
use crate::deployment::cast::OPERATOR;

/// What people approved, with bytes that do what the altered intent says.
fn altered(desk: &mut Desk, good: &Draft, change: impl FnOnce(&Desk, &mut Intent)) -> SignRequest {
    let mut intent = good.intent.clone();
    change(desk, &mut intent);
    let nonce = good.pay.nonce;
    let pay = chain::evm::Build { nonce, ..desk.bytes_of(&intent) };
    Draft { intent, pay, ..good.clone() }.request()
}

pub(super) fn cases() -> Vec<Case> {
    use Check::{Approvals, Journal, Policy, Rule, Session};
    // An approval is over the digest of the whole intent: of an altered one nobody has approved anything.
    const MOVED: &str = "the act is about another intent";
    vec![
        case(
            "version",
            "another layout",
            |d, g| altered(d, g, |_, i| i.version = "2".to_owned()),
            Session,
            "layout",
        ),
        case(
            "kind",
            "a maintenance operation",
            |d, g| altered(d, g, |_, i| i.kind = Kind::Maintenance),
            Rule,
            "a maintenance without an operation",
        ),
        case(
            "deployment",
            "another deployment",
            |d, g| altered(d, g, |_, i| i.deployment = Digest::from_bytes([7; 32])),
            Policy,
            "the intent is for deployment",
        ),
        case(
            "project",
            "another project",
            |d, g| altered(d, g, |_, i| i.project = payout::ids::ProjectId::new(77).expect("positive")),
            Approvals,
            MOVED,
        ),
        case(
            "cid",
            "another number",
            |d, g| altered(d, g, |_, i| i.cid = Cid::new(i.cid.get() + 1_000_000).expect("positive")),
            Approvals,
            MOVED,
        ),
        case(
            "attempt",
            "a second attempt",
            |d, g| altered(d, g, |_, i| i.attempt = Attempt::new(2).expect("positive")),
            Journal,
            "must name the intent",
        ),
        case(
            "third-party-id",
            "another number of the caller's",
            |d, g| altered(d, g, |_, i| i.third_party_id = "other".parse().expect("a number")),
            Approvals,
            MOVED,
        ),
        case(
            "wallet",
            "another wallet",
            |d, g| altered(d, g, |_, i| i.wallet = wallet_id(9)),
            Approvals,
            MOVED,
        ),
        case(
            "address-index",
            "another address of the wallet",
            |d, g| altered(d, g, next_address),
            Approvals,
            MOVED,
        ),
        case(
            "network-id",
            "Ethereum's main network",
            |d, g| altered(d, g, |_, i| i.network_id = "1".parse().expect("a network")),
            Rule,
            "the intent says 1",
        ),
        case(
            "chain-id",
            "another chain",
            |d, g| altered(d, g, other_chain),
            Rule,
            "chain 56 is not in the rules",
        ),
        case("token-id", "a token in the place of ether", |d, g| altered(d, g, other_coin), Approvals, MOVED),
        case(
            "from",
            "another paying address",
            |d, g| altered(d, g, |_, i| i.from = address(ATTACKER)),
            Approvals,
            MOVED,
        ),
        case(
            "to",
            "another recipient",
            |d, g| altered(d, g, |_, i| i.to = address(ATTACKER)),
            Approvals,
            MOVED,
        ),
        case(
            "amount",
            "one base unit more, in both spellings",
            |d, g| altered(d, g, one_more),
            Approvals,
            MOVED,
        ),
        case(
            "amount-text",
            "another amount for people to read",
            |d, g| altered(d, g, |_, i| i.amount_text = "2".to_owned()),
            Rule,
            "the intent says \"2\"",
        ),
        case("memo", "a memo", |d, g| altered(d, g, |_, i| i.memo = Some("7".to_owned())), Approvals, MOVED),
        case(
            "fee-cap",
            "a higher fee cap, which the rules allow",
            |d, g| altered(d, g, |desk, i| i.fee_cap = desk.fee_cap()),
            Approvals,
            MOVED,
        ),
        case(
            "fee-cap-of-rules",
            "a fee cap above what the rules allow",
            |d, g| altered(d, g, |desk, i| i.fee_cap = more(desk.fee_cap())),
            Rule,
            "the rules allow",
        ),
        case(
            "rules-version",
            "an older version of the rules",
            |d, g| altered(d, g, |_, i| i.rules_version = 1),
            Approvals,
            MOVED,
        ),
        case(
            "rule",
            "a later rule that asks fewer people",
            |d, g| altered(d, g, |_, i| i.rule = "lenient".parse().expect("a rule")),
            Rule,
            "comes first",
        ),
        case(
            "applicant",
            "an applicant who never applied",
            |d, g| altered(d, g, |_, i| i.applicant = Some(crate::deployment::cast::principal(OPERATOR))),
            Approvals,
            "has not signed the application",
        ),
        case(
            "compliance-ref",
            "another reference of the compliance department",
            |d, g| altered(d, g, |_, i| i.compliance_ref = Some("fine".to_owned())),
            Approvals,
            MOVED,
        ),
        case(
            "target",
            "a target, which a first attempt has none of",
            |d, g| altered(d, g, |_, i| i.target = Some(Digest::from_bytes([7; 32]))),
            Journal,
            "refers to no other intent",
        ),
        case(
            "operation",
            "an operation",
            |d, g| altered(d, g, |_, i| i.operation = Some("sweep".to_owned())),
            Rule,
            "in an intent that is no maintenance",
        ),
        case(
            "operation-args",
            "an operation's arguments",
            |d, g| altered(d, g, |_, i| i.operation_args = Some("{}".to_owned())),
            Rule,
            "in an intent that is no maintenance",
        ),
        case(
            "created",
            "made a second earlier",
            |d, g| altered(d, g, |_, i| i.created = i.created.plus(-1000)),
            Rule,
            "its rule gives it until",
        ),
        case(
            "created-later",
            "made a second later",
            |d, g| altered(d, g, |_, i| i.created = i.created.plus(1000)),
            Approvals,
            MOVED,
        ),
        case(
            "expiry",
            "less time",
            |d, g| altered(d, g, |_, i| i.expiry = i.expiry.plus(-1000)),
            Approvals,
            MOVED,
        ),
        case(
            "expiry-of-rule",
            "more time than its rule gives",
            |d, g| altered(d, g, |_, i| i.expiry = i.expiry.plus(1000)),
            Rule,
            "its rule gives it until",
        ),
        case("spelling", "the same intent in a second spelling", spelled_apart, Session, "can't be read"),
        case("extra-field", "a field that no intent has", with_a_field, Session, "can't be read"),
    ]
}

/// What a hostile gateway makes of a payout of the native coin that was signed for.
pub(super) fn case(
    name: &'static str,
    tried: &'static str,
    bad: fn(&mut Desk, &Draft) -> SignRequest,
    check: Check,
    says: &'static str,
) -> Case {
    let good = Desk::native;
    Case::request(name, tried, Tampering { good, bad, check, says, after: After::Signed })
}

/// With the address that really is there, so that nothing but the approvals tells it apart.
fn next_address(desk: &Desk, intent: &mut Intent) {
    (intent.address_index, intent.from) = desk.address_at(1);
}

fn other_coin(desk: &Desk, intent: &mut Intent) {
    let usdc = desk.coin(USDC);
    intent.token_id = usdc.token_id.clone();
    intent.amount = Amount::parse(&intent.amount_text, usdc.decimals).expect("a whole number");
}

/// The native coin of another chain.
fn other_chain(_: &Desk, intent: &mut Intent) {
    intent.chain_id = "56".parse().expect("a chain");
    intent.token_id = "56".parse().expect("its coin");
}

fn more(amount: Amount) -> Amount {
    amount.checked_add(Amount::from_u128(1)).expect("far below 2^256")
}

fn one_more(_: &Desk, intent: &mut Intent) {
    intent.amount = more(intent.amount);
    intent.amount_text = intent.amount.to_decimal(18);
}

fn spelled_apart(_: &mut Desk, good: &Draft) -> SignRequest {
    let mut request = good.request();
    request.intent = request.intent.replacen(':', ": ", 1);
    request
}

fn with_a_field(_: &mut Desk, good: &Draft) -> SignRequest {
    let mut request = good.request();
    request.intent = request.intent.replacen('{', "{\"a\":\"b\",", 1);
    request
}

#[cfg(test)]
mod tests {
    use payout::ids::{AddressIndex, ProjectId};
    use payout::time::Millis;

    use super::*;
    use crate::attacks::draft::PAYEE;

    fn any() -> Intent {
        let to = address(PAYEE);
        Intent {
            version: payout::intent::VERSION.to_owned(),
            kind: Kind::Payout,
            deployment: Digest::from_bytes([1; 32]),
            project: ProjectId::new(1).unwrap(),
            cid: Cid::new(1).unwrap(),
            attempt: Attempt::FIRST,
            third_party_id: "1".parse().unwrap(),
            wallet: wallet_id(1),
            address_index: AddressIndex::PAYOUT,
            network_id: "1".parse().unwrap(),
            chain_id: "60".parse().unwrap(),
            token_id: "60".parse().unwrap(),
            from: to.clone(),
            to,
            amount: Amount::ZERO,
            amount_text: "0".to_owned(),
            memo: None,
            fee_cap: Amount::ZERO,
            rules_version: 1,
            rule: "rule".parse().unwrap(),
            applicant: None,
            compliance_ref: None,
            target: None,
            operation: None,
            operation_args: None,
            created: Millis::default(),
            expiry: Millis::default(),
        }
    }

    #[test]
    fn each_field_of_an_intent_is_altered_by_a_case_of_its_name() {
        let written: serde_json::Value = serde_json::from_str(&any().canonical()).unwrap();
        let names: Vec<&str> = cases().iter().map(|case| case.name).collect();
        let missing: Vec<&String> = written
            .as_object()
            .unwrap()
            .keys()
            .filter(|field| !names.contains(&field.replace('_', "-").as_str()))
            .collect();
        assert!(missing.is_empty(), "no case alters {missing:?}");
    }
}
