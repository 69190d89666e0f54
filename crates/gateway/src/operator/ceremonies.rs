//! Ceremonies that were opened by this process, with what each co-signer says of them. In memory only: the law about a
//! key is in the co-signers' vaults and in the signed rules, and a ceremony whose gateway died is held again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use payout::ids::WalletId;
use payout::policy::{Roster, Wallet};
use payout::time::Millis;
use tokio::sync::mpsc;
use wire::message::{CeremonyNews, FirstAddress, Label, WalletStanding};

use super::wallets::{CeremonySheet, CeremonyVoice};

/// How many are remembered.
const KEPT: usize = 32;

/// All ceremonies of this process.
#[derive(Default)]
pub(super) struct Ceremonies {
    list: Arc<Mutex<Vec<Record>>>,
}

/// One ceremony.
struct Record {
    label: Label,
    wallet: WalletId,
    what: String,
    opened: Millis,
    news: BTreeMap<u8, CeremonyNews>,
    /// No more news will come.
    over: bool,
}

impl Ceremonies {
    /// Remembers a ceremony and listens to its news until they end.
    pub(super) fn follow(
        &self,
        label: Label,
        wallet: WalletId,
        what: String,
        opened: Millis,
        mut stream: mpsc::Receiver<(u8, CeremonyNews)>,
    ) {
        let record = Record { label, wallet, what, opened, news: BTreeMap::new(), over: false };
        {
            let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
            if list.len() >= KEPT {
                list.remove(0);
            }
            list.push(record);
        }
        let list = Arc::clone(&self.list);
        tokio::spawn(async move {
            let told = |tell: &dyn Fn(&mut Record)| {
                let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(record) = list.iter_mut().find(|record| record.label == label) {
                    tell(record);
                }
            };
            while let Some((index, news)) = stream.recv().await {
                tracing::info!(ceremony = %label, index, ?news, "news of a ceremony");
                told(&|record| {
                    record.news.insert(index, news.clone());
                });
            }
            told(&|record| record.over = true);
        });
    }

    /// Whether a ceremony of this wallet is going on.
    pub(super) fn is_open(&self, wallet: WalletId) -> bool {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().any(|record| record.wallet == wallet && !record.over)
    }

    /// How a ceremony stands.
    pub(super) fn sheet(&self, label: Label, roster: &Roster) -> Option<CeremonySheet> {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().find(|record| record.label == label).map(|record| record.sheet(roster))
    }
}

impl Record {
    fn sheet(&self, roster: &Roster) -> CeremonySheet {
        let cosigners: Vec<CeremonyVoice> = roster
            .cosigners
            .iter()
            .map(|seat| voice(seat.index, seat.name.clone(), self.news.get(&seat.index)))
            .collect();
        let outcome = outcome(&self.news, self.over, roster);
        let (entry, addresses, failed) = match outcome {
            Outcome::Open => (None, Vec::new(), None),
            Outcome::Done(standing, addresses) => (Some(entry(&standing, roster)), addresses, None),
            Outcome::Failed(why) => (None, Vec::new(), Some(why)),
        };
        CeremonySheet {
            ceremony: self.label.to_string(),
            wallet: self.wallet,
            what: self.what.clone(),
            opened: self.opened,
            cosigners,
            done: entry.is_some(),
            failed,
            entry,
            addresses: addresses.into_iter().map(|first| (first.chain_id, first.address)).collect(),
        }
    }
}

fn voice(index: u8, name: String, news: Option<&CeremonyNews>) -> CeremonyVoice {
    let (stage, fingerprint) = match news {
        None => ("asked".to_owned(), None),
        Some(CeremonyNews::Stage(stage)) => (stage.clone(), None),
        Some(CeremonyNews::Done(standing, _)) => ("done".to_owned(), Some(standing.fingerprint.clone())),
        Some(CeremonyNews::Failed(why)) => (format!("failed: {why}"), None),
    };
    CeremonyVoice { index, name, stage, fingerprint }
}

enum Outcome {
    Open,
    Done(WalletStanding, Vec<FirstAddress>),
    Failed(String),
}

/// Done when all are done and say the same; failed as soon as one has failed or two differ.
fn outcome(news: &BTreeMap<u8, CeremonyNews>, over: bool, roster: &Roster) -> Outcome {
    let mut said: Option<(&WalletStanding, &Vec<FirstAddress>)> = None;
    let mut done = 0;
    for seat in &roster.cosigners {
        match news.get(&seat.index) {
            Some(CeremonyNews::Failed(why)) => return Outcome::Failed(format!("{}: {why}", seat.name)),
            Some(CeremonyNews::Done(standing, addresses)) => {
                done += 1;
                match said {
                    Some(first) if first != (standing, addresses) => {
                        return Outcome::Failed(format!("{} reports another key than the others", seat.name));
                    }
                    _ => said = Some((standing, addresses)),
                }
            }
            Some(CeremonyNews::Stage(_)) | None => {}
        }
    }
    match said {
        Some((standing, addresses)) if done == roster.cosigners.len() => {
            Outcome::Done(standing.clone(), addresses.clone())
        }
        _ if over => Outcome::Failed("it ended before all co-signers were done".to_owned()),
        _ => Outcome::Open,
    }
}

/// What the admins sign into the rules.
pub(super) fn entry(standing: &WalletStanding, roster: &Roster) -> Wallet {
    Wallet {
        id: standing.wallet,
        public_key: standing.public_key,
        chain_code: standing.chain_code,
        threshold: roster.threshold,
        share_count: roster.share_count(),
        fingerprint: standing.fingerprint.clone(),
        ceilings: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use payout::key::SecretKey;
    use payout::policy::{GatewaySeat, Seat};

    fn roster() -> Roster {
        let key = |seed| SecretKey::from_seed(&[seed; 32]).public();
        Roster {
            threshold: 2,
            cosigners: (1..=3)
                .map(|index| Seat { index, name: format!("c{index}"), key: key(index) })
                .collect(),
            gateways: vec![GatewaySeat { name: "g".to_owned(), key: key(9) }],
        }
    }

    fn done(fingerprint: &str) -> CeremonyNews {
        let standing = WalletStanding {
            wallet: WalletId::new(1).unwrap(),
            epoch: 1,
            public_key: [2; 33],
            chain_code: [3; 32],
            fingerprint: fingerprint.to_owned(),
            tested: true,
        };
        CeremonyNews::Done(standing, Vec::new())
    }

    #[test]
    fn a_ceremony_is_done_only_when_all_report_the_same_key() {
        let mut news = BTreeMap::from([(1, done("a")), (2, done("a"))]);
        assert!(matches!(outcome(&news, false, &roster()), Outcome::Open));
        news.insert(3, done("a"));
        assert!(matches!(outcome(&news, false, &roster()), Outcome::Done(..)));
        news.insert(3, done("b"));
        assert!(matches!(outcome(&news, false, &roster()), Outcome::Failed(_)));
    }

    #[test]
    fn a_ceremony_that_ends_without_a_word_has_failed() {
        let news = BTreeMap::from([(1, done("a")), (2, CeremonyNews::Stage("dealing".to_owned()))]);
        assert!(matches!(outcome(&news, true, &roster()), Outcome::Failed(_)));
    }
}
