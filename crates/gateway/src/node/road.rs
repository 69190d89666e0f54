//! What the engine asks of any chain.

use std::collections::BTreeSet;

use chain::Decoded;
use futures::future::BoxFuture;
use payout::coin::CoinId;
use payout::ids::{Address, Digest};
use payout::intent::Intent;
use payout::life::{BlockRef, Build, Death, SignedTx, Token};
use payout::money::Amount;
use payout::time::Millis;
use serde::{Deserialize, Serialize};

/// One chain, seen through its nodes. Every call may take as long as the nodes' time-out.
pub trait Road: Send + Sync {
    /// Estimates fee and funds, picks the next free token of the lane and builds the bytes. Takes nothing: the caller
    /// stores the plan and the token in one transaction.
    fn plan<'a>(&'a self, intent: &'a Intent, lane: &'a Lane) -> BoxFuture<'a, Result<Plan, Hold>>;

    /// Sends signed bytes to every healthy node. Sending again is harmless.
    fn broadcast<'a>(&'a self, tx: &'a SignedTx) -> BoxFuture<'a, Result<Sent, NodeError>>;

    /// Builds the intent's bytes on a token that is taken already, so that nodes take them in place of all that is on
    /// its way there: a higher offer for the same payment, or a void of it.
    fn rebuild<'a>(&'a self, intent: &'a Intent, place: &'a Place) -> BoxFuture<'a, Result<Plan, Hold>>;

    /// Whether `own`, which is on its way, offers what the chain asks for today, and more than its `rivals` on the same
    /// token.
    fn standing<'a>(
        &'a self,
        from: &'a Address,
        own: &'a Build,
        rivals: &'a [Build],
    ) -> BoxFuture<'a, Result<Standing, NodeError>>;

    /// Looks what has become of an intent, by its effect and not only by the ids of its signed `versions`: any of them
    /// may have landed, or one whose signature was lost. `build` is what was built last on the token, signed or not.
    fn look<'a>(
        &'a self,
        intent: &'a Intent,
        build: &'a Build,
        versions: &'a [&'a SignedTx],
    ) -> BoxFuture<'a, Result<Sighting, NodeError>>;

    /// What each node says became of it, in words, for people. Nothing is concluded from it.
    fn accounts<'a>(
        &'a self,
        intent: &'a Intent,
        build: &'a Build,
        versions: &'a [&'a SignedTx],
    ) -> BoxFuture<'a, Vec<Account>>;

    /// What an address holds of a coin, base units.
    fn balance<'a>(
        &'a self,
        address: &'a Address,
        coin: &'a CoinId,
    ) -> BoxFuture<'a, Result<Amount, NodeError>>;

    /// What left an address on chain by other tokens than `known`: nobody of ours can say what for.
    fn unexplained<'a>(
        &'a self,
        from: &'a Address,
        known: &'a BTreeSet<Token>,
    ) -> BoxFuture<'a, Result<Vec<Outflow>, NodeError>>;

    /// Asks every node for its network and head.
    fn health(&self) -> BoxFuture<'_, Vec<NodeHealth>>;

    /// How often it is worth looking, milliseconds.
    fn poll_ms(&self) -> i64;
}

/// The payments of one address that are not final yet, as our database knows them.
#[derive(Debug, Clone)]
pub struct Lane {
    /// The paying address.
    pub from: Address,
    /// Its key, which the bytes of some families name; `None` where the rules list no such wallet.
    pub public_key: Option<[u8; 33]>,
    /// Tokens that are taken and not known to be final.
    pub taken: Vec<Taken>,
    /// The highest token that this address ever took from us (spelled as its family does).
    pub highest: Option<Token>,
}

impl Lane {
    /// Whether the paying address, which `has` so much of a coin left, has what is needed; `None` is more than there is.
    pub(super) fn enough(&self, coin: CoinId, has: Amount, needs: Option<Amount>) -> Result<(), Hold> {
        let needs = needs.ok_or_else(|| Hold::Unbuildable("amount and fee together overflow".to_owned()))?;
        if has >= needs {
            return Ok(());
        }
        Err(Hold::Funds(Box::new(Shortage { from: self.from.clone(), coin, has, needs })))
    }
}

