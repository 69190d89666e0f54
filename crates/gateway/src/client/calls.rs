//! The calls, one a method, in the order of the API's paths.

use payout::approval::{Act, FreezeOrder, SignedAct};
use payout::ids::{Cid, Digest, WalletId};
use payout::intent::Intent;
use payout::policy::{SignedVersion, VersionSignature};
use serde::Serialize;

use super::{ClientError, OperatorClient};
use crate::accept::remedy::Remedy;
use crate::operator::audit::{AuditLine, AuditQuery};
use crate::operator::callbacks::{CallbackQuery, CallbackSheet, CallbackTest, CallbackTested};
use crate::operator::cosigners::CosignerLine;
use crate::operator::freezes::{FreezeReceipt, FreezeSheet};
use crate::operator::maintenance::{MaintenanceBody, SignedMaintenance};
use crate::operator::me::Me;
use crate::operator::pauses::{PauseLine, PauseOrder};
use crate::operator::payouts::acts::Acted;
use crate::operator::payouts::apply::{ApplicationBody, Applied, Draft, SignedApplication};
use crate::operator::payouts::list::{ListQuery, PayoutLine};
use crate::operator::payouts::remedies::SignedRemedy;
use crate::operator::payouts::show::PayoutSheet;
use crate::operator::payouts::why::Why;
use crate::operator::policy::PolicySheet;
use crate::operator::projects::{ChangeLine, ProjectChange, ProjectSheet, Proposed};
use crate::operator::proposals::{ProposalSheet, Published};
use crate::operator::restore::{RestoreReceipt, RestoreSheet, RestoreVoteBody};
use crate::operator::wallets::{CeremonySheet, CreateWallet, Opened, RefreshWallet, WalletSheet};

/// Each gives [`ClientError::Refused`] with the gateway's reason where it says no.
#[allow(clippy::missing_errors_doc, reason = "they all fail in the same ways, which ClientError lists")]
impl OperatorClient {
    /// Who the gateway takes us for.
    pub async fn me(&self) -> Result<Me, ClientError> {
        self.get("/bursar/v1/me").await
    }

    /// Payouts, newest first.
    pub async fn payouts(&self, query: &ListQuery) -> Result<Vec<PayoutLine>, ClientError> {
        self.get(&with_query("/bursar/v1/payouts", query)).await
    }

    /// A payout, whole.
    pub async fn payout(&self, cid: Cid) -> Result<PayoutSheet, ClientError> {
        self.get(&format!("/bursar/v1/payouts/{cid}")).await
    }

    /// Why a payout is where it is.
    pub async fn why(&self, cid: Cid) -> Result<Why, ClientError> {
        self.get(&format!("/bursar/v1/payouts/{cid}/why")).await
    }

    /// The intent that an application would mean. Read it before you sign it.
    pub async fn draft(&self, application: &ApplicationBody) -> Result<Draft, ClientError> {
        self.post("/bursar/v1/payouts/draft", application).await
    }

    /// Applies for a drafted payout: signs the intent as its applicant.
    pub async fn apply(&self, application: ApplicationBody, intent: &Intent) -> Result<Applied, ClientError> {
        let act = self.sign_act(Act::Apply, intent.digest())?;
        let signed = SignedApplication { application, intent: intent.canonical(), act };
        self.post("/bursar/v1/payouts", &signed).await
    }

    /// Delivers a signed act.
    pub async fn act(&self, cid: Cid, act: &SignedAct) -> Result<Acted, ClientError> {
        self.post(&format!("/bursar/v1/payouts/{cid}/acts"), act).await
    }

    /// The intent that an order about a payout would mean. Read it before you sign it.
    pub async fn draft_remedy(&self, target: Cid, order: &Remedy) -> Result<Draft, ClientError> {
        self.post(&format!("/bursar/v1/payouts/{target}/remedies/draft"), order).await
    }

