//! TRON's codec against two independent libraries: bytes, digests, signed bytes and ids of drawn payments.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use chain::tron::{Build, Reference, build, reference_of, token_for_txid};
use chain::{ChainFamily as _, EcdsaSignature, Effect, TokenRef, ValidUntil};
use k256::ecdsa::SigningKey;
use payout::money::Amount;
use payout::time::Millis;
use ruint::aliases::U256;
use serde_json::{Value, json};
use testbed::dice::Dice;
use testbed::ledgers::tron;
use testbed::oracle::{self, Library};

/// Of each kind.
const TRANSACTIONS: usize = 1000;
/// Another seed draws other transactions; this one is printed when a comparison fails.
const SEED: u64 = 195;
/// tronweb keeps 64-bit fields as IEEE doubles: the largest that it holds.
const MOST: u64 = (1 << 53) - 1;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Trx,
    Trc20,
}

/// One payment, as we and as the libraries are asked for it.
struct Drawn {
    key: SigningKey,
    public_key: [u8; 33],
    build: Build,
    question: Value,
}

fn bytes<const N: usize>(dice: &mut Dice) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.fill_with(|| u8::try_from(dice.below(256)).unwrap());
    bytes
}

/// A number from 1 on of any length up to `most`: the lengths are what encodings differ in.
fn sized(dice: &mut Dice, most: u64) -> u64 {
    let shift = dice.below(64 - u64::from(most.leading_zeros()));
    (1 + dice.below(most)).checked_shr(u32::try_from(shift).unwrap()).unwrap_or(0).max(1)
}

fn drawn(dice: &mut Dice, kind: Kind) -> Drawn {
    let mut secret: [u8; 32] = bytes(dice);
    secret[0] = 0; // below the group's order
    let key = SigningKey::from_slice(&secret).unwrap();
    let public_key = key.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap();
    let network_id = tron::NETWORK.parse().unwrap();
    let reference = Reference { height: bytes(dice), hash: bytes(dice) };
    let validity = 1 + dice.below(86_400_000);
    let timestamp = sized(dice, MOST - validity);
    let to = tron::address(&bytes(dice));
    let contract = match kind {
        Kind::Trx => None,
        Kind::Trc20 => Some(tron::address(&bytes(dice))),
    };
    let amount = match kind {
        Kind::Trx => Amount::from_u128(sized(dice, MOST).into()),
        Kind::Trc20 => {
            let shift = usize::try_from(dice.below(256)).unwrap();
            Amount::from_u256((U256::from_be_bytes(bytes::<32>(dice)) >> shift).max(U256::from(1)))
        }
    };
    let fee_limit = contract.as_ref().map(|_| sized(dice, MOST));
    let question = json!({
        "key": hex::encode(secret), "to": to, "token": contract, "amount": amount.to_string(),
        "ref_block_bytes": hex::encode(reference.height), "ref_block_hash": hex::encode(reference.hash),
        "timestamp": timestamp.to_string(), "expiration": (timestamp + validity).to_string(),
        "fee_limit": fee_limit.map(|limit| limit.to_string()),
    });
    let time = |ms: u64| Millis::new(i64::try_from(ms).unwrap()).unwrap();
    let build = Build {
        from: chain::tron::Tron.address_of(&network_id, &public_key).unwrap(),
        network_id,
        reference,
        timestamp: time(timestamp),
        expiration: time(timestamp + validity),
        to: to.parse().unwrap(),
        token: contract.map_or(TokenRef::Native, |contract| TokenRef::Contract(contract.parse().unwrap())),
        amount,
        fee_limit,
    };
    Drawn { key, public_key, build, question }
}

