//! Stops that a gateway keeps to itself: delivered by file on two of three hosts, of which every quorum has one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cosigner::desk::{INBOX, PAUSE, StopFile};
use payout::approval::{Act, Freeze, FreezeOrder};
use payout::ids::Digest;
use payout::time::Millis;
use wire::message::{Check, Condition, FromCosigner, StopAct, ToCosigner};

use crate::attacks::case::{Case, Fault, Seen};
use crate::attacks::draft::{Desk, Draft};
use crate::attacks::gateway::now;
use crate::attacks::world::{PATIENCE, World};
use crate::deployment::cast::{ADMINS, FINANCE, OPERATOR, OUTSIDER, TREASURY, principal};

/// The hosts on which a file is laid: n − t + 1.
const HOSTS: [u8; 2] = [1, 2];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scene("hidden-rejection", "an approved payout that an approver rejected by file", |w| {
            Box::pin(rejected(w))
        }),
        Case::scene("hidden-withdrawal", "an approved payout that an operator withdrew by file", |w| {
            Box::pin(withdrawn(w))
        }),
        Case::scene("hidden-withdrawal-by-the-applicant", "one that its applicant withdrew by file", |w| {
            Box::pin(withdrawn_by_applicant(w))
        }),
        Case::scene("stopped-target", "a second attempt and a raise of a payout that was rejected", |w| {
            Box::pin(stopped_target(w))
        }),
        Case::scene("hidden-freeze", "any payout after an admin froze the deployment by file", |w| {
            Box::pin(frozen(w))
        }),
        Case::scene("one-lift", "one admin's lift of a freeze", |w| Box::pin(lifts(w, one_lift))),
        Case::scene("one-lift-twice", "one admin's lift twice", |w| Box::pin(lifts(w, one_lift_twice))),
        Case::scene("lift-by-others", "lifts by people who are no admins", |w| {
            Box::pin(lifts(w, lifts_by_others))
        }),
        Case::scene("forged-lifts", "lifts under the admins' names by another key", |w| {
            Box::pin(lifts(w, forged_lifts))
        }),
        Case::scene("old-lifts", "lifts that were signed before the freeze", |w| {
            Box::pin(lifts(w, old_lifts))
        }),
        Case::scene("lifts-of-another-deployment", "lifts for another deployment", |w| {
            Box::pin(lifts(w, foreign_lifts))
        }),
        Case::scene("freeze-renamed", "the freeze itself, with its word changed to lift", |w| {
            Box::pin(lifts(w, renamed_freeze))
        }),
        Case::scene("paused-host", "a payout through a host that its owner has paused", |w| {
            Box::pin(paused(w))
        }),
        Case::scene("forged-stops", "stops by people who may not, to hold up a good payout", |w| {
            Box::pin(forged_stops(w))
        }),
    ]
}

/// Lays orders on two hosts while the gateway lets nothing pass from co-signer to co-signer, and waits until they are
/// read.
async fn lay(world: &mut World, orders: &StopFile) -> Result<(), Fault> {
    world.gateway.relay_by(|_| Vec::new());
    let text = serde_json::to_string(orders).expect("orders are JSON");
    let mut waiting = Vec::new();
    for index in HOSTS {
        let inbox = world.folder.state(index).join(INBOX);
        std::fs::create_dir_all(&inbox)?;
        let name = format!("{}.json", crate::vendor::fresh_id());
        let part = inbox.join("part");
        std::fs::write(&part, &text)?;
        std::fs::rename(&part, inbox.join(&name))?;
        waiting.push(inbox.join("done").join(name));
    }
    for path in waiting {
        appears(&path).await?;
    }
    world.gateway.relay_honestly();
    Ok(())
}

