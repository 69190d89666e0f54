//! The intent is approved, the bytes do something else.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address as Raw, Bytes, TxKind, U256};
use chain::TokenRef;
use chain::evm::{Build, transfer_calldata};
use payout::ids::AddressIndex;
use payout::money::Amount;
use wire::message::Check;

use crate::attacks::case::{After, Case, Fault, Seen, Tampering};
use crate::attacks::draft::{ATTACKER, Desk, Draft, Payload, USDC, address, price};
use crate::attacks::ledger::{Aim, signing_digest};
use crate::attacks::plot::Showing;
use crate::attacks::world::World;

pub(super) fn cases() -> Vec<Case> {
    let native = |name, tried, bad, says| case(name, tried, Desk::native, bad, says);
    let token = |name, tried, bad, says| case(name, tried, Desk::token, bad, says);
    vec![
        native(
            "recipient",
            "bytes that pay the attacker",
            |_, good| good.paying(to_attacker),
            "the bytes pay",
        ),
        token(
            "token-recipient",
            "a token call that pays the attacker",
            |_, good| good.paying(to_attacker),
            "the bytes pay",
        ),
        native(
            "one-unit-more",
            "one base unit more",
            |_, good| good.paying(one_more),
            "base units, the bytes pay",
        ),
        token(
            "one-unit-less",
            "one base unit of a token less",
            |_, good| good.paying(one_less),
            "base units, the bytes pay",
        ),
        token(
            "other-token",
            "another token contract",
            |desk, good| good.paying(other_token(desk)),
            "the bytes move",
        ),
        token(
            "native-for-token",
            "ether in the place of a token",
            |_, good| good.paying(|pay| pay.token = TokenRef::Native),
            "the bytes move",
        ),
        native(
            "token-for-native",
            "a token in the place of ether",
            |desk, good| good.paying(other_token(desk)),
            "the bytes move",
        ),
        native(
            "network",
            "bytes for Ethereum's main network",
            |_, good| good.paying(|pay| pay.network_id = "1".parse().expect("a network")),
            "for network 31337, the bytes for 1",
        ),
        native(
            "nothing-moved",
            "bytes that only burn the nonce",
            |_, good| good.paying(|pay| pay.amount = Amount::ZERO),
            "transfer of nothing",
        ),
        native(
            "fee-over-cap",
            "a fee over the intent's cap",
            |_, good| good.paying(|pay| pay.fee = price(11)),
            "the cap is",
        ),
        native(
            "gas-over-cap",
            "a gas limit that burns more than the cap",
            |_, good| good.paying(|pay| pay.gas_limit = 1_000_000),
            "the cap is",
        ),
        native(
            "calldata",
            "calldata beside a native payment",
            |_, good| good.over(with_calldata(good)),
            "not exactly a token transfer",
        ),
        token(
            "longer-calldata",
            "a byte behind a token transfer's calldata",
            |_, good| good.over(longer(good)),
            "not exactly a token transfer",
        ),
        token(
            "approve-call",
            "an ERC20 approve in the place of a transfer",
            |_, good| good.over(approve_call(good)),
            "not exactly a token transfer",
        ),
        token(
            "value",
            "ether beside a token transfer",
            |_, good| good.over(with_value(good)),
            "native coins beside",
        ),
        native(
            "access-list",
            "an access list",
            |_, good| good.over(with_access_list(good)),
            "an access list is never signed",
        ),
        native("type-1", "a type 1 transaction", |_, good| good.over(type_1(good)), "type 0x01"),
        native(
            "blobs",
            "a type 3 transaction that pays for blobs",
            |_, good| good.over(type_3(good)),
            "type 0x03",
        ),
        native(
            "authorisations",
            "a type 4 transaction that hands the account over (EIP-7702)",
            |_, good| good.over(type_4(good)),
            "type 0x04",
        ),
        native(
            "authorisation-alone",
            "an EIP-7702 authorisation by itself",
            |_, good| good.over(authorisation(good)),
            "type 0x05",
        ),
        native(
            "contract-creation",
            "the creation of a contract",
            |_, good| good.over(creation(good)),
            "the creation of a contract",
        ),
        native(
            "unbound",
            "legacy bytes that every network takes",
            |_, good| good.over(unbound(good)),
            "bound to no network",
        ),
        native(
            "trailing-byte",
            "a byte behind the transaction",
            |_, good| good.over([good.request().unsigned, vec![0]].concat()),
            "bytes after the transaction",
        ),
        native(
            "raw-digest",
            "a 32-byte digest to be signed as it is",
            |_, good| good.over(signing_digest(&good.paying(to_attacker).unsigned).to_vec()),
            "the bytes are not signed",
        ),
        native("no-bytes", "no bytes at all", |_, good| good.over(Vec::new()), "no bytes"),
        native(
            "message",
            "a signed message's preimage in the place of a transaction",
            |_, good| good.over(b"\x19Ethereum Signed Message:\n2ok".to_vec()),
            "type 0x19",
        ),
        Case::scene("other-digest", "a hostile co-signer signs other bytes within a good session", |world| {
            Box::pin(other_digest(world))
        }),
        Case::scene(
            "other-path",
            "a hostile co-signer signs with another address's key within a good session",
            |world| Box::pin(other_path(world)),
        ),
    ]
}

