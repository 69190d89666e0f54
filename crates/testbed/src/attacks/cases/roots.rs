//! What co-signers take from nobody's hand but their owner's: roster, genesis, and the keys that ceremonies made.

use std::collections::BTreeMap;
use std::time::Duration;

use payout::ids::{AddressIndex, Digest, WalletId};
use payout::intent::Intent;
use payout::key::SecretKey;
use payout::policy::{Document, SignedVersion, VersionSignature, Wallet};
use wire::message::{
    CeremonyNews, Check, FromCosigner, Label, OpenCeremony, Purpose, REFRESH_DOMAIN, SignRequest, ToCosigner,
    WalletStanding, refresh_text,
};

use crate::attacks::case::{Case, Fault, Seen, names};
use crate::attacks::draft::{Desk, Draft, ENOUGH, address_of, wallet_id};
use crate::attacks::gateway::{Gateway, Welcome};
use crate::attacks::ledger::Aim;
use crate::attacks::turncoat::Turncoat;
use crate::attacks::world::World;
use crate::deployment::cast::{ADMINS, principal};
use crate::vendor::random;

/// A ceremony may take this long on a busy machine.
const CEREMONY: Duration = Duration::from_secs(90);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scene("gateways-key", "a gateway with another key than the roster's", |w| {
            Box::pin(strange_gateway(w))
        }),
        Case::scene("other-deployment", "a gateway that serves another genesis", |w| {
            Box::pin(other_deployment(w))
        }),
        Case::scene(
            "stranger-in-a-seat",
            "a co-signer with a key that the gateway's own roster gives it",
            |w| Box::pin(stranger(w)),
        ),
        Case::scene(
            "key-of-the-attackers",
            "rules of both admins that list another key for the wallet",
            |w| Box::pin(swapped_key(w)),
        ),
        Case::scene("ceremony-again", "a ceremony for a wallet that has a key", |w| {
            Box::pin(ceremony_again(w))
        }),
        Case::scene("refresh-unordered", "new shares that nobody ordered", |w| {
            Box::pin(refresh(w, 2, Vec::new(), "0 of 2 signatures"))
        }),
        Case::scene("refresh-by-one", "new shares that one admin ordered", |w| Box::pin(refresh_by_one(w))),
        Case::scene("refresh-of-another-epoch", "new shares by an order for another epoch", |w| {
            Box::pin(refresh_of_another_epoch(w))
        }),
        Case::scene("refresh-back", "shares of an epoch that is in use, by an order of both admins", |w| {
            Box::pin(refresh_back(w))
        }),
        Case::scene("orders-apart", "another ceremony's order to each co-signer", |w| {
            Box::pin(orders_apart(w))
        }),
        Case::scene(
            "wallet-without-rules",
            "a payout from a wallet whose ceremony the gateway ordered and no admin signed for",
            |w| Box::pin(unlisted(w)),
        ),
        Case::scene(
            "half-a-ceremony",
            "a payout from a wallet whose ceremony was cut off in the middle and that the admins were made to sign for",
            |w| Box::pin(half(w)),
        ),
    ]
}

async fn strange_gateway(world: &mut World) -> Result<Seen, Fault> {
    let rogue = Gateway::start(&SecretKey::from_seed(&random()), &world.genesis).await?;
    world.kill(3);
    world.launch_at(3, rogue.address())?;
    let why = world.logged(3, "may connect here").await?;
    if rogue.look(|heard| heard.is_present(3)) {
        return Err(Fault::Broken("a co-signer talks to a gateway with another key".to_owned()));
    }
    world.kill(3);
    world.launch(3)?;
    world.ready().await?;
    Ok(Seen { by: names([3]), why })
}

async fn other_deployment(world: &mut World) -> Result<Seen, Fault> {
    let honestly = world.gateway.welcome();
    let deployment = Digest::from_bytes([7; 32]);
    world.gateway.welcome_as(Welcome { deployment, ..honestly });
    world.gateway.hang_up();
    let why = world.logged(1, "serves another deployment").await?;
    // Whatever is asked for while they look who it is.
    let draft = world.desk.native();
    let label = world.open(&[1, 2], &draft.request(), Aim::Attack);
    let attempt = world.end_of(label, &[1, 2]).await?;
    if attempt.signed {
        return Err(Fault::Signed(attempt.heard()));
    }
    world.gateway.welcome_as(honestly);
    world.gateway.hang_up();
    world.ready().await?;
    Ok(Seen::everybody(why))
}

async fn stranger(world: &mut World) -> Result<Seen, Fault> {
    world.kill(3);
    let pretender = Turncoat::pretend(3, &world.genesis, &world.gateway);
    let draft = world.control(Desk::small).await?;
    // As long as honest ones take to link.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let label = world.open(&[1, 3], &draft.request(), Aim::Attack);
    let attempt = world.end_of(label, &[1, 3]).await?;
    world.judge()?;
    let seen = attempt.refused(Check::Peers, "there is no link to co-signer 3");
    drop(pretender);
    world.gateway.unseat(3);
    world.launch(3)?;
    world.ready().await?;
    seen
}

