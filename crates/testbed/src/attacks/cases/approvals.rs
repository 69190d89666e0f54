//! The intent and the bytes agree; the approvals are not what the policy asks for.

use payout::approval::{Act, ActNonce, SignedAct};
use payout::ids::Digest;
use payout::intent::Intent;
use payout::key::SecretKey;
use wire::message::{CallerProof, Check, SignRequest};

use crate::attacks::case::{After, Case, Tampering};
use crate::attacks::draft::{Desk, Draft, ENOUGH};
use crate::deployment::cast::{ADMINS, FINANCE, OPERATOR, OUTSIDER, SHOP, TREASURY, principal};
use crate::vendor::random;

type Bad = fn(&mut Desk, &Draft) -> SignRequest;

pub(super) fn cases() -> Vec<Case> {
    vec![
        large("none", "no approvals", |_, good| good.with(Vec::new()), "1 more approval(s) of treasury"),
        large(
            "one-short",
            "one of three approvals missing",
            |_, good| good.with(good.acts[..2].to_vec()),
            "1 more approval(s) of finance",
        ),
        large(
            "other-payout",
            "the approvals of another payout",
            |desk, good| good.with(desk.native().acts),
            "about another intent",
        ),
        large(
            "relabelled",
            "the approvals of another payout under this one's digest",
            relabelled,
            "does not verify",
        ),
        large(
            "other-deployment",
            "approvals of the same payout in another deployment",
            |desk, good| elsewhere(desk, good, |intent| intent.deployment = Digest::from_bytes([9; 32])),
            "about another intent",
        ),
        large(
            "other-rules-version",
            "approvals of the same payout under an older version of the rules",
            |desk, good| elsewhere(desk, good, |intent| intent.rules_version = 1),
            "about another intent",
        ),
        large(
            "outsider",
            "an approver who is in no group",
            |desk, good| good.with(desk.approvals(&good.intent, &[OUTSIDER, FINANCE[0], FINANCE[1]])),
            "otto is not in treasury",
        ),
        large(
            "stranger",
            "somebody whom the people chain does not know",
            stranger,
            "is not in the people chain",
        ),
        large(
            "under-anothers-name",
            "an outsider's key under an approver's name",
            under_anothers_name,
            "is not one of tom's",
        ),
        large(
            "signature-of-another-text",
            "an approver's key and name, and a signature over something else",
            other_text,
            "does not verify",
        ),
        large(
            "twice",
            "one person twice in a step of two",
            |desk, good| good.with(desk.approvals(&good.intent, &[TREASURY[0], FINANCE[0], FINANCE[0]])),
            "fay has approved already",
        ),
        large(
            "order-of-steps",
            "the second step's people alone, three of them",
            |desk, good| good.with(desk.approvals(&good.intent, &FINANCE)),
            "is not in treasury",
        ),
        large(
            "machine",
            "the caller's machine in an approver's place",
            |desk, good| good.with(desk.approvals(&good.intent, &[SHOP, FINANCE[0], FINANCE[1]])),
            "shop may not approve",
        ),
        large(
            "admins",
            "the admins in the approvers' place",
            |desk, good| good.with(desk.approvals(&good.intent, &[ADMINS[0], ADMINS[1], FINANCE[0]])),
            "is not in treasury",
        ),
        large(
            "rejection-as-approval",
            "a rejection whose word was changed to approve",
            rejection_renamed,
            "does not verify",
        ),
        large(
            "application-as-approval",
            "applications in the place of approvals",
            |desk, good| good.with(acts(desk, good, Act::Apply)),
            "more approval(s)",
        ),
        over(
            "rejected",
            "enough approvals, and a rejection among them",
            |desk, good| {
                good.with([good.acts.clone(), vec![desk.act(FINANCE[2], Act::Reject, &good.intent)]].concat())
            },
            "flo has stopped it",
        ),
        over(
            "withdrawn",
            "enough approvals, and an operator's withdrawal among them",
            |desk, good| {
                good.with([good.acts.clone(), vec![desk.act(OPERATOR, Act::Withdraw, &good.intent)]].concat())
            },
            "olga has stopped it",
        ),
        applied(
            "applicant",
            "the applicant among the approvers",
            |desk, good| {
                good.with(
                    [
                        vec![good.acts[0].clone()],
                        desk.approvals(&good.intent, &[TREASURY[0], FINANCE[0], FINANCE[1]]),
                    ]
                    .concat(),
                )
            },
            "tom applied for this payout",
        ),
        applied(
            "no-application",
            "an applicant who has not signed",
            |_, good| good.with(good.acts[1..].to_vec()),
            "tom has not signed the application",
        ),
        applied(
            "forged-application",
            "an application signed by another key",
            forged_application,
            "is not one of tom's",
        ),
        applied(
            "moved-application",
            "the application for another payout",
            moved_application,
            "about another intent",
        ),
        caller(
            "no-caller",
            "an automatic payout without the caller's signature",
            |_, good| without_caller(good),
            "signed",
        ),
        caller(
            "other-callers-text",
            "the caller's signature over another amount",
            |desk, good| {
                with_caller(good, recalled(desk, good, |intent| intent.amount_text = "1.76".to_owned()))
            },
            "amount is not the intent's",
        ),
        caller(
            "other-callers-recipient",
            "the caller's signature over another recipient",
            |desk, good| {
                with_caller(
                    good,
                    recalled(desk, good, |intent| {
                        intent.to = crate::attacks::draft::address(crate::attacks::draft::ATTACKER)
                    }),
                )
            },
            "to_address is not the intent's",
        ),
        caller(
            "callers-body",
            "the caller's signature beside a body that was changed",
            changed_body,
            "does not count",
        ),
        caller(
            "callers-key",
            "a request signed by a key that nobody has",
            strange_caller,
            "nobody in the people chain",
        ),
        caller(
            "approver-as-caller",
            "a request signed by a person who is no caller",
            approver_as_caller,
            "caller",
        ),
        caller("stale-caller", "a caller's request that was kept for an hour", stale, "it was signed at"),
    ]
}

