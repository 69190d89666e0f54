//! A gateway orders a ceremony.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use mpc::{KeyShare, Keygen, Refresh};
use payout::ids::{Digest, WalletId};
use payout::key::Signature;
use payout::policy::Rules;
use tokio::runtime::Handle;
use wire::message::{
    CeremonyNews, FromCosigner, OpenCeremony, PeerMessage, Purpose, REFRESH_DOMAIN, WalletStanding,
    refresh_text,
};

use super::cosigner::{Cosigner, now, random};
use crate::ceremony::{self, Fingerprinted, Letter, Protocol, Started, TESTED, Terms, tested_by};
use crate::journal::CeremonyStage;
use crate::link::{Line, Told};
use crate::rooms::Room;
use crate::vault::Held;

/// Opens the ceremony on a thread of its own, or says at once why not.
pub(super) fn open(cosigner: &Arc<Cosigner>, line: &Arc<Line>, order: OpenCeremony) {
    let label = order.ceremony;
    let room = match cosigner.ceremonies.open(line.id, label) {
        Ok(room) => room,
        Err(why) => return report(line, &order, CeremonyNews::Failed(format!("ceremonies: {why}"))),
    };
    let (cosigner, line, runtime) = (Arc::clone(cosigner), Arc::clone(line), Handle::current());
    tokio::task::spawn_blocking(move || {
        let epoch = match order.purpose {
            Purpose::Create => 1,
            Purpose::Refresh { epoch, .. } => epoch,
        };
        Desk { cosigner, line, runtime, order, epoch }.hold(&room);
    });
}

fn report(line: &Line, order: &OpenCeremony, news: CeremonyNews) {
    let OpenCeremony { ceremony, wallet, .. } = order;
    match &news {
        CeremonyNews::Stage(stage) => tracing::info!(%ceremony, %wallet, stage, "ceremony"),
        CeremonyNews::Done(standing, _) => {
            tracing::info!(%ceremony, %wallet, fingerprint = standing.fingerprint, "the ceremony is done");
        }
        CeremonyNews::Failed(why) => tracing::warn!(%ceremony, %wallet, why, "the ceremony failed"),
    }
    line.say(&FromCosigner::Ceremony { ceremony: *ceremony, news });
}

/// The most wallets that wait for the admins to list them. Nobody signs the order to make a new key, so a gateway could
/// fill the vault.
const UNLISTED: usize = 64;

/// How many wallets but this one have shares in the vault that the rules don't list.
fn unlisted(rules: &Rules, held: &[Held], but: WalletId) -> usize {
    let waiting: BTreeSet<WalletId> = held
        .iter()
        .map(|share| share.wallet)
        .filter(|wallet| *wallet != but && rules.wallet(*wallet).is_none())
        .collect();
    waiting.len()
}

/// One ceremony at this co-signer.
struct Desk {
    cosigner: Arc<Cosigner>,
    line: Arc<Line>,
    runtime: Handle,
    order: OpenCeremony,
    /// Of the shares that are made.
    epoch: u32,
}

impl Desk {
    fn hold(mut self, room: &Room<Letter>) {
        let timing = self.cosigner.ceremony_timing;
        match self.prepare() {
            Ok(terms) => ceremony::run(&mut self, terms, timing, &room.mailbox),
            Err(why) => self.give_up(&why),
        }
    }

    fn prepare(&self) -> Result<Terms, String> {
        let fingerprint = self.allowed()?;
        for seat in self.cosigner.directory.cosigners().filter(|seat| seat.index != self.cosigner.me) {
            if !self.line.is_linked(seat.index) {
                return Err(format!(
                    "there is no link to co-signer {} ({}): all must be online",
                    seat.index, seat.name
                ));
            }
        }
        let policy = self.cosigner.policy();
        Ok(Terms {
            order: self.order.clone(),
            deployment: *self.cosigner.deployment(),
            roster: policy.roster().clone(),
            me: self.cosigner.me,
            random: random()?,
            networks: policy.newest_rules().networks.clone(),
            policy: policy.heads(),
            fingerprint,
        })
    }

