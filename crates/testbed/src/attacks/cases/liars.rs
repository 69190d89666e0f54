//! One hostile co-signer of four: what it says in sessions, and what it writes into its journal.

use std::collections::BTreeMap;

use cosigner::journal::{Body, Facts};
use payout::approval::{Act, Freeze, FreezeOrder};
use payout::ids::Digest;
use payout::policy::ChainName;
use wire::message::{Check, PeerMessage};

use crate::attacks::case::{Case, Fault, Seen};
use crate::attacks::draft::{ATTACKER, Desk, ETHER, address};
use crate::attacks::gateway::now;
use crate::attacks::ledger::Aim;
use crate::attacks::plot::{Plot, Showing};
use crate::attacks::turncoat::{Turncoat, encode};
use crate::attacks::world::World;
use crate::deployment::cast::{ADMINS, OUTSIDER, principal};

/// The hostile one's seat.
const LIAR: u8 = 4;
/// Two honest ones and the liar.
const QUORUM: [u8; 3] = [1, 2, LIAR];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scene(
            "two-faces",
            "other bytes to each honest co-signer, and a third that tells each what it was shown",
            |w| Box::pin(two_faces(w)),
        ),
        Case::scene("other-session-id", "a participant that computed another session's id", |w| {
            Box::pin(other_id(w))
        }),
        Case::scene("old-session-id", "a participant that repeats an earlier session's word", |w| {
            Box::pin(old_id(w))
        }),
        Case::scene("many-claims", "a participant that claims more than all could have in flight", |w| {
            Box::pin(many_claims(w))
        }),
        Case::scene("no-claims", "claims that can't be read", |w| Box::pin(no_claims(w))),
        Case::scene("anothers-entry", "an entry in an honest co-signer's journal", |w| {
            Box::pin(anothers_entry(w))
        }),
        Case::scene("gap", "an entry after one that was withheld", |w| Box::pin(gap(w))),
        Case::scene("forged-stop", "a journal with a rejection that its author never signed", |w| {
            Box::pin(forged_stop(w))
        }),
        Case::scene("outsiders-stop", "a journal with a rejection by somebody who may not", |w| {
            Box::pin(outsiders_stop(w))
        }),
        Case::scene("outsiders-freeze", "a journal with a freeze by somebody who is no admin", |w| {
            Box::pin(outsiders_freeze(w))
        }),
        Case::scene(
            "unproven-policy",
            "a journal that tells of a version nobody signed, to hold everything up",
            |w| Box::pin(unproven_policy(w)),
        ),
        Case::scene("hunger", "a participant that asks for whole journals, thousands of times", |w| {
            Box::pin(hunger(w))
        }),
        Case::scene("forked-journal", "another entry of one number to each honest co-signer", |w| {
            Box::pin(forked_journal(w))
        }),
    ]
}

fn liar(world: &World) -> Result<&Turncoat, Fault> {
    world.turncoats.get(&LIAR).ok_or_else(|| Fault::Broken("there is no hostile co-signer".to_owned()))
}

async fn two_faces(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let showing = |request| Showing { participants: QUORUM.to_vec(), request };
    let bad = good.paying(|pay| pay.to = address(ATTACKER));
    let shown = BTreeMap::from([(1, showing(good.request())), (2, showing(bad))]);
    let label = world.open_shown(&QUORUM, shown, Aim::Attack);
    let attempt = world.end_of(label, &QUORUM).await?;
    world.judge()?;
    let seen = attempt.broken_off("different requests")?;
    world.sign(&good.request()).await?;
    Ok(seen)
}

