//! Voids and raised fee caps: what people approve so that a stuck payout comes to an end must not become a second payment.

use chain::TokenRef;
use chain::evm::Build;
use payout::intent::Intent;
use payout::money::Amount;
use wire::message::{Check, SignRequest, Target};

use super::once::signed;
use crate::attacks::case::{Case, Fault, Seen};
use crate::attacks::draft::{ATTACKER, Desk, Draft, ENOUGH, Payload, address, price};
use crate::attacks::world::World;

/// Makes the remedy of a payout.
pub(super) type Remedy<B = Build> = fn(&mut Desk, &Draft<B>) -> Draft<B>;
/// Makes the hostile request of a payout and its approved remedy.
pub(super) type Bad<B = Build> = fn(&mut Desk, &Draft<B>, &Draft<B>) -> SignRequest;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = voids();
    cases.extend(raises());
    cases
}

fn voids() -> Vec<Case> {
    vec![
        Case::scene("void-that-pays", "an approved void whose bytes pay the attacker", |w| {
            Box::pin(remedy(
                w,
                Desk::void_of,
                |_, good, void| void.paying(|pay| *pay = Build { to: address(ATTACKER), ..good.pay.clone() }),
                (Check::Bytes, "the intent is a void"),
            ))
        }),
        Case::scene("void-that-pays-as-approved", "an approved void whose bytes are the payout's", |w| {
            Box::pin(remedy(
                w,
                Desk::void_of,
                |_, good, void| void.paying(|pay| *pay = good.pay.clone()),
                (Check::Bytes, "the intent is a void"),
            ))
        }),
        Case::scene("void-elsewhere", "a void that sends nothing to somebody else", |w| {
            Box::pin(remedy(
                w,
                Desk::void_of,
                |_, _, void| void.paying(|pay| pay.to = address(ATTACKER)),
                (Check::Bytes, "the bytes pay"),
            ))
        }),
        Case::scene("void-over-cap", "a void that burns more than its cap", |w| {
            Box::pin(remedy(
                w,
                Desk::void_of,
                |_, _, void| void.paying(|pay| pay.fee = price(20)),
                (Check::Bytes, "the cap is"),
            ))
        }),
        Case::scene("void-unapproved", "a void that nobody approved", |w| {
            Box::pin(remedy(
                w,
                Desk::void_of,
                |_, _, void| void.with(Vec::new()),
                (Check::Approvals, "1 more approval(s) of treasury"),
            ))
        }),
        Case::scene("void-without-people", "a void with the payout's approvals", |w| {
            Box::pin(remedy(
                w,
                Desk::void_of,
                |_, good, void| void.with(good.acts.clone()),
                (Check::Approvals, "about another intent"),
            ))
        }),
        Case::scene(
            "void-of-another-recipient",
            "a void that repeats the payout with another recipient",
            |w| {
                Box::pin(remedy(
                    w,
                    Desk::void_of,
                    |desk, _, void| altered(desk, void, |intent| intent.to = address(ATTACKER)),
                    (Check::Journal, "to is not the one of the target"),
                ))
            },
        ),
        Case::scene("void-with-anothers-text", "a void beside the text of another payout", |w| {
            Box::pin(remedy(w, Desk::void_of, anothers_text, (Check::Session, "the target is")))
        }),
        Case::scene("void-without-text", "a void without the text of the payout", |w| {
            Box::pin(remedy(
                w,
                Desk::void_of,
                |_, _, void| Draft { target: None, ..void.clone() }.request(),
                (Check::Session, "was not brought along"),
            ))
        }),
        Case::scene("void-of-a-void", "a void whose target is a void", |w| {
            Box::pin(remedy(
                w,
                Desk::void_of,
                |desk, _, void| {
                    let nonce = desk.fresh_nonce();
                    desk.void_of(void).paying(|pay| pay.nonce = nonce)
                },
                (Check::Journal, "the target is a void"),
            ))
        }),
        Case::scene("void-of-another", "an approved void on another payout's nonce", |w| {
            Box::pin(void_of_another(w))
        }),
        Case::scene(
            "void-of-unsigned",
            "a void of a payout that nobody signed for, on a nonce it never had",
            |w| Box::pin(void_of_unsigned(w)),
        ),
        Case::scene("second-nonce-after-void", "a voided payout on a second nonce", |w| {
            Box::pin(second_nonce_after_void(w))
        }),
        Case::scene("other-payout-after-void", "another approved payout on the nonce of a void", |w| {
            Box::pin(other_payout_after_void(w))
        }),
        Case::scene(
            "numbers-of-another",
            "a void and a raise under another payout's number, to block that one",
            |w| Box::pin(numbers_of_another(w)),
        ),
    ]
}

