//! What several nodes say became of a payment, made into one verdict.

use payout::life::Death;

use super::pool::{Agreement, Named, Pool};
use super::road::{Account, NodeError, Sighting};

/// Asks all nodes and concludes only what enough of them say.
pub(super) async fn look<'a, N, F>(
    pool: &'a Pool<N>,
    by_node: impl Fn(&'a N) -> F,
) -> Result<Sighting, NodeError>
where
    N: Named,
    F: Future<Output = Result<Sighting, NodeError>>,
{
    // One node's word is enough to go on waiting; the second opinion is for final verdicts.
    let first = pool.in_turn(&by_node).await?;
    if !is_final(&first) || pool.witnesses() == 1 {
        return Ok(first);
    }
    match pool.agree(&by_node).await? {
        Agreement::Agreed(verdict) => Ok(verdict),
        Agreement::Contradiction(answers) => Ok(reconciled(answers, pool.witnesses())),
    }
}

/// One verdict out of different ones.
fn reconciled(answers: Vec<(String, Sighting)>, witnesses: usize) -> Sighting {
    let told: Vec<String> =
        answers.iter().map(|(name, verdict)| format!("{name}: {}", told(verdict))).collect();
    let mut finals = answers.into_iter().map(|(_, verdict)| verdict).filter(is_final);
    let first = finals.next();
    let mut agreeing = 1;
    let mut united = true;
    for verdict in finals {
        united &= Some(&verdict) == first.as_ref();
        agreeing += 1;
    }
    match first {
        // The others have only not got that far.
        Some(verdict) if united && agreeing >= witnesses => verdict,
        // Or will never: nothing is final yet.
        _ if united => Sighting::Included { height: 0, waits: format!("nodes differ: {}", told.join("; ")) },
        _ => Sighting::Doubt(format!("nodes contradict each other: {}", told.join("; "))),
    }
}

/// Whether a verdict ends the payment.
pub(super) fn is_final(verdict: &Sighting) -> bool {
    matches!(verdict, Sighting::Succeeded(_) | Sighting::Dead(_))
}

/// What each node says, in words, with whatever `aside` adds about it.
pub(super) async fn accounts<'a, N, F>(pool: &'a Pool<N>, by_node: impl Fn(&'a N) -> F) -> Vec<Account>
where
    N: Named,
    F: Future<Output = (Result<Sighting, NodeError>, String)>,
{
    let asked = pool.nodes().map(|node| {
        let account = by_node(node);
        async move {
            let (verdict, aside) = account.await;
            let says = verdict.map_or_else(|error| error.to_string(), |verdict| told(&verdict));
            Account { node: node.name().to_owned(), says: says + &aside }
        }
    });
    futures::future::join_all(asked).await
}

/// A verdict in words.
fn told(verdict: &Sighting) -> String {
    match verdict {
        Sighting::Missing => "does not know it".to_owned(),
        Sighting::Pending => "pending".to_owned(),
        Sighting::Included { waits, .. } => waits.clone(),
        Sighting::Succeeded(chance) => format!("paid by {} in block {}", chance.txid, chance.block.hash),
        Sighting::Dead(Death::Reverted { txid, .. }) => format!("{txid} failed"),
        Sighting::Dead(Death::Expired { txid, block }) => {
            format!("{txid} is in no block and its time is over since block {}", block.height)
        }
        Sighting::Dead(Death::TokenSpent { txid, .. }) => format!("its token was used by {txid}"),
        Sighting::Doubt(why) => why.clone(),
    }
}
