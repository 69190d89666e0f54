//! Keeping what co-signers said, for `bursar why`.

use store::{CosignerReport, PayoutRow, ReportedRefusal, SessionOutcome, SessionRow, StoreError};
use wire::message::{Finality, Refusal};

use crate::hub::{Opening, SessionEnd, SessionReport, Voice};
use crate::state::Gateway;

/// Stores that a session is about to be opened.
pub(super) async fn keep_opening(
    gateway: &Gateway,
    row: &PayoutRow,
    opening: Opening<'_>,
) -> Result<(), StoreError> {
    gateway.store.record_session(open(row, opening)).await
}

fn open(row: &PayoutRow, opening: Opening<'_>) -> SessionRow {
    SessionRow {
        session: opening.session.to_string(),
        cid: row.cid(),
        intent: row.digest,
        participants: opening.participants.to_vec(),
        outcome: SessionOutcome::Open,
        reports: Vec::new(),
        opened: opening.at,
        closed: None,
    }
}

/// Stores that a session was not opened after all.
pub(super) async fn keep_unopened(
    gateway: &Gateway,
    row: &PayoutRow,
    opening: Opening<'_>,
) -> Result<(), StoreError> {
    let why = "nobody was asked: the payout had changed".to_owned();
    let (outcome, closed) = (SessionOutcome::Aborted { why }, Some(opening.at));
    gateway.store.record_session(SessionRow { outcome, closed, ..open(row, opening) }).await
}

/// Stores how sessions went, all at once, so that they share a commit.
pub(super) async fn keep_all(
    gateway: &Gateway,
    row: &PayoutRow,
    sessions: &[SessionReport],
) -> Result<(), StoreError> {
    let kept = sessions.iter().map(|report| gateway.store.record_session(session_row(row, report)));
    futures::future::try_join_all(kept).await?;
    Ok(())
}

fn session_row(row: &PayoutRow, report: &SessionReport) -> SessionRow {
    let outcome = match &report.end {
        SessionEnd::Signed { .. } => SessionOutcome::Signed,
        SessionEnd::Refused => SessionOutcome::Refused,
        SessionEnd::Aborted { why } => SessionOutcome::Aborted { why: why.clone() },
    };
    SessionRow {
        session: report.session.to_string(),
        cid: row.cid(),
        intent: row.digest,
        participants: report.participants.clone(),
        outcome,
        reports: report.voices.iter().map(cosigner_report).collect(),
        opened: report.opened,
        closed: report.is_heard_out().then_some(report.closed),
    }
}

fn cosigner_report(voice: &Voice) -> CosignerReport {
    // An empty list says in the store that it did not pass: names are not what counts here.
    let unnamed = || vec!["checked".to_owned()];
    let checks = voice.checks.as_ref().map(|names| if names.is_empty() { unnamed() } else { names.clone() });
    CosignerReport {
        index: voice.index,
        checks: checks.unwrap_or_default(),
        refusal: voice.refusal.as_ref().map(reported),
    }
}

fn reported(refusal: &Refusal) -> ReportedRefusal {
    let finality = match refusal.finality {
        Finality::Never => "never",
        Finality::Later => "later",
    };
    ReportedRefusal {
        check: refusal.check.to_string(),
        finality: finality.to_owned(),
        reason: refusal.reason.clone(),
    }
}

/// The word in metrics.
pub(super) const fn outcome_name(end: &SessionEnd) -> &'static str {
    match end {
        SessionEnd::Signed { .. } => "signed",
        SessionEnd::Refused => "refused",
        SessionEnd::Aborted { .. } => "aborted",
    }
}
