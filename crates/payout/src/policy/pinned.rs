//! The policy as a gateway or a co-signer holds it: genesis, and every version that followed.
//!
//! Only [`Policy::append`] moves it on, and only over versions that the people in office signed. Which people were in
//! office depends on the order in which versions arrive, so whoever stores them keeps that order and hands it on
//! ([`Policy::versions_after`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::chain::{ChainName, Document, Head, Heads, SignedVersion, VersionSignature};
use super::check::{self, Finding};
use super::document::{Book, Environment, People, Rules};
use super::evolve;
use super::genesis::Genesis;
use super::quorum::{QuorumError, Signers};
use super::roster::Roster;
use crate::canonical::NotCanonical;
use crate::ids::{Digest, PrincipalId};
use crate::time::Millis;

/// The longest text of a document, in bytes; a frame of the wire carries it with room to spare.
pub const MAX_DOCUMENT_BYTES: usize = 2 * 1024 * 1024;

/// Genesis and the verified chains. Cheap to clone: documents are shared.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) deployment: Digest,
    environment: Environment,
    roster: Arc<Roster>,
    heads: Heads,
    /// Index 0 is version 1.
    rules: Vec<Arc<Rules>>,
    pub(super) people: Vec<Arc<People>>,
    /// When each of these was adopted here, [`Millis::default`] where nobody knows.
    pub(super) people_adopted: Vec<Millis>,
    /// The newest, with each payee's `since` no earlier than the version was adopted.
    book: Arc<Book>,
    /// Digests by chain, index 0 is version 1: what a second document at the same number is recognised by.
    digests: [Vec<Digest>; 3],
    /// What was appended, in order.
    log: Vec<Arc<SignedVersion>>,
}

/// Why a version was not appended. The policy is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// Signed for another deployment.
    #[error("this version belongs to the deployment {0}")]
    OtherDeployment(Digest),
    /// Versions in between were withheld.
    #[error("version {found} of the {chain} came, but {next} is the next one")]
    Gap {
        /// The chain.
        chain: ChainName,
        /// What came.
        found: u64,
        /// What was expected.
        next: u64,
    },
    /// Two documents with one number: somebody signed both, or forged one.
    #[error("another version {version} of the {chain} is held already: the chain has been forked")]
    Fork {
        /// The chain.
        chain: ChainName,
        /// The number.
        version: u64,
    },
    /// Does not follow the newest version held.
    #[error("version {version} of the {chain} does not follow the version that is held")]
    Parent {
        /// The chain.
        chain: ChainName,
        /// The number.
        version: u64,
    },
    /// Longer than [`MAX_DOCUMENT_BYTES`].
    #[error("a document of {length} bytes is longer than {MAX_DOCUMENT_BYTES}")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// Not a document of its chain.
    #[error("the document is {0}")]
    Document(#[from] NotCanonical),
    /// Too few signatures of those who must sign.
    #[error(
        "version {version} of the {chain} has {cause} (counted under people version {people}, the newest held: a newer \
         one that changes who may sign must be delivered first)"
    )]
    Quorum {
        /// The chain.
        chain: ChainName,
        /// The number.
        version: u64,
        /// Whose signatures were counted: the version of the people that is held.
        people: u64,
        /// What is missing.
        #[source]
        cause: QuorumError,
    },
    /// Changes what never changes.
    #[error(transparent)]
    Immutable(#[from] evolve::Changed),
    /// The document has errors.
    #[error("the document has {} error(s), first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Findings(Vec<Finding>),
}

impl Policy {
    /// The policy of a deployment that has published nothing yet.
    pub fn from_genesis(genesis: &Genesis) -> Self {
        let deployment = genesis.deployment();
        let first = |document: &Document| {
            let version = SignedVersion {
                deployment,
                chain: document.chain(),
                version: 1,
                parent: deployment,
                document: document.to_text(),
                signatures: Vec::new(),
            };
            Head { version: 1, digest: version.digest() }
        };
        let heads = Heads {
            rules: first(&Document::Rules(genesis.rules.clone())),
            people: first(&Document::People(genesis.people.clone())),
            book: first(&Document::Book(genesis.book.clone())),
        };
        Self {
            deployment,
            environment: genesis.environment,
            roster: Arc::new(genesis.roster.clone()),
            heads,
            rules: vec![Arc::new(genesis.rules.clone())],
            people: vec![Arc::new(genesis.people.clone())],
            people_adopted: vec![Millis::default()],
            book: Arc::new(genesis.book.clone()),
            digests: [vec![heads.rules.digest], vec![heads.people.digest], vec![heads.book.digest]],
            log: Vec::new(),
        }
    }