/// A good session in which the liar does something else than it should; then the same without.
async fn session(
    world: &mut World,
    change: impl FnOnce(&mut Plot),
) -> Result<crate::attacks::case::Attempt, Fault> {
    let good = world.control(Desk::native).await?;
    let showing = Showing { participants: QUORUM.to_vec(), request: good.request() };
    let shown = QUORUM.iter().map(|index| (*index, showing.clone())).collect();
    let mut plot = world.plot(&QUORUM, shown);
    change(&mut plot);
    let label = world.open_plot(plot, Aim::Attack);
    let attempt = world.end_of(label, &QUORUM).await?;
    world.judge()?;
    world.sign_by(&QUORUM, &good.request()).await?;
    Ok(attempt)
}

async fn other_id(world: &mut World) -> Result<Seen, Fault> {
    let attempt = session(world, |plot| plot.id = Some(Digest::from_bytes([7; 32]))).await?;
    attempt.broken_off("computed another session id")
}

/// The randomness of an earlier session again, and that session's id: the honest ones' is fresh.
async fn old_id(world: &mut World) -> Result<Seen, Fault> {
    let random = [9; 32];
    let first = world.desk.small();
    let showing = Showing { participants: QUORUM.to_vec(), request: first.request() };
    let shown = QUORUM.iter().map(|index| (*index, showing.clone())).collect();
    let mut plot = world.plot(&QUORUM, shown);
    plot.random = random;
    let label = world.open_plot(plot, Aim::Good);
    world.end_of(label, &QUORUM).await?;
    world.judge()?;
    let id = world.gateway.id_of(label);
    let id = id.ok_or_else(|| Fault::Broken("the earlier session has no id".to_owned()))?;
    let attempt = session(world, |plot| {
        plot.random = random;
        plot.id = Some(id);
    })
    .await?;
    attempt.broken_off("computed another session id")
}

async fn many_claims(world: &mut World) -> Result<Seen, Fault> {
    let template = world.desk.small();
    let claim = |number: u64| {
        let intent = Digest::of("claim", &[&number.to_be_bytes()]);
        let facts = Facts {
            intent,
            payout: intent,
            kind: template.intent.kind,
            project: template.intent.project,
            cid: template.intent.cid,
            attempt: template.intent.attempt,
            third_party_id: template.intent.third_party_id.clone(),
            wallet: template.intent.wallet,
            network_id: template.intent.network_id.clone(),
            chain_id: template.intent.chain_id.clone(),
            from: template.intent.from.clone(),
            token: chain::evm::token_for_nonce(1_000_000 + number),
            payload: intent,
            rule: template.intent.rule.clone(),
            coin: world.desk.coin(ETHER).id(),
            amount: template.intent.amount,
            fee: template.intent.fee_cap,
            to: template.intent.to.clone(),
        };
        encode(&facts)
    };
    let claims: Vec<Vec<u8>> = (0..5000).map(claim).collect();
    let mut attempt = session(world, |plot| plot.claims.clone_from(&claims)).await?;
    if attempt.is_late() {
        attempt = session(world, |plot| plot.claims = claims).await?;
    }
    attempt.refused(Check::Session, "sessions in flight")
}

async fn no_claims(world: &mut World) -> Result<Seen, Fault> {
    let attempt = session(world, |plot| plot.claims = vec![b"nothing at all".to_vec()]).await?;
    attempt.refused(Check::Journal, "can't be read")
}

/// Tells all honest co-signers of entries.
fn tell(world: &World, entries: &[wire::message::SignedEntry]) -> Result<(), Fault> {
    let liar = liar(world)?;
    for peer in world.honest() {
        liar.say(peer, PeerMessage::Entries(entries.to_vec()));
    }
    Ok(())
}

fn sight() -> Body {
    Body::Sight { intent: Digest::from_bytes([7; 32]) }
}

async fn anothers_entry(world: &mut World) -> Result<Seen, Fault> {
    let liar = liar(world)?;
    let entry = liar.forges(1, 10_000, now(), &sight());
    tell(world, &[entry])?;
    let why = world.all_logged("is not signed by it").await?;
    Ok(Seen::everybody(why))
}

