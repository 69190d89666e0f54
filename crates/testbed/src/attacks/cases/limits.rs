//! Limits: a count, a sum and a budget that three payouts reach, and the budget for fees.

use chain::evm::Fee;
use payout::intent::Intent;
use wire::message::{Check, Label};

use crate::attacks::case::{Case, Fault, Seen};
use crate::attacks::draft::{Desk, Draft};
use crate::attacks::ledger::Aim;
use crate::attacks::world::World;

/// How many payouts the rules of these attacks allow.
const ALLOWED: usize = 3;
/// How many are asked for at once.
const ASKED: usize = 7;
/// How often: sessions that clash hold each other up, and may be good the next time.
const ROUNDS: usize = 8;

/// Also tried with a hostile co-signer that hides what it took part in.
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scene("count-at-once", "seven payouts at once where three are allowed a day", |w| {
            Box::pin(at_once(w, "counted", 2001))
        }),
        Case::scene("sum-at-once", "seven units at once where three are allowed a day", |w| {
            Box::pin(at_once(w, "summed", 2002))
        }),
        Case::scene("budget-at-once", "seven units at once where three are allowed for good", |w| {
            Box::pin(at_once(w, "budgeted", 2003))
        }),
        Case::scene("count-by-turns", "a fourth payout of three, each through another quorum", |w| {
            Box::pin(by_turns(w, "counted-again", 2004))
        }),
        Case::scene("sum-by-turns", "a fourth unit of three, each through another quorum", |w| {
            Box::pin(by_turns(w, "summed-again", 2005))
        }),
        Case::scene("budget-by-turns", "a fourth unit for good of three, each through another quorum", |w| {
            Box::pin(by_turns(w, "budgeted-again", 2006))
        }),
        Case::scene("fees", "fees burnt at the cap, over many payouts", |w| Box::pin(fees(w))),
    ]
}

async fn by_turns(world: &mut World, rule: &'static str, project: i64) -> Result<Seen, Fault> {
    let quorums = world.quorums();
    for turn in 0..ALLOWED {
        let draft = world.desk.limited(rule, project);
        world.sign_by(&quorums[turn % quorums.len()], &draft.request()).await?;
    }
    let one_more = world.desk.limited(rule, project);
    world.refused(&one_more.request(), Check::Budget, rule).await
}

async fn at_once(world: &mut World, rule: &'static str, project: i64) -> Result<Seen, Fault> {
    let drafts: Vec<Draft> = (0..ASKED).map(|_| world.desk.limited(rule, project)).collect();
    let signed = flood(world, &drafts).await?;
    if signed != ALLOWED {
        return Err(Fault::Broken(format!("{signed} were signed, {ALLOWED} are allowed")));
    }
    let one_more = world.desk.limited(rule, project);
    world.refused(&one_more.request(), Check::Budget, rule).await
}

/// Asks for all at once, through quorums in turn, and again for those that were not signed, until nothing more comes of
/// it; how many were signed.
async fn flood(world: &mut World, drafts: &[Draft]) -> Result<usize, Fault> {
    let quorums = world.quorums();
    let mut done = vec![false; drafts.len()];
    for round in 0..ROUNDS {
        let mut opened: Vec<(usize, Label, Vec<u8>)> = Vec::new();
        for (place, draft) in drafts.iter().enumerate().filter(|(place, _)| !done[*place]) {
            let quorum = quorums[(place + round) % quorums.len()].clone();
            opened.push((place, world.open(&quorum, &draft.request(), Aim::Good), quorum));
        }
        let alone = opened.len() == 1;
        let before = done.iter().filter(|done| **done).count();
        for (place, label, quorum) in opened {
            world.end_of(label, &quorum).await?;
            world.judge()?;
            done[place] = world.ledger.is_signed(label);
        }
        let now = done.iter().filter(|done| **done).count();
        if now == drafts.len() || alone || (now == before && round > 2) {
            break;
        }
    }
    Ok(done.iter().filter(|done| **done).count())
}

/// Bytes that burn the most that one payout may, ten at once and then one by one.
async fn fees(world: &mut World) -> Result<Seen, Fault> {
    let dear = |desk: &mut Desk| {
        let small = desk.small();
        let intent = Intent { fee_cap: desk.fee_cap(), ..small.intent };
        let mut draft = desk.draft(intent, Vec::new());
        let cap = desk.fee_cap().as_u128().expect("far below 2^128");
        let price = cap / u128::from(draft.pay.gas_limit);
        draft.pay.fee = Fee::Eip1559 { max_fee_per_gas: price, max_priority_fee_per_gas: 1 };
        draft
    };
    let at_once: Vec<Draft> = (0..6).map(|_| dear(&mut world.desk)).collect();
    let mut signed = flood(world, &at_once).await?;
    let limit = &world.desk.policy.newest_rules().fees[0];
    let most = limit.window_sum.as_u128().zip(limit.cap.as_u128()).map_or(0, |(sum, cap)| sum / cap);
    let most = usize::try_from(most).unwrap_or(0);
    while signed <= most {
        let draft = dear(&mut world.desk);
        let quorum = world.good_quorum();
        let label = world.open(&quorum, &draft.request(), Aim::Good);
        let attempt = world.end_of(label, &quorum).await?;
        world.judge()?;
        if !world.ledger.is_signed(label) {
            attempt.refused(Check::Budget, "fees of wallet")?;
            let one_more = dear(&mut world.desk);
            return world.refused(&one_more.request(), Check::Budget, "fees of wallet").await;
        }
        signed += 1;
    }
    Err(Fault::Signed(format!("{signed} payouts at the fee cap, {most} are within the budget")))
}
