//! Bytes that look like a payment and are more, less or something else.

use prost::Message as _;

use super::super::message::{Any, Contract, Raw, Transaction, TransferContract, TriggerSmartContract};
use super::super::{BuildError, build};
use super::*;

/// The payment's message, for changing it.
fn raw(of: &Build) -> Raw {
    Raw::decode(build(of).unwrap().as_slice()).unwrap()
}

fn with(of: &Build, change: impl FnOnce(&mut Raw)) -> Result<Decoded, DecodeError> {
    let mut raw = raw(of);
    change(&mut raw);
    decode(&raw.encode_to_vec())
}

fn with_contract(of: &Build, change: impl FnOnce(&mut Contract)) -> Result<Decoded, DecodeError> {
    with(of, |raw| change(&mut raw.contract[0]))
}

fn with_transfer(change: impl FnOnce(&mut TransferContract)) -> Result<Decoded, DecodeError> {
    with_contract(&trx(), |contract| {
        let parameter = contract.parameter.as_mut().unwrap();
        let mut transfer = TransferContract::decode(parameter.value.as_slice()).unwrap();
        change(&mut transfer);
        parameter.value = transfer.encode_to_vec();
    })
}

fn with_trigger(change: impl FnOnce(&mut TriggerSmartContract)) -> Result<Decoded, DecodeError> {
    with_contract(&usdt(), |contract| {
        let parameter = contract.parameter.as_mut().unwrap();
        let mut trigger = TriggerSmartContract::decode(parameter.value.as_slice()).unwrap();
        change(&mut trigger);
        parameter.value = trigger.encode_to_vec();
    })
}

#[test]
fn the_unchanged_payments_are_fine() {
    assert!(with(&usdt(), |_| {}).is_ok() && with(&trx(), |_| {}).is_ok());
    assert!(with_transfer(|_| {}).is_ok() && with_trigger(|_| {}).is_ok());
}

#[test]
fn whatever_stands_beside_the_contract_is_refused_by_name() {
    for of in [usdt(), trx()] {
        let forbidden = |what, change: fn(&mut Raw)| {
            assert_eq!(with(&of, change), Err(DecodeError::Forbidden(what)));
        };
        forbidden("a memo", |raw| raw.data = b"hello".to_vec());
        forbidden("a script", |raw| raw.scripts = vec![1]);
        forbidden("an authority", |raw| raw.auths = vec![Vec::new()]);
        forbidden("the number of a reference block", |raw| raw.ref_block_num = 7);
        forbidden("a second contract", |raw| raw.contract.push(raw.contract[0].clone()));
        forbidden("a provider", |raw| raw.contract[0].provider = vec![1]);
        forbidden("a contract name", |raw| raw.contract[0].contract_name = vec![1]);
        // 2 and above are active permissions: somebody else's keys.
        forbidden("a permission id", |raw| raw.contract[0].permission_id = 2);
        forbidden("a permission id", |raw| raw.contract[0].permission_id = -1);
    }
}

#[test]
fn a_transfer_of_trx_has_no_fee_limit_and_a_call_has_one() {
    let forbidden = DecodeError::Forbidden("a fee limit on a transfer of TRX");
    assert_eq!(with(&trx(), |raw| raw.fee_limit = 1), Err(forbidden));
    for fee_limit in [0, -1, i64::MIN] {
        let refused = Err(DecodeError::OutOfRange("the fee limit"));
        assert_eq!(with(&usdt(), |raw| raw.fee_limit = fee_limit), refused);
    }
}

#[test]
fn bytes_that_refer_to_no_block_are_bound_to_no_network() {
    for bytes in [Vec::new(), vec![1], vec![1, 2, 3]] {
        assert_eq!(with(&usdt(), |raw| raw.ref_block_bytes = bytes), Err(DecodeError::Unbound));
    }
    for bytes in [Vec::new(), vec![1; 7], vec![1; 9]] {
        assert_eq!(with(&trx(), |raw| raw.ref_block_hash = bytes), Err(DecodeError::Unbound));
    }
}

