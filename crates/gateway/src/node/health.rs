//! How the nodes of a chain are.

use super::pool::{Named, Pool};
use super::road::{Head, NodeError, NodeHealth};
use crate::clock;

/// Asks each node for its newest block: unhealthy is one that has none, or whose is older than `lag_limit_ms`.
pub(super) async fn of<'a, N, F>(
    pool: &'a Pool<N>,
    lag_limit_ms: i64,
    newest: impl Fn(&'a N) -> F,
) -> Vec<NodeHealth>
where
    N: Named,
    F: Future<Output = Result<Head, NodeError>>,
{
    let now = clock::now();
    let asked = pool.nodes().map(|node| {
        let answer = newest(node);
        async move {
            let state = answer.await.map_err(|error| error.to_string()).and_then(|head| {
                let age_ms = now.since(head.time);
                if age_ms > lag_limit_ms {
                    return Err(format!(
                        "lagging: its newest block {} is {} s old",
                        head.height,
                        age_ms / 1000
                    ));
                }
                Ok(head)
            });
            NodeHealth { node: node.name().to_owned(), state }
        }
    });
    futures::future::join_all(asked).await
}