    /// Orders what was drafted: signs the intent as its applicant.
    pub async fn order_remedy(
        &self,
        target: Cid,
        order: Remedy,
        intent: &Intent,
    ) -> Result<Applied, ClientError> {
        let act = self.sign_act(Act::Apply, intent.digest())?;
        let signed = SignedRemedy { order, intent: intent.canonical(), act };
        self.post(&format!("/bursar/v1/payouts/{target}/remedies"), &signed).await
    }

    /// The intent that an order for a wallet would mean. Read it before you sign it.
    pub async fn draft_maintenance(&self, order: &MaintenanceBody) -> Result<Draft, ClientError> {
        self.post("/bursar/v1/maintenance/draft", order).await
    }

    /// Orders what was drafted: signs the intent as its applicant.
    pub async fn order_maintenance(
        &self,
        order: MaintenanceBody,
        intent: &Intent,
    ) -> Result<Applied, ClientError> {
        let act = self.sign_act(Act::Apply, intent.digest())?;
        let signed = SignedMaintenance { order, intent: intent.canonical(), act };
        self.post("/bursar/v1/maintenance", &signed).await
    }

    /// The documents in force.
    pub async fn policy(&self) -> Result<PolicySheet, ClientError> {
        self.get("/bursar/v1/policy").await
    }

    /// Every version after genesis, in order.
    pub async fn policy_versions(&self) -> Result<Vec<SignedVersion>, ClientError> {
        self.get("/bursar/v1/policy/versions").await
    }

    /// Proposals that collect signatures.
    pub async fn proposals(&self) -> Result<Vec<ProposalSheet>, ClientError> {
        self.get("/bursar/v1/policy/proposals").await
    }

    /// One proposal.
    pub async fn proposal(&self, digest: Digest) -> Result<ProposalSheet, ClientError> {
        self.get(&format!("/bursar/v1/policy/proposals/{digest}")).await
    }

    /// Proposes a version with the signatures that it brings.
    pub async fn propose(&self, version: &SignedVersion) -> Result<ProposalSheet, ClientError> {
        self.post("/bursar/v1/policy/proposals", version).await
    }

    /// Signs a proposal. Read it before you sign it.
    pub async fn vote(&self, digest: Digest) -> Result<ProposalSheet, ClientError> {
        let signature = VersionSignature::sign(&digest, self.key(), self.principal().clone());
        self.post(&format!("/bursar/v1/policy/proposals/{digest}/votes"), &signature).await
    }

    /// Puts a proposal in force that has its signatures.
    pub async fn publish(&self, digest: Digest) -> Result<Published, ClientError> {
        self.post(&format!("/bursar/v1/policy/proposals/{digest}/publish"), &()).await
    }

    /// Takes a proposal away.
    pub async fn drop_proposal(&self, digest: Digest) -> Result<(), ClientError> {
        self.delete(&format!("/bursar/v1/policy/proposals/{digest}")).await
    }

    /// All projects.
    pub async fn projects(&self) -> Result<Vec<ProjectSheet>, ClientError> {
        self.get("/bursar/v1/projects").await
    }

    /// Proposes a change of settings.
    pub async fn propose_change(&self, change: &ProjectChange) -> Result<Proposed, ClientError> {
        self.post("/bursar/v1/projects", change).await
    }

    /// Changes that wait for a second person.
    pub async fn pending_changes(&self) -> Result<Vec<ChangeLine>, ClientError> {
        self.get("/bursar/v1/projects/changes").await
    }

    /// Confirms a change as the second person.
    pub async fn confirm_change(&self, id: i64) -> Result<ChangeLine, ClientError> {
        self.post(&format!("/bursar/v1/projects/changes/{id}/confirm"), &()).await
    }

    /// Takes a change back or turns it down.
    pub async fn drop_change(&self, id: i64) -> Result<ChangeLine, ClientError> {
        self.post(&format!("/bursar/v1/projects/changes/{id}/drop"), &()).await
    }

    /// Callbacks.
    pub async fn callbacks(&self, query: &CallbackQuery) -> Result<Vec<CallbackSheet>, ClientError> {
        self.get(&with_query("/bursar/v1/callbacks", query)).await
    }

