//! The intent is approved, the bytes do something else, or can land for too long.

use chain::TokenRef;
use chain::tron::Build;
use payout::intent::Intent;
use payout::money::Amount;
use wire::message::{Check, SignRequest};

use super::{Bad, Good};
use crate::attacks::case::{After, Case, Fault, Seen, Tampering};
use crate::attacks::cases::bytes::astray;
use crate::attacks::draft::tron::{ATTACKER, OTHER_TOKEN};
use crate::attacks::draft::{Desk, Draft, Payload as _};
use crate::attacks::forge::tron::{Message, Value, any, call, contract, raw};
use crate::attacks::ledger::digest_of;
use crate::attacks::world::World;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = payments();
    cases.extend(accounts());
    cases.extend(times());
    cases.extend(beside());
    cases.extend(calls());
    cases.extend(contracts());
    cases.extend(encodings());
    cases.push(Case::scene(
        "other-digest",
        "a hostile co-signer signs other bytes within a good session",
        |world| Box::pin(other_digest(world)),
    ));
    cases
}

/// The session is a good one, and the honest co-signer signs what was approved; its peer signs something else.
async fn other_digest(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::trc20).await?;
    let hostile = digest_of(&to_attacker(&mut world.desk, &good));
    world.ledger.forbid(hostile);
    astray(world, &good, |plot| plot.digest = hostile).await
}

fn trx(name: &'static str, tried: &'static str, bad: Bad, says: &'static str) -> Case {
    super::case(name, tried, (Desk::trx as Good, bad), Check::Bytes, says)
}

fn token(name: &'static str, tried: &'static str, bad: Bad, says: &'static str) -> Case {
    super::case(name, tried, (Desk::trc20 as Good, bad), Check::Bytes, says)
}

/// Another payment.
fn payments() -> Vec<Case> {
    vec![
        trx("recipient", "bytes that pay the attacker", to_attacker, "the bytes pay"),
        token("token-recipient", "a token call that pays the attacker", to_attacker, "the bytes pay"),
        trx("one-sun-more", "one sun more", |_, good| paying(good, 20_000_001), "base units, the bytes pay"),
        token(
            "one-unit-less",
            "one base unit of a token less",
            |_, good| paying(good, 19_999_999),
            "base units, the bytes pay",
        ),
        token(
            "other-token",
            "another token contract",
            |_, good| good.paying(|pay| pay.token = other_token()),
            "the bytes move",
        ),
        token(
            "trx-for-token",
            "TRX in the place of a token",
            |_, good| good.paying(|pay| (pay.token, pay.fee_limit) = (TokenRef::Native, None)),
            "the bytes move",
        ),
        trx(
            "token-for-trx",
            "a token in the place of TRX",
            |_, good| good.paying(|pay| (pay.token, pay.fee_limit) = (other_token(), Some(1))),
            "the bytes move",
        ),
        token(
            "fee-limit-over-cap",
            "a fee limit over the intent's cap",
            |_, good| good.paying(|pay| pay.fee_limit = Some(30_000_000)),
            "the cap is 30000000",
        ),
        token(
            "no-fee-limit",
            "a call without a fee limit",
            |_, good| forged(good, |message| message.without(raw::FEE_LIMIT)),
            "the fee limit is out of range",
        ),
        trx(
            "fee-limit-on-trx",
            "a fee limit where no contract is called",
            |_, good| forged(good, |message| message.with(raw::FEE_LIMIT, Value::Number(1))),
            "a fee limit on a transfer of TRX",
        ),
    ]
}

