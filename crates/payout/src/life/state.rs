//! The states of a payout. Each owns exactly the data that is legal in it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{Cid, Digest, GroupId, PrincipalId};
use crate::money::Amount;
use crate::time::Millis;

/// The integers of the wire contract, section 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// 0
    AwaitingApproval,
    /// 5
    AwaitingSignature,
    /// 1
    OnItsWay,
    /// 2
    SignatureRejected,
    /// 3
    Withdrawn,
    /// 4
    ApprovalRejected,
    /// 6
    Succeeded,
    /// 7
    Failed,
}

impl Status {
    /// The integer on the wire.
    pub const fn code(self) -> u8 {
        match self {
            Self::AwaitingApproval => 0,
            Self::AwaitingSignature => 5,
            Self::OnItsWay => 1,
            Self::SignatureRejected => 2,
            Self::Withdrawn => 3,
            Self::ApprovalRejected => 4,
            Self::Succeeded => 6,
            Self::Failed => 7,
        }
    }

    /// Whether no status can follow.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::AwaitingApproval | Self::AwaitingSignature | Self::OnItsWay => false,
            Self::SignatureRejected
            | Self::Withdrawn
            | Self::ApprovalRejected
            | Self::Succeeded
            | Self::Failed => true,
        }
    }
}

/// What the deciding rule asks for before signing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// An `auto` rule: nobody.
    Nobody,
    /// An `approve` rule: these steps, in order.
    Steps(Vec<StepQuorum>),
}

/// One step of approvals: so many distinct members of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepQuorum {
    /// Whose members count.
    pub group: GroupId,
    /// How many of them, at least 1.
    #[serde(with = "crate::policy::number")]
    pub quorum: u8,
}

/// The exclusivity token of a payment on its chain, in one spelling a family: an EVM nonce is `nonce:7`.
///
/// It serves one intent for ever (design invariant: one to one); co-signers keep the same table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// A token in its family's spelling. Only the `chain` crate spells tokens.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A transaction that was built and not signed. Stored before any co-signer hears of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The token that it spends.
    pub token: Token,
    /// The unsigned bytes in the family's encoding.
    #[serde(with = "hex::serde")]
    pub unsigned: Vec<u8>,
    /// The digest that the bytes hash to, for display; co-signers compute it themselves.
    pub signing_digest: Digest,
    /// The most that the bytes can burn in fees, base units of the fee coin.
    pub max_fee: Amount,
}

/// A transaction that is signed: it may be on chain at any moment from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedTx {
    /// What was signed.
    pub build: Build,
    /// The bytes to broadcast, and to broadcast again.
    #[serde(with = "hex::serde")]
    pub signed: Vec<u8>,
    /// The transaction's id in the chain's spelling.
    pub txid: String,
}

/// The block that holds the effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockRef {
    /// Its height.
    pub height: u64,
    /// Its hash in the chain's spelling.
    pub hash: String,
    /// Its time.
    pub time: Millis,
}

/// The proof that a payout can never land (the only ground for status 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Death {
    /// Its own transaction is final and had no effect.
    Reverted {
        /// That transaction.
        txid: String,
        /// Where it is.
        block: BlockRef,
        /// What the chain says of it.
        why: String,
    },
    /// Its time is over, and no final block holds it.
    Expired {
        /// Its transaction, which never landed.
        txid: String,
        /// The first final block that is past its end.
        block: BlockRef,
    },
    /// Another final transaction of ours spent its token.
    TokenSpent {
        /// That transaction.
        txid: String,
        /// Where it is.
        block: BlockRef,
    },
}

/// Why a payout was rejected (status 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rejection {
    /// The deciding rule says `deny`.
    Rule {
        /// In words.
        why: String,
    },
    /// A person or machine rejected.
    Principal {
        /// Who.
        by: PrincipalId,
    },
    /// The external check said `deny`.
    Screening,
}

