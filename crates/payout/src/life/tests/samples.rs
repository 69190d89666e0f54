//! One of each: an intent, every state, every event.

use crate::ids::{Cid, Digest};
use crate::intent::Intent;
use crate::life::{
    BlockRef, Build, Death, Event, Payout, Rejection, Requirement, SignedTx, State, StepQuorum, Token,
    Withdrawal,
};
use crate::money::Amount;
use crate::time::Millis;

pub(super) fn intent() -> Intent {
    let text = format!(
        r#"{{"version":"1","kind":"payout","deployment":"{deployment}","project":"7","cid":"9","attempt":"1",
        "third_party_id":"t-1","wallet":"5","address_index":"0","network_id":"31337","chain_id":"60","token_id":"60",
        "from":"0xaa","to":"0xbb","amount":"1100000","amount_text":"1.1","memo":null,"fee_cap":"1","rules_version":"1",
        "rule":"r","applicant":null,"compliance_ref":null,"target":null,"operation":null,"operation_args":null,
        "created":"1","expiry":"2"}}"#,
        deployment = "11".repeat(32)
    );
    serde_json::from_str(&text).unwrap()
}

pub(super) fn cid() -> Cid {
    intent().cid
}

pub(super) fn at(ms: i64) -> Millis {
    Millis::new(ms).unwrap()
}

pub(super) fn in_state(state: State) -> Payout {
    Payout { intent: intent(), state }
}

pub(super) fn steps() -> Requirement {
    Requirement::Steps(vec![StepQuorum { group: "finance".parse().unwrap(), quorum: 2 }])
}

pub(super) fn build(nonce: u8) -> Build {
    Build {
        token: Token::new(format!("nonce:{nonce}")),
        unsigned: vec![nonce],
        signing_digest: Digest::from_bytes([nonce; 32]),
        max_fee: Amount::from_u128(1),
    }
}

pub(super) fn signed(nonce: u8) -> SignedTx {
    SignedTx { build: build(nonce), signed: vec![nonce, 1], txid: "0xcc".to_owned() }
}

/// The same token, a higher offer.
pub(super) fn higher() -> Build {
    Build { unsigned: vec![1, 99], max_fee: Amount::from_u128(2), ..build(1) }
}

fn block() -> BlockRef {
    BlockRef { height: 5, hash: "0xdd".to_owned(), time: at(50) }
}

/// Every state, under a name that tells the variants of one apart.
pub(super) fn states() -> Vec<(&'static str, State)> {
    let by = || "ann".parse().unwrap();
    let txid = || "0xcc".to_owned();
    let states = vec![
        ("undecided", State::Undecided { missing: "price".to_owned() }),
        ("screening, then nobody", State::Screening { requirement: Requirement::Nobody }),
        ("screening, then steps", State::Screening { requirement: steps() }),
        ("approving", State::Approving { steps: vec![] }),
        ("queued", State::Queued),
        ("built", State::Built { build: build(1) }),
        ("signing", State::Signing { build: build(1), since: at(20) }),
        ("signed", State::Signed { tx: signed(1), earlier: vec![] }),
        ("sent", State::Sent { tx: signed(1), earlier: vec![], since: at(30) }),
        ("outbidding", State::Outbidding { build: higher(), tx: signed(1), earlier: vec![], since: at(30) }),
        ("overtaken", State::Overtaken { build: build(1) }),
        ("succeeded", State::Succeeded { txid: txid(), block: block() }),
        ("failed", State::Failed { death: Death::TokenSpent { txid: txid(), block: block() } }),
        ("refused", State::Refused { why: "never".to_owned() }),
        ("rejected", State::Rejected { by: Rejection::Principal { by: by() } }),
        ("withdrawn", State::Withdrawn { by: Withdrawal::Expired }),
    ];
    // A state that is added to the enum and forgotten above does not compile here.
    for (_, state) in &states {
        match state {
            State::Undecided { .. } | State::Screening { .. } | State::Approving { .. } | State::Queued => {}
            State::Built { .. } | State::Signing { .. } | State::Signed { .. } | State::Sent { .. } => {}
            State::Outbidding { .. } | State::Overtaken { .. } => {}
            State::Succeeded { .. } | State::Failed { .. } | State::Refused { .. } => {}
            State::Rejected { .. } | State::Withdrawn { .. } => {}
        }
    }
    states
}