fn case(
    name: &'static str,
    tried: &'static str,
    good: fn(&mut Desk) -> Draft,
    bad: fn(&mut Desk, &Draft) -> wire::message::SignRequest,
    says: &'static str,
) -> Case {
    let check = Check::Bytes;
    Case::request(name, tried, Tampering { good, bad, check, says, after: After::Signed })
}

fn to_attacker(pay: &mut Build) {
    pay.to = address(ATTACKER);
}

fn one_more(pay: &mut Build) {
    pay.amount = pay.amount.checked_add(Amount::from_u128(1)).expect("far below 2^256");
}

fn one_less(pay: &mut Build) {
    pay.amount = pay.amount.checked_sub(Amount::from_u128(1)).expect("more than nothing");
}

fn other_token(desk: &Desk) -> impl FnOnce(&mut Build) {
    let usdc = desk.coin(USDC);
    let token = TokenRef::of(&usdc.chain_id, &usdc.token_id);
    move |pay| pay.token = token
}

/// The fields of a draft's bytes, to be written in ways that `build` refuses.
fn fields(draft: &Draft) -> TxEip1559 {
    let pay = &draft.pay;
    let raw = |text: &str| text.parse::<Raw>().expect("a canonical address");
    let (to, value, input) = match &pay.token {
        TokenRef::Native => (raw(pay.to.as_str()), pay.amount.as_u256(), Bytes::new()),
        TokenRef::Contract(contract) => {
            let calldata = transfer_calldata(&pay.to, pay.amount).expect("a canonical address");
            (raw(contract.as_str()), U256::ZERO, Bytes::from(calldata))
        }
    };
    TxEip1559 {
        chain_id: 31337,
        nonce: pay.nonce,
        gas_limit: pay.gas_limit,
        max_fee_per_gas: pay.fee.max_fee_per_gas(),
        max_priority_fee_per_gas: pay.fee.max_priority_fee_per_gas(),
        to: TxKind::Call(to),
        value,
        access_list: AccessList::default(),
        input,
    }
}

fn with_calldata(good: &Draft) -> Vec<u8> {
    TxEip1559 { input: Bytes::from_static(b"gift"), ..fields(good) }.encoded_for_signing()
}

fn longer(good: &Draft) -> Vec<u8> {
    let mut tx = fields(good);
    tx.input = [&tx.input[..], &[0]].concat().into();
    tx.encoded_for_signing()
}

/// `approve(address,uint256)`: the same arguments, another selector.
fn approve_call(good: &Draft) -> Vec<u8> {
    let mut tx = fields(good);
    tx.input = [&[0x09, 0x5e, 0xa7, 0xb3], &tx.input[4..]].concat().into();
    tx.encoded_for_signing()
}

fn with_value(good: &Draft) -> Vec<u8> {
    TxEip1559 { value: U256::from(1), ..fields(good) }.encoded_for_signing()
}

fn touched() -> AccessList {
    let address = ATTACKER.parse().expect("an address");
    AccessList(vec![AccessListItem { address, storage_keys: Vec::new() }])
}

fn with_access_list(good: &Draft) -> Vec<u8> {
    TxEip1559 { access_list: touched(), ..fields(good) }.encoded_for_signing()
}

fn type_1(good: &Draft) -> Vec<u8> {
    let TxEip1559 { chain_id, nonce, gas_limit, max_fee_per_gas, to, value, input, .. } = fields(good);
    let gas_price = max_fee_per_gas;
    TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list: touched(), input }
        .encoded_for_signing()
}