    /// Whether the order is to be followed; the fingerprint that a refresh keeps.
    fn allowed(&self) -> Result<Option<String>, String> {
        let wallet = self.order.wallet;
        let policy = self.cosigner.policy();
        if let Some(quarantine) = self.cosigner.journal.quarantine() {
            return Err(format!("this co-signer is quarantined: {quarantine}"));
        }
        match &self.order.purpose {
            Purpose::Create => {
                let tested = self.tested_here(wallet);
                if policy.newest_rules().wallet(wallet).is_some() || tested.is_some() {
                    return Err(format!(
                        "wallet {wallet} has a key already: a new key needs a new wallet's number"
                    ));
                }
                let held = self.cosigner.vault.held();
                if unlisted(policy.newest_rules(), &held, wallet) >= UNLISTED {
                    return Err(format!(
                        "{UNLISTED} wallets have keys here that the rules don't list: list them first"
                    ));
                }
                Ok(None)
            }
            Purpose::Refresh { epoch, orders } => {
                let keys = self.cosigner.keys();
                let key =
                    keys.get(&wallet).ok_or_else(|| format!("no share of wallet {wallet} is in use here"))?;
                if *epoch != key.epoch.saturating_add(1) {
                    return Err(format!(
                        "the order is for epoch {epoch} of wallet {wallet}, whose shares are of epoch {}",
                        key.epoch
                    ));
                }
                let text = refresh_text(wallet, *epoch);
                policy
                    .verify_quorum(REFRESH_DOMAIN, text.as_bytes(), orders)
                    .map_err(|error| format!("the order to refresh wallet {wallet} has {error}"))?;
                Ok(Some(key.fingerprint.clone()))
            }
        }
    }

    fn tested_here(&self, wallet: WalletId) -> Option<u32> {
        let me = self.cosigner.me;
        self.cosigner.journal.with(|union| tested_by(union, me, wallet))
    }

    /// Drops a share that this ceremony made, unless our journal says that we tested one of its epoch: then all others
    /// may have as well, and it may be in use.
    fn discard(&self) {
        let wallet = self.order.wallet;
        if self.tested_here(wallet).is_some_and(|tested| tested >= self.epoch) {
            return;
        }
        if let Err(error) = self.cosigner.vault.discard(wallet, self.epoch) {
            let error = &error as &dyn std::error::Error;
            tracing::error!(%wallet, epoch = self.epoch, error, "what a broken ceremony made was not erased");
        }
    }

    fn give_up(&self, why: &str) {
        let abort = PeerMessage::Abort { session: self.order.ceremony, why: why.to_owned() };
        for seat in self.cosigner.directory.cosigners().filter(|seat| seat.index != self.cosigner.me) {
            let _ = self.line.tell(seat.index, &abort);
        }
        report(&self.line, &self.order, CeremonyNews::Failed(why.to_owned()));
    }

    fn journal(&self, stage: CeremonyStage, printed: &Fingerprinted) -> Result<(), String> {
        let fingerprint = printed.fingerprint.clone();
        let journal = &self.cosigner.journal;
        self.runtime
            .block_on(journal.ceremony(self.order.wallet, self.epoch, fingerprint, stage, now()))
            .map_err(|error| format!("the ceremony was not journaled: {error}"))
    }

    /// On the terminal, and in a file of the folder, for the owner to read to the admins.
    fn print(&self, printed: &Fingerprinted) -> Result<(), String> {
        let wallet = self.order.wallet;
        let mut text = format!(
            "Fingerprint of wallet {wallet}, epoch {}\n\n    {}\n\n\
             Compare it with every other co-signer's by a channel of your own, not through the gateway.\n\
             The admins sign exactly this text. First addresses:\n\n",
            self.epoch, printed.fingerprint
        );
        for first in &printed.addresses {
            text.push_str(&format!("    chain {}  {}\n", first.chain_id, first.address));
        }
        let path: PathBuf = self.cosigner.folder.join(format!("fingerprint-{wallet}.txt"));
        seal::write_atomically(&path, text.as_bytes(), seal::PRIVATE)
            .map_err(|error| format!("the fingerprint could not be written: {error}"))?;
        show(&text);
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "the owner reads the fingerprint on this very terminal")]
fn show(text: &str) {
    println!("\n{text}");
}

impl ceremony::Ceremony for Desk {
    fn tell(&self, peer: u8, message: &PeerMessage) {
        // Whoever begins must know how earlier ceremonies ended, and whoever has tested must be able to show it.
        let shows = match message {
            PeerMessage::CeremonyBegin { .. } => true,
            PeerMessage::Ack { stage, .. } => stage == TESTED,
            _ => false,
        };
        if shows {
            self.cosigner.show_own_entries(&self.line, peer);
        }
        if self.line.tell(peer, message) == Told::NoLink {
            self.cosigner.ceremonies.deliver(self.line.id, peer, self.order.ceremony, Letter::LinkLost);
        }
    }

