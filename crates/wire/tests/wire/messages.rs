//! What every message keeps: one spelling, signatures over all fields, and silence about secrets.

use crate::samples;

use std::fmt::Debug;

use payout::approval::{Act, ActNonce, SignedAct};
use payout::ids::Digest;
use payout::key::{KeyError, SecretKey, Signature};
use payout::time::Millis;
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::frame;
use wire::message::{
    CallerProof, Check, Condition, Finality, FromCosigner, JournalHead, Label, NeverProof, PeerMessage,
    Refusal, SignRequest, SignedEntry, Standing, Target, ToCosigner, speaks,
};

fn assert_comes_back<M: Serialize + DeserializeOwned + PartialEq + Debug>(message: &M) {
    let bytes = frame::encode(message).unwrap();
    assert_eq!(&frame::decode::<M>(&bytes).unwrap(), message);
}

#[test]
fn every_sample_comes_back_from_its_frame() {
    samples::to_cosigner().iter().for_each(assert_comes_back);
    samples::from_cosigner().iter().for_each(assert_comes_back);
    samples::peer().iter().for_each(assert_comes_back);
}

#[test]
fn a_flipped_bit_gives_another_message_or_none_but_never_a_second_spelling() {
    for message in samples::to_cosigner() {
        let bytes = frame::encode(&message).unwrap();
        for place in 4..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[place] ^= 1 << bit;
                if let Ok(other) = frame::decode::<ToCosigner>(&flipped) {
                    assert_ne!(other, message, "byte {place}, bit {bit}");
                    assert_eq!(frame::encode(&other).unwrap(), flipped, "byte {place}, bit {bit}");
                }
            }
        }
    }
}

#[test]
fn a_never_proof_is_bound_to_every_field() {
    let key = samples::key(1);
    let proof = NeverProof::sign(&key, 1, samples::digest(2), "rejected".to_owned(), samples::at(6));
    assert_eq!(proof.verify(&key.public()), Ok(()));
    let changed = [
        NeverProof { index: 2, ..proof.clone() },
        NeverProof { intent: samples::digest(3), ..proof.clone() },
        NeverProof { reason: "rejecteD".to_owned(), ..proof.clone() },
        NeverProof { at: samples::at(7), ..proof.clone() },
        NeverProof { signature: Signature::from_bytes([1; 64]), ..proof.clone() },
    ];
    for (number, other) in changed.iter().enumerate() {
        assert_eq!(other.verify(&key.public()), Err(KeyError::DoesNotVerify), "change {number}");
    }
    assert_eq!(proof.verify(&samples::key(2).public()), Err(KeyError::DoesNotVerify));
}

#[test]
fn a_journal_entry_is_bound_to_every_field() {
    let key = samples::key(1);
    let entry = samples::entry();
    assert_eq!(entry.verify(&key.public()), Ok(()));
    let changed = [
        SignedEntry { author: 2, ..entry.clone() },
        SignedEntry { seq: 301, ..entry.clone() },
        SignedEntry { previous: samples::digest(9), ..entry.clone() },
        SignedEntry { at: samples::at(8), ..entry.clone() },
        SignedEntry { body: b"what happenes".to_vec(), ..entry.clone() },
    ];
    for (number, other) in changed.iter().enumerate() {
        assert_ne!(other.hash(), entry.hash(), "change {number}");
        assert_eq!(other.verify(&key.public()), Err(KeyError::DoesNotVerify), "change {number}");
    }
    assert_eq!(entry.verify(&samples::key(2).public()), Err(KeyError::DoesNotVerify));
}

#[test]
fn an_entry_signed_twice_makes_one_chain() {
    let entry = samples::entry();
    let other = SignedEntry { signature: Signature::from_bytes([1; 64]), ..entry.clone() };
    assert_eq!(other.hash(), entry.hash());
    assert_eq!(entry.head(), JournalHead { index: 1, seq: 300, hash: entry.hash() });
}

#[test]
fn a_never_proof_does_not_pass_for_a_journal_entry() {
    // Different domains: what a co-signer signs for one purpose says nothing for another.
    let key = samples::key(1);
    let proof = NeverProof::sign(&key, 1, samples::digest(2), "rejected".to_owned(), samples::at(6));
    let entry = SignedEntry { signature: proof.signature, ..samples::entry() };
    assert_eq!(entry.verify(&key.public()), Err(KeyError::DoesNotVerify));
}