/// Every event, under a name that tells the variants of one apart. The build is that of the states above.
pub(super) fn events() -> Vec<(&'static str, Event)> {
    let by = || "ann".parse().unwrap();
    let txid = || "0xcc".to_owned();
    let events = vec![
        ("decided: nobody", Event::Decided { requirement: Requirement::Nobody }),
        ("decided: steps", Event::Decided { requirement: steps() }),
        ("screening passed", Event::ScreeningPassed),
        ("approval given", Event::ApprovalGiven { by: by() }),
        ("approval complete", Event::ApprovalComplete { by: by() }),
        ("rejected by rule", Event::Rejected { by: Rejection::Rule { why: "deny".to_owned() } }),
        ("rejected by principal", Event::Rejected { by: Rejection::Principal { by: by() } }),
        ("rejected by screening", Event::Rejected { by: Rejection::Screening }),
        ("withdrawn by principal", Event::Withdrawn { by: Withdrawal::Principal { by: by() } }),
        ("expired", Event::Withdrawn { by: Withdrawal::Expired }),
        ("target ended", Event::Withdrawn { by: Withdrawal::TargetEnded { how: "paid".to_owned() } }),
        ("displaced", Event::Withdrawn { by: Withdrawal::Displaced { by: Cid::new(7).unwrap() } }),
        ("built", Event::Built { build: build(1) }),
        ("lapsed unsigned", Event::Lapsed),
        ("signing started", Event::SigningStarted),
        ("signed", Event::Signed { tx: signed(1) }),
        ("signed something else", Event::Signed { tx: signed(2) }),
        ("outbid", Event::Outbid { build: higher() }),
        ("outbid on another token", Event::Outbid { build: build(2) }),
        ("signed higher", Event::Signed { tx: SignedTx { build: higher(), ..signed(1) } }),
        ("token used", Event::TokenUsed),
        ("signature refused", Event::SignatureRefused { why: "never".to_owned() }),
        ("broadcast", Event::Broadcast),
        ("succeeded", Event::Succeeded { txid: txid(), block: block() }),
        (
            "reverted",
            Event::Died {
                death: Death::Reverted { txid: txid(), block: block(), why: "out of gas".to_owned() },
            },
        ),
        ("token spent", Event::Died { death: Death::TokenSpent { txid: txid(), block: block() } }),
        ("lapsed", Event::Died { death: Death::Expired { txid: txid(), block: block() } }),
    ];
    // As above.
    for (_, event) in &events {
        match event {
            Event::Decided { .. } | Event::ScreeningPassed => {}
            Event::ApprovalGiven { .. } | Event::ApprovalComplete { .. } => {}
            Event::Rejected {
                by: Rejection::Rule { .. } | Rejection::Principal { .. } | Rejection::Screening,
            } => {}
            Event::Withdrawn {
                by:
                    Withdrawal::Principal { .. }
                    | Withdrawal::Expired
                    | Withdrawal::TargetEnded { .. }
                    | Withdrawal::Displaced { .. },
            } => {}
            Event::Built { .. }
            | Event::Lapsed
            | Event::SigningStarted
            | Event::Signed { .. }
            | Event::SignatureRefused { .. } => {}
            Event::Broadcast | Event::Succeeded { .. } => {}
            Event::Outbid { .. } | Event::TokenUsed => {}
            Event::Died {
                death: Death::Reverted { .. } | Death::TokenSpent { .. } | Death::Expired { .. },
            } => {}
        }
    }
    events
}

/// The status integers that may follow each other (wire contract, section 5); none other.
pub(super) const CONTRACT: [(u8, u8); 9] =
    [(0, 5), (0, 4), (0, 3), (5, 1), (5, 2), (5, 3), (5, 4), (1, 6), (1, 7)];

pub(super) fn code(payout: &Payout) -> u8 {
    payout.state.status().code()
}
