//! Which signatures go on, and how.

use k256::ecdsa::Signature;
use payout::coin::Family;

use super::any_network;
use super::golden::golden;
use crate::decoded::DecodeError;
use crate::family;
use crate::signature::{AttachError, Attached, EcdsaSignature};

/// The same signature in its other form: s negated, y's parity with it.
fn high(signature: &EcdsaSignature) -> EcdsaSignature {
    let scalars = Signature::from_scalars(signature.r, signature.s).unwrap();
    let (r, s) = scalars.split_scalars();
    let negated = Signature::from_scalars(r, -*s).unwrap();
    let (r, s) = negated.split_bytes();
    EcdsaSignature { r: r.into(), s: s.into(), recovery_id: signature.recovery_id ^ 1 }
}

fn attach(
    change: impl Fn(&mut Vec<u8>, &mut EcdsaSignature, &mut [u8; 33]),
) -> Vec<Result<Attached, AttachError>> {
    let attach_one = |tx: &super::golden::Transaction| {
        let (mut unsigned, mut signature, mut key) = (tx.unsigned(), tx.signature(), tx.public_key());
        change(&mut unsigned, &mut signature, &mut key);
        family(Family::Evm).attach(&any_network(), &unsigned, &signature, &key)
    };
    golden().transactions.iter().map(attach_one).collect()
}

fn all_refused(expected: AttachError, change: impl Fn(&mut Vec<u8>, &mut EcdsaSignature, &mut [u8; 33])) {
    for result in attach(change) {
        assert_eq!(result, Err(expected));
    }
}

#[test]
fn both_forms_of_a_signature_give_the_same_transaction() {
    let low = attach(|_, _, _| {});
    assert_eq!(attach(|_, signature, _| *signature = high(signature)), low);
    assert!(low.iter().all(Result::is_ok));
}

#[test]
fn the_wrong_parity_would_pay_from_a_strangers_address() {
    all_refused(AttachError::WrongRecoveryId, |_, signature, _| signature.recovery_id ^= 1);
}

#[test]
fn a_signature_over_other_bytes_does_not_verify() {
    let txs = golden().transactions;
    for pair in txs.windows(2) {
        let [one, other] = pair else { unreachable!() };
        let result = family(Family::Evm).attach(
            &any_network(),
            &one.unsigned(),
            &other.signature(),
            &one.public_key(),
        );
        assert_eq!(result, Err(AttachError::DoesNotVerify));
    }
}

#[test]
fn a_signature_of_another_key_does_not_verify() {
    all_refused(AttachError::DoesNotVerify, |_, _, key| key[0] ^= 1);
}

#[test]
fn a_changed_scalar_does_not_verify() {
    all_refused(AttachError::DoesNotVerify, |_, signature, _| signature.s[31] ^= 1);
}

#[test]
fn scalars_out_of_range_are_refused() {
    all_refused(AttachError::BadSignature, |_, signature, _| signature.r = [0; 32]);
    all_refused(AttachError::BadSignature, |_, signature, _| signature.s = [0; 32]);
    all_refused(AttachError::BadSignature, |_, signature, _| signature.r = [0xff; 32]);
    all_refused(AttachError::BadSignature, |_, signature, _| signature.s = [0xff; 32]);
}

#[test]
fn a_recovery_id_that_is_none_is_refused() {
    all_refused(AttachError::BadRecoveryId(4), |_, signature, _| signature.recovery_id = 4);
    all_refused(AttachError::BadRecoveryId(27), |_, signature, _| signature.recovery_id = 27);
    // r + n is no x-coordinate of these signatures' nonce points.
    all_refused(AttachError::WrongRecoveryId, |_, signature, _| signature.recovery_id |= 2);
}

#[test]
fn a_key_that_is_no_point_is_refused() {
    all_refused(AttachError::BadKey, |_, _, key| key[0] = 4);
}

#[test]
fn nothing_is_put_on_bytes_that_are_never_signed() {
    for result in attach(|unsigned, _, _| unsigned.push(0)) {
        assert!(matches!(result, Err(AttachError::Bytes(DecodeError::Malformed(_)))));
    }
}