/// One payment in flight.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Its token.
    pub token: Token,
    /// Its coin.
    pub coin: CoinId,
    /// Its amount, base units.
    pub amount: Amount,
    /// The most that it burns in fees, base units of the native coin.
    pub max_fee: Amount,
    /// What it does to the wallet itself, if that is what it does: an operation's name and arguments.
    pub operation: Option<(String, String)>,
}

/// A token that is taken already, and what is on its way there.
#[derive(Debug, Clone)]
pub struct Place {
    /// The other payments of the lane.
    pub lane: Lane,
    /// The token.
    pub token: Token,
    /// Everything that was built on it so far, whoever it is for: whatever nodes may hold has to be outbid.
    pub rivals: Vec<Build>,
}

/// How an offer stands against what the chain asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Tokens before it are not used yet: its price is not what it waits for.
    NotItsTurn {
        /// The first token that the chain has not used.
        next: Token,
    },
    /// The chain has used its token.
    Used,
    /// It has lapsed on a token that the chain has not used: it can't land any more, and something built again can.
    Lapsed {
        /// The last block that could have held it.
        last: u64,
    },
    /// It offers enough.
    Fair,
    /// Nothing can be raised on this chain: what was sent lands as it is, or never.
    Fixed,
    /// It offers too little.
    TooLow {
        /// What the same gas costs at today's price, base units of the native coin.
        asks: Amount,
        /// The most that it offers for it.
        offers: Amount,
    },
}

/// What one node says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Scheme, host and port of the node.
    pub node: String,
    /// In words.
    pub says: String,
}

/// Bytes that can be signed as soon as the token is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Token, bytes, digest and worst fee.
    pub build: Build,
}

impl Plan {
    /// Of bytes and what they were decoded back to: what leaves here does what was approved, or nothing leaves.
    pub(super) fn checked(intent: &Intent, unsigned: Vec<u8>, decoded: Decoded) -> Result<Self, Hold> {
        chain::compare(intent, &decoded).map_err(|mismatch| Hold::Unbuildable(mismatch.to_string()))?;
        let Decoded { token, digest, max_fee, .. } = decoded;
        Ok(Self { build: Build { token, unsigned, signing_digest: Digest::from_bytes(digest), max_fee } })
    }
}

/// Why a payout can't be built now. It waits at status 5 with this as its reason, and burns nothing.
#[derive(Debug, thiserror::Error)]
pub enum Hold {
    /// The wallet has too little.
    #[error("{}", .0)]
    Funds(Box<Shortage>),
    /// The chain's price is above the intent's cap.
    #[error("the fee would be {fee}, over the cap of {cap} (base units of the native coin)")]
    FeeOverCap {
        /// The fee at the present price.
        fee: Amount,
        /// The intent's cap.
        cap: Amount,
    },
    /// The address lacks energy, and burning coins for it is over a cap.
    #[error("{}", .0)]
    Energy(Box<EnergyShortage>),
    /// As many payouts of this address are in flight as may be.
    #[error("{limit} payouts of this address are in flight already")]
    LaneFull {
        /// The window.
        limit: u16,
    },
    /// The chain has used the token: what did is to be found, and nothing is built on it.
    #[error("{0} is used on chain already")]
    TokenUsed(Token),
    /// The chain says that the payment would fail.
    #[error("the chain would refuse this payment: {0}")]
    WouldFail(String),
    /// The account can't hold more of what is asked for.
    #[error("{0}")]
    NoRoom(String),
    /// A node did not answer as it should.
    #[error("no usable answer from a node")]
    Node(#[from] NodeError),
    /// The intent is none that this chain can carry.
    #[error("this intent can't be built: {0}")]
    Unbuildable(String),
}

/// What a wallet lacks.
#[derive(Debug, thiserror::Error)]
#[error("{from} has {has} of {coin} left for new payouts and needs {needs} (base units)")]
pub struct Shortage {
    /// The paying address.
    pub from: Address,
    /// Which coin is short.
    pub coin: CoinId,
    /// What it has beyond the payouts in flight.
    pub has: Amount,
    /// What this payout needs at its worst.
    pub needs: Amount,
}

/// What a payout lacks of the resource that contracts of its chain run on.
#[derive(Debug, thiserror::Error)]
#[error(
    "{}{needs} energy is needed and {has} is left that is staked, delegated or rented; {offer}; burning coins for \
     the rest costs {price}, the most is {cap} (base units of the native coin)",
    if *first_time { "the recipient's first transfer of this token costs about double: " } else { "" }
)]
pub struct EnergyShortage {
    /// Energy that the payout needs, with a margin.
    pub needs: u64,
    /// What the address has of it, beyond the payouts in flight.
    pub has: u64,
    /// Whether the recipient never held the token.
    pub first_time: bool,
    /// What burning for the rest would cost, base units of the native coin.
    pub price: Amount,
    /// The most that it may.
    pub cap: Amount,
    /// What renting came to.
    pub offer: String,
}