/// The next version of the rules, signed by both admins.
fn published(world: &World, wallets: Vec<Wallet>) -> SignedVersion {
    let mut rules = world.desk.policy.newest_rules().clone();
    rules.wallets = wallets;
    let mut version = world.desk.policy.draft(&Document::Rules(rules));
    ADMINS.iter().for_each(|who| version.sign(&world.desk.cast.key(who), principal(who)));
    version
}

async fn swapped_key(world: &mut World) -> Result<Seen, Fault> {
    let mut wallet = world.desk.wallet.clone();
    wallet.chain_code = random();
    let version = published(world, vec![wallet.clone()]);
    let honest = world.honest();
    world.show_policy(&honest, &[version]);
    let why = world.logged(1, "was published with another public key").await?;
    // The address that would be the attacker's.
    let from = address_of(&world.desk.policy, &wallet, AddressIndex::PAYOUT);
    let intent = Intent { from, ..world.desk.native().intent };
    let draft = world.desk.approved(intent);
    world.refused(&draft.request(), Check::Address, "the intent pays from").await?;
    Ok(Seen::everybody(why))
}

/// Orders a ceremony of everybody; what each says last.
async fn order(
    world: &mut World,
    wallet: WalletId,
    purpose: Purpose,
) -> Result<BTreeMap<u8, CeremonyNews>, Fault> {
    let ceremony = Label::from_bytes(random());
    let order = OpenCeremony { ceremony, wallet, purpose };
    for index in world.honest() {
        world.gateway.say(index, &ToCosigner::Ceremony(order.clone()));
    }
    ended(world, ceremony).await
}

async fn ended(world: &World, ceremony: Label) -> Result<BTreeMap<u8, CeremonyNews>, Fault> {
    let all = world.honest().len();
    world
        .gateway
        .until("a ceremony ends", CEREMONY, |heard| {
            let ends: BTreeMap<u8, CeremonyNews> = heard
                .words
                .iter()
                .filter_map(|(index, word)| match word {
                    FromCosigner::Ceremony { ceremony: of, news } if *of == ceremony => match news {
                        CeremonyNews::Stage(_) => None,
                        CeremonyNews::Done(..) | CeremonyNews::Failed(_) => Some((*index, news.clone())),
                    },
                    _ => None,
                })
                .collect();
            (ends.len() == all).then_some(ends)
        })
        .await
}

/// Who refused a ceremony, if all did.
fn failed(ends: &BTreeMap<u8, CeremonyNews>, says: &str) -> Result<Seen, Fault> {
    let mut why = String::new();
    for (index, news) in ends {
        match news {
            CeremonyNews::Failed(reason) => why = reason.clone(),
            other => return Err(Fault::Broken(format!("co-signer {index} held the ceremony: {other:?}"))),
        }
    }
    let said = ends.values().any(|news| matches!(news, CeremonyNews::Failed(why) if why.contains(says)));
    if said {
        Ok(Seen { by: names(ends.keys().copied()), why })
    } else {
        Err(Fault::Broken(format!("nobody said {says:?}, but: {why}")))
    }
}

async fn ceremony_again(world: &mut World) -> Result<Seen, Fault> {
    let wallet = world.desk.wallet.id;
    let ends = order(world, wallet, Purpose::Create).await?;
    failed(&ends, "has a key already")
}

async fn refresh(
    world: &mut World,
    epoch: u32,
    orders: Vec<VersionSignature>,
    says: &str,
) -> Result<Seen, Fault> {
    let wallet = world.desk.wallet.id;
    let ends = order(world, wallet, Purpose::Refresh { epoch, orders }).await?;
    failed(&ends, says)
}

/// Admins' orders to refresh the wallet's shares to this epoch.
fn orders(world: &World, epoch: u32, who: &[&str]) -> Vec<VersionSignature> {
    let text = refresh_text(world.desk.wallet.id, epoch);
    let digest = world.desk.policy.order_digest(REFRESH_DOMAIN, text.as_bytes());
    who.iter().map(|who| VersionSignature::sign(&digest, &world.desk.cast.key(who), principal(who))).collect()
}

async fn refresh_by_one(world: &mut World) -> Result<Seen, Fault> {
    let orders = orders(world, 2, &ADMINS[..1]);
    refresh(world, 2, orders, "1 of 2 signatures").await
}

async fn refresh_of_another_epoch(world: &mut World) -> Result<Seen, Fault> {
    let orders = orders(world, 3, &ADMINS);
    refresh(world, 2, orders, "0 of 2 signatures").await
}

