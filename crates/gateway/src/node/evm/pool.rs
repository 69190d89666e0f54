//! Several nodes as one: failover for questions where any honest answer will do, agreement where it must not be wrong.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::rpc::Node;
use crate::node::road::{NodeError, Sent};

/// How long the others are waited for once one has given its opinion.
const MOMENT: std::time::Duration = std::time::Duration::from_millis(400);

/// Of so many questions in turn, another node than the preferred one begins with one.
const TURN: usize = 4;

/// The nodes of one chain.
pub(super) struct Pool {
    nodes: Vec<Node>,
    /// Which one answered last: asked first the next time.
    preferred: AtomicUsize,
    /// Questions that were asked in turn.
    turns: AtomicUsize,
    witnesses: usize,
}

/// What several nodes made of one question.
pub(super) enum Agreement<T> {
    /// As many as needed gave this answer, and none gave a different final one.
    Agreed(T),
    /// They contradict each other.
    Contradiction(Vec<(String, T)>),
}

impl Pool {
    pub(super) fn open(urls: &[Url], network: u64, witnesses: usize) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(std::time::Duration::from_secs(4))
            .no_proxy()
            .build()?;
        let nodes = urls.iter().map(|url| Node::new(client.clone(), url.clone(), network)).collect();
        Ok(Self { nodes, preferred: AtomicUsize::new(0), turns: AtomicUsize::new(0), witnesses })
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// How many nodes must agree on a final status.
    pub(super) const fn witnesses(&self) -> usize {
        self.witnesses
    }

