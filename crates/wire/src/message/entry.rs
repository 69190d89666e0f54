//! Journal entries as they travel between co-signers: signed, chained by hash, one chain an author.

use payout::ids::Digest;
use payout::key::{KeyError, PublicKey, SecretKey, Signature};
use payout::time::Millis;
use serde::{Deserialize, Serialize};

/// How far a co-signer's journal reaches, as far as the sender holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JournalHead {
    /// Whose journal: an index on the roster.
    pub index: u8,
    /// The newest entry's number; 0 when there is none.
    pub seq: u64,
    /// Its hash; the chain's beginning when there is none.
    pub hash: Digest,
}

/// One journal entry with its author's signature, complete in itself.
///
/// The signature is not part of the hash: an author that signs the same entry twice in two ways makes one chain, not
/// two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedEntry {
    /// The co-signer that wrote it, by its index on the roster.
    pub author: u8,
    /// Its number in the author's journal: from 1 without gaps in the lower 32 bits, under the number of the series in
    /// the upper ones. A co-signer that was restored goes on in a new series.
    pub seq: u64,
    /// The hash of the entry before; for the first, the deployment's id, so that no journal passes for that of another
    /// deployment with the same keys.
    pub previous: Digest,
    /// When it was written, by the author's clock.
    pub at: Millis,
    /// What happened: the co-signer's own encoding, opaque here.
    #[serde(with = "super::bytes")]
    pub body: Vec<u8>,
    /// Over [`Self::hash`].
    pub signature: Signature,
}

impl SignedEntry {
    /// Signs an entry.
    pub fn sign(key: &SecretKey, author: u8, seq: u64, previous: Digest, at: Millis, body: Vec<u8>) -> Self {
        let signature = key.sign_digest(&entry_hash(author, seq, &previous, at, &body));
        Self { author, seq, previous, at, body, signature }
    }

    /// What the next entry names as `previous`: covers every field but the signature.
    pub fn hash(&self) -> Digest {
        // Destructured whole: a field added and left out does not compile.
        let Self { author, seq, previous, at, body, signature: _ } = self;
        entry_hash(*author, *seq, previous, *at, body)
    }

    /// Checks the signature under the key that the roster gives for `author`. That it follows the entry before is the
    /// journal's to check.
    ///
    /// # Errors
    /// [`KeyError::DoesNotVerify`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), KeyError> {
        key.verify_digest(&self.hash(), &self.signature)
    }

    /// The head of a journal whose newest entry this is.
    pub fn head(&self) -> JournalHead {
        JournalHead { index: self.author, seq: self.seq, hash: self.hash() }
    }
}

fn entry_hash(author: u8, seq: u64, previous: &Digest, at: Millis, body: &[u8]) -> Digest {
    Digest::of(
        "bursar/journal/v1",
        &[&[author], &seq.to_be_bytes(), previous.as_bytes(), &at.get().to_be_bytes(), body],
    )
}