fn trial(
    name: &'static str,
    tried: &'static str,
    good: fn(&mut Desk) -> Draft,
    bad: Bad,
    says: &'static str,
) -> Trial {
    Trial { name, tried, good, bad, says }
}

/// A case but for the check that refuses it.
struct Trial {
    name: &'static str,
    tried: &'static str,
    good: fn(&mut Desk) -> Draft,
    bad: Bad,
    says: &'static str,
}

impl Trial {
    fn refused_by(self, check: Check, after: After) -> Case {
        let Self { name, tried, good, bad, says } = self;
        Case::request(name, tried, Tampering { good, bad, check, says, after })
    }
}

fn large(name: &'static str, tried: &'static str, bad: Bad, says: &'static str) -> Case {
    trial(name, tried, Desk::native, bad, says).refused_by(Check::Approvals, After::Signed)
}

fn over(name: &'static str, tried: &'static str, bad: Bad, says: &'static str) -> Case {
    trial(name, tried, Desk::native, bad, says).refused_by(Check::Approvals, After::Over)
}

fn applied(name: &'static str, tried: &'static str, bad: Bad, says: &'static str) -> Case {
    let good: fn(&mut Desk) -> Draft = |desk| {
        let mut draft = desk.applied(TREASURY[0]);
        let others = desk.approvals(&draft.intent, &[TREASURY[1], FINANCE[0], FINANCE[1]]);
        draft.acts.truncate(1);
        draft.acts.extend(others);
        draft
    };
    trial(name, tried, good, bad, says).refused_by(Check::Approvals, After::Signed)
}

fn caller(name: &'static str, tried: &'static str, bad: Bad, says: &'static str) -> Case {
    trial(name, tried, Desk::called, bad, says).refused_by(Check::Rule, After::Signed)
}

fn acts(desk: &Desk, good: &Draft, act: Act) -> Vec<SignedAct> {
    ENOUGH.iter().map(|who| desk.act(who, act, &good.intent)).collect()
}

fn relabelled(desk: &mut Desk, good: &Draft) -> SignRequest {
    let mut acts = desk.native().acts;
    acts.iter_mut().for_each(|act| act.intent = good.intent.digest());
    good.with(acts)
}

