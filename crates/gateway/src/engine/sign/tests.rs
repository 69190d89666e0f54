//! The step against a real store and a real hub, with co-signers that answer as a test wants. Key, bytes, signature and
//! transaction id are what ethers 6 makes of the seed 07…07: wallet m, child 44/60/0/0/0.

use std::time::Duration;

use payout::approval::Act;
use payout::life::{Event, State, Status, Withdrawal};
use payout::money::Amount;
use payout::policy::{Genesis, Policy, Rules};
use store::{Hold, Never, Pause, PauseScope, SessionOutcome, SessionRow, Wait};
use tokio::time::timeout;
use wire::message::{Condition, FromCosigner, PROTOCOL, Standing, ToCosigner, WalletStanding};

use super::*;
use crate::engine::tests::house::{House, act_of, coin, name};
use crate::hub::tests::world::{Manner, StandIn};

const PUBLIC_KEY: &str = "03d621965c333516fcac6ae0f09c59270830e3548d19b335c981185fdbda11421a";
const CHAIN_CODE: &str = "adddd4f3362615edf0edf5c54a7ddccfade8a008fd77de1af21292c5b249e09d";
const UNSIGNED: &str =
    "02eb827a6907018203e882520894fb6916095ca1df60bb79ce92ce3ea74c37c5d3598814d1120d7b16000080c0";
const SIGNATURE: &str = "6cf6a6a54ec14cef5f2128ca5e7ded3e44684ac6e24057269b32f0ca08143928\
                         328162d2003d7a89ae3ab050122b735cca5f25c939b913831e93de87229c4df200";
const SIGNED: &str = "02f86e827a6907018203e882520894fb6916095ca1df60bb79ce92ce3ea74c37c5d3598814d1120d7b16000080c080a0\
                      6cf6a6a54ec14cef5f2128ca5e7ded3e44684ac6e24057269b32f0ca08143928a0328162d2003d7a89ae3ab050122b73\
                      5cca5f25c939b913831e93de87229c4df2";
const TXID: &str = "0x42c8ed59c26b01704972522f3b9c7548bf44a08ee9f703fc34b4c7bec13eb084";

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn good_signature() -> Manner {
    Manner::SignsWith(bytes(SIGNATURE))
}

fn wallet() -> Wallet {
    Wallet {
        id: "5".parse().unwrap(),
        public_key: bytes(PUBLIC_KEY).try_into().unwrap(),
        chain_code: bytes(CHAIN_CODE).try_into().unwrap(),
        threshold: 2,
        share_count: 3,
        fingerprint: "aaaa".to_owned(),
        ceilings: Default::default(),
    }
}

/// A house whose policy lists the wallet, and a payout in it that is built.
async fn built() -> (House, PayoutRow) {
    let house = House::new().await;
    let genesis = house.gateway.genesis.clone();
    let rules = Rules { wallets: vec![wallet()], ..genesis.rules };
    house.gateway.set_policy(Policy::from_genesis(&Genesis { rules, ..genesis }));
    let row = house.queued().await;
    let digest = chain::evm::decode(&bytes(UNSIGNED)).unwrap().digest;
    let build = Build {
        token: payout::life::Token::new("nonce:7".to_owned()),
        unsigned: bytes(UNSIGNED),
        signing_digest: payout::ids::Digest::from_bytes(digest),
        max_fee: Amount::from_u128(21_000_000),
    };
    let row = house.happen(&row, Event::Built { build }).await;
    (house, row)
}

async fn cosigner(house: &House, index: u8, manner: Manner) -> StandIn {
    let wallet = wallet();
    let standing = Standing {
        protocol: PROTOCOL,
        index,
        software: "stand-in".to_owned(),
        heads: house.gateway.policy().heads(),
        journal_seq: 0,
        wallets: vec![WalletStanding {
            wallet: wallet.id,
            epoch: 1,
            public_key: wallet.public_key,
            chain_code: wallet.chain_code,
            fingerprint: wallet.fingerprint,
            tested: true,
        }],
        banned: Vec::new(),
        condition: Condition::Ready,
    };
    let gateway = house.gateway.genesis.roster.gateways[0].key;
    StandIn::join(&house.gateway.hub, gateway, manner, standing).await
}