    /// Sends a payout's callback again.
    pub async fn resend(&self, cid: Cid) -> Result<(), ClientError> {
        self.post(&format!("/bursar/v1/callbacks/{cid}/resend"), &()).await
    }

    /// Tries a callback with invented figures.
    pub async fn test_callback(&self, test: &CallbackTest) -> Result<CallbackTested, ClientError> {
        self.post("/bursar/v1/callbacks/test", test).await
    }

    /// Wallets of the rules, and keys that wait to be listed there.
    pub async fn wallets(&self) -> Result<Vec<WalletSheet>, ClientError> {
        self.get("/bursar/v1/wallets").await
    }

    /// Opens the ceremony of a new key.
    pub async fn create_wallet(&self, wallet: WalletId) -> Result<Opened, ClientError> {
        self.post("/bursar/v1/wallets", &CreateWallet { wallet }).await
    }

    /// Opens the ceremony of new shares.
    pub async fn refresh_wallet(
        &self,
        wallet: WalletId,
        order: &RefreshWallet,
    ) -> Result<Opened, ClientError> {
        self.post(&format!("/bursar/v1/wallets/{wallet}/refresh"), order).await
    }

    /// How a ceremony stands.
    pub async fn ceremony(&self, label: &str) -> Result<CeremonySheet, ClientError> {
        self.get(&format!("/bursar/v1/ceremonies/{label}")).await
    }

    /// Every co-signer of the roster.
    pub async fn cosigners(&self) -> Result<Vec<CosignerLine>, ClientError> {
        self.get("/bursar/v1/cosigners").await
    }

    /// Pauses that hold.
    pub async fn pauses(&self) -> Result<Vec<PauseLine>, ClientError> {
        self.get("/bursar/v1/pauses").await
    }

    /// Orders a pause.
    pub async fn pause(&self, order: &PauseOrder) -> Result<PauseLine, ClientError> {
        self.post("/bursar/v1/pauses", order).await
    }

    /// Ends a pause early.
    pub async fn resume(&self, id: i64) -> Result<(), ClientError> {
        self.delete(&format!("/bursar/v1/pauses/{id}")).await
    }

    /// The freeze in force, and all orders.
    pub async fn freezes(&self) -> Result<FreezeSheet, ClientError> {
        self.get("/bursar/v1/freezes").await
    }

    /// Delivers a freeze, or one signature of a lift.
    pub async fn freeze(&self, order: &FreezeOrder) -> Result<FreezeReceipt, ClientError> {
        self.post("/bursar/v1/freezes", order).await
    }

    /// Whether the database was an old copy, and what it lacked.
    pub async fn restore(&self) -> Result<RestoreSheet, ClientError> {
        self.get("/bursar/v1/restore").await
    }

    /// Confirms as an admin that signing may go on after a restore. Read the report before.
    pub async fn confirm_restore(&self, vote: &RestoreVoteBody) -> Result<RestoreReceipt, ClientError> {
        self.post("/bursar/v1/restore/confirm", vote).await
    }

    /// The audit log.
    pub async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditLine>, ClientError> {
        self.get(&with_query("/bursar/v1/audit", query)).await
    }
}

/// A path with the fields of `query` that are set.
fn with_query(path: &str, query: &impl Serialize) -> String {
    let fields = match serde_json::to_value(query) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => return path.to_owned(),
    };
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &fields {
        match value {
            serde_json::Value::String(value) => text.append_pair(name, value),
            other => text.append_pair(name, &other.to_string()),
        };
    }
    let text = text.finish();
    if text.is_empty() { path.to_owned() } else { format!("{path}?{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_holds_only_what_is_set() {
        assert_eq!(with_query("/x", &ListQuery::default()), "/x");
        let query = ListQuery { status: Some("0,5".to_owned()), limit: Some(7), ..ListQuery::default() };
        assert_eq!(with_query("/x", &query), "/x?limit=7&status=0%2C5");
    }
}