/// Another account or network.
fn accounts() -> Vec<Case> {
    use Check::{Address, Rule};
    let case =
        |name, tried, bad: Bad, check, says| super::case(name, tried, (Desk::trx as Good, bad), check, says);
    vec![
        trx(
            "other-owner",
            "bytes that pay from the wallet's next address",
            |desk, good| good.paying(|pay| pay.from = desk.tron_address_at(1)),
            "the intent pays from",
        ),
        token(
            "token-other-owner",
            "a token call by the wallet's next address",
            |desk, good| good.paying(|pay| pay.from = desk.tron_address_at(1)),
            "the intent pays from",
        ),
        trx(
            "main-networks-owner",
            "bytes that pay from the wallet's address of the main network",
            |desk, good| good.paying(|pay| pay.from = desk.tron_address_of_the_main_network()),
            "the intent pays from",
        ),
        case(
            "main-networks-address",
            "an approved payout from the wallet's address of the main network",
            |desk, good| approved(desk, good, |d, i| i.from = d.tron_address_of_the_main_network()),
            Address,
            "the intent pays from",
        ),
        case(
            "main-network",
            "an approved payout on the main network",
            |desk, good| {
                approved(desk, good, |_, i| i.network_id = chain::tron::MAIN.parse().expect("a network"))
            },
            Rule,
            "the intent says 728126428",
        ),
        trx(
            "unbound",
            "bytes that refer to no block, and so to no network",
            |_, good| forged(good, |m| m.without(raw::REF_BLOCK_BYTES).without(raw::REF_BLOCK_HASH)),
            "bound to no network",
        ),
    ]
}

/// How long bytes can land.
fn times() -> Vec<Case> {
    vec![
        trx(
            "lapsed",
            "bytes that have lapsed, to be proven dead while they are signed",
            |_, good| moved(good, -600_000),
            "the bytes lapsed at",
        ),
        token(
            "late-expiry",
            "bytes that can land for eleven minutes",
            |_, good| good.paying(|pay| pay.expiration = pay.expiration.plus(6 * 60_000)),
            "over 10 minutes from",
        ),
        trx(
            "later-expiry",
            "bytes of tomorrow",
            |_, good| moved(good, 20 * 3_600_000),
            "over 10 minutes from",
        ),
        token(
            "days",
            "bytes that can land for days",
            |_, good| {
                let days = u64::try_from(good.pay.expiration.get()).expect("after 1970") + 3 * 86_400_000;
                forged(good, |message| message.with(raw::EXPIRATION, Value::Number(days)))
            },
            "the time from timestamp to expiration",
        ),
        trx(
            "no-timestamp",
            "bytes without a timestamp",
            |_, good| forged(good, |message| message.without(raw::TIMESTAMP)),
            "the timestamp is out of range",
        ),
    ]
}

/// What stands beside the contract.
fn beside() -> Vec<Case> {
    vec![
        trx(
            "memo",
            "a memo that nobody asked for",
            |_, good| forged(good, |message| message.with(raw::DATA, text("hello"))),
            "a memo is never signed",
        ),
        token(
            "two-contracts",
            "a second contract behind the payment",
            |_, good| forged(good, |message| message.twice(raw::CONTRACT)),
            "a second contract is never signed",
        ),
        trx(
            "script",
            "a script",
            |_, good| forged(good, |message| message.with(raw::SCRIPTS, text("1"))),
            "a script is never signed",
        ),
        trx(
            "authority",
            "an authority",
            |_, good| forged(good, |message| message.with(raw::AUTHS, text(""))),
            "an authority is never signed",
        ),
        trx(
            "block-number",
            "the number of a block beside its hash",
            |_, good| forged(good, |message| message.with(raw::REF_BLOCK_NUM, Value::Number(7))),
            "the number of a reference block is never signed",
        ),
        trx(
            "permission-id",
            "another permission of the account, which others' keys may have",
            |_, good| in_contract(good, |it| it.with(contract::PERMISSION_ID, Value::Number(2))),
            "a permission id is never signed",
        ),
        token(
            "token-permission-id",
            "the same for a token",
            |_, good| in_contract(good, |it| it.with(contract::PERMISSION_ID, Value::Number(2))),
            "a permission id is never signed",
        ),
        trx(
            "provider",
            "a provider",
            |_, good| in_contract(good, |it| it.with(contract::PROVIDER, text("1"))),
            "a provider is never signed",
        ),
        trx(
            "contract-name",
            "a name of the contract",
            |_, good| in_contract(good, |it| it.with(contract::NAME, text("1"))),
            "a contract name is never signed",
        ),
    ]
}

