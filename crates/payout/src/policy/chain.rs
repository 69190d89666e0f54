//! A version of one of the three documents, as admins sign it and as it travels.
//!
//! The signatures are not part of the digest: two admins sign one and the same text, and a version that arrives with
//! too few can be completed without becoming another version.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::document::{Book, People, Rules};
use crate::canonical::{self, NotCanonical};
use crate::ids::{Digest, PrincipalId};
use crate::key::{PublicKey, SecretKey, Signature};

const DOMAIN: &str = "bursar/policy/v1";

/// Which of the three chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainName {
    /// Chains, coins, wallets, fees and rules.
    Rules,
    /// Principals and groups.
    People,
    /// Payees.
    Book,
}

impl ChainName {
    /// The word in documents and under the digest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::People => "people",
            Self::Book => "book",
        }
    }
}

impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A document of one of the chains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// The rules.
    Rules(Rules),
    /// The people.
    People(People),
    /// The address book.
    Book(Book),
}

impl Document {
    /// Reads the canonical text of a chain's document.
    ///
    /// # Errors
    /// [`NotCanonical`] when it has another shape or spelling.
    pub fn parse(chain: ChainName, text: &str) -> Result<Self, NotCanonical> {
        Ok(match chain {
            ChainName::Rules => Self::Rules(canonical::parse(text)?),
            ChainName::People => Self::People(canonical::parse(text)?),
            ChainName::Book => Self::Book(canonical::parse(text)?),
        })
    }

    /// The chain that it belongs to.
    pub const fn chain(&self) -> ChainName {
        match self {
            Self::Rules(_) => ChainName::Rules,
            Self::People(_) => ChainName::People,
            Self::Book(_) => ChainName::Book,
        }
    }

    /// The canonical text.
    pub fn to_text(&self) -> String {
        match self {
            Self::Rules(rules) => canonical::text(rules),
            Self::People(people) => canonical::text(people),
            Self::Book(book) => canonical::text(book),
        }
    }
}

/// A version with the signatures collected so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedVersion {
    /// The deployment, so that a demo's version says nothing elsewhere.
    pub deployment: Digest,
    /// Which chain it extends.
    pub chain: ChainName,
    /// Its number; genesis is 1.
    #[serde(with = "crate::policy::number")]
    pub version: u64,
    /// The digest of the version before it.
    pub parent: Digest,
    /// The canonical JSON text of the whole document.
    pub document: String,
    /// Who has signed.
    pub signatures: Vec<VersionSignature>,
}

/// A principal's signature over a digest: of a version, or of an order of the admins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionSignature {
    /// Who, by their own word.
    pub principal: PrincipalId,
    /// With which of their keys.
    pub key: PublicKey,
    /// Over the digest's 32 bytes.
    pub signature: Signature,
}

impl VersionSignature {
    /// Signs a digest.
    pub fn sign(digest: &Digest, key: &SecretKey, principal: PrincipalId) -> Self {
        Self { principal, key: key.public(), signature: key.sign_digest(digest) }
    }
}

impl SignedVersion {
    /// The name of this version: everything but the signatures.
    pub fn digest(&self) -> Digest {
        let Self { deployment, chain, version, parent, document, signatures: _ } = self;
        Digest::of(
            DOMAIN,
            &[
                deployment.as_bytes(),
                chain.as_str().as_bytes(),
                version.to_string().as_bytes(),
                parent.as_bytes(),
                document.as_bytes(),
            ],
        )
    }

    /// Adds a signature; a second one by the same key replaces the first.
    pub fn sign(&mut self, key: &SecretKey, principal: PrincipalId) {
        let signature = VersionSignature::sign(&self.digest(), key, principal);
        self.signatures.retain(|other| other.key != signature.key);
        self.signatures.push(signature);
    }

    /// The document.
    ///
    /// # Errors
    /// [`NotCanonical`] when the text is none of this chain.
    pub fn open(&self) -> Result<Document, NotCanonical> {
        Document::parse(self.chain, &self.document)
    }
}

/// Where one chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The newest version's number.
    #[serde(with = "crate::policy::number")]
    pub version: u64,
    /// Its digest.
    pub digest: Digest,
}

/// Where the three chains stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    /// The rules.
    pub rules: Head,
    /// The people.
    pub people: Head,
    /// The address book.
    pub book: Head,
}

impl Heads {
    /// The head of one chain.
    pub const fn of(&self, chain: ChainName) -> Head {
        match chain {
            ChainName::Rules => self.rules,
            ChainName::People => self.people,
            ChainName::Book => self.book,
        }
    }

    pub(crate) fn of_mut(&mut self, chain: ChainName) -> &mut Head {
        match chain {
            ChainName::Rules => &mut self.rules,
            ChainName::People => &mut self.people,
            ChainName::Book => &mut self.book,
        }
    }
}
