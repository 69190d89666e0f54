//! What an attack is, and what came of it.

use std::collections::BTreeMap;
use std::pin::Pin;

use wire::message::{Check, FromCosigner, SignRequest};

use super::draft::{Desk, Draft};
use super::world::World;
use crate::deployment::{DeploymentError, cosigner_name};

/// One attack.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name within its group: lower-case words joined by hyphens.
    pub name: &'static str,
    /// What is tried, for the table.
    pub tried: &'static str,
    /// How.
    pub plot: Plan,
}

impl Case {
    /// A request that is altered.
    pub const fn request(name: &'static str, tried: &'static str, tampering: Tampering) -> Self {
        Self { name, tried, plot: Plan::Request(tampering) }
    }

    /// Anything else.
    pub const fn scene(name: &'static str, tried: &'static str, scene: Scene) -> Self {
        Self { name, tried, plot: Plan::Scene(scene) }
    }
}

/// How an attack goes.
#[derive(Clone, Copy)]
pub enum Plan {
    /// A good request is made, and another like it is signed, to show that it would be. Then it is altered and asked for
    /// through every quorum, hostile co-signers among them. Then the good one is signed.
    Request(Tampering),
    /// The same on the XRP Ledger.
    Xrp(Tampering<chain::xrp::Build>),
    /// The same on TRON.
    Tron(Tampering<chain::tron::Build>),
    /// Anything else.
    Scene(Scene),
}

/// How a request is altered, and what is to come of it.
pub struct Tampering<B = chain::evm::Build> {
    /// Makes a good request.
    pub good: fn(&mut Desk) -> Draft<B>,
    /// Makes the hostile one of it.
    pub bad: fn(&mut Desk, &Draft<B>) -> SignRequest,
    /// The check that refuses it.
    pub check: Check,
    /// Words of its reason.
    pub says: &'static str,
    /// Whether the good request is signed afterwards.
    pub after: After,
}

// Functions can be copied, whatever they make.
impl<B> Clone for Tampering<B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Tampering<B> {}

/// What becomes of the good request once it was attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It is signed.
    Signed,
    /// It is over: a refusal for ever was due, because somebody who may has stopped it.
    Over,
}

/// A step of an attack that takes its time.
pub type Turn<'w> = Pin<Box<dyn Future<Output = Result<Seen, Fault>> + Send + 'w>>;

/// An attack of any kind.
pub type Scene = for<'w> fn(&'w mut World) -> Turn<'w>;

/// Who refused an attack, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Who.
    pub by: String,
    /// Why, in their words.
    pub why: String,
}

impl Seen {
    /// All honest co-signers, for one reason.
    pub fn everybody(why: impl Into<String>) -> Self {
        Self { by: "all honest".to_owned(), why: why.into() }
    }
}

