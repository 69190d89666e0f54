//! Exactly once: other tokens, other numbers, other attempts.

use payout::ids::Attempt;
use payout::intent::Intent;
use wire::message::{Check, Label, SignRequest};

use crate::attacks::case::{After, Case, Fault, Seen, Tampering};
use crate::attacks::draft::{Desk, Draft, ENOUGH, Payload};
use crate::attacks::ledger::Aim;
use crate::attacks::world::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::request(
            "used-nonce",
            "another approved payout on a nonce that was signed for",
            Tampering {
                good: Desk::native,
                // The one before it was just signed.
                bad: |_, good| good.paying(|pay| pay.nonce -= 1),
                check: Check::Journal,
                says: "belongs to payout",
                after: After::Signed,
            },
        ),
        Case::scene("second-nonce", "a signed payout on a second nonce, through every quorum", |w| {
            Box::pin(second_nonce(w))
        }),
        Case::scene(
            "second-nonce-after-restart",
            "the same once all co-signers were killed and started again",
            |w| Box::pin(after_restart(w)),
        ),
        Case::scene(
            "three-nonces-at-once",
            "one payout on three nonces at once, through three quorums",
            |w| Box::pin(nonces_at_once(w)),
        ),
        Case::scene(
            "two-payouts-at-once",
            "three payouts on one nonce at once, through three quorums",
            |w| Box::pin(payouts_at_once(w)),
        ),
        Case::scene("other-cid", "one signed request of the caller's under a second number", |w| {
            Box::pin(other_cid(w))
        }),
        Case::scene("other-payout-same-cid", "two approved payouts under one number", |w| {
            Box::pin(same_cid(w))
        }),
        Case::scene("attempt-without-people", "a second attempt with the first one's approvals", |w| {
            Box::pin(attempt_without_people(w))
        }),
        Case::scene("automatic-attempt", "a second attempt by an automatic rule", |w| {
            Box::pin(automatic_attempt(w))
        }),
        Case::scene("attempt-at-another", "a second attempt that names another payout as its first", |w| {
            Box::pin(attempt_at_another(w))
        }),
        Case::scene("skipped-attempt", "a third attempt after the first", |w| Box::pin(skipped_attempt(w))),
        Case::scene("earlier-attempt", "the first attempt again once the second was signed", |w| {
            Box::pin(earlier_attempt(w))
        }),
    ]
}

/// A payout that was signed for.
pub(super) async fn signed<B: Payload>(
    world: &mut World,
    good: fn(&mut Desk) -> Draft<B>,
) -> Result<Draft<B>, Fault> {
    let draft = good(&mut world.desk);
    world.sign(&draft.request()).await?;
    Ok(draft)
}

async fn second_nonce(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    let nonce = world.desk.fresh_nonce();
    let seen =
        world.refused(&good.paying(|pay| pay.nonce = nonce), Check::Journal, "the bytes spend").await?;
    // Again on its own nonce is a retry, and good.
    world.sign(&good.request()).await?;
    Ok(seen)
}

async fn after_restart(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    for index in world.honest() {
        world.kill(index);
        world.launch(index)?;
    }
    world.ready().await?;
    let nonce = world.desk.fresh_nonce();
    world.refused(&good.paying(|pay| pay.nonce = nonce), Check::Journal, "the bytes spend").await
}

async fn nonces_at_once(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let requests: Vec<_> = world
        .quorums()
        .iter()
        .map(|_| {
            let nonce = world.desk.fresh_nonce();
            good.paying(|pay| pay.nonce = nonce)
        })
        .collect();
    at_once(world, requests).await?;
    let (signed, heard) = at_most_one_signed(world, &good.request()).await?;
    Ok(Seen::everybody(format!("{signed} of them was signed, however often they were asked for: {heard}")))
}

