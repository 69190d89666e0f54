//! Keeps the journals of all co-signers close to each other, so that a session finds little to exchange.
//!
//! When a link stands, each side says how far its journals reach and gets what it lacks. After that each co-signer sends
//! everybody its own new entries, a moment after they were written: never in the way of a signature. What is lost on
//! the way is found missing at the next session.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use wire::message::{FromCosigner, JournalHead, PeerMessage, SignedEntry};

use super::cosigner::{Cosigner, now};
use crate::ceremony::{Letter as CeremonyLetter, superseded};
use crate::journal::{Facts, Rest, Share};
use crate::link::{Line, Told};
use crate::session::Letter;

/// Entries are checked where they arrive, up to so many; more would hold up the sessions in flight.
const AT_ONCE: usize = 64;

/// New entries are sent together, those of so long a time.
const TOGETHER: Duration = Duration::from_millis(50);

/// How many of the newest entries are shown in a ceremony whatever the peer has: one ceremony writes three.
const SHOWN: u64 = 8;

/// A line that is fuller than this, in percent, gets no entries from whoever has time.
const FULL_FOR_PATIENT: u8 = 25;

/// A line that is fuller than this gets no entries at all: it has sessions to carry, and is given up when it is full.
const FULL: u8 = 75;

/// How long whoever has time waits for a line that is too full.
const ROOM: Duration = Duration::from_millis(20);

/// Whether entries may wait until a line has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As long as it takes.
    Patient,
    /// A session waits for them: now or not.
    Hurried,
}

/// The most entries in one message: the receiver checks them in a few milliseconds.
const ENTRIES_A_MESSAGE: usize = 512;

impl Cosigner {
    /// Notes how far a co-signer's journals reach, by its own word: one for each journal that there is.
    pub(super) fn note_heads(&self, peer: u8, heads: Vec<JournalHead>) -> Vec<JournalHead> {
        let mut noted: Vec<JournalHead> = Vec::new();
        for head in heads {
            let known = noted.iter().any(|noted| noted.index == head.index);
            if !known && self.directory.seat(head.index).is_some() {
                noted.push(head);
            }
        }
        self.lock_known().insert(peer, noted.clone());
        noted
    }

    /// A new link stands: what was on its way over the one before may be lost, so what the co-signer has is not known
    /// until it says so, as it does first over every link.
    pub(super) fn forget_heads(&self, peer: u8) {
        self.lock_known().remove(&peer);
    }

    /// Notes what a co-signer has besides, because it brought it or was sent it. Before its own word that would pass
    /// for all that it has, and a quarantined co-signer would count its journal as merged too early.
    pub(super) fn note_more(&self, peer: u8, more: impl IntoIterator<Item = JournalHead>) {
        if let Some(known) = self.lock_known().get_mut(&peer) {
            more.into_iter().for_each(|head| advance(known, head));
        }
    }

    /// How far a co-signer's journals reach, as far as we know.
    fn known_heads(&self, peer: u8) -> Vec<JournalHead> {
        self.lock_known().get(&peer).cloned().unwrap_or_default()
    }

