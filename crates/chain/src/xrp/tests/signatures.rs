//! Which signatures go on, and how.

use k256::ecdsa::Signature;

use super::golden::{Transaction, golden};
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

fn attach(tx: &Transaction, signature: &EcdsaSignature) -> Result<Attached, AttachError> {
    Xrp.attach(&tx.network_id(), &tx.unsigned(), signature, &tx.public_key())
}

#[test]
fn both_forms_of_a_signature_give_the_same_transaction() {
    for tx in golden().transactions {
        assert_eq!(attach(&tx, &high(&tx.signature())), Ok(tx.attached()), "{}", tx.name);
    }
}

#[test]
fn a_signature_over_other_bytes_does_not_verify() {
    for pair in golden().transactions.windows(2) {
        let [one, other] = pair else { unreachable!() };
        let result = Xrp.attach(&one.network_id(), &one.unsigned(), &other.signature(), &one.public_key());
        assert_eq!(result, Err(AttachError::DoesNotVerify));
    }
}

#[test]
fn bytes_that_name_another_key_get_no_signature() {
    // The key that is given signs bytes that name another account's: they would be worthless.
    let unsigned = super::super::build(&payment()).unwrap();
    let digest = decode_on(MAIN, &unsigned).unwrap().digest;
    let signer = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let (signature, id) = signer.sign_prehash_recoverable(&digest);
    let (r, s) = signature.split_bytes();
    let signature = EcdsaSignature { r: r.into(), s: s.into(), recovery_id: id.to_byte() };
    let public_key = k256::ecdsa::VerifyingKey::from(&signer);
    use k256::elliptic_curve::sec1::ToSec1Point as _;
    let public_key: [u8; 33] =
        k256::PublicKey::from(public_key).to_sec1_point(true).as_bytes().try_into().unwrap();
    assert!(signature.verified(&digest, &public_key).is_ok());
    let result = Xrp.attach(&MAIN.parse().unwrap(), &unsigned, &signature, &public_key);
    assert_eq!(result, Err(AttachError::DoesNotVerify));
}

#[test]
fn nothing_is_put_on_bytes_that_are_never_signed() {
    for tx in golden().transactions {
        let mut unsigned = tx.unsigned();
        unsigned.push(0);
        let result = Xrp.attach(&tx.network_id(), &unsigned, &tx.signature(), &tx.public_key());
        assert!(matches!(result, Err(AttachError::Bytes(_))), "{}", tx.name);
    }
}