    /// Verifies a version and takes it over. The version that is held already is a no-op.
    ///
    /// For those who don't know when they adopted it: a payee's own date then counts alone.
    ///
    /// # Errors
    /// [`ChainError`]; nothing has changed then.
    pub fn append(&mut self, version: SignedVersion) -> Result<(), ChainError> {
        self.append_at(version, Millis::default())
    }

    /// The same, with the time of adoption, which the caller stores beside the version and brings again after a
    /// restart: a new payee of the book is no older than that, so that its signers can't date it back past the cooling
    /// time; and an admin who is in office no longer freezes nothing from then on.
    ///
    /// # Errors
    /// [`ChainError`]; nothing has changed then.
    pub fn append_at(&mut self, version: SignedVersion, adopted: Millis) -> Result<(), ChainError> {
        let digest = version.digest();
        if self.holds(&version, &digest)? {
            return Ok(());
        }
        let document = self.examine(&version)?;
        self.signers(&version).require().map_err(|cause| ChainError::Quorum {
            chain: version.chain,
            version: version.version,
            people: self.heads.people.version,
            cause,
        })?;
        match document {
            Document::Rules(rules) => self.rules.push(Arc::new(rules)),
            Document::People(people) => {
                self.people.push(Arc::new(people));
                self.people_adopted.push(adopted);
            }
            Document::Book(book) => self.book = Arc::new(evolve::aged(&self.book, book, adopted)),
        }
        *self.heads.of_mut(version.chain) = Head { version: version.version, digest };
        self.digests[version.chain as usize].push(digest);
        self.log.push(Arc::new(version));
        Ok(())
    }

    /// Everything that [`Policy::append`] checks except the signatures: what a gateway asks before it collects any.
    ///
    /// # Errors
    /// [`ChainError`] as `append` would give.
    pub fn examine(&self, version: &SignedVersion) -> Result<Document, ChainError> {
        let SignedVersion { deployment, chain, version: number, parent, document, signatures: _ } = version;
        if *deployment != self.deployment {
            return Err(ChainError::OtherDeployment(*deployment));
        }
        let head = self.heads.of(*chain);
        if *number <= head.version {
            return Err(ChainError::Fork { chain: *chain, version: *number });
        }
        let next = head.version.saturating_add(1);
        if *number != next {
            return Err(ChainError::Gap { chain: *chain, found: *number, next });
        }
        if *parent != head.digest {
            return Err(ChainError::Parent { chain: *chain, version: *number });
        }
        if document.len() > MAX_DOCUMENT_BYTES {
            return Err(ChainError::TooLong { length: document.len() });
        }
        let document = Document::parse(*chain, document)?;
        if let Document::Rules(rules) = &document {
            evolve::check(&self.rules, rules, self.environment, &self.roster)?;
        }
        let errors = check::errors(self.findings_with(&document));
        if errors.is_empty() { Ok(document) } else { Err(ChainError::Findings(errors)) }
    }

    /// What is remarkable about `document`, were it the next version: errors and warnings about it alone, so that
    /// nobody is kept from removing a person because a rule then lacks one.
    pub fn findings_with(&self, document: &Document) -> Vec<Finding> {
        let findings = match document {
            Document::Rules(rules) => check::check(rules, self.people(), self.book()),
            Document::People(people) => {
                let mut findings = check::check(self.newest_rules(), people, self.book());
                findings.extend(evolve::shared_keys(people, &self.roster));
                findings
            }
            Document::Book(book) => check::check(self.newest_rules(), self.people(), book),
        };
        findings.into_iter().filter(|finding| finding.document == document.chain()).collect()
    }

