//! One node over java-tron's HTTP API, and the typed questions that the road asks it.

use chain::TokenRef;
use chain::tron::{balance_calldata, network_of_genesis};
use payout::ids::{Address, TokenId};
use payout::money::Amount;
use serde_json::{Value, json};
use url::Url;

use super::reply::{self, Account, Block, DryRun, Parameters, Receipt, Resources, SeenTransaction};
use crate::node::http::Endpoint;
use crate::node::pool::Named;
use crate::node::proof::Proof;
use crate::node::road::NodeError;

/// The header in which TronGrid takes an access key; the key is the password of the node's URL.
const KEY_HEADER: &str = "tron-pro-api-key";

/// One node.
#[derive(Debug)]
pub(super) struct Node {
    endpoint: Endpoint,
    /// The network that it must be on: the last four bytes of the first block's id.
    network: u32,
    /// That it said so.
    proof: Proof,
}

/// Which of a node's two states a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The head's, which may still go.
    Head,
    /// That of the newest block that can't go away any more.
    Solid,
}

impl State {
    fn path(self, method: &str) -> String {
        let realm = match self {
            Self::Head => "wallet",
            Self::Solid => "walletsolidity",
        };
        format!("{realm}/{method}")
    }
}

impl Node {
    pub(super) fn new(client: reqwest::Client, url: Url, network: u32) -> Self {
        let endpoint = Endpoint::new(client, url).with_key_in(KEY_HEADER);
        Self { endpoint, network, proof: Proof::default() }
    }

    /// Asks one question, after the node has said that it is on our network.
    async fn ask(&self, state: State, method: &'static str, question: Value) -> Result<Value, NodeError> {
        if !self.proof.is_fresh() {
            self.prove().await?;
        }
        self.proof.heed(self.call(state, method, question).await)
    }

    /// Asks for the network, whatever was said before.
    pub(super) async fn prove(&self) -> Result<(), NodeError> {
        const METHOD: &str = "getblock";
        self.proof.forget();
        let first = self.call(State::Head, METHOD, json!({"id_or_num": "0", "detail": false})).await?;
        let found = first.get("blockID").and_then(Value::as_str).and_then(network_of_genesis);
        let found = found.ok_or_else(|| self.endpoint.nonsense(METHOD, "no first block"))?;
        if found != self.network {
            return Err(NodeError::WrongNetwork {
                node: self.name().to_owned(),
                found: found.to_string(),
                expected: self.network.to_string(),
            });
        }
        self.proof.renew();
        Ok(())
    }

    async fn call(&self, state: State, method: &'static str, question: Value) -> Result<Value, NodeError> {
        let reply = self.endpoint.post(method, Some(&state.path(method)), &question).await?;
        let Some(answer @ Value::Object(_)) = reply.body else {
            let why = format!("HTTP {} and no JSON object", reply.status);
            return Err(self.endpoint.nonsense(method, &why));
        };
        // java-tron answers 200 to what it can't do.
        if let Some(message) = answer.get("Error") {
            let message = message.as_str().unwrap_or("no message");
            return Err(self.endpoint.refused(method, reply.status.as_u16().into(), message));
        }
        if !reply.status.is_success() {
            let message = format!("HTTP {}", reply.status);
            return Err(self.endpoint.refused(method, reply.status.as_u16().into(), &message));
        }
        Ok(answer)
    }