/// Why a payout ended without anybody's rejection (status 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Withdrawal {
    /// Somebody took it back.
    Principal {
        /// Who.
        by: PrincipalId,
    },
    /// The time to approve ran out.
    Expired,
    /// A void or raised cap whose target ended before it was signed.
    TargetEnded {
        /// How, in words.
        how: String,
    },
    /// The caller's number is another payout's, which was signed before: the gateway had forgotten it, and the caller
    /// asked again. Not a failure: what the caller wants is paid under that number.
    Displaced {
        /// The other one.
        by: Cid,
    },
}

/// Where a payout is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum State {
    /// A figure that the policy needs is missing: decided again when it is there.
    Undecided {
        /// Which figure.
        missing: String,
    },
    /// The project's external check has not said `ok` yet. It never fails open.
    Screening {
        /// What follows once it has.
        requirement: Requirement,
    },
    /// People or machines have to approve.
    Approving {
        /// Who and how many.
        steps: Vec<StepQuorum>,
    },
    /// Approved. Waits for funds, fees under the cap, a free place in the lane, or the end of a pause.
    Queued,
    /// The token is taken and the bytes are stored; no co-signer has been asked.
    Built {
        /// The bytes.
        build: Build,
    },
    /// Co-signers have been asked: from here on a signature may exist.
    Signing {
        /// The bytes.
        build: Build,
        /// When they were first asked.
        since: Millis,
    },
    /// Signed and stored; whether a node has it is not known.
    Signed {
        /// The newest transaction.
        tx: SignedTx,
        /// Those that it outbids, oldest first: any of them may still land.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        earlier: Vec<SignedTx>,
    },
    /// A node took it, or may have. Broadcast again until final.
    Sent {
        /// The newest transaction.
        tx: SignedTx,
        /// Those that it outbids, oldest first: any of them may still land.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        earlier: Vec<SignedTx>,
        /// When the newest was first sent.
        since: Millis,
    },
    /// What was sent offers too little by now; co-signers are asked for a higher offer on the same token. What was sent
    /// may still land, and so may the new bytes, whose signature may exist.
    Outbidding {
        /// The bytes with the higher offer.
        build: Build,
        /// The newest transaction that was sent.
        tx: SignedTx,
        /// Those before it, oldest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        earlier: Vec<SignedTx>,
        /// When the newest was first sent.
        since: Millis,
    },
    /// Co-signers were asked, no signature came back, and the chain has used the token: by a signature that was lost on
    /// its way here, or by a void. The chain says which.
    Overtaken {
        /// The bytes that co-signers were asked to sign.
        build: Build,
    },
    /// The recipient has it, finally.
    Succeeded {
        /// The transaction that paid.
        txid: String,
        /// Where.
        block: BlockRef,
    },
    /// It can never land.
    Failed {
        /// The proof.
        death: Death,
    },
    /// So many co-signers said *never* that no quorum is left.
    Refused {
        /// Their reasons.
        why: String,
    },
    /// Rejected before signing.
    Rejected {
        /// By whom.
        by: Rejection,
    },
    /// Withdrawn or expired before signing.
    Withdrawn {
        /// How.
        by: Withdrawal,
    },
}

impl State {
    /// The contract's status.
    pub const fn status(&self) -> Status {
        match self {
            Self::Undecided { .. } | Self::Screening { .. } | Self::Approving { .. } => {
                Status::AwaitingApproval
            }
            Self::Queued | Self::Built { .. } | Self::Signing { .. } => Status::AwaitingSignature,
            Self::Signed { .. } | Self::Sent { .. } | Self::Outbidding { .. } | Self::Overtaken { .. } => {
                Status::OnItsWay
            }
            Self::Succeeded { .. } => Status::Succeeded,
            Self::Failed { .. } => Status::Failed,
            Self::Refused { .. } => Status::SignatureRejected,
            Self::Rejected { .. } => Status::ApprovalRejected,
            Self::Withdrawn { .. } => Status::Withdrawn,
        }
    }