    /// How far the signatures on a version go, under the people in office now.
    pub fn signers(&self, version: &SignedVersion) -> Signers {
        self.signers_of(version.chain, &version.digest(), &version.signatures)
    }

    /// The same for a version of which only the digest is at hand: proof that it exists.
    pub fn signers_of(&self, chain: ChainName, digest: &Digest, signatures: &[VersionSignature]) -> Signers {
        let people = self.people();
        match chain {
            ChainName::Rules | ChainName::People => self.count_admins(digest, signatures),
            ChainName::Book => {
                let step = &people.book;
                Signers::count(people, digest, signatures, step.quorum, |principal| {
                    people.is_member(&step.group, &principal.id)
                })
            }
        }
    }

    /// The next version of a chain, unsigned.
    pub fn draft(&self, document: &Document) -> SignedVersion {
        let head = self.heads.of(document.chain());
        SignedVersion {
            deployment: self.deployment,
            chain: document.chain(),
            version: head.version.saturating_add(1),
            parent: head.digest,
            document: document.to_text(),
            signatures: Vec::new(),
        }
    }

    /// What an order of the admins is signed over: the deployment and the text, under the order's own domain, such as
    /// `bursar/refresh/v1`.
    pub fn order_digest(&self, domain: &str, text: &[u8]) -> Digest {
        Digest::of(domain, &[self.deployment.as_bytes(), text])
    }

    /// Whether the admins' quorum of the newest people signed an order; their names, for the record.
    ///
    /// # Errors
    /// [`QuorumError`] with what is missing.
    pub fn verify_quorum(
        &self,
        domain: &str,
        text: &[u8],
        signatures: &[VersionSignature],
    ) -> Result<BTreeSet<PrincipalId>, QuorumError> {
        self.count_admins(&self.order_digest(domain, text), signatures).require()
    }

    /// The versions that somebody at `heads` lacks, in the order in which they were appended here.
    ///
    /// Heads that are ahead of ours, or on another branch, get what has a higher number; their owner's own `append`
    /// says what is wrong.
    pub fn versions_after(&self, heads: &Heads) -> Vec<SignedVersion> {
        let lacks = |version: &&Arc<SignedVersion>| version.version > heads.of(version.chain).version;
        self.log.iter().filter(lacks).map(|version| SignedVersion::clone(version)).collect()
    }

    /// Where the chains stand.
    pub const fn heads(&self) -> Heads {
        self.heads
    }

    /// The deployment's id.
    pub const fn deployment(&self) -> Digest {
        self.deployment
    }

    /// What the deployment is.
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// The roster of genesis.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// A published version of the rules; none is ever forgotten.
    pub fn rules(&self, version: u64) -> Option<&Rules> {
        let index = usize::try_from(version.checked_sub(1)?).ok()?;
        self.rules.get(index).map(AsRef::as_ref)
    }

    /// The newest rules; their version is `heads().rules.version`.
    pub fn newest_rules(&self) -> &Rules {
        self.rules.last().expect("genesis brings version 1 and none is removed")
    }

    /// The newest people.
    pub fn people(&self) -> &People {
        self.people.last().expect("genesis brings version 1 and none is removed")
    }

    /// The newest address book, each payee dated no earlier than we learnt of it.
    pub fn book(&self) -> &Book {
        &self.book
    }

    fn holds(&self, version: &SignedVersion, digest: &Digest) -> Result<bool, ChainError> {
        let SignedVersion { chain, version: number, .. } = version;
        let index = number.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let held = index.and_then(|index| self.digests[*chain as usize].get(index));
        match held {
            None => Ok(false),
            Some(held) if held == digest => Ok(true),
            Some(_) if version.deployment != self.deployment => {
                Err(ChainError::OtherDeployment(version.deployment))
            }
            Some(_) => Err(ChainError::Fork { chain: *chain, version: *number }),
        }
    }

    fn count_admins(&self, digest: &Digest, signatures: &[VersionSignature]) -> Signers {
        let people = self.people();
        Signers::count(people, digest, signatures, people.admin_quorum, super::Principal::is_admin)
    }
}