async fn outcomes(house: &House, row: &PayoutRow) -> Vec<SessionOutcome> {
    let sessions = house.gateway.store.sessions(row.cid()).await.unwrap();
    sessions.into_iter().map(|session| session.outcome).collect()
}

#[tokio::test]
async fn a_built_payout_is_signed_and_its_bytes_are_stored() {
    let (house, row) = built().await;
    let _one = cosigner(&house, 1, good_signature()).await;
    let _two = cosigner(&house, 2, good_signature()).await;
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    let signed = house.row(row.cid()).await;
    let State::Signed { tx, .. } = &signed.payout.state else { panic!("{:?}", signed.payout.state) };
    assert_eq!((tx.txid.as_str(), hex::encode(&tx.signed)), (TXID, SIGNED.to_owned()));
    assert_eq!(signed.status, Status::OnItsWay);
    let sessions = house.gateway.store.sessions(row.cid()).await.unwrap();
    let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_eq!(
        (session.outcome.clone(), session.participants.as_slice()),
        (SessionOutcome::Signed, &[1, 2][..])
    );
    assert!(session.reports.iter().any(|report| !report.checks.is_empty()) && session.closed.is_some());
    // Nothing is left to do here.
    assert_eq!(step(&house.gateway, signed).await.unwrap(), Next::Nothing);
}

#[tokio::test]
async fn without_a_quorum_it_waits_built_and_says_for_whom() {
    let (house, row) = built().await;
    let _one = cosigner(&house, 1, good_signature()).await;
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert!(matches!(held.payout.state, State::Built { .. }), "nobody was asked: it can still be withdrawn");
    let wait = held.wait.unwrap();
    assert_eq!(wait.reason, "2 co-signers must sign; ready: co-1; co-2: not connected; co-3: not connected");
    assert!(held.due_at > clock::now());
    assert!(outcomes(&house, &row).await.is_empty());
}

#[tokio::test]
async fn the_return_of_a_cosigner_makes_the_waiting_due() {
    let (house, row) = built().await;
    let _one = cosigner(&house, 1, good_signature()).await;
    step(&house.gateway, row.clone()).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let following = async {
        follow_cosigners(&house.gateway, stopped).await;
    };
    let returning = async {
        let _two = cosigner(&house, 2, good_signature()).await;
        house.gateway.wake.of(Step::Sign).notified().await;
        let claimed = house.gateway.store.claim(Step::Sign, 10, 30_000, clock::now()).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(step(&house.gateway, claimed[0].clone()).await.unwrap(), Next::Advanced);
        stop.send(true).unwrap();
    };
    timeout(Duration::from_secs(10), futures::future::join(following, returning)).await.expect("it goes on");
    assert!(matches!(house.row(row.cid()).await.payout.state, State::Signed { .. }));
}

#[tokio::test]
async fn a_paused_payout_is_not_asked_about() {
    let (house, row) = built().await;
    let mut one = cosigner(&house, 1, good_signature()).await;
    let _two = cosigner(&house, 2, good_signature()).await;
    let now = clock::now();
    let pause = Pause {
        scope: PauseScope::Coin(coin()),
        reason: "an incident".to_owned(),
        by: name("dora"),
        now,
        until: now.plus(60_000),
    };
    house.gateway.store.pause(pause).await.unwrap();
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert!(held.wait.unwrap().reason.contains("is paused by dora: an incident"));
    assert!(matches!(held.payout.state, State::Built { .. }));
    assert!(one.opened().is_empty());
}