#[test]
fn a_requests_digest_depends_on_every_field() {
    let request = samples::request();
    let variants = [
        request.clone(),
        SignRequest { intent: "{}".to_owned(), ..request.clone() },
        SignRequest { acts: request.acts[..1].to_vec(), ..request.clone() },
        SignRequest { caller: None, ..request.clone() },
        SignRequest { unsigned: vec![2, 0xf8, 0x6c], ..request.clone() },
        SignRequest { target: None, ..request.clone() },
    ];
    let digests: std::collections::BTreeSet<Digest> = variants.iter().map(SignRequest::digest).collect();
    assert_eq!(digests.len(), variants.len());
}

#[test]
fn a_ceremony_messages_debug_text_shows_no_payload() {
    let payload = vec![173; 40];
    let ceremony = samples::label();
    let texts = [
        format!("{:?}", PeerMessage::CeremonyRound { ceremony, round: 2, payload: payload.clone() }),
        format!("{:?}", PeerMessage::Round { session: ceremony, round: 1, payload }),
    ];
    for text in texts {
        assert!(text.contains("length: 40") && !text.contains("173"), "{text}");
    }
}

#[test]
fn a_party_speaks_with_its_neighbours_in_version() {
    assert!(speaks(1) && speaks(2) && speaks(3));
    assert!(!speaks(0) && !speaks(4) && !speaks(u16::MAX));
}

fn any_key() -> impl Strategy<Value = SecretKey> {
    any::<[u8; 32]>().prop_map(|seed| SecretKey::from_seed(&seed))
}

fn any_digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn any_label() -> impl Strategy<Value = Label> {
    any::<[u8; 16]>().prop_map(Label::from_bytes)
}

fn any_time() -> impl Strategy<Value = Millis> {
    (0..i64::MAX).prop_map(|ms| Millis::new(ms).unwrap())
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..300)
}

fn any_signature() -> impl Strategy<Value = Signature> {
    (any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(|(r, s)| {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&r);
        bytes[32..].copy_from_slice(&s);
        Signature::from_bytes(bytes)
    })
}

fn any_act() -> impl Strategy<Value = SignedAct> {
    let acts = prop_oneof![Just(Act::Approve), Just(Act::Reject), Just(Act::Apply), Just(Act::Withdraw)];
    (any_key(), "[a-z0-9._-]{1,64}", acts, any_digest(), any::<[u8; 32]>()).prop_map(
        |(key, name, act, intent, nonce)| {
            SignedAct::sign(&key, name.parse().unwrap(), act, intent, ActNonce::from_bytes(nonce))
        },
    )
}

fn any_request() -> impl Strategy<Value = SignRequest> {
    let caller = (any::<String>(), any_bytes()).prop_map(|(header, body)| CallerProof { header, body });
    let target = (any::<String>(), any_bytes()).prop_map(|(intent, unsigned)| Target { intent, unsigned });
    (
        any::<String>(),
        vec(any_act(), 0..3),
        proptest::option::of(caller),
        any_bytes(),
        proptest::option::of(target),
    )
        .prop_map(|(intent, acts, caller, unsigned, target)| SignRequest {
            intent,
            acts,
            caller,
            unsigned,
            target,
        })
}

fn any_refusal() -> impl Strategy<Value = Refusal> {
    let check = (0..Check::ALL.len()).prop_map(|place| Check::ALL[place]);
    let finality = prop_oneof![Just(Finality::Never), Just(Finality::Later)];
    let never = (any_key(), any::<u8>(), any_digest(), any::<String>(), any_time())
        .prop_map(|(key, index, intent, reason, at)| NeverProof::sign(&key, index, intent, reason, at));
    (check, finality, any::<String>(), proptest::option::of(never))
        .prop_map(|(check, finality, reason, never)| Refusal { check, finality, reason, never })
}

fn any_to_cosigner() -> impl Strategy<Value = ToCosigner> {
    prop_oneof![
        (any::<u16>(), any_digest(), any_time(), any::<String>()).prop_map(
            |(protocol, deployment, now, gateway)| ToCosigner::Welcome { protocol, deployment, now, gateway }
        ),
        (any::<u64>(), any_request())
            .prop_map(|(request, request_body)| ToCosigner::Sight { request, request_body }),
        (any_label(), vec(any::<u8>(), 0..9), any_request()).prop_map(|(session, participants, request)| {
            ToCosigner::Open { session, participants, request }
        }),
        (any::<u8>(), any::<u64>(), any_bytes()).prop_map(|(peer, link, data)| ToCosigner::Relay {
            peer,
            link,
            data
        }),
        (any_label(), any::<String>()).prop_map(|(session, why)| ToCosigner::Close { session, why }),
        any::<u64>().prop_map(ToCosigner::Ping),
    ]
}