/// Opens each request with a quorum of its own, all together, several times. The judge finds two tokens of one payout.
pub(super) async fn at_once(world: &mut World, requests: Vec<SignRequest>) -> Result<(), Fault> {
    for _ in 0..3 {
        let quorums = world.quorums();
        let opened: Vec<(Label, Vec<u8>)> = quorums
            .into_iter()
            .zip(&requests)
            .map(|(quorum, request)| (world.open(&quorum, request, Aim::Good), quorum))
            .collect();
        for (label, quorum) in opened {
            world.end_of(label, &quorum).await?;
        }
        world.judge()?;
    }
    Ok(())
}

/// Whether the payout can be signed on a token of its own now: it can if it has none yet.
pub(super) async fn at_most_one_signed(world: &mut World, good: &SignRequest) -> Result<(u8, String), Fault> {
    let quorum = world.good_quorum();
    let label = world.open(&quorum, good, Aim::Good);
    let attempt = world.end_of(label, &quorum).await?;
    world.judge()?;
    if world.ledger.is_signed(label) {
        return Ok((0, "they clashed, and it was signed afterwards".to_owned()));
    }
    let seen = attempt.refused(Check::Journal, "the bytes spend")?;
    Ok((1, seen.why))
}

async fn payouts_at_once(world: &mut World) -> Result<Seen, Fault> {
    let first = world.control(Desk::native).await?;
    let nonce = first.pay.nonce;
    let others: Vec<Draft> = (0..2).map(|_| world.desk.native()).collect();
    let all: Vec<_> =
        [&first, &others[0], &others[1]].map(|draft| draft.paying(|pay| pay.nonce = nonce)).to_vec();
    at_once(world, all.clone()).await?;
    // Whoever has the nonce by now, the others don't get it.
    let mut refused = Vec::new();
    for request in &all {
        let quorum = world.good_quorum();
        let label = world.open(&quorum, request, Aim::Good);
        let attempt = world.end_of(label, &quorum).await?;
        world.judge()?;
        if !world.ledger.is_signed(label) {
            refused.push(attempt.refused(Check::Journal, "belongs to payout")?);
        }
    }
    match refused.pop() {
        Some(seen) if refused.len() == 1 => Ok(seen),
        _ => Err(Fault::Broken("one nonce does not serve exactly one of three payouts".to_owned())),
    }
}

async fn other_cid(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::called).await?;
    let intent = Intent { cid: world.desk.fresh_cid(), ..good.intent.clone() };
    let pay = world.desk.bytes_of(&intent);
    let again = Draft { intent, pay, ..good };
    world.refused(&again.request(), Check::Journal, "of project").await
}

async fn same_cid(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    let other = world.desk.native();
    let intent = Intent { cid: good.intent.cid, ..other.intent };
    let other = world.desk.approved(intent);
    world.refused(&other.request(), Check::Journal, "attempt 1, is").await
}

async fn attempt_without_people(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    let next = world.desk.next_attempt(&good);
    let seen = world.refused(&next.with(good.acts), Check::Approvals, "about another intent").await?;
    world.sign(&next.request()).await?;
    Ok(seen)
}

async fn automatic_attempt(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::small).await?;
    let next = world.desk.next_attempt(&good);
    world.refused(&next.request(), Check::Rule, "never automatic").await
}

async fn attempt_at_another(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    let other = signed(world, Desk::native).await?;
    let mut next = world.desk.next_attempt(&good);
    let named = world.desk.next_attempt(&other);
    next.intent.target = named.intent.target;
    next.target = named.target;
    next.acts = world.desk.approvals(&next.intent, &ENOUGH);
    world.refused(&next.request(), Check::Journal, "is not the one of the target").await
}

async fn skipped_attempt(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    let mut third = world.desk.next_attempt(&good);
    third.intent.attempt = Attempt::new(3).expect("positive");
    third.acts = world.desk.approvals(&third.intent, &ENOUGH);
    world.refused(&third.request(), Check::Journal, "must follow attempt 2").await
}

async fn earlier_attempt(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    let next = world.desk.next_attempt(&good);
    world.sign(&next.request()).await?;
    world.refused(&good.request(), Check::Journal, "was signed for").await
}
