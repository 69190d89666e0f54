//! Look-ups that every payout makes, many in one statement: what is asked while a statement runs is answered by the
//! next. Alone, each of them costs several changes of threads, which is more than the look-up itself.
//!
//! Nothing is remembered: every answer is read after it was asked for.

use std::collections::BTreeMap;
use std::future::Future;

use sea_orm::{ColumnTrait, Condition, DatabaseConnection};
use tokio::sync::{mpsc, oneshot};

use super::address::OwnerOf;
use super::pause::PausesAt;
use super::recipient::Known;
use super::session::NeversOf;
use super::signed::{ActsOf, CallerOf};
use crate::error::StoreError;

/// Questions that wait; more of them wait in their callers.
const QUEUE: usize = 1024;
/// Questions in one statement.
const TOGETHER: usize = 256;

/// A look-up by a key.
pub(crate) trait Question: Send + Sync + 'static {
    /// What is found.
    type Answer: Send + 'static;

    /// Answers all of them, in their order. A row that can't be read is an error of its own question.
    fn answer(
        questions: &[Self],
        readers: &DatabaseConnection,
    ) -> impl Future<Output = Result<Vec<Found<Self>>, StoreError>> + Send
    where
        Self: Sized;
}

/// The answer to a question.
pub(crate) type Found<Q> = Result<<Q as Question>::Answer, StoreError>;
type Asked<Q> = (Q, oneshot::Sender<Found<Q>>);

/// Everything that is asked so.
pub(crate) struct LookUps {
    pub(crate) owners: Together<OwnerOf>,
    pub(crate) recipients: Together<Known>,
    pub(crate) acts: Together<ActsOf>,
    pub(crate) callers: Together<CallerOf>,
    pub(crate) nevers: Together<NeversOf>,
    pub(crate) pauses: Together<PausesAt>,
}

impl LookUps {
    pub(crate) fn start(readers: &DatabaseConnection) -> Self {
        Self {
            owners: Together::start(readers.clone()),
            recipients: Together::start(readers.clone()),
            acts: Together::start(readers.clone()),
            callers: Together::start(readers.clone()),
            nevers: Together::start(readers.clone()),
            pauses: Together::start(readers.clone()),
        }
    }
}

/// Where one kind of question is asked.
pub(crate) struct Together<Q: Question>(mpsc::Sender<Asked<Q>>);

impl<Q: Question> Together<Q> {
    /// Starts the task that asks; it ends with the last of its askers.
    fn start(readers: DatabaseConnection) -> Self {
        let (ask, asked) = mpsc::channel(QUEUE);
        tokio::spawn(answer_all(asked, readers));
        Self(ask)
    }

    /// Asks.
    pub(crate) async fn ask(&self, question: Q) -> Found<Q> {
        let (reply, answer) = oneshot::channel();
        self.0.send((question, reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

async fn answer_all<Q: Question>(mut asked: mpsc::Receiver<Asked<Q>>, readers: DatabaseConnection) {
    let mut batch = Vec::new();
    while asked.recv_many(&mut batch, TOGETHER).await > 0 {
        let (questions, replies): (Vec<Q>, Vec<_>) = batch.drain(..).unzip();
        // Whoever asked may have gone away.
        match Q::answer(&questions, &readers).await {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    let _gone = reply.send(answer);
                }
            }
            Err(error) => {
                for reply in replies {
                    let _gone = reply.send(Err(error.clone()));
                }
            }
        }
    }
}

/// The keys of a statement, each once, and the last one repeated until there are 1, 2, 4, 8 … of them: so few texts of
/// one statement stay prepared.
pub(crate) fn padded<K: Ord + Clone>(keys: impl Iterator<Item = K>) -> Vec<K> {
    let mut keys: Vec<K> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
}

/// Any of these pairs, as the values of two columns: of each first value, which are few, all of its second ones.
pub(crate) fn any_of_pairs<'a, C: ColumnTrait>(
    (first, second): (C, C),
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Condition {
    let mut grouped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (group, key) in pairs {
        grouped.entry(group).or_default().push(key);
    }
    let both = |(group, keys): (&str, Vec<&str>)| {
        Condition::all().add(first.eq(group)).add(second.is_in(padded(keys.into_iter())))
    };
    grouped.into_iter().map(both).fold(Condition::any(), Condition::add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_one_two_four_or_eight_keys() {
        let of = |count: usize| padded((0..count).map(|key| key.to_string())).len();
        assert_eq!((0..=9).map(of).collect::<Vec<_>>(), [0, 1, 2, 4, 4, 8, 8, 8, 8, 16]);
        assert_eq!(padded(["b", "a", "b", "c"].into_iter().map(str::to_owned)), ["a", "b", "c", "c"]);
    }
}
