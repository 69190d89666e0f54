//! One payout, from the request to the callback, as its caller, its approvers and the chain see it.

use std::time::{Duration, Instant};

use alloy_primitives::Address;
use gateway::operator::payouts::why::Why;
use payout::money::Amount;
use serde::Serialize;
use serde_json::Value;

use super::{DemoError, Stage};
use crate::deployment::cast;
use crate::ledgers::{tron, xrp};
use crate::people::Person;
use crate::progress::Progress;
use crate::vendor::{Order, fresh_id, random};

/// How long a payout may take from request to callback, on this machine and on a public network.
const PATIENCE: Duration = Duration::from_secs(60);
const PUBLIC_PATIENCE: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_millis(100);

/// A coin of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// For people.
    pub name: String,
    /// `chain_id@token_id`.
    pub currency: String,
    /// Its chain.
    pub chain_id: String,
    /// The contract; `None` for the native coin.
    pub contract: Option<String>,
    /// Decimal places.
    pub decimals: u8,
}

/// How a payout went, as the last line of `once` says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paid {
    /// The payout's number.
    pub cid: i64,
    /// The chain.
    pub chain_id: String,
    /// The coin as it was asked for.
    pub currency: String,
    /// Token units.
    pub amount: String,
    /// The last status.
    pub status: i64,
    /// The transaction.
    pub txid: Option<String>,
    /// Whether its callback came, with a right signature and the right words.
    pub callback: bool,
    /// By how much the recipient's balance grew, read from the chain, token units.
    pub received: String,
}

impl Stage {
    /// The coins that can be paid out.
    pub fn coins(&self) -> Vec<Money> {
        let coins = &self.deployment.genesis().rules.coins;
        coins
            .iter()
            .map(|coin| Money {
                name: coin.name.clone(),
                currency: coin.id().to_string(),
                chain_id: coin.chain_id.to_string(),
                contract: (!coin.is_native()).then(|| coin.token_id.to_string()),
                decimals: coin.decimals,
            })
            .collect()
    }

    /// The coin of this name.
    ///
    /// # Panics
    /// When the rules list no such coin.
    pub fn coin(&self, name: &str) -> Money {
        let coins = self.coins();
        coins.into_iter().find(|coin| coin.name == name).unwrap_or_else(|| panic!("the rules list no {name}"))
    }

    /// An order of `amount` for an address that nobody has used.
    pub fn order(&self, coin: &Money, amount: &str) -> Order {
        Order {
            wallet_id: cast::WALLET,
            currency: coin.currency.clone(),
            to: nobody(&coin.chain_id),
            amount: amount.to_owned(),
            third_party_id: fresh_id(),
            callback_url: Some(self.receiver.url()),
            memo: None,
        }
    }

    /// Pays, and shows each step. `approvers` act in their order, if the rule asks for people.
    ///
    /// # Errors
    /// [`DemoError`] when the payout is refused, gets stuck, or its callback does not come.
    pub async fn pay(
        &self,
        coin: &Money,
        amount: &str,
        approvers: &[&str],
        progress: &Progress,
    ) -> Result<Paid, DemoError> {
        self.pay_order(coin, &self.order(coin, amount), approvers, progress).await
    }

    /// Pays an order of this coin.
    ///
    /// # Errors
    /// [`DemoError`] when the payout is refused, gets stuck, or its callback does not come.
    pub async fn pay_order(
        &self,
        coin: &Money,
        order: &Order,
        approvers: &[&str],
        progress: &Progress,
    ) -> Result<Paid, DemoError> {
        let vendor = self.deployment.vendor()?;
        let amount = order.amount.as_str();
        let tag = order.memo.as_ref().map(|memo| format!(" with memo {memo}")).unwrap_or_default();
        progress.say(&format!("\n{amount} {} to {}{tag}", coin.name, order.to));
        let before = self.balance(coin, &order.to).await?;

        let step = progress.step("request");
        let reply = vendor.payout(order).await?;
        let refused = || DemoError::Refused {
            amount: amount.to_owned(),
            currency: coin.name.clone(),
            reply: Box::new(reply.clone()),
        };
        let cid = reply.cid().filter(|_| reply.code == "00000").ok_or_else(refused)?;
        step.done(&format!("accepted as {cid}"));

        for name in approvers {
            self.approve(name, cid, progress).await?;
        }
        self.follow(cid, progress).await?;

        let step = progress.step("callback");
        let callback = self.receiver.wait(cid, self.patience()).await;
        let right = callback.as_ref().is_some_and(|callback| callback.faults.is_empty());
        step.done(match &callback {
            Some(callback) if right => "received, signature verified, answered `success`",
            Some(_) => "received, but it is not what the contract says",
            None => "did not come",
        });
        if let Some(callback) = callback.filter(|_| !right) {
            return Err(DemoError::Wrong {
                cid,
                what: format!("its callback: {}", callback.faults.join("; ")),
            });
        }
        let told = vendor.query(cid).await?.data;
        let text = |key: &str| told[key].as_str().map(str::to_owned);
        let grown = self.balance(coin, &order.to).await?.checked_sub(before).unwrap_or(Amount::ZERO);
        Ok(Paid {
            cid,
            chain_id: text("chain_id").unwrap_or_default(),
            currency: text("currency").unwrap_or_default(),
            amount: text("amount").unwrap_or_default(),
            status: told["status"].as_i64().unwrap_or(-1),
            txid: text("txid"),
            callback: right,
            received: grown.to_decimal(coin.decimals),
        })
    }

