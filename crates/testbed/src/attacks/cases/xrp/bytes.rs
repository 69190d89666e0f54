//! The intent is approved, the bytes do something else.

use chain::xrp::{AccountFlag, Act, Build};
use payout::ids::{Address, AddressIndex};
use payout::money::Amount;
use wire::message::{Check, SignRequest};

use super::{Bad, Good, forged};
use crate::attacks::case::{After, Case, Fault, Seen, Tampering};
use crate::attacks::cases::bytes::astray;
use crate::attacks::draft::xrp::{ATTACKER, PAYEE, TAG};
use crate::attacks::draft::{Desk, Draft, Payload as _};
use crate::attacks::forge::xrp::{
    AMOUNT, DESTINATION_TAG, FLAGS, Fields, LAST_LEDGER_SEQUENCE, NETWORK_ID, SEQUENCE, SET_FLAG,
    SIGNING_PUB_KEY, TICKET_SEQUENCE, TRANSACTION_TYPE, account, drops, issued, number, sized,
};
use crate::attacks::ledger::digest_of;
use crate::attacks::world::World;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = payments();
    cases.extend(accounts());
    cases.extend(fields());
    cases.extend(encodings());
    cases.extend(other_transactions());
    cases.push(Case::scene(
        "other-digest",
        "a hostile co-signer signs other bytes within a good session",
        |world| Box::pin(other_digest(world)),
    ));
    cases.push(Case::scene(
        "other-path",
        "a hostile co-signer signs with the EVM address's key within a good session",
        |world| Box::pin(other_path(world)),
    ));
    cases
}

/// The session is a good one, and the honest co-signer signs what was approved; its peer signs something else.
async fn other_digest(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::xrp).await?;
    let hostile = digest_of(&to_attacker(&mut world.desk, &good));
    world.ledger.forbid(hostile);
    astray(world, &good, |plot| plot.digest = hostile).await
}

/// The same with the key of the wallet's address on another chain.
async fn other_path(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::xrp).await?;
    astray(world, &good, |plot| plot.path = chain::evm::path(AddressIndex::PAYOUT)).await
}

fn case(name: &'static str, tried: &'static str, bad: Bad, says: &'static str) -> Case {
    of(Desk::xrp, name, tried, bad, says)
}

fn of(good: Good, name: &'static str, tried: &'static str, bad: Bad, says: &'static str) -> Case {
    super::case(name, tried, (good, bad), Check::Bytes, says)
}

/// Another payment.
fn payments() -> Vec<Case> {
    vec![
        case("recipient", "bytes that pay the attacker", to_attacker, "the bytes pay"),
        case(
            "tag-changed",
            "another destination tag: another customer of the recipient's",
            |_, good| tagged(good, Some(TAG + 1)),
            "the bytes' memo is Some(\"124\")",
        ),
        case("tag-dropped", "no destination tag", |_, good| tagged(good, None), "the bytes' memo is None"),
        of(
            Desk::xrp_untagged,
            "tag-added",
            "a destination tag that nobody asked for",
            |_, good| tagged(good, Some(TAG)),
            "the bytes' memo is Some(\"123\")",
        ),
        of(
            Desk::xrp_untagged,
            "tag-zero",
            "tag 0 in the place of none",
            |_, good| tagged(good, Some(0)),
            "the bytes' memo is Some(\"0\")",
        ),
        case(
            "one-drop-more",
            "one drop more",
            |_, good| paying(good, 20_000_001),
            "base units, the bytes pay",
        ),
        case(
            "one-drop-less",
            "one drop less",
            |_, good| paying(good, 19_999_999),
            "base units, the bytes pay",
        ),
        case(
            "fee-over-cap",
            "a fee one drop over the intent's cap",
            |_, good| good.paying(|pay| pay.fee.drops = 5_001),
            "the cap is 5000",
        ),
        case(
            "partial-payment",
            "the flag that lets less arrive than was paid",
            |_, good| forged(good, |fields| fields.with(FLAGS, number(0x8002_0000))),
            "a flag other than",
        ),
        case(
            "issued-currency",
            "a currency that the attacker issues",
            |_, good| forged(good, |fields| fields.with(AMOUNT, issued(ATTACKER))),
            "an amount that is not XRP",
        ),
        case(
            "token-of-many-uses",
            "a multi-purpose token's amount",
            |_, good| forged(good, |fields| fields.with(AMOUNT, 0x6000_0000_0000_0001_u64.to_be_bytes())),
            "the amount is out of range",
        ),
        case(
            "nothing-moved",
            "bytes that only burn the ticket",
            |_, good| good.paying(|pay| pay.act = Act::Nothing),
            "transfer of nothing",
        ),
    ]
}

