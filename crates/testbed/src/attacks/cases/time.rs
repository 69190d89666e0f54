//! Time: expired intents, and clocks that are pushed forward and back.

use std::time::Duration;

use cosigner::journal::Body;
use payout::intent::Intent;
use wire::message::{Check, FromCosigner, PeerMessage, ToCosigner};

use crate::attacks::case::{After, Case, Fault, Seen, Tampering};
use crate::attacks::draft::{Desk, Draft};
use crate::attacks::gateway::{Welcome, now};
use crate::attacks::turncoat::Event;
use crate::attacks::world::{PATIENCE, World};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

pub(super) fn cases() -> Vec<Case> {
    let dated = |name, tried, bad, says| {
        let (good, check) = (Desk::native as fn(&mut Desk) -> Draft, Check::Time);
        Case::request(name, tried, Tampering { good, bad, check, says, after: After::Signed })
    };
    vec![
        dated(
            "expired",
            "an intent whose time to approve is over, and that nobody saw approved",
            |desk, good| moved(desk, good, -25 * HOUR_MS),
            "it expired at",
        ),
        dated(
            "future",
            "an intent that was made in an hour",
            |desk, good| moved(desk, good, HOUR_MS),
            "in the future",
        ),
        Case::request(
            "dated-back",
            "an automatic payout dated back by eleven minutes, to fall into its rule's hours",
            Tampering {
                good: |desk| desk.limited("by-hours", 2007),
                bad: |_, good| {
                    let (created, expiry) = (good.intent.created, good.intent.expiry);
                    let (created, expiry) = (created.plus(-11 * MINUTE_MS), expiry.plus(-11 * MINUTE_MS));
                    Draft { intent: Intent { created, expiry, ..good.intent.clone() }, ..good.clone() }
                        .request()
                },
                check: Check::Time,
                says: "nobody signed its time",
                after: After::Signed,
            },
        ),
        Case::scene("late-sight", "an intent shown after its expiry", |w| Box::pin(late_sight(w))),
        Case::scene("gateways-clock", "a gateway whose clock is a day ahead, and then a day behind", |w| {
            Box::pin(gateways_clock(w))
        }),
        Case::scene("clock-ahead", "a hostile co-signer whose clock is a minute ahead", |w| {
            Box::pin(apart(w, 60_000))
        }),
        Case::scene("clock-behind", "a hostile co-signer whose clock is a minute behind", |w| {
            Box::pin(apart(w, -60_000))
        }),
        Case::scene("entry-ahead", "a journal entry from tomorrow, to push time on", |w| {
            Box::pin(entry_ahead(w))
        }),
        Case::scene(
            "entry-backwards",
            "a journal entry from before its author's last one, to push time back",
            |w| Box::pin(entry_backwards(w)),
        ),
        Case::scene("lied-sight", "a hostile co-signer that says it saw an expired intent in time", |w| {
            Box::pin(lied_sight(w))
        }),
    ]
}

/// The same payout, made and expiring that much later, approved likewise.
fn moved(desk: &mut Desk, good: &Draft, ms: i64) -> wire::message::SignRequest {
    let created = good.intent.created.plus(ms);
    let expiry = good.intent.expiry.plus(ms);
    let intent = Intent { created, expiry, ..good.intent.clone() };
    let acts = desk.approvals(&intent, &crate::attacks::draft::ENOUGH);
    Draft { intent, acts, ..good.clone() }.request()
}

/// A payout that can be approved for so many ms from now.
fn brief(desk: &mut Desk, ms: i64) -> Draft {
    let intent = desk.native().intent;
    let expiry = intent.created.plus(ms);
    desk.approved(Intent { expiry, ..intent })
}

async fn late_sight(world: &mut World) -> Result<Seen, Fault> {
    let shown = |draft: &Draft| draft.over(Vec::new());
    // In time: seen by all, and signed although it has expired meanwhile.
    let good = brief(&mut world.desk, 1500);
    for index in world.honest() {
        world.gateway.say(index, &ToCosigner::Sight { request: 1, request_body: shown(&good) });
    }
    let honest = world.honest().len();
    sighted(world, 1, honest).await?;
    let late = brief(&mut world.desk, 1);
    tokio::time::sleep(Duration::from_millis(1600)).await;
    world.sign(&good.request()).await?;
    for index in world.honest() {
        world.gateway.say(index, &ToCosigner::Sight { request: 2, request_body: shown(&late) });
    }
    sighted(world, 2, honest).await?;
    world.refused(&late.request(), Check::Time, "it expired at").await
}