    /// The balance of an address, read from the chain.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn balance(&self, coin: &Money, owner: &str) -> Result<Amount, DemoError> {
        if let Some(public) = self.deployment.public() {
            return Ok(public.balance(owner).await?);
        }
        let native = coin.contract.is_none();
        let units = match (coin.chain_id.as_str(), self.deployment.ledgers()) {
            (xrp::CHAIN, Some(ledgers)) => ledgers.xrp.balance(owner).await?,
            (tron::CHAIN, Some(ledgers)) if native => ledgers.tron.balance(owner).await?,
            (tron::CHAIN, Some(ledgers)) => ledgers.tron.tokens(owner).await?,
            _ => {
                let balance = self.deployment.anvil().balance(owner, coin.contract.as_deref()).await?;
                return Ok(Amount::from_u256(balance));
            }
        };
        Ok(Amount::from_u128(units.into()))
    }

    fn patience(&self) -> Duration {
        if self.deployment.public().is_some() { PUBLIC_PATIENCE } else { PATIENCE }
    }

    async fn approve(&self, name: &str, cid: i64, progress: &Progress) -> Result<(), DemoError> {
        let step = progress.step(&format!("approval by {name}"));
        let person = self.deployment.person(name)?;
        let acted = person.approve(cid).await?;
        step.done(&match (acted.complete, acted.missing) {
            (true, _) => "reads the intent, signs its digest: all steps are complete".to_owned(),
            (false, missing) => format!("reads the intent, signs its digest: this step lacks {missing}"),
        });
        Ok(())
    }

    /// Shows what happens until the payout has ended.
    async fn follow(&self, cid: i64, progress: &Progress) -> Result<(), DemoError> {
        let vendor = self.deployment.vendor()?;
        let watcher = self.deployment.person(cast::OPERATOR)?;
        let start = Instant::now();
        let mut signing = Some(progress.step("threshold signature"));
        let mut confirming = None;
        loop {
            let told = vendor.query(cid).await?.data;
            let status = told["status"].as_i64().unwrap_or(-1);
            if matches!(status, 1 | 6 | 7)
                && let Some(step) = signing.take()
            {
                let why = look(&watcher, cid).await?;
                step.done(&format!("signed by {}", signers(&why)));
                tell_checks(&why, progress);
                confirming = Some(progress.step("chain"));
            }
            match status {
                6 => {
                    if let Some(step) = confirming.take() {
                        step.done(&format!(
                            "final in block {}: {}",
                            word(&told["block_height"]),
                            word(&told["txid"])
                        ));
                    }
                    return Ok(());
                }
                2 | 3 | 4 | 7 => {
                    let why = look(&watcher, cid).await?;
                    return Err(DemoError::Wrong {
                        cid,
                        what: format!("ended at status {status}: {}", why.story),
                    });
                }
                _ => {}
            }
            if let Some(step) = confirming.as_ref().or(signing.as_ref()) {
                step.at(&word(&told["txid"]));
            }
            if start.elapsed() > self.patience() {
                let why = look(&watcher, cid).await?;
                let reason = why.wait.map_or(why.story, |wait| wait.reason);
                let sessions = serde_json::to_string(&why.sessions).unwrap_or_default();
                return Err(DemoError::Stuck {
                    cid,
                    status,
                    waited_s: self.patience().as_secs(),
                    why: format!("{reason}; sessions: {sessions}"),
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn look(person: &Person, cid: i64) -> Result<Why, DemoError> {
    let number = payout::ids::Cid::new(cid).ok_or(crate::people::PersonError::NoNumber(cid))?;
    Ok(person.told(person.client().why(number).await)?)
}

/// An address on a chain that nobody has used.
fn nobody(chain_id: &str) -> String {
    match chain_id {
        xrp::CHAIN => xrp::account(&random()),
        tron::CHAIN => tron::address(&random()),
        _ => Address::from(random::<20>()).to_string(),
    }
}

/// Who signed, by name.
fn signers(why: &Why) -> String {
    let signed = why.sessions.iter().rev().find(|session| session.outcome == store::SessionOutcome::Signed);
    signed.map(|session| session.participants.join(" and ")).unwrap_or_default()
}

/// What each co-signer checked for itself before it took part.
fn tell_checks(why: &Why, progress: &Progress) {
    let signed = why.sessions.iter().rev().find(|session| session.outcome == store::SessionOutcome::Signed);
    let voices = signed.map(|session| session.cosigners.as_slice()).unwrap_or_default();
    let Some(first) = voices.first() else { return };
    if voices.iter().all(|voice| voice.checks == first.checks) {
        let names: Vec<&str> = voices.iter().map(|voice| voice.name.as_str()).collect();
        progress.say(&format!("      each of {} checked for itself", names.join(" and ")));
        tell_list(&first.checks, progress);
        return;
    }
    for voice in voices {
        progress.say(&format!("      {} checked for itself", voice.name));
        tell_list(&voice.checks, progress);
    }
}

fn tell_list(checks: &[String], progress: &Progress) {
    for check in checks {
        progress.say(&format!("        · {check}"));
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or("…").to_owned()
}
