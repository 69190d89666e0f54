//! A gateway asks what we remember: our own contributions, what they were made for, the policy that we hold.
//!
//! It may have been restored from an old copy. Nothing of this is a secret of ours towards it: it was the gateway that
//! brought all of it, once.

use std::sync::Arc;

use payout::policy::{Heads, SignedVersion};
use wire::message::FromCosigner;

use super::cosigner::Cosigner;
use crate::journal::DiskError;
use crate::link::Line;

/// The most that one answer carries of documents, bytes: a quarter of a frame, if none is longer by itself.
const ANSWER_BYTES: usize = 1024 * 1024;

pub(super) fn contributions(cosigner: &Arc<Cosigner>, line: &Arc<Line>, request: u64, after: u64) {
    answer(cosigner, line, move |cosigner| {
        let recollection = cosigner.journal.recall(after)?;
        Ok(FromCosigner::Recalled { request, recollection })
    });
}

pub(super) fn papers(cosigner: &Arc<Cosigner>, line: &Arc<Line>, request: u64, entries: Vec<u64>) {
    answer(cosigner, line, move |cosigner| {
        let papers = cosigner.journal.papers(&entries)?;
        Ok(FromCosigner::Papers { request, papers })
    });
}

pub(super) fn versions(cosigner: &Cosigner, line: &Line, request: u64, heads: &Heads) {
    let mut bytes = 0;
    let fits = |version: &SignedVersion| {
        let first = bytes == 0;
        bytes += version.document.len();
        first || bytes <= ANSWER_BYTES
    };
    let versions = cosigner.policy().versions_after(heads).into_iter().take_while(fits).collect();
    line.say(&FromCosigner::Versions { request, versions });
}

/// Reads on a thread of its own: the journal may be long, and sessions must not wait for it. One that can't be read is
/// not answered.
fn answer(
    cosigner: &Arc<Cosigner>,
    line: &Arc<Line>,
    read: impl FnOnce(&Cosigner) -> Result<FromCosigner, DiskError> + Send + 'static,
) {
    let (cosigner, line) = (Arc::clone(cosigner), Arc::clone(line));
    tokio::task::spawn_blocking(move || match read(&cosigner) {
        Ok(answer) => line.say(&answer),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(gateway = line.gateway, error, "what the gateway asks for can't be read");
        }
    });
}