async fn refresh_back(world: &mut World) -> Result<Seen, Fault> {
    let orders = orders(world, 1, &ADMINS);
    refresh(world, 1, orders, "whose shares are of epoch 1").await
}

async fn orders_apart(world: &mut World) -> Result<Seen, Fault> {
    let ceremony = Label::from_bytes(random());
    for index in world.honest() {
        let wallet = wallet_id(5000 + i64::from(index));
        let order = OpenCeremony { ceremony, wallet, purpose: Purpose::Create };
        world.gateway.say(index, &ToCosigner::Ceremony(order));
    }
    let ends = ended(world, ceremony).await?;
    failed(&ends, "were given different orders")
}

/// A wallet, as the co-signers know it.
fn wallet_of(world: &World, standing: &WalletStanding) -> Wallet {
    let WalletStanding { wallet, public_key, chain_code, fingerprint, .. } = standing.clone();
    let ours = &world.desk.wallet;
    Wallet { id: wallet, public_key, chain_code, fingerprint, ..ours.clone() }
}

/// 20 ether from another wallet's payout address, approved.
fn from_wallet(desk: &mut Desk, wallet: &Wallet) -> Draft {
    let from = address_of(&desk.policy, wallet, AddressIndex::PAYOUT);
    let rules_version = desk.policy.heads().rules.version;
    let intent = Intent { from, wallet: wallet.id, rules_version, ..desk.native().intent };
    let acts = desk.approvals(&intent, &ENOUGH);
    desk.draft(intent, acts)
}

/// Publishes a wallet with both admins' signatures.
async fn activate(world: &mut World, wallet: &Wallet) -> Result<(), Fault> {
    let mut wallets = world.desk.policy.newest_rules().wallets.clone();
    wallets.push(wallet.clone());
    let version = published(world, wallets);
    world.desk.policy.append(version.clone())?;
    world.ledger.watch(wallet);
    let honest = world.honest();
    world.show_policy(&honest, std::slice::from_ref(&version));
    for index in honest {
        world.holds_rules(index, version.version).await?;
    }
    Ok(())
}

async fn unlisted(world: &mut World) -> Result<Seen, Fault> {
    let ends = order(world, wallet_id(4242), Purpose::Create).await?;
    let standing = ends.values().find_map(|news| match news {
        CeremonyNews::Done(standing, _) => Some(standing.clone()),
        _ => None,
    });
    let standing = standing.ok_or_else(|| Fault::Broken(format!("the ceremony failed: {ends:?}")))?;
    let wallet = wallet_of(world, &standing);
    let draft = from_wallet(&mut world.desk, &wallet);
    let seen = world.refused(&draft.request(), Check::Address, "is not active").await?;
    activate(world, &wallet).await?;
    let draft = from_wallet(&mut world.desk, &wallet);
    let request: SignRequest = draft.request();
    world.sign(&request).await?;
    Ok(seen)
}

/// The second co-signer's words to the third are lost from the moment that test signatures are made: the first has
/// tested its share, the two others never do.
async fn half(world: &mut World) -> Result<Seen, Fault> {
    let ceremony = Label::from_bytes(random());
    let id = wallet_id(4343);
    world.gateway.relay_knowing(move |parcel, heard| {
        let testing = heard.words.iter().any(|(index, word)| match word {
            FromCosigner::Ceremony { ceremony: of, news: CeremonyNews::Stage(stage) } => {
                *index == 2 && *of == ceremony && stage == "making test signatures"
            }
            _ => false,
        });
        if testing && parcel.to == 3 { Vec::new() } else { vec![parcel] }
    });
    let order = OpenCeremony { ceremony, wallet: id, purpose: Purpose::Create };
    for index in world.honest() {
        world.gateway.say(index, &ToCosigner::Ceremony(order.clone()));
    }
    let reaches = |stage: &'static str| {
        move |heard: &crate::attacks::gateway::Heard| {
            heard.words.iter().find_map(|(index, word)| match word {
                FromCosigner::Ceremony { ceremony: of, news: CeremonyNews::Stage(said) } => {
                    (*index == 1 && *of == ceremony && said == stage).then_some(())
                }
                _ => None,
            })
        }
    };
    world.gateway.until("the first has tested its share", CEREMONY, reaches("finishing")).await?;
    // Its journal is written; nobody waits for the others' time to run out.
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.gateway.relay_honestly();
    world.gateway.hang_up();
    let standing = world
        .gateway
        .until("the first says that it has a share", CEREMONY, |heard| {
            let wallets = &heard.standings.get(&1)?.wallets;
            wallets.iter().find(|wallet| wallet.wallet == id && wallet.tested).cloned()
        })
        .await?;
    world.ready().await?;
    let wallet = wallet_of(world, &standing);
    activate(world, &wallet).await?;
    let draft = from_wallet(&mut world.desk, &wallet);
    world.refused(&draft.request(), Check::Address, "no share of wallet 4343 is held here").await
}