    fn lock_known(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeMap<u8, Vec<JournalHead>>> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Sends a peer all entries beyond `heads`. Gives what is in flight here at the moment of the last of them, and how
    /// far the peer is then.
    pub(super) fn send_entries(
        &self,
        line: &Line,
        peer: u8,
        heads: &[JournalHead],
        pace: Pace,
    ) -> Option<(Vec<Facts>, Vec<JournalHead>)> {
        let mut theirs = heads.to_vec();
        loop {
            let Share { entries, claims, rest } = match self.journal.share(&theirs) {
                Ok(share) => share,
                Err(error) => {
                    tracing::error!(
                        peer,
                        error = &error as &dyn std::error::Error,
                        "the journal can't be read"
                    );
                    return None;
                }
            };
            for entry in &entries {
                advance(&mut theirs, entry.head());
            }
            for part in entries.chunks(ENTRIES_A_MESSAGE) {
                wait_for_room(line, pace)?;
                if line.tell(peer, &PeerMessage::Entries(part.to_vec())) == Told::NoLink {
                    return None;
                }
            }
            if rest == Rest::Nothing || entries.is_empty() {
                return Some((claims, theirs));
            }
        }
    }

    /// Sends a peer our own entries that it lacks, as far as we know. One that has not said what it has is sent nothing:
    /// it gets its answer when it does, as it does first over every link.
    pub(super) fn send_own_entries(&self, line: &Line, peer: u8) {
        if let Some(seq) = self.known_own_seq(peer) {
            self.send_own_entries_after(line, peer, seq);
        }
    }

    /// The same, with the newest few in any case: what is said next over this line must find them there, also when they
    /// were sent over another one and are still on their way.
    pub(super) fn show_own_entries(&self, line: &Line, peer: u8) {
        let newest = self.journal.own_seq().saturating_sub(SHOWN);
        let seq = self.known_own_seq(peer).map_or(newest, |seq| seq.min(newest));
        self.send_own_entries_after(line, peer, seq);
    }

    /// How far a co-signer's copy of our journal reaches, once it has said so.
    fn known_own_seq(&self, peer: u8) -> Option<u64> {
        let known = self.lock_known();
        let own = known.get(&peer)?.iter().find(|head| head.index == self.me);
        Some(own.map_or(0, |head| head.seq))
    }

    fn send_own_entries_after(&self, line: &Line, peer: u8, seq: u64) {
        if seq >= self.journal.own_seq() {
            return;
        }
        // Of the others' journals it is taken to have everything: their authors tell it themselves.
        let mut theirs = self.journal.heads();
        theirs.iter_mut().filter(|head| head.index == self.me).for_each(|head| head.seq = seq);
        if let Some((_, reached)) = self.send_entries(line, peer, &theirs, Pace::Hurried) {
            self.note_more(peer, reached.into_iter().filter(|head| head.index == self.me));
        }
    }
}

fn advance(heads: &mut Vec<JournalHead>, head: JournalHead) {
    match heads.iter_mut().find(|known| known.index == head.index) {
        Some(known) if known.seq < head.seq => *known = head,
        Some(_) => {}
        None => heads.push(head),
    }
}

/// A peer may lack a whole journal, or say so: that must not fill a line up, which others use.
fn wait_for_room(line: &Line, pace: Pace) -> Option<()> {
    match pace {
        Pace::Hurried => (line.fullness() <= FULL).then_some(()),
        Pace::Patient => {
            while line.fullness() > FULL_FOR_PATIENT {
                if line.is_over() {
                    return None;
                }
                std::thread::sleep(ROOM);
            }
            Some(())
        }
    }
}

/// A peer brings entries. They are merged before anything else that it says is heard.
pub(super) async fn entries(cosigner: &Arc<Cosigner>, line: &Arc<Line>, from: u8, entries: Vec<SignedEntry>) {
    if entries.len() <= AT_ONCE {
        take_in(cosigner, line, from, entries);
        return;
    }
    let (cosigner, line) = (Arc::clone(cosigner), Arc::clone(line));
    let merged = tokio::task::spawn_blocking(move || take_in(&cosigner, &line, from, entries)).await;
    if let Err(error) = merged {
        tracing::error!(error = &error as &dyn std::error::Error, "merging ended badly");
    }
}

pub(super) fn take_in(cosigner: &Cosigner, line: &Line, from: u8, entries: Vec<SignedEntry>) {
    cosigner.note_more(from, entries.iter().map(SignedEntry::head));
    let heads = cosigner.known_heads(from);
    let before = cosigner.journal.quarantine().is_some();
    match cosigner.journal.merge(from, entries, &heads, now()) {
        Ok(merged) if merged.new > 0 => {
            cosigner.renew_keys();
            // A stop, a freeze or a lift may be among them.
            cosigner.changed.notify_one();
        }
        Ok(_) => {}
        Err(error) => {
            if error.ends_sessions_with(from) {
                let why = format!("its journal entries were refused: {error}");
                cosigner.sessions.deliver_all(line.id, from, || Letter::Abort { why: why.clone() });
                cosigner.ceremonies.deliver_all(line.id, from, || CeremonyLetter::Abort { why: why.clone() });
            }
            tracing::error!(from, error = &error as &dyn std::error::Error, "journal entries were refused");
        }
    }
    if before || cosigner.journal.quarantine().is_some() {
        cosigner.changed.notify_one();
    }
}

/// Tells everybody what has changed here, a moment after it did.
pub(super) async fn keep_up(cosigner: Arc<Cosigner>, mut stop: watch::Receiver<bool>) {
    let mut said = None;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = cosigner.changed.notified() => {}
        }
        let this = Arc::clone(&cosigner);
        let told = tokio::task::spawn_blocking(move || {
            this.renew_keys();
            tell_everybody(&this);
            this.write_status();
        });
        if let Err(error) = told.await {
            tracing::error!(error = &error as &dyn std::error::Error, "telling the others ended badly");
        }
        let standing = cosigner.standing();
        if said.as_ref() != Some(&standing) {
            for line in cosigner.lines() {
                line.say(&FromCosigner::Standing(standing.clone()));
            }
            said = Some(standing);
        }
        retire(&cosigner).await;
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(TOGETHER) => {}
        }
    }
}

fn tell_everybody(cosigner: &Cosigner) {
    let lines = cosigner.lines();
    for seat in cosigner.directory.cosigners().filter(|seat| seat.index != cosigner.me) {
        // Once for each co-signer, over whichever gateway has a link to it.
        if let Some(line) = lines.iter().find(|line| line.is_linked(seat.index)) {
            cosigner.send_own_entries(line, seat.index);
        }
    }
}

/// Erases shares that a later epoch in use has replaced: first the word in the journal, then the act.
async fn retire(cosigner: &Cosigner) {
    let policy = cosigner.policy();
    let held = cosigner.vault.held();
    let old = cosigner.journal.with(|union| superseded(union, policy.roster(), &held));
    for (wallet, epoch) in old {
        if let Err(error) = cosigner.journal.retire_epoch(wallet, epoch, now()).await {
            tracing::error!(%wallet, epoch, error = &error as &dyn std::error::Error, "an old share is kept");
            continue;
        }
        match cosigner.vault.retire(wallet, epoch) {
            Ok(()) => tracing::info!(%wallet, epoch, "erased the shares of this and earlier epochs"),
            Err(error) => {
                tracing::error!(%wallet, epoch, error = &error as &dyn std::error::Error, "an old share was not erased");
            }
        }
    }
}