#[test]
fn bytes_expire_after_their_timestamp_and_within_a_day() {
    let until = |timestamp: i64, expiration: i64| {
        with(&usdt(), |raw| (raw.timestamp, raw.expiration) = (timestamp, expiration)).map(|_| ())
    };
    let out = Err(DecodeError::OutOfRange("the time from timestamp to expiration"));
    assert_eq!(until(1000, 1001), Ok(()));
    assert_eq!(until(1000, 1000 + 86_400_000), Ok(()));
    assert_eq!(until(1000, 1001 + 86_400_000), out);
    assert_eq!(until(1000, 1000), out);
    assert_eq!(until(1000, 0), out);
    assert_eq!(until(-1, 1000), Err(DecodeError::OutOfRange("the timestamp")));
    assert_eq!(until(0, 1000), Err(DecodeError::OutOfRange("the timestamp")));
    assert_eq!(until(1000, -1), Err(DecodeError::OutOfRange("the expiration")));
    assert_eq!(until(i64::MIN, i64::MAX), Err(DecodeError::OutOfRange("the timestamp")));
}

#[test]
fn every_other_type_of_contract_is_refused() {
    for kind in (0..=60).chain([256, 257, 287, -1, i32::MAX, i32::MIN]) {
        for (of, own) in [(usdt(), 31), (trx(), 1)] {
            let changed = with_contract(&of, |contract| contract.kind = kind);
            match kind {
                _ if kind == own => assert!(changed.is_ok()),
                // The right type with the parameter of the other.
                1 | 31 => assert!(matches!(changed, Err(DecodeError::Malformed(_))), "{changed:?}"),
                _ => assert!(matches!(changed, Err(DecodeError::UnknownType { .. })), "{kind}: {changed:?}"),
            }
        }
    }
}

#[test]
fn a_parameter_is_named_as_java_tron_names_it() {
    for url in ["", "type.googleapis.com/protocol.TransferAssetContract", "protocol.TransferContract"] {
        let changed = with_contract(&trx(), |contract| {
            contract.parameter.as_mut().unwrap().type_url = url.to_owned();
        });
        assert!(matches!(changed, Err(DecodeError::Malformed(_))), "{changed:?}");
    }
    assert!(matches!(
        with_contract(&trx(), |contract| contract.parameter = None),
        Err(DecodeError::Malformed(_))
    ));
    assert_eq!(with(&trx(), |raw| raw.contract.clear()), Err(DecodeError::Malformed("no contract")));
    let empty = with_contract(&trx(), |contract| {
        contract.parameter = Some(Any { type_url: TransferContract::URL.to_owned(), value: Vec::new() });
    });
    assert!(matches!(empty, Err(DecodeError::Malformed(_))), "{empty:?}");
}

#[test]
fn nothing_and_less_than_nothing_are_no_amounts() {
    assert_eq!(with_transfer(|transfer| transfer.amount = 0), Err(DecodeError::NothingMoved));
    for amount in [-1, i64::MIN] {
        let out = Err(DecodeError::OutOfRange("the amount"));
        assert_eq!(with_transfer(|transfer| transfer.amount = amount), out);
    }
    assert_eq!(with_trigger(|trigger| trigger.data[36..].fill(0)), Err(DecodeError::NothingMoved));
}

#[test]
fn addresses_have_their_prefix_and_length() {
    let bad = |bytes: &[u8]| {
        let mut other_prefix = bytes.to_vec();
        other_prefix[0] = 0xa0;
        [Vec::new(), bytes[1..].to_vec(), [bytes, &[0]].concat(), other_prefix]
    };
    let good = hex::decode("41a614f803b6fd780986a42c78ec9c7f77e6ded13c").unwrap();
    let refused = Err(DecodeError::Malformed("an address has 0x41 and 20 bytes"));
    for address in bad(&good) {
        assert_eq!(with_transfer(|transfer| transfer.owner_address.clone_from(&address)), refused);
        assert_eq!(with_transfer(|transfer| transfer.to_address.clone_from(&address)), refused);
        assert_eq!(with_trigger(|trigger| trigger.owner_address.clone_from(&address)), refused);
        assert_eq!(with_trigger(|trigger| trigger.contract_address.clone_from(&address)), refused);
    }
}