fn type_3(good: &Draft) -> Vec<u8> {
    let tx = fields(good);
    let to = tx.to.to().copied().unwrap_or_default();
    TxEip4844 {
        chain_id: tx.chain_id,
        nonce: tx.nonce,
        gas_limit: tx.gas_limit,
        max_fee_per_gas: tx.max_fee_per_gas,
        max_priority_fee_per_gas: tx.max_priority_fee_per_gas,
        to,
        value: tx.value,
        access_list: AccessList::default(),
        blob_versioned_hashes: vec![[1; 32].into()],
        max_fee_per_blob_gas: u128::MAX,
        input: tx.input,
    }
    .encoded_for_signing()
}

fn handed_over() -> Authorization {
    let address = ATTACKER.parse().expect("an address");
    Authorization { chain_id: U256::from(31337), address, nonce: 0 }
}

fn type_4(good: &Draft) -> Vec<u8> {
    let tx = fields(good);
    let to = tx.to.to().copied().unwrap_or_default();
    let signed = SignedAuthorization::new_unchecked(handed_over(), 0, U256::from(1), U256::from(1));
    TxEip7702 {
        chain_id: tx.chain_id,
        nonce: tx.nonce,
        gas_limit: tx.gas_limit,
        max_fee_per_gas: tx.max_fee_per_gas,
        max_priority_fee_per_gas: tx.max_priority_fee_per_gas,
        to,
        value: tx.value,
        access_list: AccessList::default(),
        authorization_list: vec![signed],
        input: tx.input,
    }
    .encoded_for_signing()
}

/// `0x05 ‖ rlp([chain_id, address, nonce])`: what an account signs to hand itself over.
fn authorisation(_: &Draft) -> Vec<u8> {
    let mut bytes = vec![5];
    alloy_primitives::private::alloy_rlp::Encodable::encode(&handed_over(), &mut bytes);
    bytes
}

fn creation(good: &Draft) -> Vec<u8> {
    TxEip1559 { to: TxKind::Create, input: Bytes::from_static(&[0x60, 0]), ..fields(good) }
        .encoded_for_signing()
}

fn unbound(good: &Draft) -> Vec<u8> {
    let TxEip1559 { nonce, gas_limit, max_fee_per_gas, to, value, input, .. } = fields(good);
    let gas_price = max_fee_per_gas;
    TxLegacy { chain_id: None, nonce, gas_price, gas_limit, to, value, input }.encoded_for_signing()
}

/// The session is a good one, and the honest co-signer signs what was approved; its peer signs something else.
async fn other_digest(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let hostile = signing_digest(&good.paying(to_attacker).unsigned);
    world.ledger.forbid(hostile);
    astray(world, &good, |plot| plot.digest = hostile).await
}

/// The same with the key of the wallet's next address.
async fn other_path(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let next = AddressIndex::new(1).expect("below 2^31");
    let path = chain::evm::path(next);
    astray(world, &good, |plot| plot.path = path).await
}

/// A good session with a hostile co-signer that leaves the road within the protocol: nothing comes of it.
pub(super) async fn astray<B: Payload>(
    world: &mut World,
    good: &Draft<B>,
    stray: impl FnOnce(&mut crate::attacks::plot::Plot),
) -> Result<Seen, Fault> {
    // As few honest ones as there can be.
    let quorum = world.quorums().swap_remove(0);
    let showing = Showing { participants: quorum.clone(), request: good.request() };
    let shown = quorum.iter().map(|index| (*index, showing.clone())).collect();
    let mut plot = world.plot(&quorum, shown);
    stray(&mut plot);
    let label = world.open_plot(plot, Aim::Good);
    let attempt = world.end_of(label, &quorum).await?;
    world.judge()?;
    let seen = attempt.broken_off("")?;
    // Without such a co-signer it is signed.
    world.sign(&good.request()).await?;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use chain::evm::build;

    use super::*;

    #[test]
    fn what_is_altered_here_differs_from_the_good_bytes_in_the_altered_part_alone() {
        let pay = Build {
            network_id: "31337".parse().unwrap(),
            nonce: 7,
            to: address(ATTACKER),
            token: TokenRef::Native,
            amount: Amount::from_u128(5),
            gas_limit: 60_000,
            fee: price(1),
        };
        let good = build(&pay).unwrap();
        let raw = TxEip1559 {
            chain_id: 31337,
            nonce: 7,
            gas_limit: 60_000,
            max_fee_per_gas: 1_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to: TxKind::Call(ATTACKER.parse().unwrap()),
            value: U256::from(5),
            ..TxEip1559::default()
        };
        assert_eq!(raw.encoded_for_signing(), good);
    }
}
