//! People at work: each signs with their own key what they have read, over the operators' API.

use gateway::client::{ClientError, OperatorClient};
use gateway::operator::payouts::acts::Acted;
use gateway::operator::payouts::show::PayoutSheet;
use payout::approval::Act;
use payout::ids::Cid;
use payout::intent::Intent;

/// Why somebody's act did not happen.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// The gateway refused, or did not answer.
    #[error("{who}: {source}")]
    Client {
        /// Who.
        who: String,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// What the gateway shows is not what it asks a signature for.
    #[error(
        "{who}: the intent that the gateway shows for payout {cid} does not have the digest that it names"
    )]
    OtherIntent {
        /// Who noticed.
        who: String,
        /// Which payout.
        cid: i64,
    },
    /// Not a payout's number.
    #[error("{0} is no payout's number")]
    NoNumber(i64),
}

/// Somebody with a key.
#[derive(Debug, Clone)]
pub struct Person {
    name: String,
    client: OperatorClient,
}

impl Person {
    /// `name`, who speaks through `client`.
    pub fn new(name: &str, client: OperatorClient) -> Self {
        Self { name: name.to_owned(), client }
    }

    /// What they are called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Their connection, for what is not an act over a payout.
    pub fn client(&self) -> &OperatorClient {
        &self.client
    }

    /// Names whoever an answer was refused to.
    pub fn told<T>(&self, answer: Result<T, ClientError>) -> Result<T, PersonError> {
        answer.map_err(|source| PersonError::Client { who: self.name.clone(), source })
    }

    /// A payout, whole.
    ///
    /// # Errors
    /// [`PersonError`].
    pub async fn read(&self, cid: i64) -> Result<PayoutSheet, PersonError> {
        let number = Cid::new(cid).ok_or(PersonError::NoNumber(cid))?;
        self.told(self.client.payout(number).await)
    }

    /// Reads the payout, computes the digest of what is shown, and signs that.
    ///
    /// # Errors
    /// [`PersonError`]; the gateway's reason where it refuses.
    pub async fn act(&self, act: Act, cid: i64) -> Result<Acted, PersonError> {
        let sheet = self.read(cid).await?;
        let other = || PersonError::OtherIntent { who: self.name.clone(), cid };
        let intent: Intent = serde_json::from_str(&sheet.intent).map_err(|_| other())?;
        let digest = intent.digest();
        if digest != sheet.digest || intent.cid.get() != cid {
            return Err(other());
        }
        let signed = self.told(self.client.sign_act(act, digest))?;
        self.told(self.client.act(intent.cid, &signed).await)
    }

    /// Approves.
    ///
    /// # Errors
    /// As [`Person::act`].
    pub async fn approve(&self, cid: i64) -> Result<Acted, PersonError> {
        self.act(Act::Approve, cid).await
    }

    /// Rejects.
    ///
    /// # Errors
    /// As [`Person::act`].
    pub async fn reject(&self, cid: i64) -> Result<Acted, PersonError> {
        self.act(Act::Reject, cid).await
    }

    /// Withdraws.
    ///
    /// # Errors
    /// As [`Person::act`].
    pub async fn withdraw(&self, cid: i64) -> Result<Acted, PersonError> {
        self.act(Act::Withdraw, cid).await
    }
}