    async fn read<T>(
        &self,
        state: State,
        method: &'static str,
        question: Value,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, NodeError> {
        let answer = self.ask(state, method, question).await?;
        read(&answer).ok_or_else(|| self.endpoint.nonsense(method, "not of the expected form"))
    }

    /// The same where the empty answer means that there is nothing.
    async fn find<T>(
        &self,
        state: State,
        method: &'static str,
        question: Value,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, NodeError> {
        let nothing = |answer: &Value| answer.as_object().is_some_and(serde_json::Map::is_empty);
        self.read(
            state,
            method,
            question,
            |answer| if nothing(answer) { Some(None) } else { read(answer).map(Some) },
        )
        .await
    }

    /// The newest block of a state.
    pub(super) async fn newest(&self, state: State) -> Result<Block, NodeError> {
        self.read(state, "getblock", json!({"detail": false}), reply::block).await
    }

    /// The block of a height, if the state has one.
    pub(super) async fn block(&self, state: State, height: u64) -> Result<Option<Block>, NodeError> {
        let question = json!({"id_or_num": height.to_string(), "detail": false});
        let block = self.find(state, "getblock", question, reply::block).await?;
        match block {
            Some(block) if block.number != height => {
                Err(self.endpoint.nonsense("getblock", "a block of another height"))
            }
            other => Ok(other),
        }
    }

    /// What a transaction did, once it is in a block of this state.
    pub(super) async fn receipt(&self, state: State, txid: &str) -> Result<Option<Receipt>, NodeError> {
        let question = json!({"value": txid});
        self.find(state, "gettransactioninfobyid", question, |answer| reply::receipt(txid, answer)).await
    }

    /// A transaction that is in a block of this state.
    pub(super) async fn transaction(
        &self,
        state: State,
        txid: &str,
    ) -> Result<Option<SeenTransaction>, NodeError> {
        let question = json!({"value": txid});
        self.find(state, "gettransactionbyid", question, |answer| reply::transaction(txid, answer)).await
    }

    /// Whether the node holds a transaction for a coming block.
    pub(super) async fn is_pending(&self, txid: &str) -> Result<bool, NodeError> {
        let question = json!({"value": txid});
        let found = self
            .find(State::Head, "gettransactionfrompending", question, |answer| answer.get("txID").map(drop));
        found.await.map(|found| found.is_some())
    }

    /// An account; `None` for an address that was never paid TRX.
    pub(super) async fn account(
        &self,
        state: State,
        address: &Address,
    ) -> Result<Option<Account>, NodeError> {
        let question = json!({"address": address.as_str(), "visible": true});
        self.read(state, "getaccount", question, reply::account).await
    }

    /// What an account may use without paying.
    pub(super) async fn resources(&self, address: &Address) -> Result<Resources, NodeError> {
        let question = json!({"address": address.as_str(), "visible": true});
        self.read(State::Head, "getaccountresource", question, reply::resources).await
    }

    /// The chain's prices.
    pub(super) async fn parameters(&self) -> Result<Parameters, NodeError> {
        self.read(State::Head, "getchainparameters", json!({}), reply::parameters).await
    }

    /// What an address finally holds, base units.
    pub(super) async fn balance_of(&self, address: &Address, coin: &TokenRef) -> Result<Amount, NodeError> {
        match coin {
            TokenRef::Native => {
                let account = self.account(State::Solid, address).await?;
                Ok(account.map_or(Amount::ZERO, |account| account.balance))
            }
            TokenRef::Contract(contract) => self.token_balance(State::Solid, address, contract).await,
        }
    }

    /// What an address holds of a token, base units.
    pub(super) async fn token_balance(
        &self,
        state: State,
        address: &Address,
        contract: &TokenId,
    ) -> Result<Amount, NodeError> {
        const METHOD: &str = "triggerconstantcontract";
        let Some(calldata) = balance_calldata(address) else {
            return Err(self.endpoint.nonsense(METHOD, "asked about what is no address"));
        };
        let asked = self.dry_run(state, address, contract, "balanceOf(address)", &calldata).await?;
        match asked {
            DryRun::Fine { returned: Some(returned), .. } => reply::amount(&returned)
                .ok_or_else(|| self.endpoint.nonsense(METHOD, "a balance that is no 256-bit number")),
            DryRun::Fine { returned: None, .. } => Err(self.endpoint.nonsense(METHOD, "no balance")),
            DryRun::Fails(why) => Err(self.endpoint.refused(METHOD, 0, &why)),
        }
    }

    /// Tries a call of a contract without doing it. `calldata` begins with the selector of `signature`.
    pub(super) async fn dry_run(
        &self,
        state: State,
        from: &Address,
        contract: &TokenId,
        signature: &str,
        calldata: &[u8],
    ) -> Result<DryRun, NodeError> {
        let words = calldata.get(4..).unwrap_or_default();
        let question = json!({
            "owner_address": from.as_str(),
            "contract_address": contract.as_str(),
            "function_selector": signature,
            "parameter": hex::encode(words),
            "visible": true,
        });
        self.read(state, "triggerconstantcontract", question, reply::dry_run).await
    }

    /// Hands signed bytes over.
    pub(super) async fn send(&self, signed: &[u8]) -> Result<(), NodeError> {
        const METHOD: &str = "broadcasthex";
        let answer = self.ask(State::Head, METHOD, json!({"transaction": hex::encode(signed)})).await?;
        if answer.get("result").and_then(Value::as_bool) == Some(true) {
            return Ok(());
        }
        let code = answer.get("code").and_then(Value::as_str).unwrap_or("no code");
        let message = answer.get("message").and_then(Value::as_str).map(reply::readable).unwrap_or_default();
        Err(self.endpoint.refused(METHOD, 0, &format!("{code}: {message}")))
    }
}

impl Named for Node {
    fn name(&self) -> &str {
        self.endpoint.name()
    }
}

/// Refusals of a node that read the transaction and does not take it. They prove nothing: it may be in a block already,
/// another node may take it, and a block may still; only its expiration ends it. Looking finds out.
pub(super) fn means_look(message: &str) -> bool {
    let code = message.split(':').next().unwrap_or_default();
    matches!(
        code,
        "DUP_TRANSACTION_ERROR"
            | "TRANSACTION_EXPIRATION_ERROR"
            | "TAPOS_ERROR"
            | "CONTRACT_VALIDATE_ERROR"
            | "CONTRACT_EXE_ERROR"
            | "BANDWITH_ERROR"
            | "SIGERROR"
            | "TOO_BIG_TRANSACTION_ERROR"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_transaction_is_looked_into_and_a_busy_node_is_not() {
        assert!(means_look("DUP_TRANSACTION_ERROR: Dup transaction."));
        assert!(means_look("TRANSACTION_EXPIRATION_ERROR: Transaction expired"));
        for code in ["SERVER_BUSY: ", "NO_CONNECTION: ", "BLOCK_UNSOLIDIFIED: ", "OTHER_ERROR: ", "no code: "]
        {
            assert!(!means_look(code), "{code}");
        }
    }
}
