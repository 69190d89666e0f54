//! A deployment on all chains, and what these tests do with it again and again.

use serde_json::{Value, json};
use testbed::deployment::Plan;
use testbed::ledgers::{Chains, Tron, Xrp, tron, xrp};
use testbed::vendor::{Order, Reply};

use crate::world::{World, plan};

/// Two of three, on the EVM chain and the stand-ins.
pub(crate) fn all_chains() -> Plan {
    Plan { chains: Chains::All, ..plan(2, 3) }
}

impl World {
    /// On all chains, running, its wallet funded on each.
    pub(crate) async fn on_all_chains() -> Self {
        Self::start_with(all_chains()).await
    }

    pub(crate) fn xrp(&self) -> &Xrp {
        &self.stage.deployment.ledgers().unwrap().xrp
    }

    pub(crate) fn tron(&self) -> &Tron {
        &self.stage.deployment.ledgers().unwrap().tron
    }

    /// The wallet's address on a chain.
    pub(crate) fn payer(&self, chain_id: &str) -> String {
        self.stage.deployment.payout_addresses().unwrap().remove(chain_id).unwrap()
    }

    /// An order in a coin, to an address that nobody has used.
    pub(crate) fn order_of(&self, coin: &str, amount: &str) -> Order {
        self.stage.order(&self.stage.coin(coin), amount)
    }

    /// What can change when something is paid: balances of the wallet, and its account's numbers.
    pub(crate) async fn holdings(&self) -> (Value, u64, u64) {
        let question = json!({"account": self.payer(xrp::CHAIN), "ledger_index": "validated"});
        let account = self.xrp().call("account_info", question).await.unwrap();
        let payer = self.payer(tron::CHAIN);
        let (sun, tokens) =
            (self.tron().balance(&payer).await.unwrap(), self.tron().tokens(&payer).await.unwrap());
        let account = &account["account_data"];
        (json!([account["Balance"], account["Sequence"], account["OwnerCount"]]), sun, tokens)
    }

    /// Whether the project has a payout of this number.
    pub(crate) async fn has(&self, third_party_id: &str) -> bool {
        let question = json!({"third_party_id": third_party_id});
        let Reply { code, .. } = self.vendor().call("/api/v1/payout/query", question).await.unwrap();
        match code.as_str() {
            "00000" => true,
            "E0014" => false,
            other => panic!("{other}"),
        }
    }
}