fn raises() -> Vec<Case> {
    vec![
        Case::scene(
            "raise-that-pays",
            "an approved raise of the fee cap whose bytes pay the attacker",
            |w| {
                Box::pin(remedy(
                    w,
                    Desk::raise_of,
                    |_, _, raise| {
                        raise.paying(|pay| {
                            pay.to = address(ATTACKER);
                            pay.token = TokenRef::Native;
                        })
                    },
                    (Check::Bytes, "the bytes pay"),
                ))
            },
        ),
        Case::scene("raise-on-another-nonce", "an approved raise on a second nonce", |w| {
            Box::pin(remedy(
                w,
                Desk::raise_of,
                |desk, _, raise| {
                    let nonce = desk.fresh_nonce();
                    raise.paying(|pay| pay.nonce = nonce)
                },
                (Check::Journal, "the bytes spend"),
            ))
        }),
        Case::scene("raise-to-another", "a raise, approved, whose intent names another recipient", |w| {
            Box::pin(remedy(
                w,
                Desk::raise_of,
                |desk, _, raise| altered(desk, raise, |intent| intent.to = address(ATTACKER)),
                (Check::Journal, "to is not the one of the target"),
            ))
        }),
        Case::scene(
            "raise-of-the-amount",
            "a raise, approved, that raises the amount by one unit as well",
            |w| {
                Box::pin(remedy(
                    w,
                    Desk::raise_of,
                    |desk, _, raise| {
                        altered(desk, raise, |intent| {
                            intent.amount = more(intent.amount);
                            intent.amount_text = intent.amount.to_decimal(18);
                        })
                    },
                    (Check::Journal, "amount is not the one of the target"),
                ))
            },
        ),
        Case::scene("raise-over-the-approved-cap", "bytes that burn more than the raised cap", |w| {
            Box::pin(remedy(
                w,
                Desk::raise_of,
                |_, _, raise| raise.paying(|pay| pay.fee = price(200)),
                (Check::Bytes, "the cap is"),
            ))
        }),
        Case::scene("raise-over-the-rules", "a raise to more than the rules allow", |w| {
            Box::pin(remedy(
                w,
                Desk::raise_of,
                |desk, _, raise| {
                    let cap = more(desk.fee_cap());
                    altered(desk, raise, |intent| intent.fee_cap = cap)
                },
                (Check::Rule, "the rules allow"),
            ))
        }),
        Case::scene("raise-to-the-same-cap", "a raise that raises nothing", |w| {
            Box::pin(remedy(
                w,
                Desk::raise_of,
                |desk, good, raise| altered(desk, raise, |intent| intent.fee_cap = good.intent.fee_cap),
                (Check::Journal, "is not above the target's"),
            ))
        }),
        Case::scene("raise-unapproved", "a raise that nobody approved", |w| {
            Box::pin(remedy(
                w,
                Desk::raise_of,
                |_, _, raise| raise.with(Vec::new()),
                (Check::Approvals, "1 more approval(s) of treasury"),
            ))
        }),
        Case::scene("raise-without-people", "a raise with the payout's approvals", |w| {
            Box::pin(remedy(
                w,
                Desk::raise_of,
                |_, good, raise| raise.with(good.acts.clone()),
                (Check::Approvals, "about another intent"),
            ))
        }),
        Case::scene("raise-with-anothers-text", "a raise beside the text of another payout", |w| {
            Box::pin(remedy(w, Desk::raise_of, anothers_text, (Check::Session, "the target is")))
        }),
        Case::scene("raise-of-unsigned", "a raise for a payout that was never signed for", |w| {
            Box::pin(raise_of_unsigned(w))
        }),
    ]
}

