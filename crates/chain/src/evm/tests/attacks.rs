//! Bytes that a hostile gateway might show to co-signers.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address as Raw, TxKind, U256};
use payout::coin::Family;

use super::golden::golden;
use super::*;
use crate::decoded::{DecodeError, Decoded, Effect};
use crate::evm::{BuildError, effect_of, transfer_calldata};
use crate::{evm, family};

fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    family(Family::Evm).decode(&any_network(), bytes)
}

fn payee() -> Raw {
    PAYEE.parse().unwrap()
}

fn contract() -> Raw {
    USDT.parse().unwrap()
}

fn calldata() -> Vec<u8> {
    transfer_calldata(&PAYEE.parse().unwrap(), Amount::from_u128(1_500_000)).unwrap()
}

fn call(calldata: Vec<u8>) -> TxEip1559 {
    TxEip1559 {
        chain_id: 1,
        nonce: 7,
        gas_limit: 65_000,
        max_fee_per_gas: 30,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(contract()),
        value: U256::ZERO,
        access_list: AccessList::default(),
        input: calldata.into(),
    }
}

fn touched() -> AccessList {
    AccessList(vec![AccessListItem { address: contract(), storage_keys: Vec::new() }])
}

// A writer of RLP that writes whatever it is told.

fn prefixed(short: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = match payload.len() {
        length @ 0..56 => vec![short + u8::try_from(length).unwrap()],
        length @ 56..256 => vec![short + 56, u8::try_from(length).unwrap()],
        length => [&[short + 57][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    out.extend(payload);
    out
}

fn text(bytes: &[u8]) -> Vec<u8> {
    if matches!(bytes, [0..0x80]) { bytes.to_vec() } else { prefixed(0x80, bytes) }
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    prefixed(0xc0, &items.concat())
}

/// A good type 2 payment of 5 wei, in items.
fn eip1559_items() -> Vec<Vec<u8>> {
    vec![
        text(&[1]),
        text(&[7]),
        text(&[1]),
        text(&[30]),
        text(&[0x52, 0x08]),
        text(payee().as_slice()),
        text(&[5]),
        text(&[]),
        list(&[]),
    ]
}

/// A good legacy payment of 5 wei, in items.
fn legacy_items() -> Vec<Vec<u8>> {
    vec![
        text(&[7]),
        text(&[30]),
        text(&[0x52, 0x08]),
        text(payee().as_slice()),
        text(&[5]),
        text(&[]),
        text(&[1]),
        text(&[]),
        text(&[]),
    ]
}

fn eip1559_with(change: impl Fn(&mut Vec<Vec<u8>>)) -> Result<Decoded, DecodeError> {
    let mut items = eip1559_items();
    change(&mut items);
    decode(&[vec![2], list(&items)].concat())
}

fn legacy_with(change: impl Fn(&mut Vec<Vec<u8>>)) -> Result<Decoded, DecodeError> {
    let mut items = legacy_items();
    change(&mut items);
    decode(&list(&items))
}

#[test]
fn the_items_below_are_good_before_they_are_spoilt() {
    let effect = Effect::Transfer {
        token_id: TokenRef::Native,
        to: PAYEE.parse().unwrap(),
        amount: Amount::from_u128(5),
        memo: None,
    };
    assert_eq!(eip1559_with(|_| {}).unwrap().effect, effect);
    assert_eq!(legacy_with(|_| {}).unwrap().effect, effect);
    assert!(decode(&call(calldata()).encoded_for_signing()).is_ok());
}

#[test]
fn an_access_list_is_never_signed() {
    let mut tx = call(calldata());
    tx.access_list = touched();
    assert_eq!(decode(&tx.encoded_for_signing()), Err(DecodeError::Forbidden("an access list")));
    // Neither one that is empty in another way.
    assert_eq!(
        eip1559_with(|items| items[8] = list(&[list(&[])])),
        Err(DecodeError::Forbidden("an access list"))
    );
    assert!(matches!(eip1559_with(|items| items[8] = text(&[])), Err(DecodeError::Malformed(_))));
}

#[test]
fn other_types_are_never_signed() {
    let type_1 =
        TxEip2930 { chain_id: 1, to: TxKind::Call(payee()), value: U256::from(5), ..Default::default() };
    assert_eq!(decode(&type_1.encoded_for_signing()), Err(DecodeError::UnknownType { found: 1 }));
    let type_4 = TxEip7702 { chain_id: 1, to: payee(), value: U256::from(5), ..Default::default() };
    assert_eq!(decode(&type_4.encoded_for_signing()), Err(DecodeError::UnknownType { found: 4 }));
    let good = [vec![2], list(&eip1559_items())].concat();
    for found in (0..0xc0).filter(|&found| found != 2) {
        let bytes = [&[found], &good[1..]].concat();
        assert_eq!(decode(&bytes), Err(DecodeError::UnknownType { found }));
    }
}

#[test]
fn a_bare_authorisation_is_never_signed() {
    // EIP-7702: 0x05 ‖ rlp([chain_id, address, nonce]) hands the account over to a contract.
    let bytes = [vec![5], list(&[text(&[1]), text(contract().as_slice()), text(&[])])].concat();
    assert_eq!(decode(&bytes), Err(DecodeError::UnknownType { found: 5 }));
}

#[test]
fn a_message_to_sign_is_no_transaction() {
    // EIP-191 and EIP-712 start with 0x19: a permit would be an approval without a transaction.
    assert_eq!(
        decode(b"\x19Ethereum Signed Message:\n5hello"),
        Err(DecodeError::UnknownType { found: 0x19 })
    );
    assert_eq!(
        decode(&[&[0x19, 0x01][..], &[0; 64]].concat()),
        Err(DecodeError::UnknownType { found: 0x19 })
    );
}

#[test]
fn signed_bytes_are_not_signed_again() {
    for tx in golden().transactions {
        assert_eq!(decode(&tx.signed()), Err(DecodeError::AlreadySigned), "{}", tx.name);
    }
}

#[test]
fn creating_a_contract_is_never_signed() {
    let expected = Err(DecodeError::Forbidden("the creation of a contract"));
    assert_eq!(eip1559_with(|items| items[5] = text(&[])), expected);
    assert_eq!(legacy_with(|items| items[3] = text(&[])), expected);
    let create = TxLegacy { chain_id: Some(1), input: vec![0x60, 0x00].into(), ..Default::default() };
    assert_eq!(decode(&create.encoded_for_signing()), expected);
}

#[test]
fn a_legacy_transaction_without_a_network_is_never_signed() {
    assert_eq!(legacy_with(|items| items.truncate(6)), Err(DecodeError::Unbound));
}

#[test]
fn a_chain_id_in_another_spelling_is_refused() {
    let outside = Err(DecodeError::OutOfRange("the chain id"));
    let padded = Err(DecodeError::NotCanonical);
    for (chain_id, expected) in [
        (text(&[]), &outside),
        (text(&[0, 1]), &padded),
        (vec![0x81, 1], &padded),
        (vec![0], &padded),
        (text(&[1; 9]), &outside),
        (text(&[0xff; 8]), &outside),
    ] {
        assert_eq!(eip1559_with(|items| items[0] = chain_id.clone()), *expected, "{chain_id:?}");
        assert_eq!(legacy_with(|items| items[6] = chain_id.clone()), *expected, "{chain_id:?}");
    }
}

#[test]
fn bytes_after_the_transaction_are_refused() {
    let expected = Err(DecodeError::Malformed("bytes after the transaction"));
    for good in [evm::build(&usdt()).unwrap(), evm::build(&legacy()).unwrap()] {
        for tail in [&[0][..], &[0x80], &[0xc0], &good] {
            assert_eq!(decode(&[&good, tail].concat()), expected);
        }
    }
}

#[test]
fn items_too_many_or_too_few_are_refused() {
    for extra in [text(&[]), list(&[])] {
        assert!(eip1559_with(|items| items.push(extra.clone())).is_err());
        assert!(legacy_with(|items| items.push(extra.clone())).is_err());
    }
    assert!(eip1559_with(|items| items.truncate(8)).is_err());
    for length in [0, 1, 5, 7, 8] {
        assert!(legacy_with(|items| items.truncate(length)).is_err(), "{length}");
    }
}

#[test]
fn calldata_that_is_not_exactly_a_transfer_is_refused() {
    let good = calldata();
    let mut dirty = good.clone();
    dirty[15] = 1;
    let selector = |bytes: [u8; 4]| [&bytes, &good[4..]].concat();
    for bad in [
        [&good[..], &[0]].concat(),
        [&good[..], &[0; 32]].concat(),
        good[..67].to_vec(),
        good[..4].to_vec(),
        vec![0],
        dirty,
        selector([0x09, 0x5e, 0xa7, 0xb3]), // approve(address,uint256), of the same shape
        selector([0x39, 0x50, 0x93, 0x51]), // increaseAllowance(address,uint256)
        selector([0x23, 0xb8, 0x72, 0xdd]), // transferFrom(address,address,uint256)
        selector([0, 0, 0, 0]),
    ] {
        assert_eq!(
            decode(&call(bad.clone()).encoded_for_signing()),
            Err(DecodeError::UnknownCall),
            "{bad:?}"
        );
    }
}

#[test]
fn native_coins_beside_a_token_transfer_are_refused() {
    let mut tx = call(calldata());
    tx.value = U256::from(1);
    assert_eq!(decode(&tx.encoded_for_signing()), Err(DecodeError::ValueBesideToken));
}

#[test]
fn a_token_transfer_of_nothing_is_neither_payment_nor_void() {
    let nothing = transfer_calldata(&PAYEE.parse().unwrap(), Amount::ZERO).unwrap();
    assert_eq!(decode(&call(nothing).encoded_for_signing()), Err(DecodeError::NothingMoved));
    let build = Build { amount: Amount::ZERO, ..usdt() };
    assert_eq!(evm::build(&build), Err(BuildError::Refused(DecodeError::NothingMoved)));
}

#[test]
fn second_spellings_of_rlp_are_refused() {
    // Integers with leading zeros, in each numeric field.
    for at in [0, 1, 2, 3, 4, 6] {
        for bad in [text(&[0, 5]), vec![0x81, 5], vec![0]] {
            assert_eq!(eip1559_with(|items| items[at] = bad.clone()), Err(DecodeError::NotCanonical), "{at}");
        }
    }
    // Short things in the long form.
    let address = [&[0xb8, 20], payee().as_slice()].concat();
    assert_eq!(eip1559_with(|items| items[5] = address.clone()), Err(DecodeError::NotCanonical));
    let zero_padded = [&[0xb9, 0, 68][..], &calldata()].concat();
    assert_eq!(eip1559_with(|items| items[7] = zero_padded.clone()), Err(DecodeError::NotCanonical));
    assert_eq!(eip1559_with(|items| items[8] = vec![0xf8, 0]), Err(DecodeError::NotCanonical));
    let fields = eip1559_items().concat();
    let length = u8::try_from(fields.len()).unwrap();
    assert!(length < 56);
    assert_eq!(decode(&[&[2, 0xf8, length], fields.as_slice()].concat()), Err(DecodeError::NotCanonical));
    assert_eq!(decode(&[&[2, 0xf9, 0, length], fields.as_slice()].concat()), Err(DecodeError::NotCanonical));
}

#[test]
fn eip_155s_zeros_must_be_zeros() {
    for at in [7, 8] {
        assert_eq!(legacy_with(|items| items[at] = text(&[1])), Err(DecodeError::AlreadySigned));
        assert_eq!(legacy_with(|items| items[at] = vec![0]), Err(DecodeError::AlreadySigned));
        assert!(matches!(legacy_with(|items| items[at] = list(&[])), Err(DecodeError::Malformed(_))));
    }
}

#[test]
fn a_list_in_place_of_a_value_is_refused() {
    for at in 0..8 {
        assert!(
            matches!(eip1559_with(|items| items[at] = list(&[])), Err(DecodeError::Malformed(_))),
            "{at}"
        );
    }
    for at in 0..9 {
        assert!(matches!(legacy_with(|items| items[at] = list(&[])), Err(DecodeError::Malformed(_))), "{at}");
    }
}

#[test]
fn an_address_of_another_length_is_refused() {
    for length in [1, 19, 21, 32] {
        let address = text(&vec![0xaa; length]);
        assert_eq!(
            eip1559_with(|items| items[5] = address.clone()),
            Err(DecodeError::Malformed("an address has 20 bytes"))
        );
    }
}

#[test]
fn numbers_past_their_range_are_refused() {
    for (at, length, name) in [
        (1, 9, "the nonce"),
        (2, 17, "the priority fee"),
        (3, 17, "the fee"),
        (4, 9, "the gas limit"),
        (6, 33, "the value"),
        (6, 200, "the value"),
    ] {
        let number = text(&vec![1; length]);
        assert_eq!(eip1559_with(|items| items[at] = number.clone()), Err(DecodeError::OutOfRange(name)));
    }
    assert_eq!(eip1559_with(|items| items[1] = text(&[0xff; 8])), Err(DecodeError::OutOfRange("the nonce")));
}

#[test]
fn a_tip_above_the_maximum_is_refused() {
    assert_eq!(
        eip1559_with(|items| items[2] = text(&[31])),
        Err(DecodeError::OutOfRange("the priority fee"))
    );
}

#[test]
fn the_largest_fee_is_counted_in_full() {
    let decoded = eip1559_with(|items| {
        items[3] = text(&[0xff; 16]);
        items[4] = text(&[0xff; 8]);
    });
    let expected = U256::from(u128::MAX) * U256::from(u64::MAX);
    assert_eq!(decoded.unwrap().max_fee, Amount::from_u256(expected));
}

#[test]
fn lengths_that_lie_are_refused() {
    for bytes in [
        &[][..],
        &[2],
        &[0xc0],
        &[2, 0xc0],
        &[2, 0xff],
        &[2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xf8],
        &[0xf8, 0xff],
        &[0xc2, 0xb8],
        &[0xc9, 0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xc1, 0x81],
        &[2, 0x80],
        &[2, 5],
    ] {
        assert!(decode(bytes).is_err(), "{bytes:?}");
    }
    let long = vec![2; 513];
    assert_eq!(decode(&long), Err(DecodeError::TooLong { limit: 512, found: 513 }));
}

#[test]
fn an_effect_on_chain_is_judged_like_unsigned_bytes() {
    let token = USDT.parse().unwrap();
    let contract = evm::address::parse(USDT).unwrap();
    let to: payout::ids::Address = PAYEE.parse().unwrap();
    assert_eq!(
        effect_of(&contract, Amount::ZERO, &calldata()),
        Ok(Effect::Transfer {
            token_id: TokenRef::Contract(token),
            to: to.clone(),
            amount: Amount::from_u128(1_500_000),
            memo: None
        })
    );
    assert_eq!(effect_of(&to, Amount::ZERO, &[]), Ok(Effect::Void { to: to.clone() }));
    assert_eq!(effect_of(&to, Amount::ZERO, &[1]), Err(DecodeError::UnknownCall));
    let lower = PAYEE.to_lowercase().parse().unwrap();
    assert!(effect_of(&lower, Amount::ZERO, &[]).is_err());
}

#[test]
fn a_build_that_would_be_refused_is_never_returned() {
    for network_id in
        ["0", "01", "+1", "1.0", "0x1", "mainnet", "18446744073709551615", "18446744073709551616"]
    {
        let build = Build { network_id: network_id.parse().unwrap(), ..usdt() };
        assert!(evm::build(&build).is_err(), "{network_id}");
    }
    let to = PAYEE.to_lowercase().parse().unwrap();
    assert!(matches!(evm::build(&Build { to, ..usdt() }), Err(BuildError::Payee(_))));
    let token = TokenRef::Contract(USDT.replace('d', "D").parse().unwrap());
    assert!(matches!(evm::build(&Build { token, ..usdt() }), Err(BuildError::Contract(_))));
    let fee = Fee::Eip1559 { max_fee_per_gas: 1, max_priority_fee_per_gas: 2 };
    assert!(evm::build(&Build { fee, ..usdt() }).is_err());
    assert!(evm::build(&Build { nonce: u64::MAX, ..usdt() }).is_err());
}