#[tokio::test]
async fn a_signature_of_another_key_is_not_taken() {
    let (house, row) = built().await;
    let mut other = bytes(SIGNATURE);
    other[40] ^= 1;
    let _one = cosigner(&house, 1, Manner::SignsWith(other.clone())).await;
    let _two = cosigner(&house, 2, Manner::SignsWith(other)).await;
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert!(matches!(held.payout.state, State::Signing { .. }), "from here on a signature may exist");
    assert!(held.wait.unwrap().reason.contains("sent a bad signature: the signature is not this key's"));
    assert!(matches!(outcomes(&house, &row).await.as_slice(), [SessionOutcome::Aborted { .. }]));
}

#[tokio::test]
async fn refusals_that_may_pass_hold_with_their_reasons() {
    let (house, row) = built().await;
    let _one = cosigner(&house, 1, Manner::Refuses { never_by: None }).await;
    let _two = cosigner(&house, 2, Manner::Refuses { never_by: None }).await;
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert_eq!(held.status, Status::AwaitingSignature);
    let wait = held.wait.clone().unwrap();
    assert!(wait.reason.contains("co-signer 1 refuses (journal: a stop is on record)"), "{}", wait.reason);
    assert!(held.due_at.since(clock::now()) > 1000);
    assert_eq!(outcomes(&house, &row).await, [SessionOutcome::Refused]);
    assert!(house.gateway.store.nevers(&row.digest).await.unwrap().is_empty());
}

#[tokio::test]
async fn nevers_of_so_many_that_no_quorum_is_left_end_it_at_2() {
    let (house, row) = built().await;
    let _one = cosigner(&house, 1, Manner::Refuses { never_by: Some(1) }).await;
    let _two = cosigner(&house, 2, Manner::Refuses { never_by: Some(2) }).await;
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    let ended = house.row(row.cid()).await;
    assert_eq!(ended.status, Status::SignatureRejected);
    let State::Refused { why } = ended.payout.state else { panic!("{:?}", ended.payout.state) };
    assert_eq!(why, "co-signer 1: rejected by bob; co-signer 2: rejected by bob");
    assert_eq!(house.gateway.store.nevers(&row.digest).await.unwrap().len(), 2);
}

#[tokio::test]
async fn one_never_ends_nothing_and_neither_do_forged_ones_in_the_database() {
    let (house, row) = built().await;
    let _one = cosigner(&house, 1, Manner::Refuses { never_by: Some(1) }).await;
    let _two = cosigner(&house, 2, Manner::Refuses { never_by: None }).await;
    let forged = Never {
        index: 3,
        intent: row.digest,
        reason: "says the database".to_owned(),
        at: clock::now(),
        signature: payout::key::SecretKey::from_seed(&[9; 32]).sign(b"anything"),
    };
    house.gateway.store.record_never(forged).await.unwrap();
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    assert_eq!(house.row(row.cid()).await.status, Status::AwaitingSignature);
    assert_eq!(house.gateway.store.nevers(&row.digest).await.unwrap().len(), 2);
}

#[tokio::test]
async fn nobody_is_asked_about_a_payout_that_was_withdrawn_meanwhile() {
    let (house, row) = built().await;
    let mut one = cosigner(&house, 1, good_signature()).await;
    let _two = cosigner(&house, 2, good_signature()).await;
    let by = Withdrawal::Principal { by: name("dora") };
    house.happen(&row, Event::Withdrawn { by }).await;
    assert!(matches!(step(&house.gateway, row.clone()).await, Err(StepError::Stale)));
    assert!(one.opened().is_empty());
    assert_eq!(house.row(row.cid()).await.status, Status::Withdrawn);
    let sessions = house.gateway.store.sessions(row.cid()).await.unwrap();
    assert!(sessions.iter().all(|session| session.closed.is_some()), "{sessions:?}");
}