async fn appears(path: &Path) -> Result<(), Fault> {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !path.exists() {
        if tokio::time::Instant::now() >= end {
            return Err(Fault::Late(format!("{} is there", path.display())));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn stop(world: &World, who: &str, act: Act, draft: &Draft) -> StopFile {
    let act = world.desk.act(who, act, &draft.intent);
    StopFile { acts: vec![StopAct { intent: draft.intent.canonical(), act }], freezes: Vec::new() }
}

async fn stopped(
    world: &mut World,
    good: fn(&mut Desk) -> Draft,
    who: &str,
    act: Act,
) -> Result<Seen, Fault> {
    let draft = world.control(good).await?;
    let orders = stop(world, who, act, &draft);
    lay(world, &orders).await?;
    world.refused(&draft.request(), Check::Journal, "journaled for ever").await
}

async fn rejected(world: &mut World) -> Result<Seen, Fault> {
    stopped(world, Desk::native, FINANCE[2], Act::Reject).await
}

async fn withdrawn(world: &mut World) -> Result<Seen, Fault> {
    stopped(world, Desk::native, OPERATOR, Act::Withdraw).await
}

async fn withdrawn_by_applicant(world: &mut World) -> Result<Seen, Fault> {
    stopped(world, |desk| desk.applied(OPERATOR), OPERATOR, Act::Withdraw).await
}

async fn stopped_target(world: &mut World) -> Result<Seen, Fault> {
    let draft = world.desk.native();
    world.sign(&draft.request()).await?;
    let orders = stop(world, FINANCE[2], Act::Reject, &draft);
    lay(world, &orders).await?;
    let raise = world.desk.raise_of(&draft);
    world.refused(&raise.request(), Check::Journal, "journaled for ever").await?;
    let next = world.desk.next_attempt(&draft);
    world.refused(&next.request(), Check::Journal, "journaled for ever").await
}

fn order(world: &World, who: &str, freeze: Freeze, at: Millis) -> FreezeOrder {
    let key = world.desk.cast.key(who);
    let deployment = world.genesis.deployment();
    FreezeOrder::sign(&key, principal(who), deployment, freeze, "a stolen laptop".to_owned(), at)
}

/// Freezes two hosts by file; when.
async fn freeze(world: &mut World) -> Result<Millis, Fault> {
    let at = now();
    let orders = StopFile { acts: Vec::new(), freezes: vec![order(world, ADMINS[0], Freeze::Freeze, at)] };
    lay(world, &orders).await?;
    Ok(at)
}

/// Both admins' lifts, after which signing goes on.
async fn thaw(world: &World, frozen: Millis) -> Result<(), Fault> {
    let at = now().max(frozen.plus(1));
    let freezes: Vec<FreezeOrder> = ADMINS.iter().map(|who| order(world, who, Freeze::Lift, at)).collect();
    for index in world.honest() {
        world.gateway.say(index, &ToCosigner::Stop { acts: Vec::new(), freezes: freezes.clone() });
    }
    let honest = world.honest();
    world
        .gateway
        .until("the freeze is lifted", PATIENCE, |heard| {
            let ready = |index| heard.standings.get(index).is_some_and(|s| s.condition == Condition::Ready);
            honest.iter().all(ready).then_some(())
        })
        .await
}

async fn frozen(world: &mut World) -> Result<Seen, Fault> {
    lifts(world, |_, _| Vec::new()).await
}

/// A frozen deployment, and lifts that are none.
async fn lifts(world: &mut World, bad: fn(&World, &FreezeOrder) -> Vec<FreezeOrder>) -> Result<Seen, Fault> {
    let draft = world.control(Desk::native).await?;
    let at = freeze(world).await?;
    let freezes = bad(world, &order(world, ADMINS[0], Freeze::Freeze, at));
    for index in world.honest() {
        world.gateway.say(index, &ToCosigner::Stop { acts: Vec::new(), freezes: freezes.clone() });
    }
    let seen = world.refused(&draft.request(), Check::Frozen, "frozen by ada").await?;
    thaw(world, at).await?;
    world.sign(&draft.request()).await?;
    Ok(seen)
}

fn one_lift(world: &World, freeze: &FreezeOrder) -> Vec<FreezeOrder> {
    vec![order(world, ADMINS[1], Freeze::Lift, freeze.at.plus(1))]
}

fn one_lift_twice(world: &World, freeze: &FreezeOrder) -> Vec<FreezeOrder> {
    (1..=2).map(|ms| order(world, ADMINS[1], Freeze::Lift, freeze.at.plus(ms))).collect()
}

fn lifts_by_others(world: &World, freeze: &FreezeOrder) -> Vec<FreezeOrder> {
    let who = [TREASURY[0], FINANCE[0], OPERATOR];
    who.iter().map(|who| order(world, who, Freeze::Lift, freeze.at.plus(1))).collect()
}

fn forged_lifts(world: &World, freeze: &FreezeOrder) -> Vec<FreezeOrder> {
    let key = world.desk.cast.key(OUTSIDER);
    let lift = |who: &&str| {
        let reason = "all is well".to_owned();
        FreezeOrder::sign(&key, principal(who), freeze.deployment, Freeze::Lift, reason, freeze.at.plus(1))
    };
    ADMINS.iter().map(lift).collect()
}

fn old_lifts(world: &World, freeze: &FreezeOrder) -> Vec<FreezeOrder> {
    ADMINS.iter().map(|who| order(world, who, Freeze::Lift, freeze.at.plus(-1))).collect()
}

fn foreign_lifts(world: &World, freeze: &FreezeOrder) -> Vec<FreezeOrder> {
    let elsewhere = Digest::from_bytes([7; 32]);
    let lift = |who: &&str| {
        let reason = "all is well".to_owned();
        let key = world.desk.cast.key(who);
        FreezeOrder::sign(&key, principal(who), elsewhere, Freeze::Lift, reason, freeze.at.plus(1))
    };
    ADMINS.iter().map(lift).collect()
}

fn renamed_freeze(world: &World, freeze: &FreezeOrder) -> Vec<FreezeOrder> {
    let renamed = FreezeOrder { order: Freeze::Lift, at: freeze.at.plus(1), ..freeze.clone() };
    vec![renamed, order(world, ADMINS[1], Freeze::Lift, freeze.at.plus(1))]
}

async fn paused(world: &mut World) -> Result<Seen, Fault> {
    let draft = world.control(Desk::native).await?;
    let pauses: Vec<PathBuf> = HOSTS.iter().map(|index| world.folder.state(*index).join(PAUSE)).collect();
    for path in &pauses {
        std::fs::write(path, "moving house\n")?;
    }
    let is_frozen = |heard: &crate::attacks::gateway::Heard, index: &u8| {
        let standing = heard.standings.get(index);
        standing.is_some_and(|standing| matches!(standing.condition, Condition::Frozen(_)))
    };
    let all = |heard: &crate::attacks::gateway::Heard| {
        HOSTS.iter().all(|index| is_frozen(heard, index)).then_some(())
    };
    world.gateway.until("two hosts are paused", PATIENCE, all).await?;
    let seen = world.refused(&draft.request(), Check::Frozen, "paused on this host: moving house").await?;
    for path in &pauses {
        std::fs::remove_file(path)?;
    }
    let none = |heard: &crate::attacks::gateway::Heard| {
        (!HOSTS.iter().any(|index| is_frozen(heard, index))).then_some(())
    };
    world.gateway.until("no host is paused", PATIENCE, none).await?;
    world.sign(&draft.request()).await?;
    Ok(seen)
}

/// Whoever may not stop a payout does not stop it, whatever a gateway makes of it.
async fn forged_stops(world: &mut World) -> Result<Seen, Fault> {
    let draft = world.control(Desk::native).await?;
    let mut forged = world.desk.act(FINANCE[0], Act::Reject, &draft.intent);
    forged.nonce = payout::approval::ActNonce::from_bytes(crate::vendor::random());
    let other = world.desk.native();
    let moved = world.desk.act(FINANCE[0], Act::Reject, &other.intent);
    let acts = [world.desk.act(OUTSIDER, Act::Reject, &draft.intent), forged, moved]
        .map(|act| StopAct { intent: draft.intent.canonical(), act })
        .to_vec();
    let order = ToCosigner::Stop { acts, freezes: Vec::new() };
    for index in world.honest() {
        world.gateway.say(index, &order);
    }
    let why = world.logged(1, "a stop was refused").await?;
    world.sign(&draft.request()).await?;
    let seen = world.gateway.look(|heard| {
        let digest = Some(draft.intent.digest());
        heard
            .words
            .iter()
            .any(|(_, word)| matches!(word, FromCosigner::StopSeen { intent, .. } if *intent == digest))
    });
    if seen {
        return Err(Fault::Broken("a forged stop was acknowledged".to_owned()));
    }
    Ok(Seen::everybody(why))
}