async fn gap(world: &mut World) -> Result<Seen, Fault> {
    let liar = liar(world)?;
    let entry = liar.forges(LIAR, liar.seq() + 2, now(), &sight());
    tell(world, &[entry])?;
    let why = world.all_logged("was expected").await?;
    Ok(Seen::everybody(why))
}

async fn forged_stop(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let mut act = world.desk.act(ADMINS[0], Act::Reject, &good.intent);
    act.nonce = payout::approval::ActNonce::from_bytes(crate::vendor::random());
    let entry = liar(world)?.drafts(now(), &Body::Stop { act });
    tell(world, &[entry])?;
    let why = world.all_logged("journal entries were refused").await?;
    world.sign(&good.request()).await?;
    Ok(Seen::everybody(why))
}

async fn writes(world: &mut World, body: &Body) -> Result<(), Fault> {
    let liar = world.turncoats.get_mut(&LIAR);
    let liar = liar.ok_or_else(|| Fault::Broken("there is no hostile co-signer".to_owned()))?;
    let entry = liar.writes(now(), body);
    tell(world, &[entry])?;
    // Until it was read.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    Ok(())
}

async fn outsiders_stop(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let act = world.desk.act(OUTSIDER, Act::Reject, &good.intent);
    writes(world, &Body::Stop { act }).await?;
    world.sign(&good.request()).await?;
    Ok(Seen::everybody("otto's rejection does not count, and the payout is signed"))
}

async fn outsiders_freeze(world: &mut World) -> Result<Seen, Fault> {
    let key = world.desk.cast.key(OUTSIDER);
    let deployment = world.genesis.deployment();
    let reason = "because".to_owned();
    let order = FreezeOrder::sign(&key, principal(OUTSIDER), deployment, Freeze::Freeze, reason, now());
    writes(world, &Body::Freeze { order }).await?;
    let good = world.desk.native();
    world.sign(&good.request()).await?;
    Ok(Seen::everybody("otto's freeze does not count, and payouts are signed"))
}

async fn unproven_policy(world: &mut World) -> Result<Seen, Fault> {
    let body = Body::PolicyAdopted {
        chain: ChainName::Rules,
        version: 99,
        digest: Digest::from_bytes([7; 32]),
        signatures: Vec::new(),
    };
    writes(world, &body).await?;
    let good = world.desk.native();
    world.sign(&good.request()).await?;
    Ok(Seen::everybody("one co-signer's word without the admins' signatures holds up nothing"))
}

/// Each answer would be all that anybody ever wrote. The others go on meanwhile.
async fn hunger(world: &mut World) -> Result<Seen, Fault> {
    const TIMES: usize = 3000;
    let before = world.gateway.look(|heard| heard.visits.clone());
    let liar = liar(world)?;
    for _ in 0..TIMES {
        for peer in world.honest() {
            liar.say(peer, PeerMessage::Heads(Vec::new()));
        }
    }
    for _ in 0..3 {
        let good = world.desk.native();
        world.sign_by(&[1, 2, 3], &good.request()).await?;
    }
    if world.gateway.look(|heard| heard.visits != before) {
        return Err(Fault::Broken("somebody gave up its connection".to_owned()));
    }
    Ok(Seen::everybody("one answer at a time, and payouts are signed meanwhile"))
}

/// The liar is caught for good: nothing is signed with it any more, and everything without it.
async fn forked_journal(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    for peer in world.honest() {
        let liar = liar(world)?;
        let entry = liar.drafts(now(), &Body::Sight { intent: Digest::from_bytes([peer; 32]) });
        liar.say(peer, PeerMessage::Entries(vec![entry]));
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let attempt = world.attack(&QUORUM, &good.request()).await?;
    world.judge()?;
    let seen = attempt.refused(Check::Journal, "does not fit the entries held here")?;
    world.sign_by(&[1, 2, 3], &good.request()).await?;
    Ok(seen)
}