async fn remedy(
    world: &mut World,
    remedy: Remedy,
    bad: Bad,
    refusal: (Check, &'static str),
) -> Result<Seen, Fault> {
    remedied(world, Desk::native, (remedy, bad), refusal).await
}

/// A payout that was signed for and its approved remedy; the hostile request that is made of them is refused, the
/// remedy is signed.
pub(super) async fn remedied<B: Payload>(
    world: &mut World,
    good: fn(&mut Desk) -> Draft<B>,
    (remedy, bad): (Remedy<B>, Bad<B>),
    (check, says): (Check, &'static str),
) -> Result<Seen, Fault> {
    let good = signed(world, good).await?;
    let remedy = remedy(&mut world.desk, &good);
    let bad = bad(&mut world.desk, &good, &remedy);
    let seen = world.refused(&bad, check, says).await?;
    world.sign(&remedy.request()).await?;
    Ok(seen)
}

/// The remedy with another intent, which people approved, too, and bytes that do what it says.
fn altered(desk: &Desk, remedy: &Draft, change: impl FnOnce(&mut Intent)) -> SignRequest {
    let mut draft = remedy.clone();
    change(&mut draft.intent);
    draft.acts = desk.approvals(&draft.intent, &ENOUGH);
    if draft.intent.kind == payout::intent::Kind::RaiseCap {
        draft.pay.to = draft.intent.to.clone();
        draft.pay.amount = draft.intent.amount;
    }
    draft.request()
}

fn more(amount: Amount) -> Amount {
    amount.checked_add(Amount::from_u128(1)).expect("far below 2^256")
}

/// The remedy, approved, with the text of a payout that it does not name.
fn anothers_text(desk: &mut Desk, _: &Draft, remedy: &Draft) -> SignRequest {
    let other = desk.native();
    let target = Some(Target { intent: other.intent.canonical(), unsigned: other.request().unsigned });
    Draft { target, ..remedy.clone() }.request()
}

async fn void_of_another(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    let victim = signed(world, Desk::native).await?;
    let void = world.desk.void_of(&good);
    let stolen = void.paying(|pay| pay.nonce = victim.pay.nonce);
    let seen = world.refused(&stolen, Check::Journal, "belongs to payout").await?;
    world.sign(&void.request()).await?;
    Ok(seen)
}

/// Only its bytes say which nonce it had, and they must be its own.
async fn void_of_unsigned(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let void = world.desk.void_of(&good);
    let nonce = world.desk.fresh_nonce();
    let elsewhere = void.paying(|pay| pay.nonce = nonce);
    let seen = world.refused(&elsewhere, Check::Bytes, "the void spends").await?;
    // Bytes that have that nonce, and pay somebody else.
    let unsigned = good.paying(|pay| *pay = Build { nonce, to: address(ATTACKER), ..pay.clone() }).unsigned;
    let target = void.target.clone().map(|target| Target { unsigned, ..target });
    let forged = Draft { target, ..void.clone() }.paying(|pay| pay.nonce = nonce);
    world.refused(&forged, Check::Bytes, "the target's bytes are not the target's").await?;
    world.sign(&void.request()).await?;
    Ok(seen)
}

async fn second_nonce_after_void(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    let void = world.desk.void_of(&good);
    world.sign(&void.request()).await?;
    let nonce = world.desk.fresh_nonce();
    world.refused(&good.paying(|pay| pay.nonce = nonce), Check::Journal, "the bytes spend").await
}

async fn other_payout_after_void(world: &mut World) -> Result<Seen, Fault> {
    let good = signed(world, Desk::native).await?;
    let void = world.desk.void_of(&good);
    world.sign(&void.request()).await?;
    let other = world.desk.native();
    let nonce = good.pay.nonce;
    let seen =
        world.refused(&other.paying(|pay| pay.nonce = nonce), Check::Journal, "belongs to payout").await?;
    world.sign(&other.request()).await?;
    Ok(seen)
}

/// They count under the numbers of the payout that they are about, whatever number they bear themselves.
async fn numbers_of_another(world: &mut World) -> Result<Seen, Fault> {
    for remedy in [Desk::raise_of as Remedy, Desk::void_of] {
        let good = signed(world, Desk::native).await?;
        let victim = world.desk.native();
        let mut remedy = remedy(&mut world.desk, &good);
        remedy.intent.cid = victim.intent.cid;
        remedy.intent.third_party_id = victim.intent.third_party_id.clone();
        remedy.acts = world.desk.approvals(&remedy.intent, &ENOUGH);
        world.sign(&remedy.request()).await?;
        world.sign(&victim.request()).await?;
    }
    Ok(Seen::everybody("they count under their target's numbers, and the other payout is signed"))
}

async fn raise_of_unsigned(world: &mut World) -> Result<Seen, Fault> {
    let good = world.control(Desk::native).await?;
    let raise = world.desk.raise_of(&good);
    let seen = world.refused(&raise.request(), Check::Journal, "was never signed for").await?;
    world.sign(&good.request()).await?;
    world.sign(&raise.request()).await?;
    Ok(seen)
}
