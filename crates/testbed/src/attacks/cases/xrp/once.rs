//! Exactly once: other tickets and numbers, voids and raised caps, other attempts.

use chain::xrp::{Act, Build, Fee};
use payout::life::Token;
use wire::message::Check;

use crate::attacks::case::{Case, Fault, Seen};
use crate::attacks::cases::once::{at_most_one_signed, at_once, signed};
use crate::attacks::cases::remedies::{Bad, Remedy, remedied};
use crate::attacks::draft::{Desk, Draft};
use crate::attacks::world::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scene("used-ticket", "another approved payout on a ticket that was signed for", |w| {
            Box::pin(used(w, Desk::xrp))
        }),
        Case::scene("used-number", "another approved payout on the sequence number of tickets", |w| {
            Box::pin(used(w, Desk::tickets))
        }),
        Case::scene("second-ticket", "a signed payout on a second ticket", |w| {
            Box::pin(second(w, |desk| desk.fresh_ticket()))
        }),
        Case::scene("number-beside-ticket", "a signed payout on a sequence number beside its ticket", |w| {
            Box::pin(second(w, |desk| desk.fresh_number()))
        }),
        Case::scene(
            "second-ticket-later",
            "the same once all co-signers were killed, with a later end",
            |w| Box::pin(after_restart(w)),
        ),
        Case::scene(
            "three-tickets-at-once",
            "one payout on three tickets at once, through three quorums",
            |w| Box::pin(tickets_at_once(w)),
        ),
        Case::scene("order-twice", "ten approved tickets twice, on a second sequence number", |w| {
            Box::pin(order_twice(w))
        }),
        Case::scene(
            "void-unapproved",
            "an account setting that burns a payout's ticket, approved by nobody",
            |w| {
                Box::pin(remedy(
                    w,
                    Desk::xrp_void_of,
                    |_, _, void| void.with(Vec::new()),
                    (Check::Approvals, "1 more approval(s) of treasury"),
                ))
            },
        ),
        Case::scene("void-that-pays", "an approved void whose bytes are the payout's", |w| {
            Box::pin(remedy(
                w,
                Desk::xrp_void_of,
                |_, good, void| void.paying(|pay| *pay = good.pay.clone()),
                (Check::Bytes, "the intent is a void"),
            ))
        }),
        Case::scene("void-that-makes-tickets", "an approved void whose bytes make tickets", |w| {
            Box::pin(remedy(
                w,
                Desk::xrp_void_of,
                |_, _, void| void.paying(|pay| pay.act = Act::CreateTickets(10)),
                (Check::Bytes, "the intent is a void"),
            ))
        }),
        Case::scene("void-elsewhere", "an approved void on a ticket that the payout never had", |w| {
            Box::pin(remedy(
                w,
                Desk::xrp_void_of,
                |desk, _, void| {
                    let token = desk.fresh_ticket();
                    void.paying(|pay| pay.token = token)
                },
                (Check::Journal, "the bytes spend"),
            ))
        }),
        Case::scene("raise-on-another-ticket", "an approved raise of the fee cap on a second ticket", |w| {
            Box::pin(remedy(
                w,
                Desk::xrp_raise_of,
                |desk, _, raise| {
                    let token = desk.fresh_ticket();
                    raise.paying(|pay| pay.token = token)
                },
                (Check::Journal, "the bytes spend"),
            ))
        }),
        Case::scene("second-ticket-after-void", "a voided payout on a second ticket", |w| {
            Box::pin(second_after_void(w))
        }),
        Case::scene("attempt-without-people", "a second attempt with the first one's approvals", |w| {
            Box::pin(attempt_without_people(w))
        }),
    ]
}

async fn used(world: &mut World, first: fn(&mut Desk) -> Draft<Build>) -> Result<Seen, Fault> {
    let first = first(&mut world.desk);
    world.sign(&first.request()).await?;
    let other = world.desk.xrp();
    let request = other.paying(|pay| pay.token = first.pay.token);
    let seen = world.refused(&request, Check::Journal, "belongs to payout").await?;
    world.sign(&other.request()).await?;
    Ok(seen)
}

async fn second(world: &mut World, token: fn(&mut Desk) -> Token) -> Result<Seen, Fault> {
    let good = signed(world, Desk::xrp).await?;
    let token = token(&mut world.desk);
    let request = good.paying(|pay| pay.token = token);
    let seen = world.refused(&request, Check::Journal, "the bytes spend").await?;
    // Again on its own ticket, valid for longer, is a retry, and good.
    world.sign(&good.paying(|pay| pay.fee.last_ledger += 50)).await?;
    Ok(seen)
}

async fn after_restart(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::xrp).await?;
    for index in world.honest() {
        world.kill(index);
        world.launch(index)?;
    }
    world.ready().await?;
    let token = world.desk.fresh_ticket();
    let later = Fee { last_ledger: good.pay.fee.last_ledger + 1_000, ..good.pay.fee };
    let request = good.paying(|pay| (pay.token, pay.fee) = (token, later));
    world.refused(&request, Check::Journal, "the bytes spend").await
}

async fn tickets_at_once(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::xrp).await?;
    let mut requests = Vec::new();
    for _ in world.quorums() {
        let token = world.desk.fresh_ticket();
        requests.push(good.paying(|pay| pay.token = token));
    }
    at_once(world, requests).await?;
    let (signed, heard) = at_most_one_signed(world, &good.request()).await?;
    Ok(Seen::everybody(format!("{signed} of them was signed, however often they were asked for: {heard}")))
}

async fn order_twice(world: &mut World) -> Result<Seen, Fault> {
    let order = world.desk.tickets();
    world.sign(&order.request()).await?;
    let token = world.desk.fresh_number();
    world.refused(&order.paying(|pay| pay.token = token), Check::Journal, "the bytes spend").await
}

async fn remedy(
    world: &mut World,
    remedy: Remedy<Build>,
    bad: Bad<Build>,
    refusal: (Check, &'static str),
) -> Result<Seen, Fault> {
    remedied(world, Desk::xrp, (remedy, bad), refusal).await
}

async fn second_after_void(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::xrp).await?;
    let void = world.desk.xrp_void_of(&good);
    world.sign(&void.request()).await?;
    let token = world.desk.fresh_ticket();
    world.refused(&good.paying(|pay| pay.token = token), Check::Journal, "the bytes spend").await
}

async fn attempt_without_people(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::xrp).await?;
    let next = world.desk.xrp_next_attempt(&good);
    let seen = world.refused(&next.with(good.acts), Check::Approvals, "about another intent").await?;
    world.sign(&next.request()).await?;
    Ok(seen)
}