/// Approvals of the twin that differs in what the change changes.
fn elsewhere(desk: &Desk, good: &Draft, change: impl FnOnce(&mut Intent)) -> SignRequest {
    let mut twin = good.intent.clone();
    change(&mut twin);
    good.with(desk.approvals(&twin, &ENOUGH))
}

fn stranger(_: &mut Desk, good: &Draft) -> SignRequest {
    let key = SecretKey::from_seed(&random());
    let nonce = ActNonce::from_bytes(random());
    let name = "mallory".parse().expect("a name");
    let mut acts = good.acts.clone();
    acts[0] = SignedAct::sign(&key, name, Act::Approve, good.intent.digest(), nonce);
    good.with(acts)
}

fn under_anothers_name(desk: &mut Desk, good: &Draft) -> SignRequest {
    let nonce = ActNonce::from_bytes(random());
    let mut acts = good.acts.clone();
    let name = principal(ENOUGH[0]);
    acts[0] = SignedAct::sign(&desk.cast.key(OUTSIDER), name, Act::Approve, good.intent.digest(), nonce);
    good.with(acts)
}

fn other_text(_: &mut Desk, good: &Draft) -> SignRequest {
    let mut acts = good.acts.clone();
    acts[0].nonce = ActNonce::from_bytes(random());
    good.with(acts)
}

fn rejection_renamed(desk: &mut Desk, good: &Draft) -> SignRequest {
    let mut acts = good.acts.clone();
    acts[2] = desk.act(FINANCE[1], Act::Reject, &good.intent);
    acts[2].act = Act::Approve;
    good.with(acts)
}

fn forged_application(_: &mut Desk, good: &Draft) -> SignRequest {
    let nonce = ActNonce::from_bytes(random());
    let key = SecretKey::from_seed(&random());
    let mut acts = good.acts.clone();
    acts[0] = SignedAct::sign(&key, principal(TREASURY[0]), Act::Apply, good.intent.digest(), nonce);
    good.with(acts)
}

fn moved_application(desk: &mut Desk, good: &Draft) -> SignRequest {
    let mut acts = good.acts.clone();
    acts[0] = desk.applied(TREASURY[0]).acts[0].clone();
    good.with(acts)
}

fn without_caller(good: &Draft) -> SignRequest {
    Draft { caller: None, ..good.clone() }.request()
}

fn with_caller(good: &Draft, caller: CallerProof) -> SignRequest {
    Draft { caller: Some(caller), ..good.clone() }.request()
}

/// What the caller would have signed for another intent.
fn recalled(desk: &Desk, good: &Draft, change: impl FnOnce(&mut Intent)) -> CallerProof {
    let mut other = good.intent.clone();
    change(&mut other);
    desk.caller_proof(&other)
}

fn changed_body(desk: &mut Desk, good: &Draft) -> SignRequest {
    let mut proof = desk.caller_proof(&good.intent);
    proof.body.push(b' ');
    with_caller(good, proof)
}

fn strange_caller(desk: &mut Desk, good: &Draft) -> SignRequest {
    signed_by(&SecretKey::from_seed(&random()), desk, good)
}

fn approver_as_caller(desk: &mut Desk, good: &Draft) -> SignRequest {
    let key = desk.cast.key(TREASURY[0]);
    signed_by(&key, desk, good)
}

fn signed_by(key: &SecretKey, desk: &Desk, good: &Draft) -> SignRequest {
    let CallerProof { body, .. } = desk.caller_proof(&good.intent);
    let header = payout::request::caller::CallerSignature::sign(key, &body).to_string();
    with_caller(good, CallerProof { header, body })
}

/// The intent was made an hour after the caller signed.
fn stale(desk: &mut Desk, good: &Draft) -> SignRequest {
    const HOUR_MS: i64 = 3_600_000;
    let created = good.intent.created.plus(-HOUR_MS);
    let expiry = good.intent.expiry.plus(-HOUR_MS);
    let intent = Intent { created, expiry, ..good.intent.clone() };
    // The proof is as fresh as the draft; the intent is dated apart from it.
    let proof = desk.caller_proof(&intent);
    Draft { intent, caller: Some(proof), ..good.clone() }.request()
}