/// Another account or network.
fn accounts() -> Vec<Case> {
    vec![
        case(
            "other-index",
            "bytes that pay from the wallet's next address",
            |desk, good| with_key(good, desk.xrp_key_at(1)),
            "the intent pays from",
        ),
        case(
            "main-networks-key",
            "bytes that pay from the wallet's address of the main network",
            |desk, good| with_key(good, desk.xrp_key_of_the_main_network()),
            "the intent pays from",
        ),
        case(
            "others-key",
            "a signing key that is not the account's",
            |desk, good| forged(good, |fields| fields.with(SIGNING_PUB_KEY, sized(&desk.xrp_key_at(1)))),
            "not the account's own",
        ),
        case(
            "multi-signing",
            "an empty signing key, for the account's list of signers",
            |_, good| forged(good, |fields| fields.with(SIGNING_PUB_KEY, [0])),
            "a signing key has 33 bytes",
        ),
        case(
            "network",
            "bytes for another network",
            |_, good| good.paying(|pay| pay.network_id = "31338".parse().expect("a network")),
            "for network 31337, the bytes for 31338",
        ),
        case(
            "network-missing",
            "bytes without a network, as on the main network",
            |_, good| forged(good, |fields| fields.without(NETWORK_ID)),
            "bound to no network",
        ),
        case(
            "network-main",
            "bytes that name the main network",
            |_, good| forged(good, |fields| fields.with(NETWORK_ID, number(0))),
            "not the canonical encoding",
        ),
    ]
}

/// A field more, or one that is needed less.
fn fields() -> Vec<Case> {
    vec![
        case(
            "inner-batch",
            "the flag of a transaction within a batch",
            flags_of_a_batch,
            "a flag other than",
        ),
        case(
            "paths",
            "paths through others' order books",
            |_, good| forged(good, |fields| fields.with((18, 1), [0])),
            "paths is never signed",
        ),
        case(
            "send-max",
            "SendMax, which spends more than arrives",
            |_, good| forged(good, |fields| fields.with((6, 9), drops(90_000_000))),
            "SendMax is never signed",
        ),
        case(
            "deliver-min",
            "DeliverMin, which lets less arrive",
            |_, good| forged(good, |fields| fields.with((6, 10), drops(1))),
            "DeliverMin is never signed",
        ),
        case("memos", "a memo beside the tag", with_memo, "memos is never signed"),
        case(
            "signers",
            "a list of signers",
            |_, good| forged(good, |fields| fields.with((15, 3), [0xf1])),
            "a list of signers is never signed",
        ),
        case(
            "account-txn-id",
            "the id of a transaction that must come before",
            |_, good| forged(good, |fields| fields.with((5, 9), [7; 32])),
            "a previous transaction's id is never signed",
        ),
        case(
            "source-tag",
            "a source tag",
            |_, good| forged(good, |fields| fields.with((2, 3), number(5))),
            "a source tag is never signed",
        ),
        case(
            "invoice-id",
            "an invoice's id",
            |_, good| forged(good, |fields| fields.with((5, 17), [7; 32])),
            "an invoice id is never signed",
        ),
        case(
            "delegate",
            "a delegate that acts for the account",
            |_, good| forged(good, |fields| fields.with((8, 12), account(ATTACKER))),
            "a delegate is never signed",
        ),
        case(
            "unknown-field",
            "a field that no version of the format has yet",
            |_, good| forged(good, |fields| fields.with((2, 99), number(1))),
            "a field that is not known here",
        ),
        case(
            "no-last-ledger",
            "bytes that never lapse",
            |_, good| forged(good, |fields| fields.without(LAST_LEDGER_SEQUENCE)),
            "no LastLedgerSequence",
        ),
        case(
            "ticket-and-number",
            "a sequence number beside the ticket",
            |_, good| forged(good, |fields| fields.with(SEQUENCE, number(9))),
            "the sequence number or ticket is out of range",
        ),
        case(
            "no-ticket",
            "neither a sequence number nor a ticket",
            |_, good| forged(good, |fields| fields.without(TICKET_SEQUENCE)),
            "the sequence number or ticket is out of range",
        ),
        case(
            "signed",
            "bytes that carry somebody's signature",
            |_, good| forged(good, |fields| fields.with((7, 4), sized(&[0x30; 70]))),
            "signed already",
        ),
    ]
}

