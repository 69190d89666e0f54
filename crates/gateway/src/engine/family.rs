//! A payout and what people ordered about it: voids and raised caps spend its token, so whichever of them lands ends all
//! of them.
//!
//! Only one of them makes offers at a time, the *leader*: the youngest void that people have approved, else the approved
//! raise with the highest cap, else the payout itself. What the others have sent stays where it is and may still land.

use payout::intent::Kind;
use payout::life::{Build, State, Status};
use store::{PayoutRow, StoreError};

use super::request::newest_build;
use crate::state::Gateway;

/// All of them.
#[derive(Debug)]
pub(crate) struct Family {
    /// The payout.
    pub(crate) root: PayoutRow,
    /// Voids and raised caps of it, oldest first.
    pub(crate) remedies: Vec<PayoutRow>,
}

impl Family {
    /// The family of a payout, or of a void or raised cap. `None` if what that is about is not in the database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn of(gateway: &Gateway, row: &PayoutRow) -> Result<Option<Self>, StoreError> {
        let root = match (row.payout.intent.kind, row.payout.intent.target) {
            (Kind::Payout | Kind::Maintenance, _) | (_, None) => Some(row.clone()),
            (Kind::Void | Kind::RaiseCap, Some(target)) => gateway.store.payout_by_intent(&target).await?,
        };
        let Some(root) = root else { return Ok(None) };
        let mut remedies = gateway.store.payouts_targeting(&root.digest).await?;
        remedies.retain(|row| row.payout.intent.kind.spends_targets_token());
        Ok(Some(Self { root, remedies }))
    }

    /// Who makes offers on the token.
    pub(crate) fn leader(&self) -> &PayoutRow {
        let approved = || {
            let on_its_way = |status| matches!(status, Status::AwaitingSignature | Status::OnItsWay);
            self.remedies.iter().filter(move |row| on_its_way(row.status))
        };
        let void = approved().rfind(|row| row.payout.intent.kind == Kind::Void);
        let raise = || approved().max_by_key(|row| row.payout.intent.fee_cap);
        void.or_else(raise).unwrap_or(&self.root)
    }

    /// Why another than `row` makes the offers, in words.
    pub(crate) fn led_by_another(&self, row: &PayoutRow) -> Option<String> {
        let leader = self.leader();
        (leader.digest != row.digest).then(|| match leader.payout.intent.kind {
            Kind::Void => format!("payout {} voids it and is approved", leader.cid()),
            Kind::RaiseCap => format!("payout {} pays it under a higher fee cap", leader.cid()),
            Kind::Payout | Kind::Maintenance => format!("payout {} is not ordered otherwise", leader.cid()),
        })
    }

    /// How the payout ended for good, if it did: nothing can be done about it any more. One that was stopped or refused
    /// may still hold a token, which a void can spend.
    pub(crate) fn over(&self) -> Option<String> {
        match &self.root.payout.state {
            State::Succeeded { txid, .. } => Some(format!("payout {} was paid by {txid}", self.root.cid())),
            State::Failed { .. } => Some(format!("payout {} is proven dead", self.root.cid())),
            _ => None,
        }
    }

    /// Everything that was built on the token for the others than `row` and may be in somebody's hands. What was stopped
    /// or refused was never signed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn rivals(&self, gateway: &Gateway, row: &PayoutRow) -> Result<Vec<Build>, StoreError> {
        let mut rivals = Vec::new();
        for other in self.remedies.iter().chain([&self.root]).filter(|other| other.digest != row.digest) {
            let unsigned = matches!(
                other.status,
                Status::AwaitingApproval
                    | Status::SignatureRejected
                    | Status::Withdrawn
                    | Status::ApprovalRejected
            );
            if !unsigned && !matches!(other.payout.state, State::Built { .. }) {
                rivals.extend(newest_build(gateway, other).await?);
            }
        }
        Ok(rivals)
    }
}
