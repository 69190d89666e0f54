//! What can happen to a payout, and who or what caused it.

use serde::{Deserialize, Serialize};

use super::state::{BlockRef, Build, Death, Rejection, Requirement, SignedTx, Withdrawal};
use crate::ids::{PrincipalId, ProjectId};
use crate::time::Millis;

/// Something that happened. Stored in the history, in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// The missing figure came and a rule decided.
    Decided {
        /// What the rule asks for.
        requirement: Requirement,
    },
    /// The external check said `ok`.
    ScreeningPassed,
    /// One more approval was stored; the steps are not complete.
    ApprovalGiven {
        /// Whose.
        by: PrincipalId,
    },
    /// The last approval was stored.
    ApprovalComplete {
        /// Whose.
        by: PrincipalId,
    },
    /// Ended by a rule, a principal or the external check.
    Rejected {
        /// By whom.
        by: Rejection,
    },
    /// Ended by its applicant, an operator, or the clock.
    Withdrawn {
        /// How.
        by: Withdrawal,
    },
    /// A token was taken and the unsigned bytes were stored, in one transaction.
    Built {
        /// The bytes.
        build: Build,
    },
    /// The bytes lapsed before any co-signer was asked: they are forgotten, their token is free, and others are built.
    Lapsed,
    /// The co-signers are about to be asked.
    SigningStarted,
    /// A full signature came back and the signed bytes were stored.
    Signed {
        /// The transaction.
        tx: SignedTx,
    },
    /// What was sent offers too little by now: bytes that do the same on the same token for a higher fee were stored.
    Outbid {
        /// The bytes.
        build: Build,
    },
    /// The chain has used its token, or has gone past the end of its bytes, although no signature ever came back here.
    TokenUsed,
    /// No quorum of co-signers is left that would ever sign.
    SignatureRefused {
        /// Their reasons.
        why: String,
    },
    /// The bytes went to a node (it may or may not have taken them).
    Broadcast,
    /// The recipient has it in a final block.
    Succeeded {
        /// The transaction that paid.
        txid: String,
        /// Where.
        block: BlockRef,
    },
    /// Proof that it can never land.
    Died {
        /// The proof.
        death: Death,
    },
}

/// The engine's steps: the file of the same name in the engine's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Decide, and ask the project's external check.
    Screen,
    /// Wait for approvals or the end of their time.
    Approve,
    /// Estimate, take a token, build.
    Build,
    /// Ask the co-signers.
    Sign,
    /// Send to nodes.
    Broadcast,
    /// Wait for finality.
    Confirm,
}

impl Step {
    /// The word in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Screen => "screen",
            Self::Approve => "approve",
            Self::Build => "build",
            Self::Sign => "sign",
            Self::Broadcast => "broadcast",
            Self::Confirm => "confirm",
        }
    }
}

/// Who or what caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A caller of the payout API.
    Caller(ProjectId),
    /// A person or machine with a key.
    Principal(PrincipalId),
    /// A step of the engine.
    Engine(Step),
    /// What co-signers told a database that was put back from an old copy.
    Import,
}

/// An event with its time and cause, as it enters the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happened {
    /// What.
    pub event: Event,
    /// Who or what.
    pub cause: Cause,
    /// When.
    pub at: Millis,
}