/// The right meaning in another spelling, or no meaning at all.
fn encodings() -> Vec<Case> {
    vec![
        case(
            "field-order",
            "two fields in each other's place",
            |_, good| forged(good, |fields| fields.swapped(2)),
            "not the canonical encoding",
        ),
        case(
            "field-twice",
            "a second destination tag",
            |_, good| forged(good, |fields| fields.twice(DESTINATION_TAG)),
            "not the canonical encoding",
        ),
        case(
            "long-header",
            "a field's number in a byte that it does not need",
            |_, good| good.over(Fields::of(&good.pay.written()).written_long(SEQUENCE)),
            "not the canonical encoding",
        ),
        case(
            "trailing-byte",
            "a byte behind the transaction",
            |_, good| good.over([good.pay.written(), vec![0]].concat()),
            "the bytes end too early",
        ),
        case(
            "raw-digest",
            "a 32-byte digest to be signed as it is",
            |desk, good| good.over(digest_of(&to_attacker(desk, good)).to_vec()),
            "the bytes are not signed",
        ),
        case("no-bytes", "no bytes at all", |_, good| good.over(Vec::new()), "bound to no network"),
        case(
            "channel-claim",
            "a payment channel's claim in the place of a transaction",
            |_, good| good.over([b"CLM\0".as_slice(), &[7; 32], &20_000_000_u64.to_be_bytes()].concat()),
            "the bytes are not signed",
        ),
        case(
            "evm-bytes",
            "an EVM payout's bytes for an XRP payout",
            |desk, good| good.over(desk.native().request().unsigned),
            "the bytes are not signed",
        ),
        case(
            "tron-bytes",
            "a TRON payout's bytes for an XRP payout",
            |desk, good| good.over(desk.trx().request().unsigned),
            "the bytes are not signed",
        ),
        Case::request(
            "bytes-for-evm",
            "an XRP payout's bytes for an EVM payout",
            Tampering {
                good: Desk::native,
                bad: |desk, good| good.over(desk.xrp().request().unsigned),
                check: Check::Bytes,
                says: "the bytes are not signed",
                after: After::Signed,
            },
        ),
    ]
}

