//! Sessions: their names, who takes part, and what each participant is shown.

use std::collections::BTreeMap;

use wire::message::{Check, Label, ToCosigner};

use crate::attacks::case::{Attempt, Case, Fault, Seen};
use crate::attacks::draft::{ATTACKER, Desk, Draft, address, price};
use crate::attacks::ledger::Aim;
use crate::attacks::plot::Showing;
use crate::attacks::world::World;
use crate::deployment::cast::{FINANCE, TREASURY};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scene("label-twice", "a session's name used again", |w| Box::pin(label_twice(w))),
        Case::scene("label-elsewhere", "a session's name used again with others", |w| {
            Box::pin(label_elsewhere(w))
        }),
        Case::scene("request-replayed", "a signed request again, for a second effect", |w| {
            Box::pin(request_replayed(w))
        }),
        Case::scene("alone", "one participant where two sign", |w| {
            Box::pin(participants(w, &[1], Check::Peers, "1 participants where 2 sign"))
        }),
        Case::scene("everybody", "three participants where two sign", |w| {
            Box::pin(participants(w, &[1, 2, 3], Check::Peers, "3 participants where 2 sign"))
        }),
        Case::scene("one-twice", "one participant named twice", |w| {
            Box::pin(participants(w, &[1, 1], Check::Session, "not in order"))
        }),
        Case::scene("stranger", "a participant who is not on the roster", |w| {
            Box::pin(participants(w, &[1, 9], Check::Peers, "is not on the roster"))
        }),
        Case::scene("party-zero", "a participant of index 0", |w| {
            Box::pin(participants(w, &[0, 1], Check::Peers, "is not on the roster"))
        }),
        Case::scene("disorder", "participants out of order", |w| {
            Box::pin(participants(w, &[2, 1], Check::Session, "not in order"))
        }),
        Case::scene("others", "a session of others", |w| {
            Box::pin(participants(w, &[2, 3], Check::Session, "we are none of them"))
        }),
        Case::scene("different-participants", "other participants to each", |w| {
            Box::pin(different_participants(w))
        }),
        Case::scene("different-bytes", "other bytes to each", |w| {
            Box::pin(different(w, |good| good.paying(|pay| pay.fee = price(2))))
        }),
        Case::scene("different-recipients", "bytes that pay the attacker to one of them", |w| {
            Box::pin(different(w, |good| good.paying(|pay| pay.to = address(ATTACKER))))
        }),
        Case::scene("different-approvals", "other approvals to each", |w| Box::pin(different_approvals(w))),
        Case::scene("different-intents", "other intents to each", |w| Box::pin(different_intents(w))),
    ]
}

async fn label_twice(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let label = world.sign_by(&[1, 2], &good.request()).await?;
    again(world, label, &[1, 2], &good).await
}

async fn label_elsewhere(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let label = world.sign_by(&[1, 2], &good.request()).await?;
    let other = world.desk.native();
    again(world, label, &[2, 3], &other).await
}

/// Opens a session under a name that was used: no second one comes of it.
async fn again(world: &mut World, session: Label, quorum: &[u8], draft: &Draft) -> Result<Seen, Fault> {
    let before = world.gateway.look(|heard| heard.words.len());
    for index in quorum {
        let (participants, request) = (quorum.to_vec(), draft.request());
        world.gateway.say(*index, &ToCosigner::Open { session, participants, request });
    }
    let refusal = world
        .gateway
        .until("a name is refused", crate::attacks::world::PATIENCE, |heard| {
            heard.words.iter().skip(before).find_map(|(index, word)| match word {
                wire::message::FromCosigner::Refused { session: said, refusal } if *said == session => {
                    Some((*index, refusal.clone()))
                }
                _ => None,
            })
        })
        .await?;
    let signed = world.gateway.look(|heard| {
        let signed = |(_, word): &(u8, wire::message::FromCosigner)| {
            matches!(word, wire::message::FromCosigner::Signed { session: said, .. } if *said == session)
        };
        heard.words.iter().skip(before).any(signed)
    });
    if signed {
        return Err(Fault::Signed(format!("a second session {session}")));
    }
    let (index, refusal) = refusal;
    if refusal.check != Check::Session || !refusal.reason.contains("used before") {
        return Err(Fault::Unexpected {
            expected: Check::Session,
            says: "used before".to_owned(),
            heard: refusal.to_string(),
        });
    }
    Ok(Seen { by: crate::attacks::case::names([index]), why: refusal.to_string() })
}

async fn request_replayed(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    for quorum in world.quorums() {
        // The judge looks for a second token.
        world.sign_by(&quorum, &good.request()).await?;
    }
    Ok(Seen::everybody("signed again on the one nonce that it has: the same transaction"))
}

/// Everybody who is named and honest is asked, or the first if nobody named is.
async fn participants(
    world: &mut World,
    participants: &[u8],
    check: Check,
    says: &str,
) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let showing = Showing { participants: participants.to_vec(), request: good.request() };
    let shown = BTreeMap::from([(1, showing)]);
    let label = world.open_shown(&[1], shown, Aim::Attack);
    let attempt = world.end_of(label, &[1]).await?;
    world.judge()?;
    let seen = attempt.refused(check, says)?;
    world.sign(&good.request()).await?;
    Ok(seen)
}

async fn different_participants(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let showing =
        |participants: &[u8]| Showing { participants: participants.to_vec(), request: good.request() };
    let shown = BTreeMap::from([(1, showing(&[1, 2])), (2, showing(&[2, 3])), (3, showing(&[1, 3]))]);
    let attempt = shown_apart(world, &[1, 2, 3], shown).await?;
    let seen = attempt.broken_off("")?;
    world.sign(&good.request()).await?;
    Ok(seen)
}

async fn shown_apart(
    world: &mut World,
    quorum: &[u8],
    shown: BTreeMap<u8, Showing>,
) -> Result<Attempt, Fault> {
    let label = world.open_shown(quorum, shown, Aim::Attack);
    let attempt = world.end_of(label, quorum).await?;
    world.judge()?;
    Ok(attempt)
}

async fn different(
    world: &mut World,
    other: fn(&Draft) -> wire::message::SignRequest,
) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    apart(world, &good, other(&good)).await
}

async fn different_approvals(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let others = world.desk.approvals(&good.intent, &[TREASURY[1], FINANCE[1], FINANCE[2]]);
    let other = good.with(others);
    apart(world, &good, other).await
}

async fn different_intents(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let mut other = world.desk.native();
    other.pay.nonce = good.pay.nonce;
    apart(world, &good, other.request()).await
}

/// The good request to the one, the other to the other.
async fn apart(world: &mut World, good: &Draft, other: wire::message::SignRequest) -> Result<Seen, Fault> {
    let quorum = [1, 2];
    let showing = |request| Showing { participants: quorum.to_vec(), request };
    let shown = BTreeMap::from([(1, showing(good.request())), (2, showing(other))]);
    let attempt = shown_apart(world, &quorum, shown).await?;
    let seen = attempt.broken_off("different requests")?;
    world.sign(&good.request()).await?;
    Ok(seen)
}
