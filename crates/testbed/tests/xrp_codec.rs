//! XRP's codec against two independent libraries: bytes, digests, signed bytes and ids of drawn transactions.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use chain::xrp::{AccountFlag, Act, Build, Fee, Spend, build, token_for};
use chain::{ChainFamily as _, EcdsaSignature, Effect};
use k256::ecdsa::SigningKey;
use payout::money::Amount;
use serde_json::{Value, json};
use testbed::dice::Dice;
use testbed::ledgers::xrp;
use testbed::oracle::{self, Library};

/// Of each kind.
const TRANSACTIONS: usize = 1000;
/// Another seed draws other transactions; this one is printed when a comparison fails.
const SEED: u64 = 144;

const NETWORKS: [u32; 6] = [0, 1, 2, 1024, 1025, 31337];
const FLAGS: [(AccountFlag, u32); 3] =
    [(AccountFlag::RequireDest, 1), (AccountFlag::DisallowXrp, 3), (AccountFlag::DepositAuth, 9)];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Payment,
    AccountSet,
    TicketCreate,
}

/// One transaction, as we and as the libraries are asked for it.
struct Drawn {
    key: SigningKey,
    build: Build,
    question: Value,
}

/// A number from 1 on of any length up to `most`: the lengths are what encodings differ in.
fn sized(dice: &mut Dice, most: u64) -> u64 {
    let shift = dice.below(64 - u64::from(most.leading_zeros()));
    (1 + dice.below(most)).checked_shr(u32::try_from(shift).unwrap()).unwrap_or(0).max(1)
}

fn number(dice: &mut Dice) -> u32 {
    u32::try_from(sized(dice, u32::MAX.into())).unwrap()
}

fn drawn(dice: &mut Dice, kind: Kind) -> Drawn {
    let mut secret = [0; 32];
    for chunk in secret[1..].chunks_mut(8) {
        chunk.copy_from_slice(&dice.next().to_be_bytes()[..chunk.len()]);
    }
    let key = SigningKey::from_slice(&secret).unwrap();
    let public_key = key.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap();
    let network = *dice.pick(&NETWORKS);
    let spend = if dice.percent(50) { Spend::Ticket(number(dice)) } else { Spend::Sequence(number(dice)) };
    let fee = Fee { drops: sized(dice, 10_u64.pow(17)), last_ledger: number(dice) };
    let mut question = json!({
        "key": hex::encode(secret), "network": network, "last_ledger": fee.last_ledger,
        "fee": fee.drops.to_string(), "sequence": null, "ticket": null, "to": null, "tag": null, "amount": null,
        "set_flag": null, "clear_flag": null, "count": null, "kind": format!("{kind:?}"),
    });
    match spend {
        Spend::Sequence(number) => question["sequence"] = number.into(),
        Spend::Ticket(number) => question["ticket"] = number.into(),
    }
    let act = match kind {
        Kind::Payment => {
            let mut id = [0; 20];
            id.fill_with(|| u8::try_from(dice.below(256)).unwrap());
            let to = xrp::account(&id);
            let tag = dice.percent(70).then(|| number(dice) - 1);
            let drops = sized(dice, 10_u64.pow(17));
            question["to"] = to.clone().into();
            question["tag"] = tag.into();
            question["amount"] = drops.to_string().into();
            Act::Pay { to: to.parse().unwrap(), tag, amount: Amount::from_u128(drops.into()) }
        }
        Kind::AccountSet => {
            let (flag, bit) = *dice.pick(&FLAGS);
            match dice.below(3) {
                0 => Act::Nothing,
                1 => {
                    question["set_flag"] = bit.into();
                    Act::SetFlag(flag)
                }
                _ => {
                    question["clear_flag"] = bit.into();
                    Act::ClearFlag(flag)
                }
            }
        }
        Kind::TicketCreate => {
            let count = 1 + u32::try_from(dice.below(250)).unwrap();
            question["count"] = count.into();
            Act::CreateTickets(count)
        }
    };
    let network_id = network.to_string().parse().unwrap();
    Drawn { key, build: Build { network_id, token: token_for(spend), public_key, act, fee }, question }
}

/// What our code makes of it, in the libraries' words.
fn ours(drawn: &Drawn) -> Value {
    let Drawn { key, build: asked, .. } = drawn;
    let network = &asked.network_id;
    let unsigned = build(asked).unwrap();
    let decoded = chain::xrp::Xrp.decode(network, &unsigned).unwrap();
    let (signature, recovery_id) = key.sign_prehash_recoverable(&decoded.digest);
    let (r, s) = signature.split_bytes();
    let signature = EcdsaSignature { r: r.into(), s: s.into(), recovery_id: recovery_id.to_byte() };
    let attached = chain::xrp::Xrp.attach(network, &unsigned, &signature, &asked.public_key).unwrap();
    match (&asked.act, decoded.effect) {
        (Act::Pay { to, tag, amount }, Effect::Transfer { to: found, amount: paid, memo, .. }) => {
            assert_eq!((to, *amount, tag.map(|tag| tag.to_string())), (&found, paid, memo));
        }
        (Act::Pay { .. }, other) => panic!("a payment is read as {other:?}"),
        (_, Effect::Transfer { .. }) => panic!("{:?} is read as a payment", asked.act),
        (_, Effect::Void { .. } | Effect::Operation { .. }) => {}
    }
    json!({
        "account": decoded.payer.unwrap().as_str(), "public_key": hex::encode_upper(asked.public_key),
        "unsigned": hex::encode_upper(unsigned), "digest": hex::encode_upper(decoded.digest),
        "signed": hex::encode_upper(attached.signed), "txid": attached.txid,
    })
}

async fn all_equal(library: Library, kind: Kind) {
    let mut dice = Dice::new(SEED);
    let all: Vec<Drawn> = (0..TRANSACTIONS).map(|_| drawn(&mut dice, kind)).collect();
    let questions: Vec<Value> = all.iter().map(|drawn| drawn.question.clone()).collect();
    let answers = oracle::ask("xrp", library, &questions).await.unwrap();
    for (drawn, mut answer) in all.iter().zip(answers) {
        // Part of the signed bytes.
        answer.as_object_mut().unwrap().remove("signature");
        assert_eq!(ours(drawn), answer, "{library:?}, seed {SEED}: {}", drawn.question);
    }
}

#[tokio::test]
async fn payments_are_those_of_xrpl_js() {
    all_equal(Library::JavaScript, Kind::Payment).await;
}

#[tokio::test]
async fn payments_are_those_of_xrpl_py() {
    all_equal(Library::Python, Kind::Payment).await;
}

#[tokio::test]
async fn account_sets_are_those_of_xrpl_js() {
    all_equal(Library::JavaScript, Kind::AccountSet).await;
}

#[tokio::test]
async fn account_sets_are_those_of_xrpl_py() {
    all_equal(Library::Python, Kind::AccountSet).await;
}

#[tokio::test]
async fn ticket_creations_are_those_of_xrpl_js() {
    all_equal(Library::JavaScript, Kind::TicketCreate).await;
}

#[tokio::test]
async fn ticket_creations_are_those_of_xrpl_py() {
    all_equal(Library::Python, Kind::TicketCreate).await;
}