/// A payout's approvals for a transaction of another type.
fn other_transactions() -> Vec<Case> {
    vec![
        case(
            "regular-key",
            "a transaction that gives the account to another key",
            |_, good| forged(good, |fields| fields.of_type(5).with((8, 8), account(ATTACKER))),
            "a regular key is never signed",
        ),
        case(
            "no-regular-key",
            "a transaction that takes the account's second key away",
            |_, good| forged(good, |fields| fields.of_type(5)),
            "a transaction of this type",
        ),
        case(
            "signer-list",
            "a transaction that gives the account to a list of signers",
            |_, good| {
                forged(good, |fields| fields.of_type(12).with((2, 35), number(1)).with((15, 4), [0xf1]))
            },
            "the bytes are not signed",
        ),
        case(
            "account-delete",
            "a transaction that sends all there is and deletes the account",
            |_, good| forged(good, |fields| fields.with(TRANSACTION_TYPE, 21_u16.to_be_bytes())),
            "a transaction of this type",
        ),
        case(
            "check",
            "a check that the recipient may cash at any time",
            |_, good| forged(good, |fields| fields.with(TRANSACTION_TYPE, 16_u16.to_be_bytes())),
            "a transaction of this type",
        ),
        case(
            "escrow",
            "an escrow in the place of a payment",
            |_, good| forged(good, |fields| fields.with(TRANSACTION_TYPE, 1_u16.to_be_bytes())),
            "a transaction of this type",
        ),
        case(
            "trust-line",
            "a trust line",
            |_, good| forged(good, |fields| fields.of_type(20)),
            "a transaction of this type",
        ),
        case(
            "batch",
            "a batch of transactions",
            |_, good| forged(good, |fields| fields.of_type(71)),
            "a transaction of this type",
        ),
        case(
            "disable-master",
            "a setting that takes the wallet's own key away",
            |_, good| forged(good, |fields| fields.of_type(3).with(SET_FLAG, number(4))),
            "this flag of the account is never signed",
        ),
        case(
            "domain",
            "a setting that writes a domain name",
            |_, good| forged(good, |fields| fields.of_type(3).with((7, 7), sized(b"example.com"))),
            "a domain name is never signed",
        ),
        case(
            "tickets-for-payout",
            "an approved payout's bytes make tickets",
            |desk, good| numbered(desk, good, Act::CreateTickets(10)),
            "the bytes are an operation of the wallet",
        ),
        case(
            "flag-for-payout",
            "an approved payout's bytes set a flag of the account",
            |desk, good| numbered(desk, good, Act::SetFlag(AccountFlag::DepositAuth)),
            "the bytes are an operation of the wallet",
        ),
    ]
}

fn to_attacker(_: &mut Desk, good: &Draft<Build>) -> SignRequest {
    altered(good, |to, _, _| *to = ATTACKER.parse().expect("an address of these files"))
}

fn tagged(good: &Draft<Build>, new: Option<u32>) -> SignRequest {
    altered(good, |_, tag, _| *tag = new)
}

fn paying(good: &Draft<Build>, drops: u128) -> SignRequest {
    altered(good, |_, _, amount| *amount = Amount::from_u128(drops))
}

fn altered(
    good: &Draft<Build>,
    change: impl FnOnce(&mut Address, &mut Option<u32>, &mut Amount),
) -> SignRequest {
    good.paying(|pay| match &mut pay.act {
        Act::Pay { to, tag, amount } => change(to, tag, amount),
        _ => unreachable!("a payout pays {PAYEE}"),
    })
}

/// By another key, and so from another account.
fn with_key(good: &Draft<Build>, public_key: [u8; 33]) -> SignRequest {
    good.paying(|pay| pay.public_key = public_key)
}

fn flags_of_a_batch(_: &mut Desk, good: &Draft<Build>) -> SignRequest {
    forged(good, |fields| fields.with(FLAGS, number(0xc000_0000)))
}

/// One memo of one byte: `[{Memo: {MemoData: "ab"}}]`.
fn with_memo(_: &mut Desk, good: &Draft<Build>) -> SignRequest {
    forged(good, |fields| fields.with((15, 9), [0xea, 0x7d, 0x01, 0xab, 0xe1, 0xf1]))
}

/// Another act, on a sequence number as orders have one.
fn numbered(desk: &mut Desk, good: &Draft<Build>, act: Act) -> SignRequest {
    let number = desk.fresh_number();
    good.paying(|pay| (pay.token, pay.act) = (number, act))
}