fn any_from_cosigner() -> impl Strategy<Value = FromCosigner> {
    let condition = prop_oneof![
        Just(Condition::Ready),
        any::<String>().prop_map(Condition::Quarantined),
        any::<String>().prop_map(Condition::Frozen),
    ];
    let FromCosigner::Hello(sample) = samples::from_cosigner().remove(0) else { unreachable!("it is first") };
    prop_oneof![
        (any::<u64>(), any::<String>(), vec(any::<u8>(), 0..9), condition).prop_map(
            move |(journal_seq, software, banned, condition)| {
                FromCosigner::Hello(Standing { journal_seq, software, banned, condition, ..sample.clone() })
            }
        ),
        (any::<u64>(), proptest::option::of(any_refusal()))
            .prop_map(|(request, refusal)| FromCosigner::Sighted { request, refusal }),
        (any_label(), any_refusal())
            .prop_map(|(session, refusal)| FromCosigner::Refused { session, refusal }),
        (any_label(), vec(any::<String>(), 0..4))
            .prop_map(|(session, checks)| FromCosigner::Checked { session, checks }),
        (any_label(), any_bytes())
            .prop_map(|(session, signature)| FromCosigner::Signed { session, signature }),
        (any_label(), any::<String>(), any::<Option<u8>>())
            .prop_map(|(session, why, culprit)| FromCosigner::Aborted { session, why, culprit }),
        (proptest::option::of(any_digest()), any::<String>())
            .prop_map(|(intent, kind)| FromCosigner::StopSeen { intent, kind }),
    ]
}

fn any_peer() -> impl Strategy<Value = PeerMessage> {
    let head = (any::<u8>(), any::<u64>(), any_digest()).prop_map(|(index, seq, hash)| JournalHead {
        index,
        seq,
        hash,
    });
    let entry = (any_key(), any::<u8>(), any::<u64>(), any_digest(), any_time(), any_bytes()).prop_map(
        |(key, author, seq, previous, at, body)| SignedEntry::sign(&key, author, seq, previous, at, body),
    );
    prop_oneof![
        vec(entry, 0..4).prop_map(PeerMessage::Entries),
        (any_label(), any_digest(), any::<[u8; 32]>(), vec(head, 0..9), any_time()).prop_map(
            |(session, request, random, heads, now)| PeerMessage::Begin {
                session,
                request,
                random,
                heads,
                now
            }
        ),
        (any_label(), any::<u8>(), any_bytes()).prop_map(|(session, round, payload)| PeerMessage::Round {
            session,
            round,
            payload
        }),
        (any_label(), any_digest(), any::<String>(), any_signature()).prop_map(
            |(ceremony, transcript, fingerprint, signature)| PeerMessage::Echo {
                ceremony,
                transcript,
                fingerprint,
                signature,
            }
        ),
        (any_label(), vec(any_bytes(), 0..4))
            .prop_map(|(session, claims)| PeerMessage::Pending { session, claims }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_message_to_a_cosigner_comes_back(message in any_to_cosigner()) {
        assert_comes_back(&message);
    }

    #[test]
    fn any_message_from_a_cosigner_comes_back(message in any_from_cosigner()) {
        assert_comes_back(&message);
    }

    #[test]
    fn any_message_between_cosigners_comes_back(message in any_peer()) {
        assert_comes_back(&message);
    }

    #[test]
    fn bytes_from_anywhere_are_refused_or_are_the_messages_own(body in vec(any::<u8>(), 0..200)) {
        let mut bytes = u32::try_from(body.len() + 1).unwrap().to_be_bytes().to_vec();
        bytes.push(frame::VERSION);
        bytes.extend_from_slice(&body);
        if let Ok(message) = frame::decode::<ToCosigner>(&bytes) {
            prop_assert_eq!(frame::encode(&message).unwrap(), bytes.clone());
        }
        if let Ok(message) = frame::decode::<PeerMessage>(&bytes) {
            prop_assert_eq!(frame::encode(&message).unwrap(), bytes);
        }
    }
}