/// An attack that was not refused as it should be, or a harness that can't tell.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The worst.
    #[error("IT WAS SIGNED: {0}")]
    Signed(String),
    /// Nothing was signed, but for another reason than the one that is attacked here.
    #[error("expected a refusal by {expected} that says {says:?}; heard {heard}")]
    Unexpected {
        /// Which check should have refused.
        expected: Check,
        /// In which words.
        says: String,
        /// What was heard.
        heard: String,
    },
    /// What must hold meanwhile or afterwards does not.
    #[error("{0}")]
    Broken(String),
    /// A good request was not signed, so that the refusal of the bad one shows nothing.
    #[error("a good payout was not signed: {0}")]
    Good(String),
    /// What was waited for did not come.
    #[error("waited in vain until {0}")]
    Late(String),
    /// The deployment.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// Its copy.
    #[error(transparent)]
    Fixture(#[from] crate::fixture::FixtureError),
    /// A process.
    #[error(transparent)]
    Process(#[from] crate::process::ProcessError),
    /// A program is missing.
    #[error(transparent)]
    Place(#[from] crate::place::PlaceError),
    /// A vault.
    #[error(transparent)]
    Vault(#[from] cosigner::vault::VaultError),
    /// A journal.
    #[error("a journal can't be read")]
    Disk(#[from] cosigner::journal::DiskError),
    /// A version of the policy is refused here.
    #[error(transparent)]
    Chain(#[from] payout::policy::ChainError),
    /// A file or a socket.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What came of one session.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What each honest participant said last.
    pub ends: BTreeMap<u8, FromCosigner>,
    /// Whether anybody has a signature.
    pub signed: bool,
}

impl Attempt {
    /// Who refused, if this check did, in these words. Whoever refused it for ever for that reason before may say so.
    ///
    /// # Errors
    /// [`Fault::Unexpected`] when none of the honest did; [`Fault::Signed`].
    pub fn refused(&self, check: Check, says: &str) -> Result<Seen, Fault> {
        if self.signed {
            return Err(Fault::Signed(self.heard()));
        }
        let refusals: Vec<(u8, String)> = self
            .ends
            .iter()
            .filter_map(|(index, end)| match end {
                FromCosigner::Refused { refusal, .. } if refusal.reason.contains(says) => {
                    let remembered =
                        refusal.check == Check::Journal && refusal.reason.contains("has refused it for ever");
                    (refusal.check == check || remembered).then(|| (*index, refusal.to_string()))
                }
                _ => None,
            })
            .collect();
        let Some((_, why)) = refusals.first() else {
            return Err(Fault::Unexpected { expected: check, says: says.to_owned(), heard: self.heard() });
        };
        Ok(Seen { by: names(refusals.iter().map(|(index, _)| *index)), why: why.clone() })
    }

    /// The same for the first of several reasons that is one.
    ///
    /// # Errors
    /// As [`Self::refused`].
    pub fn refused_by(&self, reasons: &[(Check, &str)]) -> Result<Seen, Fault> {
        let mut last = Err(Fault::Broken("no reason was expected".to_owned()));
        for (check, says) in reasons {
            last = self.refused(*check, says);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    /// Who broke it off, if somebody did, in these words.
    ///
    /// # Errors
    /// [`Fault::Broken`] when none of the honest did; [`Fault::Signed`].
    pub fn broken_off(&self, says: &str) -> Result<Seen, Fault> {
        if self.signed {
            return Err(Fault::Signed(self.heard()));
        }
        let by: Vec<(u8, String)> = self
            .ends
            .iter()
            .filter_map(|(index, end)| match end {
                FromCosigner::Aborted { why, .. } if why.contains(says) => Some((*index, why.clone())),
                _ => None,
            })
            .collect();
        let Some((_, why)) = by.first() else {
            return Err(Fault::Broken(format!("nobody broke it off with {says:?}: {}", self.heard())));
        };
        Ok(Seen { by: names(by.iter().map(|(index, _)| *index)), why: why.clone() })
    }

    /// Everything that was heard, in short.
    pub fn heard(&self) -> String {
        let word = |(index, end): (&u8, &FromCosigner)| {
            let said = match end {
                FromCosigner::Refused { refusal, .. } => format!("refused ({refusal})"),
                FromCosigner::Aborted { why, .. } => format!("broke off ({why})"),
                FromCosigner::Signed { .. } => "signed".to_owned(),
                other => format!("{other:?}"),
            };
            format!("{} {said}", cosigner_name(*index))
        };
        let words: Vec<String> = self.ends.iter().map(word).collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join("; ") }
    }

    /// Whether another session is in its way, which may be over by now.
    pub(super) fn is_crossed(&self) -> bool {
        self.ends.values().any(|end| match end {
            FromCosigner::Refused { refusal, .. } => refusal.reason.contains("a session in flight"),
            _ => false,
        })
    }

    /// Whether somebody did not answer within a session's few seconds. On a busy machine that says nothing; a gateway asks
    /// again, and so does whoever wants a good request signed.
    pub(super) fn is_late(&self) -> bool {
        self.ends.values().any(
            |end| matches!(end, FromCosigner::Aborted { why, .. } if why.contains("no answer of co-signer")),
        )
    }

    /// Whether it says nothing of the request: the link between two of them was not there, or broke.
    pub(super) fn is_lame(&self) -> bool {
        self.ends.values().any(|end| match end {
            FromCosigner::Refused { refusal, .. } => {
                refusal.check == Check::Peers && refusal.reason.contains("there is no link")
            }
            // A hostile one's end of a link stands a little later than the honest one's, which dialled it.
            FromCosigner::Aborted { why, .. } => why.contains("link") || why.contains("to begin"),
            _ => false,
        })
    }
}

/// Co-signers by their names.
pub fn names(indices: impl IntoIterator<Item = u8>) -> String {
    let names: Vec<&str> = indices.into_iter().map(cosigner_name).collect();
    names.join(", ")
}
