//! An approved intent is shown: journaled at once, so that its expiry is met whenever it is signed.

use std::sync::Arc;

use wire::message::{Check, Finality, FromCosigner, Refusal, SignRequest};

use super::cosigner::{Cosigner, now};
use crate::link::Line;
use crate::refuse::later;
use crate::verify;

pub(super) async fn answer(cosigner: Arc<Cosigner>, line: Arc<Line>, number: u64, request: SignRequest) {
    let checked = cosigner.checking(|context| verify::sight(context, &request));
    let refusal = match checked {
        Ok(sighted) => match cosigner.journal.sight(&sighted, now()).await {
            Ok(()) => {
                cosigner.changed.notify_one();
                None
            }
            Err(error) => Some(later(Check::Journal, error.to_string())),
        },
        Err(refusal) => Some(cosigner.answerable(&request, refusal).await),
    };
    if let Some(refusal) = &refusal {
        tracing::info!(%refusal, "an approved intent was shown and refused");
    }
    line.say(&FromCosigner::Sighted { request: number, refusal });
}

impl Cosigner {
    /// A refusal as it leaves the house: one for ever has its promise in the journal first.
    pub(super) async fn answerable(&self, request: &SignRequest, refusal: Refusal) -> Refusal {
        if refusal.finality == Finality::Later {
            return refusal;
        }
        let Some(vouched) = self.checking(|context| verify::vouched(context, request)) else {
            return refusal;
        };
        let refusal = self.journal.refuse_for_ever(&vouched, refusal, now()).await;
        if refusal.never.is_some() {
            self.changed.notify_one();
        }
        refusal
    }
}
