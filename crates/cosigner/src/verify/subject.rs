//! The intent of a request, read once at the door.

use payout::canonical;
use payout::ids::Digest;
use payout::intent::{self, Intent, Kind};
use wire::message::{Check, Refusal, SignRequest};

use crate::refuse::{later, never};

/// An intent with its name, and the earlier one that it refers to, if its text was brought along and is the right one.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) intent: Intent,
    pub(crate) digest: Digest,
    pub(crate) target: Option<TargetIntent>,
}

/// The intent that a void, a raise_cap or a later attempt refers to.
#[derive(Debug, Clone)]
pub(crate) struct TargetIntent {
    pub(crate) intent: Intent,
    pub(crate) digest: Digest,
    pub(crate) unsigned: Vec<u8>,
}

impl Subject {
    /// Reads the intent, which must be canonical, and the target's, whose digest must be the one that the intent names.
    pub(crate) fn read(request: &SignRequest) -> Result<Self, Refusal> {
        let (intent, digest) = read(&request.intent)?;
        if intent.version != intent::VERSION {
            return Err(later(
                Check::Session,
                format!(
                    "the intent has the layout {:?}, this version knows {:?}",
                    intent.version,
                    intent::VERSION
                ),
            ));
        }
        let target = match (&intent.target, &request.target) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err(later(Check::Session, "a target came with an intent that names none"));
            }
            (Some(_), None) => None,
            (Some(named), Some(target)) => {
                let (earlier, digest) = read(&target.intent)?;
                if digest != *named {
                    return Err(later(
                        Check::Session,
                        format!("the target is {digest}, the intent names {named}"),
                    ));
                }
                Some(TargetIntent { intent: earlier, digest, unsigned: target.unsigned.clone() })
            }
        };
        Ok(Self { intent, digest, target })
    }

    /// The payout whose token this spends: the target of a void or raise_cap, else the intent itself.
    pub(crate) fn payout(&self) -> Result<Digest, Refusal> {
        match self.intent.kind {
            Kind::Payout | Kind::Maintenance => Ok(self.digest),
            kind @ (Kind::Void | Kind::RaiseCap) => self.intent.target.ok_or_else(|| {
                never(Check::Journal, format!("a {kind} must name the payout that it is about"))
            }),
        }
    }

    /// The intent under whose numbers this is journaled: the payout whose token it spends.
    pub(crate) fn numbered(&self) -> Result<&Intent, Refusal> {
        match self.intent.kind {
            Kind::Payout | Kind::Maintenance => Ok(&self.intent),
            kind @ (Kind::Void | Kind::RaiseCap) => {
                let target = self.target.as_ref().map(|target| &target.intent);
                target.ok_or_else(|| {
                    later(Check::Session, format!("the text of the {kind}'s target was not brought along"))
                })
            }
        }
    }
}

pub(crate) fn read(text: &str) -> Result<(Intent, Digest), Refusal> {
    let intent: Intent = canonical::parse(text)
        .map_err(|error| later(Check::Session, format!("the intent can't be read: {error}")))?;
    let digest = intent.digest();
    Ok((intent, digest))
}