#[test]
fn a_call_that_carries_trx_or_tokens_is_refused() {
    let refused = Err(DecodeError::ValueBesideToken);
    assert_eq!(with_trigger(|trigger| trigger.call_value = 1), refused);
    assert_eq!(with_trigger(|trigger| trigger.call_value = -1), refused);
    assert_eq!(with_trigger(|trigger| trigger.call_token_value = 1), refused);
    assert_eq!(with_trigger(|trigger| trigger.token_id = 1_000_001), refused);
}

#[test]
fn any_other_call_than_transfer_is_refused() {
    let refused = Err(DecodeError::UnknownCall);
    // approve, transferFrom
    for selector in ["095ea7b3", "23b872dd"] {
        let selector = hex::decode(selector).unwrap();
        assert_eq!(with_trigger(|trigger| trigger.data[..4].copy_from_slice(&selector)), refused);
    }
    assert_eq!(with_trigger(|trigger| trigger.data.clear()), refused);
    assert_eq!(with_trigger(|trigger| trigger.data.push(0)), refused);
    assert_eq!(with_trigger(|trigger| trigger.data.truncate(67)), refused);
    // The prefix of addresses, or dirt, before the recipient's 20 bytes.
    for (at, byte) in [(15, 0x41), (4, 1)] {
        assert_eq!(with_trigger(|trigger| trigger.data[at] = byte), refused);
    }
}

#[test]
fn an_unknown_field_at_any_depth_is_no_canonical_encoding() {
    // Field 19 of raw is a cross-chain source; fields 30 are unknown everywhere.
    for field in ["9a0100", "9a010100", "f20100", "f00101"] {
        let field = hex::decode(field).unwrap();
        let bytes = [raw(&usdt()).encode_to_vec(), field.clone()].concat();
        assert_eq!(decode(&bytes), Err(DecodeError::NotCanonical));
        let inner = with_contract(&usdt(), |contract| {
            contract.parameter.as_mut().unwrap().value.extend_from_slice(&field);
        });
        assert_eq!(inner, Err(DecodeError::NotCanonical));
    }
}

#[test]
fn a_second_spelling_of_the_same_message_is_refused() {
    let good = build(&trx()).unwrap();
    // An explicit zero: field 18, value 0.
    assert_eq!(decode(&[good.as_slice(), &[0x90, 0x01, 0x00]].concat()), Err(DecodeError::NotCanonical));
    // A field twice: the last one counts for protobuf.
    let twice = [&good[..4], &good].concat();
    assert_eq!(decode(&twice), Err(DecodeError::NotCanonical));
    // Fields in another order: the first two swapped.
    let swapped = [&good[4..14], &good[..4], &good[14..]].concat();
    assert_eq!(decode(&swapped), Err(DecodeError::NotCanonical));
    // A number that is longer than it needs to be: the length 2 as two bytes.
    let long = [&[0x0a, 0x82, 0x00], &good[2..]].concat();
    assert_eq!(decode(&long), Err(DecodeError::NotCanonical));
}

/// A field of bytes, text or a message.
fn nested(field: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = vec![field << 3 | 2];
    prost::encode_length_delimiter(inner.len(), &mut bytes).unwrap();
    [bytes.as_slice(), inner].concat()
}

