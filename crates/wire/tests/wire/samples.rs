//! One of each message, with fixed contents.

use payout::approval::{Act, ActNonce, Freeze, FreezeOrder, SignedAct};
use payout::ids::{Attempt, Cid, Digest, ProjectId, WalletId};
use payout::intent::Kind;
use payout::key::{SecretKey, Signature};
use payout::life::Token;
use payout::money::Amount;
use payout::policy::{ChainName, Head, Heads, SignedVersion, VersionSignature};
use payout::time::Millis;
use wire::journal::{Body, CeremonyStage, Contribution, Facts};
use wire::message::{
    CallerProof, CeremonyNews, Check, Condition, Finality, FirstAddress, FromCosigner, JournalHead, Label,
    NeverProof, OpenCeremony, Paper, PeerMessage, Purpose, Recollection, Refusal, SignRequest, SignedEntry,
    Standing, StopAct, Target, ToCosigner, WalletStanding,
};

pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub(crate) fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

pub(crate) fn label() -> Label {
    Label::from_bytes(*b"session label 01")
}

pub(crate) fn at(ms: i64) -> Millis {
    Millis::new(ms).unwrap()
}

fn act(act: Act) -> SignedAct {
    SignedAct::sign(&key(9), "ann".parse().unwrap(), act, digest(1), ActNonce::from_bytes([2; 32]))
}

fn version() -> SignedVersion {
    let mut version = SignedVersion {
        deployment: digest(1),
        chain: ChainName::People,
        version: 2,
        parent: digest(3),
        document: "{}".to_owned(),
        signatures: Vec::new(),
    };
    version.sign(&key(9), "ann".parse().unwrap());
    version
}

pub(crate) fn request() -> SignRequest {
    SignRequest {
        intent: r#"{"version":"1"}"#.to_owned(),
        acts: vec![act(Act::Apply), act(Act::Approve)],
        caller: Some(CallerProof { header: "shop:c2lnbmF0dXJl".to_owned(), body: b"{\"pid\":1}".to_vec() }),
        unsigned: vec![2, 0xf8, 0x6b],
        target: Some(Target {
            intent: r#"{"version":"1","attempt":"1"}"#.to_owned(),
            unsigned: vec![2, 0xf8],
        }),
    }
}

fn bare_request() -> SignRequest {
    SignRequest { acts: Vec::new(), caller: None, unsigned: Vec::new(), target: None, ..request() }
}

