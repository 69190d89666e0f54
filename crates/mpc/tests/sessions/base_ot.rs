//! The bug of `dkls23-core` up to 0.5.1: the point h of the base oblivious transfer was a known multiple of the
//! generator, so the receiver could compute both messages, hence the other's multiplication inputs, hence the key.

use dkls23::utilities::hashes::{point_to_bytes, tagged_hash, tagged_hash_as_point, tagged_hash_as_scalar};
use dkls23::utilities::oracle_tags::{TAG_OT_BASE_H, TAG_OT_BASE_MSG};
use dkls23::utilities::ot::base::{OTReceiver, OTSender};
use k256::hash2curve::{ExpandMsgXmd, hash_from_bytes};
use k256::{AffinePoint, ProjectivePoint, Secp256k1};

const SESSION: &[u8] = b"a session";

/// The point by RFC 9380, computed without the library's own helper.
fn by_rfc_9380(seed: &[u8; 32]) -> AffinePoint {
    let message = [&(SESSION.len() as u64).to_be_bytes()[..], SESSION, &32u64.to_be_bytes(), seed].concat();
    let domain = [TAG_OT_BASE_H, b"-with-secp256k1_XMD:SHA-256_SSWU_RO_"];
    hash_from_bytes::<Secp256k1, ExpandMsgXmd<k256::sha2::Sha256>>(&[&message], &domain).unwrap().to_affine()
}

#[test]
fn the_base_point_is_hashed_to_the_curve_and_its_discrete_logarithm_is_not_the_hash() {
    for seed in [[0; 32], [7; 32], [0xff; 32]] {
        let h = tagged_hash_as_point::<Secp256k1>(TAG_OT_BASE_H, &[SESSION, &seed]);
        assert_eq!(h, by_rfc_9380(&seed));
        for tag in [TAG_OT_BASE_H, b"dkls23/ot/base/h/v1"] {
            let known = tagged_hash_as_scalar::<Secp256k1>(tag, &[SESSION, &seed]);
            assert_ne!(h, (ProjectivePoint::GENERATOR * known).to_affine());
        }
    }
}

#[test]
fn a_receiver_uses_that_point_and_a_sender_takes_no_other() {
    let (sender, receiver) = (OTSender::<Secp256k1>::init(SESSION), OTReceiver::init());
    let (_, proof) = receiver.run_phase1::<Secp256k1>(SESSION, false);
    assert_eq!(proof.proof0.base_h, by_rfc_9380(&receiver.seed));
    assert!(sender.run_phase2(SESSION, &receiver.seed, &proof).is_ok());

    // What a receiver of an older version, or an attacker, would send: a valid proof over a multiple it knows.
    let known = tagged_hash_as_scalar::<Secp256k1>(TAG_OT_BASE_H, &[SESSION, &receiver.seed]);
    let weak = (ProjectivePoint::GENERATOR * known).to_affine();
    let forged = dkls23::utilities::proofs::EncProof::<Secp256k1>::prove(SESSION, &weak, &known, false);
    assert!(forged.verify(SESSION));
    assert!(sender.run_phase2(SESSION, &receiver.seed, &forged).is_err());
}

#[test]
fn a_receiver_that_knows_the_hash_does_not_get_the_other_message() {
    let (sender, receiver) = (OTSender::<Secp256k1>::init(SESSION), OTReceiver::init());
    let (r, proof) = receiver.run_phase1::<Secp256k1>(SESSION, false);
    let (m0, m1) = sender.run_phase2(SESSION, &receiver.seed, &proof).unwrap();
    let z = receiver.run_phase2_step1::<Secp256k1>(SESSION, &sender.run_phase1()).unwrap();
    assert_eq!(receiver.run_phase2_step2::<Secp256k1>(SESSION, &r, &z), m0, "the message it chose");
    // The attack: m1 hashes s(v - h) = r z - d z, if h = d G.
    let d = tagged_hash_as_scalar::<Secp256k1>(TAG_OT_BASE_H, &[SESSION, &receiver.seed]);
    let other = point_to_bytes::<Secp256k1>(&(ProjectivePoint::from(z) * (r - d)).to_affine());
    assert_ne!(tagged_hash(TAG_OT_BASE_MSG, &[SESSION, &other]), m1);
}