    /// Whether accepting a payout can put it here: waiting for a decision, a check, people or the builder, or denied by
    /// its rule.
    pub const fn is_beginning(&self) -> bool {
        match self {
            Self::Undecided { .. } | Self::Screening { .. } | Self::Approving { .. } | Self::Queued => true,
            Self::Rejected { by: Rejection::Rule { .. } } => true,
            Self::Rejected { by: Rejection::Principal { .. } | Rejection::Screening }
            | Self::Built { .. }
            | Self::Signing { .. }
            | Self::Signed { .. }
            | Self::Sent { .. }
            | Self::Outbidding { .. }
            | Self::Overtaken { .. }
            | Self::Succeeded { .. }
            | Self::Failed { .. }
            | Self::Refused { .. }
            | Self::Withdrawn { .. } => false,
        }
    }

    /// The state's name in the database, the log and the metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Undecided { .. } => "undecided",
            Self::Screening { .. } => "screening",
            Self::Approving { .. } => "approving",
            Self::Queued => "queued",
            Self::Built { .. } => "built",
            Self::Signing { .. } => "signing",
            Self::Signed { .. } => "signed",
            Self::Sent { .. } => "sent",
            Self::Outbidding { .. } => "outbidding",
            Self::Overtaken { .. } => "overtaken",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Refused { .. } => "refused",
            Self::Rejected { .. } => "rejected",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// The newest bytes that were made for it, as far as the state still holds them.
    pub const fn build(&self) -> Option<&Build> {
        match self {
            Self::Built { build }
            | Self::Signing { build, .. }
            | Self::Outbidding { build, .. }
            | Self::Overtaken { build } => Some(build),
            Self::Signed { tx, .. } | Self::Sent { tx, .. } => Some(&tx.build),
            Self::Undecided { .. }
            | Self::Screening { .. }
            | Self::Approving { .. }
            | Self::Queued
            | Self::Succeeded { .. }
            | Self::Failed { .. }
            | Self::Refused { .. }
            | Self::Rejected { .. }
            | Self::Withdrawn { .. } => None,
        }
    }

    /// Every signed transaction of it that may land, oldest first.
    pub fn versions(&self) -> Vec<&SignedTx> {
        match self {
            Self::Signed { tx, earlier }
            | Self::Sent { tx, earlier, .. }
            | Self::Outbidding { tx, earlier, .. } => earlier.iter().chain([tx]).collect(),
            Self::Undecided { .. }
            | Self::Screening { .. }
            | Self::Approving { .. }
            | Self::Queued
            | Self::Built { .. }
            | Self::Signing { .. }
            | Self::Overtaken { .. }
            | Self::Succeeded { .. }
            | Self::Failed { .. }
            | Self::Refused { .. }
            | Self::Rejected { .. }
            | Self::Withdrawn { .. } => Vec::new(),
        }
    }

    /// The id of the transaction that may be, or is, on chain: the newest of several.
    pub fn txid(&self) -> Option<&str> {
        match self {
            Self::Signed { tx, .. } | Self::Sent { tx, .. } | Self::Outbidding { tx, .. } => Some(&tx.txid),
            Self::Succeeded { txid, .. }
            | Self::Failed {
                death:
                    Death::Reverted { txid, .. } | Death::Expired { txid, .. } | Death::TokenSpent { txid, .. },
            } => Some(txid),
            Self::Undecided { .. }
            | Self::Screening { .. }
            | Self::Approving { .. }
            | Self::Queued
            | Self::Built { .. }
            | Self::Signing { .. }
            | Self::Overtaken { .. }
            | Self::Refused { .. }
            | Self::Rejected { .. }
            | Self::Withdrawn { .. } => None,
        }
    }

    /// The block of the final transaction.
    pub fn block(&self) -> Option<&BlockRef> {
        match self {
            Self::Succeeded { block, .. }
            | Self::Failed {
                death:
                    Death::Reverted { block, .. } | Death::Expired { block, .. } | Death::TokenSpent { block, .. },
            } => Some(block),
            Self::Undecided { .. }
            | Self::Screening { .. }
            | Self::Approving { .. }
            | Self::Queued
            | Self::Built { .. }
            | Self::Signing { .. }
            | Self::Signed { .. }
            | Self::Sent { .. }
            | Self::Outbidding { .. }
            | Self::Overtaken { .. }
            | Self::Refused { .. }
            | Self::Rejected { .. }
            | Self::Withdrawn { .. } => None,
        }
    }
}