impl Hold {
    /// What somebody can do about it.
    pub const fn next_action(&self) -> &'static str {
        match self {
            Self::Funds(_) => "fund the paying address; the payout goes on by itself",
            Self::FeeOverCap { .. } => {
                "wait for a lower price, or withdraw it and publish a higher fee cap for later payouts"
            }
            Self::Energy(_) => {
                "none while some is awaited; else stake or delegate energy to the paying address, or raise the caps"
            }
            Self::LaneFull { .. } => "none: it goes on when one of them is final",
            Self::TokenUsed(_) => "none: it ends by itself when what used the token is final",
            Self::WouldFail(_) => "look at the recipient; withdraw the payout if it cannot receive",
            Self::NoRoom(_) => "none: it goes on when payouts have made room; or withdraw it",
            Self::Node(_) => "look at `bursar doctor`: the chain's nodes do not answer",
            Self::Unbuildable(_) => "withdraw it",
        }
    }
}

/// What became of a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A node has it.
    Accepted,
    /// The node says something that means *look*, not *failed* (nonce too low, already known).
    Look(String),
}

/// What has become of a signed transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// No node knows it and its token is free: broadcast the stored bytes again.
    Missing,
    /// Known, not in a block.
    Pending,
    /// In a block that is not final.
    Included {
        /// The block's height.
        height: u64,
        /// Which blocks are missing.
        waits: String,
    },
    /// The recipient has it, finally.
    Succeeded(Chance),
    /// It can never land.
    Dead(Death),
    /// The nodes contradict each other, or themselves: nothing is concluded.
    Doubt(String),
}

/// Something that an address sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outflow {
    /// The token that it spent.
    pub token: Token,
    /// The transaction; `None` where the node no longer finds it, or where there are so many that it was not looked for.
    pub txid: Option<String>,
}

/// The transaction that paid, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chance {
    /// Its id, which may differ from the stored one when another session's signature landed.
    pub txid: String,
    /// Its block.
    pub block: BlockRef,
}

/// A node that can't be used now.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// No answer, or none in time.
    #[error("{node} does not answer")]
    Unreachable {
        /// Which node, without credentials.
        node: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// An answer that is no valid reply.
    #[error("{node} answers nonsense to {method}: {why}")]
    Nonsense {
        /// Which node.
        node: String,
        /// What it was asked.
        method: &'static str,
        /// What is wrong.
        why: String,
    },
    /// An error of the node's own.
    #[error("{node} refuses {method}: {message} ({code})")]
    Refused {
        /// Which node.
        node: String,
        /// What it was asked.
        method: &'static str,
        /// JSON-RPC error code.
        code: i64,
        /// Its words.
        message: String,
    },
    /// A node of another network.
    #[error("{node} is on network {found}, not on {expected}")]
    WrongNetwork {
        /// Which node.
        node: String,
        /// Its network.
        found: String,
        /// Ours.
        expected: String,
    },
    /// Fewer nodes than needed.
    #[error("{needed} nodes must agree and only {answered} gave an answer")]
    TooFew {
        /// How many must agree.
        needed: usize,
        /// How many answered.
        answered: usize,
    },
}

/// How a node is.
#[derive(Debug, Clone)]
pub struct NodeHealth {
    /// Scheme, host and port; no path, which may hold a key.
    pub node: String,
    /// Head, or what is wrong.
    pub state: Result<Head, String>,
}

/// A node's newest block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its height.
    pub height: u64,
    /// Its time.
    pub time: Millis,
}
