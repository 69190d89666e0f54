//! What holds for all bytes.

use payout::coin::Family;
use proptest::prelude::*;
use ruint::aliases::U256;

use super::super::{address, erc20, token_for_nonce};
use super::*;
use crate::decoded::{DecodeError, Decoded, Effect};
use crate::{evm, family};

fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    family(Family::Evm).decode(&any_network(), bytes)
}

/// A number of any size up to the type's: most interesting are the lengths of its encoding.
fn sized() -> impl Strategy<Value = u128> {
    (any::<u128>(), 0u32..128).prop_map(|(number, shift)| number >> shift)
}

fn amounts() -> impl Strategy<Value = Amount> {
    (any::<[u8; 32]>(), 0usize..256)
        .prop_map(|(raw, shift)| Amount::from_u256(U256::from_be_bytes(raw) >> shift))
}

fn fees() -> impl Strategy<Value = Fee> {
    let eip1559 = (sized(), sized())
        .prop_map(|(a, b)| Fee::Eip1559 { max_fee_per_gas: a.max(b), max_priority_fee_per_gas: a.min(b) });
    prop_oneof![eip1559, sized().prop_map(|gas_price| Fee::Legacy { gas_price })]
}

fn u64s() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0u32..64).prop_map(|(number, shift)| number >> shift)
}

fn builds() -> impl Strategy<Value = Build> {
    let tokens = prop::option::of(any::<[u8; 20]>());
    (u64s(), u64s(), any::<[u8; 20]>(), tokens, amounts(), u64s(), fees()).prop_filter_map(
        "a token transfer moves something",
        |(chain_id, nonce, to, token, amount, gas_limit, fee)| {
            let token = match token {
                None => TokenRef::Native,
                Some(_) if amount.is_zero() => return None,
                Some(contract) => TokenRef::Contract(erc20::contract_id(&contract.into())),
            };
            Some(Build {
                network_id: (chain_id >> 1).clamp(1, u64::MAX / 2 - 36).to_string().parse().unwrap(),
                nonce: nonce.min(u64::MAX - 1),
                to: address::checksummed(&to.into()),
                token,
                amount,
                gas_limit,
                fee,
            })
        },
    )
}

/// What the bytes say, the digest aside.
fn meaning(decoded: Decoded) -> Decoded {
    Decoded { digest: [0; 32], ..decoded }
}

proptest! {
    #[test]
    fn what_was_built_decodes_to_what_was_asked_for(build in builds()) {
        let decoded = decode(&evm::build(&build).unwrap()).unwrap();
        let Build { network_id, nonce, to, token, amount, gas_limit, fee } = build;
        prop_assert_eq!(decoded.network_id, network_id);
        prop_assert_eq!(decoded.token, token_for_nonce(nonce));
        prop_assert_eq!(decoded.fee, crate::FeeTerms::Evm(evm::GasTerms { gas_limit, fee }));
        let max_fee = U256::from(gas_limit) * U256::from(fee.max_fee_per_gas());
        prop_assert_eq!(decoded.max_fee, Amount::from_u256(max_fee));
        let effect = if amount.is_zero() {
            Effect::Void { to }
        } else {
            Effect::Transfer { token_id: token, to, amount, memo: None }
        };
        prop_assert_eq!(decoded.effect, effect);
    }

    /// No byte is without meaning: whoever agreed to a meaning agreed to all bytes.
    #[test]
    fn a_changed_byte_is_refused_or_changes_the_stated_meaning(
        build in builds(), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let bytes = evm::build(&build).unwrap();
        let mut tampered = bytes.clone();
        tampered[at.index(bytes.len())] ^= flip;
        if let Ok(found) = decode(&tampered) {
            prop_assert_ne!(found.digest, decode(&bytes).unwrap().digest);
            prop_assert_ne!(meaning(found), meaning(decode(&bytes).unwrap()));
        }
    }

    #[test]
    fn a_byte_more_or_less_is_refused(build in builds(), at in any::<prop::sample::Index>(), byte: u8) {
        let bytes = evm::build(&build).unwrap();
        let mut cut = bytes.clone();
        cut.truncate(at.index(bytes.len()));
        prop_assert!(decode(&cut).is_err());
        let mut appended = bytes;
        appended.push(byte);
        prop_assert!(decode(&appended).is_err());
    }

    #[test]
    fn no_bytes_make_decoding_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = decode(&bytes);
    }

    /// Bytes that get further than random ones: right type, right outer list, and whatever in it.
    #[test]
    fn no_list_makes_decoding_panic(typed: bool, fields in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = if typed { vec![2] } else { Vec::new() };
        match u8::try_from(fields.len()) {
            Ok(length @ 0..56) => bytes.push(0xc0 + length),
            Ok(length) => bytes.extend([0xf8, length]),
            Err(_) => bytes.extend([0xf9, 1, u8::try_from(fields.len() - 256).unwrap()]),
        }
        bytes.extend(fields);
        let _ = decode(&bytes);
    }

    #[test]
    fn several_changed_bytes_never_panic_and_decode_to_themselves(
        build in builds(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = evm::build(&build).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(tx) = evm::decode::transaction(&bytes) {
            prop_assert_eq!(tx.unsigned(), bytes);
        }
    }
}