    fn start(&mut self, id: &Digest) -> Result<Started, String> {
        self.cosigner.renew_keys();
        self.allowed()?;
        let wallet = self.order.wallet;
        let roster = self.cosigner.policy().roster().clone();
        let me = mpc::Party::new(self.cosigner.me).ok_or("our index is no party's")?;
        match &self.order.purpose {
            Purpose::Create => Keygen::start(me, roster.threshold, roster.share_count(), *id.as_bytes())
                .map(|(protocol, send)| (Protocol::Keygen(protocol), send)),
            Purpose::Refresh { epoch, .. } => {
                let held = self.cosigner.vault.share(wallet, epoch.saturating_sub(1));
                let share = held.ok_or_else(|| format!("the share of wallet {wallet} is gone"))?;
                Refresh::start(&share, *id.as_bytes())
                    .map(|(protocol, send)| (Protocol::Refresh(protocol), send))
            }
        }
        .map_err(|abort| abort.to_string())
    }

    fn keep(&mut self, share: KeyShare, printed: &Fingerprinted) -> Result<Arc<KeyShare>, String> {
        // What an earlier ceremony left of this epoch is replaced: nobody uses it, or the order would not be allowed. A
        // share in use that is replaced would be lost for good, so that is looked at now, not only before the start.
        self.cosigner.renew_keys();
        self.allowed()?;
        let vault = &self.cosigner.vault;
        vault
            .keep(self.order.wallet, self.epoch, &printed.fingerprint, &share)
            .map_err(|error| format!("the share could not be sealed: {error}"))?;
        let share = vault
            .share(self.order.wallet, self.epoch)
            .ok_or("the share is of another epoch than the order")?;
        self.journal(CeremonyStage::Kept, printed)?;
        Ok(share)
    }

    fn sign(&self, digest: &Digest) -> Signature {
        self.cosigner.key.sign_digest(digest)
    }

    fn agree(&mut self, printed: &Fingerprinted) -> Result<(), String> {
        self.journal(CeremonyStage::Agreed, printed)?;
        self.print(printed)
    }

    fn prove(&mut self, printed: &Fingerprinted) -> Result<(), String> {
        self.journal(CeremonyStage::Tested, printed)
    }

    fn ban(&self, peer: u8, why: &str) {
        tracing::error!(peer, why, "a co-signer broke the protocol in a ceremony");
        let written = self.cosigner.journal.ban(self.order.wallet, self.epoch, peer, why.to_owned(), now());
        if let Err(error) = self.runtime.block_on(written) {
            tracing::error!(peer, error = &error as &dyn std::error::Error, "a ban could not be written");
        }
    }

    fn finish(&mut self, share: &Arc<KeyShare>, printed: &Fingerprinted) -> Result<(), String> {
        let wallet = self.order.wallet;
        self.cosigner.renew_keys();
        self.cosigner.changed.notify_one();
        if self.cosigner.keys().get(&wallet).is_none_or(|key| key.epoch != self.epoch) {
            return Err(
                "all co-signers acknowledged, but their journals have not arrived here yet".to_owned()
            );
        }
        let standing = WalletStanding {
            wallet,
            epoch: self.epoch,
            public_key: share.public_key(),
            chain_code: share.chain_code(),
            fingerprint: printed.fingerprint.clone(),
            tested: true,
        };
        report(&self.line, &self.order, CeremonyNews::Done(standing, printed.addresses.clone()));
        Ok(())
    }

    fn fail(&mut self, why: &str) {
        self.discard();
        self.cosigner.changed.notify_one();
        report(&self.line, &self.order, CeremonyNews::Failed(why.to_owned()));
    }

    fn news(&self, news: CeremonyNews) {
        report(&self.line, &self.order, news);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::House;

    #[test]
    fn wallets_that_nobody_listed_are_counted_once_each() {
        let house = House::new(2, 3);
        let held = |wallet, epoch| Held {
            wallet: WalletId::new(wallet).unwrap(),
            epoch,
            public_key: [2; 33],
            chain_code: [3; 32],
            threshold: 2,
            share_count: 3,
            fingerprint: "ABCD".to_owned(),
        };
        // 7 is listed; 9 is the one that is asked for.
        let held = [held(7, 1), held(8, 1), held(8, 2), held(9, 1), held(10, 1)];
        assert_eq!(unlisted(house.policy.newest_rules(), &held, WalletId::new(9).unwrap()), 2);
    }
}
