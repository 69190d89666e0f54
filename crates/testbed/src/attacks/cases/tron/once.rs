//! Exactly once: a transaction is its own token, and a second one can land beside the first until that has lapsed.

use std::time::Duration;

use chain::tron::Build;
use wire::message::Check;

use crate::attacks::case::{Case, Fault, Seen};
use crate::attacks::cases::once::{at_most_one_signed, at_once, signed};
use crate::attacks::cases::remedies::{Bad, Remedy};
use crate::attacks::draft::{Desk, Draft};
use crate::attacks::gateway::now;
use crate::attacks::world::World;

/// How long the transaction is valid that an attack waits for, ms: it must be signed by then.
const BRIEF_MS: i64 = 6_000;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scene(
            "second-block",
            "a signed payout in a second transaction, which refers to another block",
            |w| Box::pin(second(w, |pay| pay.reference.hash = [9; 8])),
        ),
        Case::scene("second-expiry", "a signed payout in a second transaction, which lapses later", |w| {
            Box::pin(second(w, |pay| pay.expiration = pay.expiration.plus(60_000)))
        }),
        Case::scene(
            "second-timestamp",
            "a signed payout in a second transaction, made a moment later",
            |w| Box::pin(second(w, |pay| pay.timestamp = pay.timestamp.plus(1))),
        ),
        Case::scene(
            "second-fee-limit",
            "a signed payout in a second transaction, which may burn more",
            |w| Box::pin(second(w, |pay| pay.fee_limit = Some(20_000_000))),
        ),
        Case::scene("second-after-lapse", "a second transaction once the first has lapsed", |w| {
            Box::pin(after_lapse(w))
        }),
        Case::scene("second-after-restart", "a second transaction once all co-signers were killed", |w| {
            Box::pin(after_restart(w))
        }),
        Case::scene(
            "three-at-once",
            "one payout in three transactions at once, through three quorums",
            |w| Box::pin(three_at_once(w)),
        ),
        Case::scene("attempt-without-people", "a second attempt with the first one's approvals", |w| {
            Box::pin(attempt_without_people(w))
        }),
        Case::scene(
            "attempt-too-early",
            "a second attempt that people approved while the first transaction can land",
            |w| Box::pin(attempt_too_early(w)),
        ),
        Case::scene(
            "attempt-after-anothers-lapse",
            "the same beside another transaction, which has lapsed, as the first one's",
            |w| Box::pin(attempt_after_anothers_lapse(w)),
        ),
        Case::scene("void-that-pays", "an approved void whose bytes are the payout's", |w| {
            Box::pin(remedy(w, Desk::tron_void_of, |_, _, void| void.request(), (Check::Bytes, "is a void")))
        }),
        Case::scene("void-to-ourselves", "an approved void whose bytes pay the wallet itself", |w| {
            Box::pin(remedy(
                w,
                Desk::tron_void_of,
                |_, good, void| void.paying(|pay| pay.to = good.intent.from.clone()),
                (Check::Journal, "the bytes spend"),
            ))
        }),
        Case::scene("raise", "an approved raise of the fee cap in a second transaction", |w| {
            Box::pin(remedy(
                w,
                Desk::tron_raise_of,
                |_, _, raise| raise.paying(|pay| pay.fee_limit = Some(20_000_000)),
                (Check::Journal, "the bytes spend"),
            ))
        }),
    ]
}

async fn second(world: &mut World, change: fn(&mut Build)) -> Result<Seen, Fault> {
    let good = signed(world, Desk::trc20).await?;
    let seen = world.refused(&good.paying(change), Check::Journal, "the bytes spend").await?;
    // The same transaction again is a retry, and good.
    world.sign(&good.request()).await?;
    Ok(seen)
}

/// A payout that was signed for in a transaction that has lapsed.
async fn lapsed(world: &mut World) -> Result<Draft<Build>, Fault> {
    let mut good = world.desk.trc20();
    good.pay.expiration = now().plus(BRIEF_MS);
    world.sign(&good.request()).await?;
    let left = u64::try_from(good.pay.expiration.since(now())).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(left + 100)).await;
    Ok(good)
}

/// That the first one is dead is for people to say, who approve the next attempt.
async fn after_lapse(world: &mut World) -> Result<Seen, Fault> {
    let good = lapsed(world).await?;
    let again = world.desk.tron_bytes_of(&good.intent);
    let request = good.paying(|pay| *pay = again);
    let seen = world.refused(&request, Check::Journal, "the bytes spend").await?;
    let next = world.desk.tron_next_attempt(&good);
    world.sign(&next.request()).await?;
    Ok(seen)
}

async fn attempt_too_early(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::trc20).await?;
    let next = world.desk.tron_next_attempt(&good);
    world.refused(&next.request(), Check::Bytes, "the attempt before can land until").await
}

async fn attempt_after_anothers_lapse(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::trc20).await?;
    let mut other = good.clone();
    (other.pay.timestamp, other.pay.expiration) = (now().plus(-60_000), now().plus(-1));
    let next = world.desk.tron_next_attempt(&other);
    world.refused(&next.request(), Check::Bytes, "the attempt before was signed for as").await
}

async fn after_restart(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::trc20).await?;
    for index in world.honest() {
        world.kill(index);
        world.launch(index)?;
    }
    world.ready().await?;
    let again = world.desk.tron_bytes_of(&good.intent);
    world.refused(&good.paying(|pay| *pay = again), Check::Journal, "the bytes spend").await
}

async fn three_at_once(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::trc20).await?;
    let mut requests = Vec::new();
    for _ in world.quorums() {
        let pay = world.desk.tron_bytes_of(&good.intent);
        requests.push(Draft { pay, ..good.clone() }.request());
    }
    at_once(world, requests).await?;
    let (signed, heard) = at_most_one_signed(world, &good.request()).await?;
    Ok(Seen::everybody(format!("{signed} of them was signed, however often they were asked for: {heard}")))
}

async fn attempt_without_people(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::trc20).await?;
    let next = world.desk.tron_next_attempt(&good);
    world.refused(&next.with(good.acts), Check::Approvals, "about another intent").await
}

/// A payout that was signed for and its approved remedy, of which a hostile request is made. No transaction of TRON
/// takes another's place: there is no good one.
async fn remedy(
    world: &mut World,
    remedy: Remedy<Build>,
    bad: Bad<Build>,
    (check, says): (Check, &'static str),
) -> Result<Seen, Fault> {
    let good = signed(world, Desk::trc20).await?;
    let remedy = remedy(&mut world.desk, &good);
    let bad = bad(&mut world.desk, &good, &remedy);
    let seen = world.refused(&bad, check, says).await?;
    world.sign(&good.request()).await?;
    Ok(seen)
}
