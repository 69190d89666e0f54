//! A question that costs much and that anybody may ask: answered once at a time, for all who asked before it was begun.

use std::time::Instant;

use tokio::sync::Mutex;

/// The newest answer, and when it was begun. Nobody is given one that is older than their question.
#[derive(Debug)]
pub struct OneAnswer<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for OneAnswer<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> OneAnswer<T> {
    /// Waits for whoever is being answered; makes an answer only if that was begun too early.
    pub async fn get(&self, make: impl Future<Output = T>) -> T {
        let asked = Instant::now();
        let mut newest = self.0.lock().await;
        if let Some((begun, answer)) = &*newest
            && *begun >= asked
        {
            return answer.clone();
        }
        let begun = Instant::now();
        let answer = make.await;
        *newest = Some((begun, answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[tokio::test]
    async fn many_who_ask_at_once_cost_two_answers_and_one_who_asks_later_gets_a_new_one() {
        let (answers, made) = (OneAnswer::default(), AtomicU32::new(0));
        let ask = || {
            answers.get(async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                made.fetch_add(1, Ordering::Relaxed) + 1
            })
        };
        futures::future::join_all((0..100).map(|_| ask())).await;
        let at_once = made.load(Ordering::Relaxed);
        assert!(at_once <= 2, "{at_once}");
        assert_eq!(ask().await, at_once + 1);
    }
}