/// What our code makes of it, in the libraries' words.
fn ours(drawn: &Drawn) -> Value {
    let Drawn { key, public_key, build: asked, .. } = drawn;
    let network = &asked.network_id;
    let unsigned = build(asked).unwrap();
    let decoded = chain::tron::Tron.decode(network, &unsigned).unwrap();
    let effect = Effect::Transfer {
        token_id: asked.token.clone(),
        to: asked.to.clone(),
        amount: asked.amount,
        memo: None,
    };
    assert_eq!(decoded.effect, effect);
    assert_eq!(decoded.valid_until, Some(ValidUntil::Time(asked.expiration)));
    assert_eq!(decoded.token, token_for_txid(&decoded.digest));
    assert_eq!(reference_of(&unsigned), Some(asked.reference));
    let (signature, recovery_id) = key.sign_prehash_recoverable(&decoded.digest);
    let (r, s) = signature.split_bytes();
    let signature = EcdsaSignature { r: r.into(), s: s.into(), recovery_id: recovery_id.to_byte() };
    let attached = chain::tron::Tron.attach(network, &unsigned, &signature, public_key).unwrap();
    json!({
        "from": decoded.payer.unwrap().as_str(), "public_key": hex::encode(public_key),
        "unsigned": hex::encode(unsigned), "digest": hex::encode(decoded.digest),
        "signed": hex::encode(attached.signed), "txid": attached.txid,
    })
}

/// tronpy writes the last byte of a signature, which is the transaction's last one, as 0 or 1. Nodes take both.
fn as_tronweb_writes(signed: &str) -> String {
    let mut bytes = hex::decode(signed).unwrap();
    let v = bytes.last_mut().unwrap();
    assert!(*v < 2, "tronpy's own form");
    *v += 27;
    hex::encode(bytes)
}

async fn all_equal(library: Library, kind: Kind) {
    let mut dice = Dice::new(SEED);
    let all: Vec<Drawn> = (0..TRANSACTIONS).map(|_| drawn(&mut dice, kind)).collect();
    let questions: Vec<Value> = all.iter().map(|drawn| drawn.question.clone()).collect();
    let answers = oracle::ask("tron", library, &questions).await.unwrap();
    for (drawn, mut answer) in all.iter().zip(answers) {
        // Part of the signed bytes.
        answer.as_object_mut().unwrap().remove("signature");
        if library == Library::Python {
            answer["signed"] = as_tronweb_writes(answer["signed"].as_str().unwrap()).into();
        }
        assert_eq!(ours(drawn), answer, "{library:?}, seed {SEED}: {}", drawn.question);
    }
}

#[tokio::test]
async fn transfers_of_trx_are_those_of_tronweb() {
    all_equal(Library::JavaScript, Kind::Trx).await;
}

#[tokio::test]
async fn transfers_of_trx_are_those_of_tronpy() {
    all_equal(Library::Python, Kind::Trx).await;
}

#[tokio::test]
async fn transfers_of_trc20_are_those_of_tronweb() {
    all_equal(Library::JavaScript, Kind::Trc20).await;
}

#[tokio::test]
async fn transfers_of_trc20_are_those_of_tronpy() {
    all_equal(Library::Python, Kind::Trc20).await;
}

/// Tampering with any one byte is refused, or is another transaction with another digest.
#[test]
fn every_byte_of_a_thousand_transactions_matters() {
    let mut dice = Dice::new(SEED);
    for kind in [Kind::Trx, Kind::Trc20] {
        for _ in 0..TRANSACTIONS {
            let Drawn { build: asked, .. } = drawn(&mut dice, kind);
            let unsigned = build(&asked).unwrap();
            let digest = chain::tron::Tron.decode(&asked.network_id, &unsigned).unwrap().digest;
            for at in 0..unsigned.len() {
                let mut tampered = unsigned.clone();
                tampered[at] ^= u8::try_from(1 + dice.below(255)).unwrap();
                if let Ok(found) = chain::tron::Tron.decode(&asked.network_id, &tampered) {
                    assert_ne!(found.digest, digest, "byte {at} of {}", hex::encode(&unsigned));
                }
            }
        }
    }
}