/// Waits for so many answers to a sight.
async fn sighted(world: &World, number: u64, count: usize) -> Result<(), Fault> {
    let answered = |(_, word): &&(u8, FromCosigner)| matches!(word, FromCosigner::Sighted { request, .. } if *request == number);
    world
        .gateway
        .until("a sight is answered", PATIENCE, |heard| {
            (heard.words.iter().filter(answered).count() >= count).then_some(())
        })
        .await
}

async fn gateways_clock(world: &mut World) -> Result<Seen, Fault> {
    let honestly = world.gateway.welcome();
    for clock_ms in [24 * HOUR_MS, -24 * HOUR_MS] {
        world.gateway.welcome_as(Welcome { clock_ms, ..honestly });
        world.gateway.hang_up();
        world.ready().await?;
        let late = brief(&mut world.desk, 1);
        tokio::time::sleep(Duration::from_millis(5)).await;
        world.refused(&late.request(), Check::Time, "it expired at").await?;
        let early = world.control(Desk::native).await?;
        let early = moved(&mut world.desk, &early, HOUR_MS);
        world.refused(&early, Check::Time, "in the future").await?;
    }
    world.gateway.welcome_as(honestly);
    world.gateway.hang_up();
    world.ready().await?;
    let why = world.logged(1, "its clock and ours are apart").await?;
    Ok(Seen::everybody(format!("nobody's time but their own: {why}")))
}

/// The one hostile co-signer of this deployment.
fn hostile(world: &World) -> u8 {
    world.setting.hostile[0]
}

async fn apart(world: &mut World, clock_ms: i64) -> Result<Seen, Fault> {
    let draft = world.control(Desk::native).await?;
    let index = hostile(world);
    let tell = |world: &World, clock_ms| {
        if let Some(turncoat) = world.turncoats.get(&index) {
            turncoat.tell(Event::Clock(clock_ms));
        }
    };
    tell(world, clock_ms);
    let quorum = world.quorums().swap_remove(0);
    let attempt = world.attack(&quorum, &draft.request()).await;
    tell(world, 0);
    let seen = attempt?.refused(Check::Time, "the clock of co-signer")?;
    world.sign_by(&quorum, &draft.request()).await?;
    Ok(seen)
}

/// An entry dated so far ahead that all windows would be over; nobody takes it.
async fn entry_ahead(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let index = hostile(world);
    let sight = Body::Sight { intent: good.intent.digest() };
    let Some(turncoat) = world.turncoats.get(&index) else { return Err(no_turncoat()) };
    let entry = turncoat.drafts(now().plus(24 * HOUR_MS), &sight);
    for peer in world.honest() {
        turncoat.say(peer, PeerMessage::Entries(vec![entry.clone()]));
    }
    let why = world.all_logged("ms ahead of this clock").await?;
    // Had it been taken, this one would have expired.
    world.sign(&good.request()).await?;
    Ok(Seen::everybody(why))
}

async fn entry_backwards(world: &mut World) -> Result<Seen, Fault> {
    let late = brief(&mut world.desk, 1);
    tokio::time::sleep(Duration::from_millis(5)).await;
    let index = hostile(world);
    let sight = Body::Sight { intent: late.intent.digest() };
    let Some(turncoat) = world.turncoats.get(&index) else { return Err(no_turncoat()) };
    let entry = turncoat.drafts(turncoat.newest().plus(-1), &sight);
    for peer in world.honest() {
        turncoat.say(peer, PeerMessage::Entries(vec![entry.clone()]));
    }
    let why = world.all_logged("is older than the one before it").await?;
    world.refused(&late.request(), Check::Time, "it expired at").await?;
    Ok(Seen::everybody(why))
}

/// One sight is believed only where no co-signer is assumed to be hostile.
async fn lied_sight(world: &mut World) -> Result<Seen, Fault> {
    let draft = world.control(|desk| brief(desk, 60_000)).await?;
    let intent = Intent { expiry: draft.intent.created.plus(500), ..draft.intent.clone() };
    let draft = world.desk.approved(intent);
    let digest = draft.intent.digest();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let index = hostile(world);
    let honest = world.honest();
    let Some(turncoat) = world.turncoats.get_mut(&index) else { return Err(no_turncoat()) };
    let entry = turncoat.writes(draft.intent.created.plus(100), &Body::Sight { intent: digest });
    for peer in honest {
        turncoat.say(peer, PeerMessage::Entries(vec![entry.clone()]));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    world.refused(&draft.request(), Check::Time, "it expired at").await
}

fn no_turncoat() -> Fault {
    Fault::Broken("this deployment has no hostile co-signer".to_owned())
}