/// What the called contract is told.
fn calls() -> Vec<Case> {
    vec![
        token(
            "call-value",
            "TRX beside a token transfer",
            |_, good| in_call(good, |it| it.with(call::CALL_VALUE, Value::Number(1))),
            "native coins beside a token transfer",
        ),
        token(
            "token-value",
            "a TRC10 token beside a token transfer",
            |_, good| {
                in_call(good, |it| {
                    it.with(call::CALL_TOKEN_VALUE, Value::Number(1))
                        .with(call::TOKEN_ID, Value::Number(1_000_001))
                })
            },
            "native coins beside a token transfer",
        ),
        token(
            "approve-call",
            "an approve in the place of a transfer",
            |_, good| calling(good, |data| data[..4].copy_from_slice(&[0x09, 0x5e, 0xa7, 0xb3])),
            "not exactly a token transfer",
        ),
        token(
            "transfer-from-call",
            "a transferFrom in the place of a transfer",
            |_, good| calling(good, |data| data[..4].copy_from_slice(&[0x23, 0xb8, 0x72, 0xdd])),
            "not exactly a token transfer",
        ),
        token(
            "longer-calldata",
            "a byte behind a token transfer's calldata",
            |_, good| calling(good, |data| data.push(0)),
            "not exactly a token transfer",
        ),
        token(
            "dirty-address",
            "a byte before the recipient that contracts ignore",
            |_, good| calling(good, |data| data[15] = 0x41),
            "not exactly a token transfer",
        ),
    ]
}

/// A payout's approvals for a contract of another type.
fn contracts() -> Vec<Case> {
    vec![
        trx(
            "permissions",
            "a contract that gives the account to other keys",
            |_, good| of_type(good, 46),
            "transaction type 0x2e is never signed",
        ),
        trx(
            "delegation",
            "a contract that lends what is staked",
            |_, good| of_type(good, 57),
            "transaction type 0x39 is never signed",
        ),
        trx("stake", "a contract that stakes TRX", |_, good| of_type(good, 54), "transaction type 0x36"),
        trx("trc10", "a transfer of a TRC10 token", |_, good| of_type(good, 2), "transaction type 0x02"),
        trx(
            "creation",
            "the creation of a contract",
            |_, good| of_type(good, 30),
            "transaction type 0x1e is never signed",
        ),
        trx(
            "wrapped-type",
            "a type of contract that is a transfer's in its lowest 32 bits",
            |_, good| of_type(good, (1 << 32) + 1),
            "not the canonical encoding",
        ),
        trx(
            "other-parameter",
            "a call's parameter under a transfer's type",
            |desk, good| {
                let token = Message::of(&desk.trc20().pay.written());
                let parameter = Message::of(token.bytes(raw::CONTRACT)).get(contract::PARAMETER).clone();
                in_contract(good, |it| it.with(contract::PARAMETER, parameter))
            },
            "another type than the contract's",
        ),
        trx(
            "other-url",
            "a transfer's parameter under another name",
            |_, good| {
                in_contract(good, |it| {
                    it.within(contract::PARAMETER, |any| {
                        any.with(any::TYPE_URL, text("evil.example/protocol.TransferContract"))
                    })
                })
            },
            "another type than the contract's",
        ),
    ]
}

