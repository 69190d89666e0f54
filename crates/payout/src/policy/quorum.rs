//! Counting signatures: distinct principals, with keys that are theirs, over one digest.

use std::collections::BTreeSet;
use std::fmt;

use super::chain::VersionSignature;
use super::document::{People, Principal};
use crate::ids::{Digest, PrincipalId};

/// The most signatures that are looked at, so that a long list of forged ones costs nobody time.
pub const MAX_SIGNATURES: usize = 64;

/// How far the signatures on something go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signers {
    /// How many are needed.
    pub needed: u8,
    /// Whose signatures count.
    pub given: BTreeSet<PrincipalId>,
    /// Whose do not, and why.
    pub ignored: Vec<(PrincipalId, SignatureFault)>,
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// Not in the people chain.
    #[error("is not in the people chain")]
    Unknown,
    /// Has no say in this.
    #[error("may not sign this")]
    NotEntitled,
    /// Signed with somebody else's key, or a removed one.
    #[error("signed with a key that is not theirs")]
    NotTheirKey,
    /// Over another text.
    #[error("gave a signature that does not verify")]
    DoesNotVerify,
    /// A second signature of one person.
    #[error("has signed already")]
    Twice,
}

/// Too few signatures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct QuorumError(pub Box<Signers>);

impl fmt::Display for QuorumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Signers { needed, given, ignored } = &*self.0;
        write!(f, "{} of {needed} signatures that count", given.len())?;
        for (who, fault) in ignored {
            write!(f, "; {who} {fault}")?;
        }
        Ok(())
    }
}

impl Signers {
    /// Counts the signatures over `digest` of principals whom `entitled` admits.
    ///
    /// One that does not count is passed over rather than fatal: a version that a removed admin has signed too can be
    /// completed by those who stayed.
    pub(crate) fn count(
        people: &People,
        digest: &Digest,
        signatures: &[VersionSignature],
        needed: u8,
        entitled: impl Fn(&Principal) -> bool,
    ) -> Self {
        let mut signers = Self { needed, given: BTreeSet::new(), ignored: Vec::new() };
        for signature in signatures.iter().take(MAX_SIGNATURES) {
            match judge(people, digest, signature, &signers.given, &entitled) {
                Ok(()) => {
                    signers.given.insert(signature.principal.clone());
                }
                Err(fault) => signers.ignored.push((signature.principal.clone(), fault)),
            }
        }
        signers
    }

    /// Whether that is enough. A quorum of nobody is no quorum.
    pub fn suffices(&self) -> bool {
        self.needed > 0 && self.given.len() >= usize::from(self.needed)
    }

    /// Who signed, if that is enough.
    ///
    /// # Errors
    /// [`QuorumError`] with what is missing.
    pub fn require(self) -> Result<BTreeSet<PrincipalId>, QuorumError> {
        if self.suffices() { Ok(self.given) } else { Err(QuorumError(Box::new(self))) }
    }
}

fn judge(
    people: &People,
    digest: &Digest,
    signature: &VersionSignature,
    given: &BTreeSet<PrincipalId>,
    entitled: impl Fn(&Principal) -> bool,
) -> Result<(), SignatureFault> {
    let VersionSignature { principal, key, signature } = signature;
    let principal = people.principal(principal).ok_or(SignatureFault::Unknown)?;
    if !entitled(principal) {
        return Err(SignatureFault::NotEntitled);
    }
    if !principal.keys.contains(key) {
        return Err(SignatureFault::NotTheirKey);
    }
    key.verify_digest(digest, signature).map_err(|_| SignatureFault::DoesNotVerify)?;
    if given.contains(&principal.id) { Err(SignatureFault::Twice) } else { Ok(()) }
}