#[tokio::test]
async fn a_stop_that_came_during_signing_is_delivered_before_anybody_is_asked_again() {
    let (house, row) = built().await;
    let row = house.happen(&row, Event::SigningStarted).await;
    let stop = act_of("ann", Act::Reject, row.digest);
    let mut kept = advance(row.cid(), row.version, Vec::new(), clock::now(), None);
    kept.acts = vec![stop.clone()];
    let row = house.gateway.store.advance(kept).await.unwrap();
    let mut one = cosigner(&house, 1, Manner::Refuses { never_by: Some(1) }).await;
    let _two = cosigner(&house, 2, Manner::Refuses { never_by: Some(2) }).await;
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    let ToCosigner::Stop { acts, .. } = one.next().await else { panic!("the stop comes first") };
    assert_eq!(acts, [StopAct { intent: row.payout.intent.canonical(), act: stop }]);
    assert!(matches!(one.next().await, ToCosigner::Open { .. }));
    assert_eq!(house.row(row.cid()).await.status, Status::SignatureRejected);
}

#[tokio::test]
async fn the_token_of_a_refused_payout_is_free_when_nobody_had_passed_its_checks() {
    let (house, row) = built().await;
    let _one = cosigner(&house, 1, Manner::Refuses { never_by: Some(1) }).await;
    let _two = cosigner(&house, 2, Manner::Refuses { never_by: Some(2) }).await;
    let (network, from) = (&row.payout.intent.network_id, &row.payout.intent.from);
    assert!(house.gateway.store.highest_token(network, from).await.unwrap().is_some());
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    assert_eq!(house.gateway.store.highest_token(network, from).await.unwrap(), None);
}

#[tokio::test]
async fn the_end_waits_for_the_word_of_a_cosigner_that_was_lost_in_a_session_and_frees_the_token_then() {
    let (house, row) = built().await;
    let lost = SessionRow {
        session: "aa".to_owned(),
        cid: row.cid(),
        intent: row.digest,
        participants: vec![1, 3],
        outcome: SessionOutcome::Open,
        reports: Vec::new(),
        opened: clock::now(),
        closed: None,
    };
    house.gateway.store.record_session(lost).await.unwrap();
    let _one = cosigner(&house, 1, Manner::Refuses { never_by: Some(1) }).await;
    let _two = cosigner(&house, 2, Manner::Refuses { never_by: Some(2) }).await;
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let waits = house.row(row.cid()).await;
    let reason = waits.wait.clone().unwrap().reason;
    assert!(reason.contains("co-signer 3 has yet to say"), "{reason}");
    let _three = cosigner(&house, 3, Manner::Refuses { never_by: Some(3) }).await;
    assert_eq!(step(&house.gateway, waits).await.unwrap(), Next::Advanced);
    assert_eq!(house.row(row.cid()).await.status, Status::SignatureRejected);
    let (network, from) = (&row.payout.intent.network_id, &row.payout.intent.from);
    assert_eq!(house.gateway.store.highest_token(network, from).await.unwrap(), None);
}

#[tokio::test]
async fn a_signature_is_kept_although_the_row_was_written_meanwhile() {
    let (house, row) = built().await;
    let mut one = cosigner(&house, 1, Manner::Idle).await;
    let _two = cosigner(&house, 2, Manner::Idle).await;
    let meanwhile = async {
        let ToCosigner::Open { session, .. } = one.next().await else { panic!("it is asked") };
        let asked = house.row(row.cid()).await;
        assert!(matches!(asked.payout.state, State::Signing { .. }), "stored before anybody is asked");
        assert_eq!(outcomes(&house, &row).await, [SessionOutcome::Open], "and so is the session");
        let wait = Wait { reason: "somebody else looks".to_owned(), next_action: "none".to_owned() };
        let (cid, version, now) = (asked.cid(), asked.version, clock::now());
        house.gateway.store.hold(Hold { cid, version, wait, due_at: now, now }).await.unwrap();
        one.say(FromCosigner::Signed { session, signature: bytes(SIGNATURE) }).await;
    };
    let (next, ()) = tokio::join!(step(&house.gateway, row.clone()), meanwhile);
    assert_eq!(next.unwrap(), Next::Advanced);
    assert!(matches!(house.row(row.cid()).await.payout.state, State::Signed { .. }));
}
