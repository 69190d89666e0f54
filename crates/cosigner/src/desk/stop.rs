//! Rejections, withdrawals and freezes: journaled for ever, whoever brings them.

use std::sync::Arc;

use payout::approval::{Freeze, FreezeOrder};
use payout::ids::Digest;
use wire::message::{FromCosigner, StopAct};

use super::cosigner::{Cosigner, now};
use crate::link::Line;
use crate::verify::StopOrder;

pub(super) async fn answer(
    cosigner: Arc<Cosigner>,
    line: Arc<Line>,
    acts: Vec<StopAct>,
    freezes: Vec<FreezeOrder>,
) {
    for act in &acts {
        match cosigner.stop_intent(act).await {
            Ok(intent) => {
                let kind = act.act.act.to_string();
                line.say(&FromCosigner::StopSeen { intent: Some(intent), kind });
            }
            Err(why) => tracing::warn!(gateway = line.gateway, why, "a stop was refused"),
        }
    }
    for order in freezes {
        let kind = word(order.order).to_owned();
        match cosigner.freeze(order).await {
            Ok(()) => line.say(&FromCosigner::StopSeen { intent: None, kind }),
            Err(why) => tracing::warn!(gateway = line.gateway, why, "an order to {kind} was refused"),
        }
    }
}

impl Cosigner {
    /// Journals a rejection or withdrawal; gives the intent that it is about.
    pub(super) async fn stop_intent(&self, act: &StopAct) -> Result<Digest, String> {
        let order = StopOrder::check(&self.policy(), act).map_err(|refusal| refusal.to_string())?;
        let (intent, who, kind) = (order.act().intent, order.act().principal.clone(), order.act().act);
        self.journal.stop(order, now()).await.map_err(|error| error.to_string())?;
        tracing::info!(%intent, %who, %kind, "journaled a stop");
        self.changed.notify_one();
        Ok(intent)
    }

    /// Journals a freeze, or one admin's word to lift it.
    pub(super) async fn freeze(&self, order: FreezeOrder) -> Result<(), String> {
        self.policy().check_freeze_order(&order, now()).map_err(|error| error.to_string())?;
        if self.is_lifted_already(&order) {
            return Err(format!(
                "the freeze is dated {}, before lifts that are held: it stops nothing, sign it again",
                order.at
            ));
        }
        let (who, kind, reason) = (order.principal.clone(), word(order.order), order.reason.clone());
        self.journal.freeze(order, now()).await.map_err(|error| error.to_string())?;
        tracing::warn!(%who, kind, reason, "journaled an order of an admin");
        self.changed.notify_one();
        Ok(())
    }

    /// Whether a freeze that is new here would be none, because a quorum's lifts are dated after it: whoever signed it
    /// with a slow clock must not believe that signing has stopped.
    fn is_lifted_already(&self, order: &FreezeOrder) -> bool {
        let policy = self.policy();
        let mut orders = self.journal.with(|union| union.freezes().to_vec());
        if order.order != Freeze::Freeze || orders.contains(order) {
            return false;
        }
        orders.push(order.clone());
        policy.freeze_state(&orders).is_none()
    }
}

const fn word(order: Freeze) -> &'static str {
    match order {
        Freeze::Freeze => "freeze",
        Freeze::Lift => "lift",
    }
}
