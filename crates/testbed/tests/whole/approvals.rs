//! Who may approve, and who may not.

use gateway::client::ClientError;
use gateway::operator::payouts::apply::ApplicationBody;
use payout::approval::{Act, ActNonce, SignedAct};
use payout::ids::{Cid, Digest};
use testbed::deployment::cast::{
    ADMINS, FINANCE, OPERATOR, OUTSIDER, PROJECT, SHOP, TREASURY, WALLET, principal,
};
use testbed::people::PersonError;
use testbed::vendor::{fresh_id, random};

use crate::world::World;

/// Why the gateway said no.
fn refusal<T: std::fmt::Debug>(result: Result<T, PersonError>) -> String {
    match result {
        Err(PersonError::Client { source: ClientError::Refused { fault, .. }, .. }) => fault.error,
        other => panic!("it was not refused: {other:?}"),
    }
}

#[tokio::test]
async fn each_step_takes_only_its_own_people_and_each_of_them_once() {
    let world = World::start().await;
    let cid = world.accepted(&world.order("7.5")).await;
    assert_eq!(world.status(cid).await, 0);

    // Not their step yet, no group at all, no right to approve, a machine.
    for name in [FINANCE[0], OUTSIDER, ADMINS[0], OPERATOR] {
        let reason = refusal(world.person(name).approve(cid).await);
        assert!(!reason.is_empty(), "{name}");
    }
    refusal(world.person(SHOP).approve(cid).await);
    assert_eq!(world.status(cid).await, 0);

    world.person(TREASURY[0]).approve(cid).await.unwrap();
    let second = world.person(TREASURY[0]).approve(cid).await;
    assert!(!refusal(second).is_empty());
    // The first step is full: the other of the treasury has no place in the second.
    refusal(world.person(TREASURY[1]).approve(cid).await);

    world.person(FINANCE[0]).approve(cid).await.unwrap();
    refusal(world.person(FINANCE[0]).approve(cid).await);
    assert_eq!(world.status(cid).await, 0);
    let last = world.person(FINANCE[2]).approve(cid).await.unwrap();
    assert!(last.complete);
    assert_eq!(world.reaches(cid, &[6]).await, 6);
}

#[tokio::test]
async fn an_approval_of_another_payout_or_by_another_key_does_not_count() {
    let world = World::start().await;
    let cid = world.accepted(&world.order("7.5")).await;
    let other = world.accepted(&world.order("7.5")).await;
    let tom = world.person(TREASURY[0]);
    let others_digest = tom.read(other).await.unwrap().digest;
    let own_digest = tom.read(cid).await.unwrap().digest;
    let number = Cid::new(cid).unwrap();

    let moved = tom.client().sign_act(Act::Approve, others_digest).unwrap();
    refusal(tom.told(tom.client().act(number, &moved).await));
    let relabelled = SignedAct { intent: own_digest, ..moved };
    refusal(tom.told(tom.client().act(number, &relabelled).await));
    // Tina's name over Fay's signature.
    let key = world.stage.deployment.cast().key(FINANCE[0]);
    let nonce = ActNonce::from_bytes(random());
    let forged = SignedAct::sign(&key, principal(TREASURY[1]), Act::Approve, own_digest, nonce);
    refusal(tom.told(tom.client().act(number, &forged).await));
    let nowhere = tom.client().sign_act(Act::Approve, Digest::from_bytes([7; 32])).unwrap();
    refusal(tom.told(tom.client().act(number, &nowhere).await));
    assert_eq!(world.status(cid).await, 0);
    assert!(tom.read(cid).await.unwrap().progress.given.is_empty());
}

#[tokio::test]
async fn whoever_applies_for_a_payout_does_not_approve_it() {
    let world = World::start().await;
    let applicant = world.person(TREASURY[0]);
    let order = world.order("0.75");
    let application = ApplicationBody {
        project: payout::ids::ProjectId::new(PROJECT).unwrap(),
        wallet_id: payout::ids::WalletId::new(WALLET),
        currency: order.currency.clone(),
        from_address: None,
        to_address: order.to.clone(),
        amount: order.amount.clone(),
        remark: None,
        memo: None,
        third_party_id: fresh_id().parse().unwrap(),
        callback_url: None,
        compliance_ref: None,
    };
    let draft = applicant.told(applicant.client().draft(&application).await).unwrap();
    let intent: payout::intent::Intent = serde_json::from_str(&draft.intent).unwrap();
    let applied = applicant.told(applicant.client().apply(application, &intent).await).unwrap();
    let cid = applied.cid.get();
    // Small, but a person asks: the automatic rule is for the API.
    assert_eq!(world.status(cid).await, 0);
    refusal(applicant.approve(cid).await);
    world.person(TREASURY[1]).approve(cid).await.unwrap();
    for name in &FINANCE[..2] {
        world.person(name).approve(cid).await.unwrap();
    }
    assert_eq!(world.reaches(cid, &[6]).await, 6);
    assert_eq!(world.balance(&world.ether(), &order.to).await, "0.75");
}

#[tokio::test]
async fn a_rule_that_asks_for_the_callers_own_signature_is_not_met_by_the_api_key() {
    let world = World::start().await;
    let vendor = world.vendor();
    // With the key alone it falls to the rule below, which asks people.
    let unsigned = world.accepted(&world.order("1.75")).await;
    assert_eq!(world.status(unsigned).await, 0);

    let order = world.order("1.75");
    let body = serde_json::Value::Object(vendor.signed(order.fields())).to_string();
    let key = world.stage.deployment.cast().key(SHOP);
    let header = payout::request::caller::CallerSignature::sign(&key, body.as_bytes()).to_string();
    let reply = vendor.post("/api/v2/payout", body, &[("Bursar-Signature", &header)]).await.unwrap();
    let cid = reply.cid().unwrap_or_else(|| panic!("{reply:?}"));
    assert_eq!(world.reaches(cid, &[6]).await, 6);
    assert_eq!(world.why(cid).await.rule.rule.as_str(), "signed-by-the-caller");
}
