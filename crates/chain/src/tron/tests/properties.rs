//! What holds for all bytes.

use proptest::prelude::*;
use prost::Message as _;
use ruint::aliases::U256;

use super::super::message::Raw;
use super::super::{address, build, reference_of, token_for_txid, trc20};
use super::*;
use crate::decoded::{Effect, ValidUntil};

fn amounts() -> impl Strategy<Value = Amount> {
    (any::<[u8; 32]>(), 0usize..256)
        .prop_map(|(raw, shift)| Amount::from_u256((U256::from_be_bytes(raw) >> shift).max(U256::from(1))))
}

/// A number of any size up to the type's: most interesting are the lengths of its encoding.
fn sized() -> impl Strategy<Value = i64> {
    (1i64.., 0u32..63).prop_map(|(number, shift)| (number >> shift).max(1))
}

fn builds() -> impl Strategy<Value = Build> {
    let accounts = (any::<[u8; 20]>(), any::<[u8; 20]>(), prop::option::of(any::<[u8; 20]>()));
    let times = (sized(), 1i64..=86_400_000);
    (any::<[u8; 2]>(), any::<[u8; 8]>(), accounts, times, amounts(), sized()).prop_map(
        |(height, hash, (from, to, contract), (timestamp, validity), amount, limited)| {
            let timestamp = timestamp.min(i64::MAX - validity);
            let token = contract.map(|contract| TokenRef::Contract(trc20::contract_id(&contract.into())));
            Build {
                network_id: network(),
                reference: Reference { height, hash },
                timestamp: Millis::new(timestamp).unwrap(),
                expiration: Millis::new(timestamp + validity).unwrap(),
                from: address::spelled(&from.into()),
                to: address::spelled(&to.into()),
                amount: if token.is_some() {
                    amount
                } else {
                    Amount::from_u128(limited.unsigned_abs().into())
                },
                fee_limit: token.as_ref().map(|_| limited.unsigned_abs()),
                token: token.unwrap_or(TokenRef::Native),
            }
        },
    )
}

proptest! {
    #[test]
    fn what_was_built_decodes_to_what_was_asked_for(asked in builds()) {
        let bytes = build(&asked).unwrap();
        let decoded = decode(&bytes).unwrap();
        prop_assert_eq!(reference_of(&bytes), Some(asked.reference));
        prop_assert_eq!(decoded.network_id, asked.network_id);
        prop_assert_eq!(decoded.payer, Some(asked.from));
        prop_assert_eq!(decoded.valid_until, Some(ValidUntil::Time(asked.expiration)));
        prop_assert_eq!(decoded.token, token_for_txid(&decoded.digest));
        let effect = Effect::Transfer { token_id: asked.token, to: asked.to, amount: asked.amount, memo: None };
        prop_assert_eq!(decoded.effect, effect);
        let crate::FeeTerms::Tron(fee) = decoded.fee else { panic!("another family's fee") };
        prop_assert_eq!(fee.fee_limit, asked.fee_limit);
        prop_assert_eq!(fee.max_fee(), decoded.max_fee);
    }

    /// The token is the hash of all bytes, so no byte is without meaning.
    #[test]
    fn a_changed_byte_is_refused_or_is_another_transaction(
        asked in builds(), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let bytes = build(&asked).unwrap();
        let mut tampered = bytes.clone();
        tampered[at.index(bytes.len())] ^= flip;
        if let Ok(found) = decode(&tampered) {
            let asked = decode(&bytes).unwrap();
            prop_assert_ne!(found.digest, asked.digest);
            prop_assert_ne!(found.token, asked.token);
        }
    }

    #[test]
    fn a_byte_more_or_less_is_refused(asked in builds(), at in any::<prop::sample::Index>(), byte: u8) {
        let bytes = build(&asked).unwrap();
        let mut cut = bytes.clone();
        cut.truncate(at.index(bytes.len()));
        // Cut between two fields, the last ones are missing: that is another message, and a refused one.
        prop_assert!(decode(&cut).is_err());
        let mut appended = bytes;
        appended.push(byte);
        prop_assert!(decode(&appended).is_err());
    }

    #[test]
    fn no_bytes_make_decoding_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn several_changed_bytes_never_panic_and_are_their_own_encoding(
        asked in builds(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = build(&asked).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if decode(&bytes).is_ok() {
            prop_assert_eq!(Raw::decode(bytes.as_slice()).unwrap().encode_to_vec(), bytes);
        }
    }

    #[test]
    fn two_equal_payments_differ_by_their_timestamp(asked in builds()) {
        prop_assume!(asked.expiration.since(asked.timestamp) > 1);
        let later = Build { timestamp: asked.timestamp.plus(1), ..asked.clone() };
        let token = |build: &Build| decode(&super::super::build(build).unwrap()).unwrap().token;
        prop_assert_ne!(token(&asked), token(&later));
    }
}