/// The right meaning in another spelling, or no meaning at all.
fn encodings() -> Vec<Case> {
    vec![
        trx(
            "unknown-field",
            "a field that no version of the message has yet",
            |_, good| forged(good, |message| message.with(30, Value::Number(1))),
            "not the canonical encoding",
        ),
        token(
            "unknown-field-within",
            "the same within the call",
            |_, good| in_call(good, |it| it.with(30, Value::Number(1))),
            "not the canonical encoding",
        ),
        trx(
            "explicit-zero",
            "a field that is there and says what a missing one says",
            |_, good| in_contract(good, |it| it.with(contract::PERMISSION_ID, Value::Number(0))),
            "not the canonical encoding",
        ),
        token(
            "long-number",
            "a number with a needless byte",
            |_, good| forged(good, |message| message.with(raw::FEE_LIMIT, Value::LongNumber(15_000_000))),
            "not the canonical encoding",
        ),
        trx(
            "field-order",
            "two fields in each other's place",
            |_, good| forged(good, Message::swapped),
            "not the canonical encoding",
        ),
        trx(
            "field-twice",
            "a field twice, of which the last counts",
            |_, good| forged(good, |message| message.twice(raw::EXPIRATION)),
            "not the canonical encoding",
        ),
        trx(
            "whole-transaction",
            "a whole transaction in the place of what is signed of it",
            |_, good| {
                let whole = Message::default().with(1, Value::Bytes(good.pay.written()));
                good.over(whole.with(2, Value::Bytes(vec![1; 65])).written())
            },
            "the bytes are not signed",
        ),
        trx(
            "raw-digest",
            "a 32-byte digest to be signed as it is",
            |desk, good| good.over(digest_of(&to_attacker(desk, good)).to_vec()),
            "the bytes are not signed",
        ),
        trx("no-bytes", "no bytes at all", |_, good| good.over(Vec::new()), "no bytes"),
        trx(
            "message",
            "a signed message's preimage in the place of a transaction",
            |_, good| good.over(b"\x19TRON Signed Message:\n2ok".to_vec()),
            "the bytes are not signed",
        ),
        trx(
            "evm-bytes",
            "an EVM payout's bytes for a TRON payout",
            |desk, good| good.over(desk.native().request().unsigned),
            "the bytes are not signed",
        ),
        trx(
            "xrp-bytes",
            "an XRP payout's bytes for a TRON payout",
            |desk, good| good.over(desk.xrp().request().unsigned),
            "the bytes are not signed",
        ),
        Case::request(
            "bytes-for-evm",
            "a TRON payout's bytes for an EVM payout",
            Tampering {
                good: Desk::native,
                bad: |desk, good| good.over(desk.trx().request().unsigned),
                check: Check::Bytes,
                says: "the bytes are not signed",
                after: After::Signed,
            },
        ),
    ]
}

fn to_attacker(_: &mut Desk, good: &Draft<Build>) -> SignRequest {
    good.paying(|pay| pay.to = ATTACKER.parse().expect("an address of these files"))
}

fn paying(good: &Draft<Build>, units: u128) -> SignRequest {
    good.paying(|pay| pay.amount = Amount::from_u128(units))
}

fn other_token() -> TokenRef {
    TokenRef::Contract(OTHER_TOKEN.parse().expect("a contract of these files"))
}

/// Made and lapsing earlier or later by so many ms.
fn moved(good: &Draft<Build>, by_ms: i64) -> SignRequest {
    good.paying(|pay| {
        pay.timestamp = pay.timestamp.plus(by_ms);
        pay.expiration = pay.expiration.plus(by_ms);
    })
}

/// The intent as it is altered, approved by everybody, with bytes that do what it says.
fn approved(desk: &mut Desk, good: &Draft<Build>, change: impl FnOnce(&Desk, &mut Intent)) -> SignRequest {
    let mut intent = good.intent.clone();
    change(desk, &mut intent);
    desk.tron_approved(intent).request()
}

fn text(text: &str) -> Value {
    Value::Bytes(text.as_bytes().to_vec())
}

fn forged(good: &Draft<Build>, change: impl FnOnce(Message) -> Message) -> SignRequest {
    good.over(change(Message::of(&good.pay.written())).written())
}

fn in_contract(good: &Draft<Build>, change: impl FnOnce(Message) -> Message) -> SignRequest {
    forged(good, |message| message.within(raw::CONTRACT, change))
}

fn of_type(good: &Draft<Build>, kind: u64) -> SignRequest {
    in_contract(good, |it| it.with(contract::KIND, Value::Number(kind)))
}

fn in_call(good: &Draft<Build>, change: impl FnOnce(Message) -> Message) -> SignRequest {
    in_contract(good, |it| it.within(contract::PARAMETER, |any| any.within(any::VALUE, change)))
}

fn calling(good: &Draft<Build>, change: impl FnOnce(&mut Vec<u8>)) -> SignRequest {
    in_call(good, |it| {
        let mut data = it.bytes(call::DATA).to_vec();
        change(&mut data);
        it.with(call::DATA, Value::Bytes(data))
    })
}
