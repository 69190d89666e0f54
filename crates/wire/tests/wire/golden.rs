//! The bytes of every message, as they are on the wire between versions. A change here is a change of the protocol:
//! co-signers of the version before must still understand it.

use crate::samples;

use serde::Serialize;
use wire::frame;
use wire::journal::Body;
use wire::message::{FromCosigner, PeerMessage, ToCosigner};

/// A line for each message: what it is, and its frame in hex.
fn lines<M: Serialize>(messages: &[M], name: impl Fn(&M) -> &'static str) -> String {
    let line = |message| format!("{}: {}\n", name(message), hex::encode(frame::encode(message).unwrap()));
    messages.iter().map(line).collect()
}

/// The sixth byte of a frame numbers the variant: the samples must have each, counted from 0 without gaps.
fn assert_every_variant<M: Serialize>(messages: &[M], count: u8) {
    let found: std::collections::BTreeSet<u8> =
        messages.iter().map(|message| frame::encode(message).unwrap()[5]).collect();
    assert_eq!(found, (0..count).collect(), "a variant has no sample");
}

#[test]
fn every_message_to_a_cosigner_has_its_golden_bytes() {
    let name = |message: &ToCosigner| match message {
        ToCosigner::Welcome { .. } => "welcome",
        ToCosigner::Policy(_) => "policy",
        ToCosigner::Sight { .. } => "sight",
        ToCosigner::Open { .. } => "open",
        ToCosigner::Stop { .. } => "stop",
        ToCosigner::Ceremony(_) => "ceremony",
        ToCosigner::Relay { .. } => "relay",
        ToCosigner::Close { .. } => "close",
        ToCosigner::Ping(_) => "ping",
        ToCosigner::Recall { .. } => "recall",
        ToCosigner::Papers { .. } => "papers",
        ToCosigner::Versions { .. } => "versions",
    };
    assert_every_variant(&samples::to_cosigner(), 12);
    insta::assert_snapshot!(lines(&samples::to_cosigner(), name));
}

#[test]
fn every_message_from_a_cosigner_has_its_golden_bytes() {
    let name = |message: &FromCosigner| match message {
        FromCosigner::Hello(_) => "hello",
        FromCosigner::Standing(_) => "standing",
        FromCosigner::Sighted { .. } => "sighted",
        FromCosigner::Refused { .. } => "refused",
        FromCosigner::Checked { .. } => "checked",
        FromCosigner::Signed { .. } => "signed",
        FromCosigner::Aborted { .. } => "aborted",
        FromCosigner::StopSeen { .. } => "stop seen",
        FromCosigner::Ceremony { .. } => "ceremony",
        FromCosigner::Relay { .. } => "relay",
        FromCosigner::Pong(_) => "pong",
        FromCosigner::Recalled { .. } => "recalled",
        FromCosigner::Papers { .. } => "papers",
        FromCosigner::Versions { .. } => "versions",
    };
    assert_every_variant(&samples::from_cosigner(), 14);
    insta::assert_snapshot!(lines(&samples::from_cosigner(), name));
}

#[test]
fn every_message_between_cosigners_has_its_golden_bytes() {
    assert_every_variant(&samples::peer(), 12);
    insta::assert_snapshot!(lines(&samples::peer(), PeerMessage::name));
}

#[test]
fn every_journal_entry_has_its_golden_bytes() {
    let name = |body: &Body| match body {
        Body::Sight { .. } => "sight",
        Body::Contribution(_) => "contribution",
        Body::Stop { .. } => "stop",
        Body::Freeze { .. } => "freeze",
        Body::Never { .. } => "never",
        Body::Ban { .. } => "ban",
        Body::PolicyAdopted { .. } => "policy adopted",
        Body::Ceremony { .. } => "ceremony",
        Body::EpochRetired { .. } => "epoch retired",
        Body::Restored { .. } => "restored",
    };
    let bodies = samples::bodies();
    let found: std::collections::BTreeSet<u8> = bodies.iter().map(|body| body.to_bytes()[0]).collect();
    assert_eq!(found, (0..10).collect(), "a variant has no sample");
    let line = |body: &Body| format!("{}: {}\n", name(body), hex::encode(body.to_bytes()));
    insta::assert_snapshot!(bodies.iter().map(line).collect::<String>());
    for body in bodies {
        assert_eq!(Body::from_bytes(&body.to_bytes()), Some(body.clone()));
        assert_eq!(Body::from_bytes(&[body.to_bytes(), vec![0]].concat()), None, "a second spelling");
    }
}

#[test]
fn a_frame_is_what_the_documentation_says() {
    // Four bytes follow: version 1, variant 8, and 300 as a varint of seven bits a byte, low ones first.
    let frame = frame::encode(&ToCosigner::Ping(300)).unwrap();
    assert_eq!(frame, [0, 0, 0, 4, 1, 8, 0xac, 0x02]);
}
