//! A node that is behind: it sees the chain up to a block, and nothing above.

use serde_json::{Value, json};

use super::fault::Fault;
use super::{HonestNode, Question};

/// How far it sees.
pub(super) struct Horizon {
    head: u64,
    finalized: u64,
}

/// What becomes of a question.
pub(super) enum Narrowed {
    /// It is asked, about blocks that it knows.
    Ask,
    /// It does not know of that.
    Unknown,
    /// It refuses to speak of a block that it does not know.
    Refuse,
}

impl Horizon {
    /// `None` for a node that sees everything, and for one whose honest node does not answer.
    pub(super) async fn of(node: &HonestNode, faults: &[Fault]) -> Option<Self> {
        let behind = faults.iter().find_map(|fault| match fault {
            Fault::Lagging { blocks } => Some((Some(*blocks), None)),
            Fault::StandingStill { at } => Some((None, Some(*at))),
            _ => None,
        });
        let (lag, still) = behind?;
        let height =
            async |tag: &str| number(&node.ask("eth_getBlockByNumber", json!([tag, false])).await?["number"]);
        let (head, finalized) = (height("latest").await?, height("finalized").await?);
        let seen = match (lag, still) {
            (Some(blocks), _) => head.saturating_sub(blocks),
            (None, Some(at)) => head.min(at),
            (None, None) => head,
        };
        // As far behind its head as the honest node's is.
        Some(Self { head: seen, finalized: seen.saturating_sub(head.saturating_sub(finalized)) })
    }

    /// Has the question ask about blocks that are known.
    pub(super) fn narrow(&self, question: &mut Question) -> Narrowed {
        let (place, unknown) = match question.method.as_str() {
            "eth_getBlockByNumber" => (0, Narrowed::Unknown),
            "eth_getTransactionCount" | "eth_getBalance" | "eth_call" | "eth_getCode" => {
                (1, Narrowed::Refuse)
            }
            _ => return Narrowed::Ask,
        };
        let Some(at) = question.params.get_mut(place) else { return Narrowed::Ask };
        let height = match at.as_str() {
            Some("latest" | "pending") => self.head,
            Some("finalized" | "safe") => self.finalized,
            Some("earliest") => 0,
            _ => match number(at) {
                Some(height) => height,
                None => return Narrowed::Ask,
            },
        };
        if height > self.head {
            return unknown;
        }
        *at = json!(format!("{height:#x}"));
        Narrowed::Ask
    }

    /// Takes out of an answer what lies above.
    pub(super) fn hide(&self, method: &str, result: &mut Value) {
        match method {
            "eth_blockNumber" => *result = json!(format!("{:#x}", self.head)),
            "eth_getTransactionReceipt" | "eth_getTransactionByHash"
                if number(&result["blockNumber"]).is_some_and(|height| height > self.head) =>
            {
                *result = Value::Null;
            }
            _ => {}
        }
    }
}

/// A hexadecimal quantity.
pub(super) fn number(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}