/// The call of [`usdt`] with this in the place of its contract.
fn around(contract: &[u8]) -> Result<Decoded, DecodeError> {
    let good = raw(&usdt());
    let head = Raw { contract: Vec::new(), timestamp: 0, fee_limit: 0, ..good.clone() };
    let tail = Raw { timestamp: good.timestamp, fee_limit: good.fee_limit, ..Raw::default() };
    decode(&[head.encode_to_vec(), nested(11, contract), tail.encode_to_vec()].concat())
}

#[test]
fn a_second_spelling_of_a_contract_or_its_parameter_is_refused() {
    let Any { type_url, value } = raw(&usdt()).contract[0].parameter.clone().unwrap();
    let (url, value) = (nested(1, type_url.as_bytes()), nested(2, &value));
    let kind = vec![0x08, 31];
    let any = nested(2, &[url.clone(), value.clone()].concat());
    let contract = [kind.clone(), any.clone()].concat();
    assert_eq!(around(&contract), decode(&build(&usdt()).unwrap()));
    let unknown = [0x30, 0x01];
    for second in [
        // Fields in another order, twice, unknown, or there for nothing.
        [any.clone(), kind.clone()].concat(),
        [kind.clone(), kind.clone(), any.clone()].concat(),
        [kind.clone(), any.clone(), any.clone()].concat(),
        [contract.clone(), unknown.to_vec()].concat(),
        [contract.clone(), vec![0x28, 0x00]].concat(),
        [contract.clone(), vec![0x1a, 0x00]].concat(),
        [kind.clone(), nested(2, &[value.clone(), url.clone()].concat())].concat(),
        [kind, nested(2, &[url, value, unknown.to_vec()].concat())].concat(),
        // Numbers that are longer than they need to be, and one that is 31 in its lowest 32 bits only.
        [vec![0x08, 0x9f, 0x00], any.clone()].concat(),
        [vec![0x88, 0x00, 31], any.clone()].concat(),
        [vec![0x08, 0x9f, 0x80, 0x80, 0x80, 0x10], any].concat(),
    ] {
        assert_eq!(around(&second), Err(DecodeError::NotCanonical), "{}", hex::encode(second));
    }
}

#[test]
fn a_whole_transaction_is_no_unsigned_one() {
    let raw_data = build(&usdt()).unwrap();
    for signature in [Vec::new(), vec![vec![1; 65]]] {
        let whole = Transaction { raw_data: raw_data.clone(), signature }.encode_to_vec();
        assert!(decode(&whole).is_err());
    }
}

#[test]
fn no_bytes_and_too_many_bytes_are_refused() {
    assert_eq!(decode(&[]), Err(DecodeError::Malformed("no bytes")));
    assert_eq!(decode(&[0; 513]), Err(DecodeError::TooLong { limit: 512, found: 513 }));
}

#[test]
fn what_does_not_fit_is_not_built() {
    let too_much = Amount::from_u128(u128::from(i64::MAX.unsigned_abs()) + 1);
    assert_eq!(build(&Build { amount: too_much, ..trx() }), Err(BuildError::TooLarge("the amount")));
    assert!(build(&Build { amount: too_much, ..usdt() }).is_ok());
    let limit = Some(u64::MAX);
    assert_eq!(build(&Build { fee_limit: limit, ..usdt() }), Err(BuildError::TooLarge("the fee limit")));
    let no_limit = build(&Build { fee_limit: None, ..usdt() });
    assert_eq!(no_limit, Err(BuildError::Refused(DecodeError::OutOfRange("the fee limit"))));
    let stranger = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
    for build_ in [
        Build { to: stranger.parse().unwrap(), ..trx() },
        Build { from: stranger.parse().unwrap(), ..usdt() },
    ] {
        assert_eq!(build(&build_), Err(BuildError::Address(stranger.parse().unwrap())));
    }
    let hexadecimal = TokenRef::Contract("41a614f803b6fd780986a42c78ec9c7f77e6ded13c".parse().unwrap());
    let refused = build(&Build { token: hexadecimal.clone(), ..usdt() });
    assert_eq!(refused, Err(BuildError::Contract(hexadecimal)));
}