    /// The first usable answer, beginning with the node that answered last. The last error where no node has one.
    pub(super) async fn first<'a, T, F>(&'a self, ask: impl Fn(&'a Node) -> F) -> Result<T, NodeError>
    where
        F: Future<Output = Result<T, NodeError>>,
    {
        self.first_from(self.preferred.load(Ordering::Relaxed), ask).await
    }

    /// The same, but now and then another node begins: one that lags, or that says "not yet" for ever, must not be the
    /// only one that is heard.
    pub(super) async fn in_turn<'a, T, F>(&'a self, ask: impl Fn(&'a Node) -> F) -> Result<T, NodeError>
    where
        F: Future<Output = Result<T, NodeError>>,
    {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let preferred = self.preferred.load(Ordering::Relaxed);
        let start = if turn % TURN == TURN - 1 { preferred.wrapping_add(1 + turn / TURN) } else { preferred };
        self.first_from(start, ask).await
    }

    async fn first_from<'a, T, F>(&'a self, start: usize, ask: impl Fn(&'a Node) -> F) -> Result<T, NodeError>
    where
        F: Future<Output = Result<T, NodeError>>,
    {
        let mut last = NodeError::TooFew { needed: 1, answered: 0 };
        for offset in 0..self.nodes.len() {
            let index = start.wrapping_add(offset) % self.nodes.len();
            let Some(node) = self.nodes.get(index) else { continue };
            match ask(node).await {
                Ok(answer) => {
                    self.preferred.store(index, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => {
                    tracing::debug!(node = node.name(), %error, "node gave no usable answer");
                    last = error;
                }
            }
        }
        Err(last)
    }

    /// What up to `count` nodes say, the one that answered last among them. Once one has answered, the others get only
    /// a moment more: a node that hangs must not set the pace of the others.
    pub(super) async fn opinions<'a, T, F>(
        &'a self,
        count: usize,
        ask: impl Fn(&'a Node) -> F,
    ) -> Vec<Result<T, NodeError>>
    where
        F: Future<Output = Result<T, NodeError>>,
    {
        let start = self.preferred.load(Ordering::Relaxed);
        let mut asked: FuturesUnordered<F> = (0..self.nodes.len())
            .filter_map(|offset| self.nodes.get(start.wrapping_add(offset) % self.nodes.len()))
            .map(ask)
            .collect();
        let mut opinions = Vec::new();
        let (mut usable, mut deadline) = (0, None);
        while usable < count {
            let Some(opinion) = next_before(&mut asked, deadline).await else { break };
            // A refusal is an opinion as well.
            if matches!(opinion, Ok(_) | Err(NodeError::Refused { .. })) {
                usable += 1;
                deadline.get_or_insert_with(|| Instant::now() + MOMENT);
            }
            opinions.push(opinion);
        }
        opinions
    }

    /// Asks every node and wants as many equal answers as there must be witnesses.
    ///
    /// A minority that answers differently makes it a contradiction: one of them lies or is on a fork, and nobody here
    /// can tell which.
    pub(super) async fn agree<'a, T, F>(
        &'a self,
        ask: impl Fn(&'a Node) -> F,
    ) -> Result<Agreement<T>, NodeError>
    where
        T: Clone + PartialEq,
        F: Future<Output = Result<T, NodeError>>,
    {
        let mut asked: FuturesUnordered<_> = self
            .nodes
            .iter()
            .map(|node| {
                let answer = ask(node);
                async move { (node.name().to_owned(), answer.await) }
            })
            .collect();
        let mut answers = Vec::new();
        let mut last = None;
        let mut deadline = None;
        while let Some((name, answer)) = next_before(&mut asked, deadline).await {
            match answer {
                Ok(answer) => answers.push((name, answer)),
                Err(error) => {
                    tracing::debug!(node = name, %error, "node gave no usable answer");
                    last = Some(error);
                }
            }
            if answers.len() >= self.witnesses {
                // There are witnesses enough; a node that hangs must not hold up what they say.
                deadline.get_or_insert_with(|| Instant::now() + MOMENT);
            }
        }
        let Some((_, first)) = answers.first() else {
            return Err(last.unwrap_or(NodeError::TooFew { needed: self.witnesses, answered: 0 }));
        };
        if answers.iter().any(|(_, answer)| answer != first) {
            return Ok(Agreement::Contradiction(answers));
        }
        if answers.len() < self.witnesses {
            return Err(NodeError::TooFew { needed: self.witnesses, answered: answers.len() });
        }
        Ok(Agreement::Agreed(first.clone()))
    }

    /// Sends to all nodes at once. One that takes it is enough; the others get a moment more, since the one that took it
    /// may keep it to itself.
    pub(super) async fn broadcast(&self, signed: &[u8]) -> Result<Sent, NodeError> {
        let mut sent: FuturesUnordered<_> = self.nodes.iter().map(|node| node.send(signed)).collect();
        let mut outcome: Result<Sent, NodeError> = Err(NodeError::TooFew { needed: 1, answered: 0 });
        let mut deadline = None;
        while let Some(result) = next_before(&mut sent, deadline).await {
            match result {
                Ok(()) => {
                    deadline.get_or_insert_with(|| Instant::now() + MOMENT);
                    outcome = Ok(Sent::Accepted);
                }
                Err(_) if matches!(outcome, Ok(Sent::Accepted)) => {}
                Err(NodeError::Refused { message, .. }) if means_look(&message) => {
                    deadline.get_or_insert_with(|| Instant::now() + MOMENT);
                    outcome = Ok(Sent::Look(message));
                }
                Err(error) => {
                    if outcome.is_err() {
                        outcome = Err(error);
                    }
                }
            }
        }
        outcome
    }
}

/// The next to be done, before the deadline if there is one.
async fn next_before<F: Future>(
    asked: &mut FuturesUnordered<F>,
    deadline: Option<Instant>,
) -> Option<F::Output> {
    match deadline {
        None => asked.next().await,
        Some(deadline) => timeout_at(deadline, asked.next()).await.unwrap_or_default(),
    }
}

/// Refusals that say nothing about failure: the transaction, or another of the same nonce, is there already.
fn means_look(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "already known",
        "already imported",
        "known transaction",
        "nonce too low",
        "already exists",
        "underpriced",
    ]
    .iter()
    .any(|words| message.contains(words))
}