pub(crate) fn to_cosigner() -> Vec<ToCosigner> {
    let freeze = |order, reason: &str| {
        FreezeOrder::sign(&key(9), "ann".parse().unwrap(), digest(1), order, reason.to_owned(), at(5))
    };
    let order = VersionSignature::sign(&digest(4), &key(9), "ann".parse().unwrap());
    let wallet = WalletId::new(7).unwrap();
    let ceremony = |purpose| ToCosigner::Ceremony(OpenCeremony { ceremony: label(), wallet, purpose });
    vec![
        ToCosigner::Welcome {
            protocol: 1,
            deployment: digest(1),
            now: at(1_700_000_000_000),
            gateway: "east".to_owned(),
        },
        ToCosigner::Policy(vec![version()]),
        ToCosigner::Sight { request: 300, request_body: bare_request() },
        ToCosigner::Open { session: label(), participants: vec![1, 3], request: request() },
        ToCosigner::Stop {
            acts: vec![StopAct { intent: r#"{"version":"1"}"#.to_owned(), act: act(Act::Reject) }],
            freezes: vec![freeze(Freeze::Freeze, "stolen laptop"), freeze(Freeze::Lift, "found")],
        },
        ceremony(Purpose::Create),
        ceremony(Purpose::Refresh { epoch: 2, orders: vec![order] }),
        ToCosigner::Relay { peer: 2, link: 77, data: b"ciphertext".to_vec() },
        ToCosigner::Close { session: label(), why: "signed".to_owned() },
        ToCosigner::Ping(300),
        ToCosigner::Recall { request: 300, after: 7 << 32 },
        ToCosigner::Papers { request: 301, entries: vec![1, 300] },
        ToCosigner::Versions { request: 302, heads: heads() },
    ]
}

pub(crate) fn refusal() -> Refusal {
    let never = NeverProof::sign(&key(1), 1, digest(2), "rejected by ann".to_owned(), at(6));
    Refusal {
        check: Check::Journal,
        finality: Finality::Never,
        reason: "rejected by ann".to_owned(),
        never: Some(never),
    }
}

fn wallet_standing() -> WalletStanding {
    WalletStanding {
        wallet: WalletId::new(7).unwrap(),
        epoch: 1,
        public_key: [2; 33],
        chain_code: [3; 32],
        fingerprint: "amber-fox-12".to_owned(),
        tested: true,
    }
}

fn heads() -> Heads {
    let head = |version, byte| Head { version, digest: digest(byte) };
    Heads { rules: head(3, 1), people: head(1, 2), book: head(12, 3) }
}

fn standing(condition: Condition) -> Standing {
    Standing {
        protocol: 1,
        index: 2,
        software: "bursar-cosigner 0.1.0".to_owned(),
        heads: heads(),
        journal_seq: 300,
        wallets: vec![wallet_standing()],
        banned: vec![3],
        condition,
    }
}

pub(crate) fn from_cosigner() -> Vec<FromCosigner> {
    let news = |news| FromCosigner::Ceremony { ceremony: label(), news };
    let address = FirstAddress {
        chain_id: "60".parse().unwrap(),
        address: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap(),
    };
    let later = Refusal {
        check: Check::Budget,
        finality: Finality::Later,
        reason: "over the window".to_owned(),
        never: None,
    };
    vec![
        FromCosigner::Hello(standing(Condition::Ready)),
        FromCosigner::Standing(standing(Condition::Quarantined("journal behind".to_owned()))),
        FromCosigner::Standing(standing(Condition::Frozen("stolen laptop".to_owned()))),
        FromCosigner::Sighted { request: 300, refusal: None },
        FromCosigner::Sighted { request: 301, refusal: Some(later) },
        FromCosigner::Refused { session: label(), refusal: refusal() },
        FromCosigner::Checked { session: label(), checks: vec!["policy".to_owned(), "bytes".to_owned()] },
        FromCosigner::Signed { session: label(), signature: vec![5; 65] },
        FromCosigner::Aborted { session: label(), why: "a bad round".to_owned(), culprit: Some(3) },
        FromCosigner::StopSeen { intent: Some(digest(2)), kind: "reject".to_owned() },
        news(CeremonyNews::Stage("round 2".to_owned())),
        news(CeremonyNews::Done(wallet_standing(), vec![address])),
        news(CeremonyNews::Failed("co-signer 3 is away".to_owned())),
        FromCosigner::Relay { peer: 2, link: 77, data: b"ciphertext".to_vec() },
        FromCosigner::Pong(300),
        FromCosigner::Recalled {
            request: 300,
            recollection: Recollection { contributions: vec![entry()], reached: 300, newest: 301 },
        },
        FromCosigner::Papers {
            request: 301,
            papers: vec![
                Paper { entry: 1, request: bare_request(), signature: None },
                Paper { entry: 300, request: request(), signature: Some(vec![5; 65]) },
            ],
        },
        FromCosigner::Versions { request: 302, versions: vec![version()] },
    ]
}

pub(crate) fn entry() -> SignedEntry {
    SignedEntry::sign(&key(1), 1, 300, digest(8), at(7), b"what happened".to_vec())
}

fn facts() -> Facts {
    Facts {
        intent: digest(1),
        payout: digest(2),
        kind: Kind::RaiseCap,
        project: ProjectId::new(7).unwrap(),
        cid: Cid::new(300).unwrap(),
        attempt: Attempt::FIRST,
        third_party_id: "order-1".parse().unwrap(),
        wallet: WalletId::new(7).unwrap(),
        network_id: "31337".parse().unwrap(),
        chain_id: "60".parse().unwrap(),
        from: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap(),
        token: Token::new("nonce:7".to_owned()),
        payload: digest(3),
        rule: "small".parse().unwrap(),
        coin: "60@60".parse().unwrap(),
        amount: Amount::from_u128(1_500_000_000_000_000_000),
        fee: Amount::from_u128(21_000),
        to: "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".parse().unwrap(),
    }
}

/// One of each journal entry.
pub(crate) fn bodies() -> Vec<Body> {
    let wallet = WalletId::new(7).unwrap();
    let order = (digest(1), Freeze::Freeze, "stolen laptop".to_owned(), at(5));
    let order = FreezeOrder::sign(&key(9), "ann".parse().unwrap(), order.0, order.1, order.2, order.3);
    let version = version();
    vec![
        Body::Sight { intent: digest(1) },
        Body::Contribution(Box::new(Contribution { facts: facts(), session: digest(4) })),
        Body::Stop { act: act(Act::Reject) },
        Body::Freeze { order },
        Body::Never { intent: digest(1), reason: "rejected by ann".to_owned() },
        Body::Ban { wallet, epoch: 2, peer: 3, reason: "a bad round".to_owned() },
        Body::PolicyAdopted {
            chain: version.chain,
            version: version.version,
            digest: version.digest(),
            signatures: version.signatures,
        },
        Body::Ceremony {
            wallet,
            epoch: 1,
            fingerprint: "amber-fox-12".to_owned(),
            stage: CeremonyStage::Agreed,
        },
        Body::EpochRetired { wallet, epoch: 1 },
        Body::Restored { reason: "restored from a backup".to_owned() },
    ]
}

pub(crate) fn peer() -> Vec<PeerMessage> {
    let session = label();
    let ceremony = Label::from_bytes(*b"ceremony label 1");
    let heads = vec![JournalHead { index: 1, seq: 300, hash: digest(8) }];
    vec![
        PeerMessage::Heads(heads.clone()),
        PeerMessage::Entries(vec![entry()]),
        PeerMessage::Begin { session, request: digest(4), random: [6; 32], heads, now: at(8) },
        PeerMessage::Checked { session, id: digest(5) },
        PeerMessage::Round { session, round: 1, payload: vec![0xaa; 5] },
        PeerMessage::Refuse { session, reason: "over".to_owned(), finality: Finality::Later },
        PeerMessage::Abort { session, why: "closed".to_owned() },
        PeerMessage::CeremonyBegin { ceremony, request: digest(4), random: [6; 32] },
        PeerMessage::CeremonyRound { ceremony, round: 2, payload: vec![0xbb; 5] },
        PeerMessage::Echo {
            ceremony,
            transcript: digest(6),
            fingerprint: "amber-fox-12".to_owned(),
            signature: Signature::from_bytes([7; 64]),
        },
        PeerMessage::Ack { ceremony, stage: "stored".to_owned() },
        PeerMessage::Pending { session, claims: vec![b"claim".to_vec(), Vec::new()] },
    ]
}
