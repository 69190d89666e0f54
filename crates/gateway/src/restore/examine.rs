//! What of a co-signer's contributions this database does not know.

use std::collections::BTreeMap;

use payout::ids::Digest;
use payout::key::PublicKey;
use payout::time::Millis;
use store::{Store, StoreError};
use wire::journal::{Body, Contribution, Facts};
use wire::message::{Recollection, SignedEntry};

/// Why a co-signer's word is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsound {
    /// Not its own, or not in order.
    #[error("entry {0} is not the next of its own journal")]
    Order(u64),
    /// Signed by somebody else, or altered.
    #[error("entry {0} is not signed by it")]
    Signature(u64),
    /// Something else than a contribution, or of a newer version.
    #[error("entry {0} is no contribution that this version knows")]
    Body(u64),
    /// It does not go on: asked again it would say the same.
    #[error("it tells of its journal up to entry {reached} and was asked for what follows {after}")]
    Stands {
        /// Up to where it told.
        reached: u64,
        /// Up to where was known.
        after: u64,
    },
    /// It ends before what it told once: it was put back from a copy itself, with the counter that would know.
    #[error(
        "its journal ends at entry {newest} and this gateway has seen entry {after}: it was restored from a copy \
         together with its head counter; stop it and restore it again without"
    )]
    Behind {
        /// Where it ends.
        newest: u64,
        /// What was seen.
        after: u64,
    },
}

/// A contribution as a co-signer's journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// The entry's number.
    pub(super) entry: u64,
    /// When it was written.
    pub(super) at: Millis,
    /// What it counts.
    pub(super) facts: Facts,
}

/// Reads a page of a co-signer's own contributions, every signature of it.
///
/// # Errors
/// [`Unsound`].
pub(super) fn read(
    index: u8,
    key: &PublicKey,
    after: u64,
    recollection: &Recollection,
) -> Result<Vec<Told>, Unsound> {
    let Recollection { contributions, reached, newest } = recollection;
    if *newest < after {
        return Err(Unsound::Behind { newest: *newest, after });
    }
    if *reached < after || *reached > *newest || (*reached == after && *newest > after) {
        return Err(Unsound::Stands { reached: *reached, after });
    }
    let mut last = after;
    let mut told = Vec::with_capacity(contributions.len());
    for entry in contributions {
        if entry.author != index || entry.seq <= last || entry.seq > *reached {
            return Err(Unsound::Order(entry.seq));
        }
        last = entry.seq;
        told.push(one(key, entry)?);
    }
    Ok(told)
}

fn one(key: &PublicKey, entry: &SignedEntry) -> Result<Told, Unsound> {
    entry.verify(key).map_err(|_| Unsound::Signature(entry.seq))?;
    match Body::from_bytes(&entry.body) {
        Some(Body::Contribution(contribution)) => {
            let Contribution { facts, session: _ } = *contribution;
            Ok(Told { entry: entry.seq, at: entry.at, facts })
        }
        _ => Err(Unsound::Body(entry.seq)),
    }
}

/// The first contribution to each payout that has no token here, or another one, in the order of the journal.
///
/// A later one to the same payout, such as the same payment with another fee, adds nothing: the token is the same, and
/// what became of it is found on chain by its effect.
///
/// # Errors
/// The database's.
pub(super) async fn unknown(store: &Store, told: &[Told]) -> Result<Vec<Told>, StoreError> {
    let payouts: Vec<Digest> = told.iter().map(|told| told.facts.payout).collect();
    let held = store.tokens_of_intents(&payouts).await?;
    let mut first: BTreeMap<Digest, Told> = BTreeMap::new();
    for told in told {
        let facts = &told.facts;
        let here = held.get(&facts.payout).is_some_and(|(network, from, token)| {
            *network == facts.network_id && *from == facts.from && *token == facts.token
        });
        if !here {
            first.entry(facts.payout).or_insert_with(|| told.clone());
        }
    }
    let mut unknown: Vec<Told> = first.into_values().collect();
    unknown.sort_unstable_by_key(|told| told.entry);
    Ok(unknown)
}
