//! What a node can do wrong.

use crate::dice::Dice;

/// One thing that is wrong with it. Several may be at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is so many blocks behind: head and final block are old, and what lies above them it does not know.
    Lagging {
        /// How many.
        blocks: u64,
    },
    /// It has heard of no block above this one.
    StandingStill {
        /// The newest that it knows.
        at: u64,
    },
    /// It lies about receipts.
    Receipt(Lie),
    /// It says that it is on this network.
    OtherNetwork {
        /// EIP-155 id.
        id: u64,
    },
    /// It takes signed bytes and passes them on, and the connection breaks before its answer.
    AnswerLost,
    /// It says that it took signed bytes, and passes nothing on.
    Dropping,
    /// It refuses signed bytes with these words, and passes nothing on.
    Refusing {
        /// In its words.
        message: &'static str,
    },
    /// It answers something that is no JSON-RPC.
    Nonsense,
    /// It answers HTTP 500.
    InternalError,
    /// It never answers.
    Hanging,
    /// Its counts of addresses' transactions are wrong by so much, never below 0.
    Counts {
        /// What it adds.
        off_by: i64,
    },
}

impl Fault {
    /// One of them, by chance. A gateway that asks two nodes of which one has it pays late, if at all while it lasts, and
    /// never says what is not so.
    pub fn by_chance(dice: &mut Dice) -> Self {
        const LIES: [Lie; 7] = [
            Lie::StatusFlipped,
            Lie::BlockThatIsNone,
            Lie::BlockBefore,
            Lie::WithoutLogs,
            Lie::OfAnother,
            Lie::MadeUp { status: Outcome::Success },
            Lie::MadeUp { status: Outcome::Failure },
        ];
        match dice.below(12) {
            0 | 1 => Self::Lagging { blocks: 1 + dice.below(40) },
            2 => Self::OtherNetwork { id: 1 + dice.below(3) },
            3 => Self::AnswerLost,
            4 => Self::Dropping,
            5 => Self::Nonsense,
            6 => Self::InternalError,
            7 => Self::Hanging,
            8 => Self::Counts { off_by: if dice.percent(50) { 3 } else { -3 } },
            _ => Self::Receipt(*dice.pick(&LIES)),
        }
    }
}

/// A lie about a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// What succeeded failed, and what failed succeeded.
    StatusFlipped,
    /// It lies in a block that is not in the chain.
    BlockThatIsNone,
    /// It lies in the block before the one where it does.
    BlockBefore,
    /// The contract logged nothing.
    WithoutLogs,
    /// The receipt of another transaction.
    OfAnother,
    /// There is one, in the newest final block, of a transaction that is in no block.
    MadeUp {
        /// What it says.
        status: Outcome,
    },
}

/// What a receipt says of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Success,
    /// It reverted.
    Failure,
}
