//! Which signatures go on, and how.

use k256::ecdsa::Signature;

use super::golden::{Transaction, transactions};
use super::*;
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
    let attach_one = |tx: &Transaction| {
        let (mut unsigned, mut signature, mut key) = (tx.unsigned(), tx.signature(), tx.public_key());
        change(&mut unsigned, &mut signature, &mut key);
        Tron.attach(&network(), &unsigned, &signature, &key)
    };
    transactions().iter().map(attach_one).collect()
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
fn a_recovery_id_that_leads_to_a_strangers_address_is_refused() {
    all_refused(AttachError::WrongRecoveryId, |_, signature, _| signature.recovery_id ^= 1);
    all_refused(AttachError::WrongRecoveryId, |_, signature, _| signature.recovery_id |= 2);
    all_refused(AttachError::BadRecoveryId(27), |_, signature, _| signature.recovery_id = 27);
}

#[test]
fn a_signature_over_other_bytes_or_of_another_key_does_not_verify() {
    for pair in transactions().windows(2) {
        let [one, other] = pair else { unreachable!() };
        let result = Tron.attach(&network(), &one.unsigned(), &other.signature(), &one.public_key());
        assert_eq!(result, Err(AttachError::DoesNotVerify));
    }
    all_refused(AttachError::DoesNotVerify, |_, _, key| key[0] ^= 1);
}

#[test]
fn nothing_is_put_on_bytes_that_are_never_signed() {
    for result in attach(|unsigned, _, _| unsigned.push(0)) {
        assert!(matches!(result, Err(AttachError::Bytes(_))), "{result:?}");
    }
}

#[test]
fn the_id_of_a_transaction_does_not_depend_on_its_signature() {
    for (attached, tx) in
        attach(|_, signature, _| *signature = high(signature)).into_iter().zip(transactions())
    {
        assert_eq!(attached.unwrap().txid, tx.txid);
    }
}
